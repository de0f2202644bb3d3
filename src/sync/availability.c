/*
 * Whether listed versions can be downloaded (`verify_download`): their package files are asked for
 * with HEAD, a few at each look. What is missing is written down as an event and is not selected
 * until it is found again.
 *
 * `selected` asks for the newest eligible version of every release and branch: what answers name.
 * When one of them is missing the next older one takes its place, and is asked for at the next
 * look.
 */
#include "availability.h"

#include "forkpoint/base/array.h"
#include "forkpoint/base/log.h"
#include "forkpoint/base/time.h"

#include <stdlib.h>

enum { HEADS_PER_LOOK = 64 };

struct checks {
	struct fp_sync *sync;
	struct fp_feed_source *source;
	struct fp_feed_package *package;
	struct fp_version_event *events;
	size_t event_count, event_capacity;
	unsigned heads;
};

enum fp_verify_download fp_feed_package_verify_mode(
	const struct fp_config *config, const struct fp_feed_source *source, const char *id)
{
	enum fp_verify_download mode = FP_VERIFY_OFF;

	for (size_t i = 0; i < config->repository_count; i++) {
		const struct fp_config_repository *repository = &config->repositories[i];

		for (size_t k = 0; k < repository->package_count; k++) {
			const struct fp_config_package *package = &repository->packages[k];

			if (package->feed_index == source->index &&
				fp_str_equal_nocase(fp_str(package->id), fp_str(id)) &&
				package->verify_download > mode)
				mode = package->verify_download;
		}
	}
	return mode;
}

static int add_event(struct checks *checks, int kind, struct fp_str text, struct fp_error *error)
{
	if (fp_array_reserve((void **)&checks->events, &checks->event_capacity,
		    checks->event_count + 1, sizeof(*checks->events)) < 0)
		return fp_error_memory(error);
	checks->events[checks->event_count++] =
		(struct fp_version_event){.kind = kind, .text = text, .published_us = -1};
	return 0;
}

/* Asks for one version's file, unless it was found before in this run. Feeds that cannot be asked
 * say nothing about their files. */
static int check(struct checks *checks, const struct fp_version_row *row, struct fp_error *error)
{
	struct fp_str text = fp_str(row->text);
	bool was_missing = row->unavailable_us >= 0;
	uint32_t ignored;
	int r;

	if (row->vanished_us >= 0 || row->unlisted_us >= 0 || checks->heads >= HEADS_PER_LOOK ||
		(!was_missing && fp_map_get(&checks->package->found, text, &ignored)))
		return 0;
	checks->heads++;
	r = fp_feed_check_download(checks->source->feed, checks->package->id, text, error);
	if (r < 0)
		return r == -FP_ERROR_CANCELLED ? r : 0;
	if (r == 0 && fp_map_set(&checks->package->found, text, 1) < 0)
		return fp_error_memory(error);
	if (r == 1 && !was_missing)
		return add_event(checks, FP_VERSION_EVENT_UNAVAILABLE, text, error);
	if (r == 0 && was_missing)
		return add_event(checks, FP_VERSION_EVENT_AVAILABLE, text, error);
	return 0;
}

static int check_all(struct checks *checks, struct fp_error *error)
{
	const struct fp_version_rows *rows = &checks->package->rows;
	int r = 0;

	for (size_t i = rows->count; r >= 0 && i-- > 0;)
		r = check(checks, &rows->items[i], error);
	return r;
}

static int check_newest(
	struct checks *checks, const struct fp_catalog *catalog, struct fp_error *error)
{
	int r = 0;

	for (uint32_t i = 0; r >= 0 && i < catalog->group_count; i++) {
		const struct fp_catalog_group *group = &catalog->groups[i];
		uint32_t end = group->first[FP_CATALOG_ELIGIBLE + 1];
		const struct fp_version_row *row;

		if (end == group->first[FP_CATALOG_ELIGIBLE])
			continue;
		row = fp_version_rows_find(&checks->package->rows,
			catalog->versions[catalog->order[end - 1]].row.text);
		if (row)
			r = check(checks, row, error);
	}
	return r;
}

/* The published state of the package in one repository, with a reference for us; or NULL. */
static struct fp_package_state *published_state(
	struct checks *checks, size_t repository, size_t package)
{
	const struct fp_snapshot *snapshot = fp_publisher_lock(checks->sync->publisher);
	const struct fp_snapshot_package *own =
		&snapshot->repositories[repository].packages[package];
	struct fp_package_state *state = NULL;

	if (own->state && fp_str_equal(own->settings->feed, fp_str(checks->source->config->name)) &&
		fp_str_equal_nocase(own->settings->id, fp_str(checks->package->id)))
		state = fp_package_state_ref(own->state);
	fp_publisher_unlock(checks->sync->publisher, NULL);
	return state;
}

static int check_selected(struct checks *checks, struct fp_error *error)
{
	const struct fp_settings *settings = checks->sync->settings;
	const struct fp_version_rows *rows = &checks->package->rows;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < settings->repository_count; i++) {
		for (size_t k = 0; r >= 0 && k < settings->repositories[i].package_count; k++) {
			struct fp_package_state *state = published_state(checks, i, k);

			if (state)
				r = check_newest(checks, state->catalog, error);
			fp_package_state_unref(state);
		}
	}
	for (size_t i = 0; r >= 0 && i < rows->count; i++)
		if (rows->items[i].unavailable_us >= 0)
			r = check(checks, &rows->items[i], error);
	return r;
}

int fp_feed_package_verify(struct fp_sync *sync, struct fp_feed_source *source,
	struct fp_feed_package *package, enum fp_verify_download mode, struct fp_error *error)
{
	struct checks checks = {.sync = sync, .source = source, .package = package};
	int r = 0;

	if (mode == FP_VERIFY_ALL)
		r = check_all(&checks, error);
	else if (mode == FP_VERIFY_SELECTED)
		r = check_selected(&checks, error);
	if (r >= 0 && checks.event_count) {
		r = fp_feed_package_write(source, package, checks.events, checks.event_count, NULL,
			0, package->rows.download, error);
		fp_log(FP_LOG_WARNING, "feed.downloads", "feed=%s package=%s changed=%zu",
			source->config->name, package->id, checks.event_count);
		r = r < 0 ? r : 1;
	}
	free(checks.events);
	return r;
}
