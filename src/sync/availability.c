/*
 * Whether listed versions can be downloaded (`verify_download`): their package files are asked for
 * with HEAD, a few at each look: first those that this run has not asked for yet, then those that
 * are missing, then those that were there a while ago (`verify_again`). What is missing is written
 * down as an event, again as often, so that it says when it was last tried; it is not selected
 * until it is found again. Files that cannot be asked for are no evidence, and end the round: a
 * server that hangs must not delay what the feed itself has to say.
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

/* The times at which files were found, in a map of 32-bit numbers. */
#define TICK_US (100 * FP_US_PER_MS)

/* Why a version's file would be asked for now. */
enum turn { TURN_NEW = 1, TURN_MISSING = 2, TURN_AGAIN = 4 };

struct checks {
	struct fp_sync *sync;
	struct fp_feed_source *source;
	struct fp_feed_package *package;
	struct fp_version_event *events;
	size_t event_count, event_capacity;
	unsigned heads;
	bool cannot_ask;
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

static uint32_t ticks_now(void)
{
	return (uint32_t)(fp_clock_monotonic_us() / TICK_US);
}

static bool is_past(const struct checks *checks, int64_t age_us)
{
	return age_us >= checks->source->config->verify_again_us;
}

/* 0 = it is not its turn. */
static unsigned turn_of(const struct checks *checks, const struct fp_version_row *row)
{
	uint32_t found;

	if (row->vanished_us >= 0 || row->unlisted_us >= 0)
		return 0;
	if (row->unavailable_us >= 0)
		return TURN_MISSING;
	if (!fp_map_get(&checks->package->found, fp_str(row->text), &found))
		return TURN_NEW;
	return is_past(checks, (int64_t)(ticks_now() - found) * TICK_US) ? TURN_AGAIN : 0;
}

static int note_missing(
	struct checks *checks, const struct fp_version_row *row, struct fp_error *error)
{
	if (row->unavailable_us >= 0 && !is_past(checks, fp_clock_real_us() - row->unavailable_us))
		return 0;
	return add_event(checks, FP_VERSION_EVENT_UNAVAILABLE, fp_str(row->text), error);
}

static int note_found(
	struct checks *checks, const struct fp_version_row *row, struct fp_error *error)
{
	struct fp_str text = fp_str(row->text);

	if (fp_map_set(&checks->package->found, text, ticks_now()) < 0)
		return fp_error_memory(error);
	return row->unavailable_us < 0 ? 0
				       : add_event(checks, FP_VERSION_EVENT_AVAILABLE, text, error);
}

/* Asks for one version's file, if it is the turn of such. */
static int check(struct checks *checks, const struct fp_version_row *row, unsigned turns,
	struct fp_error *error)
{
	int r;

	if (checks->cannot_ask || checks->heads >= HEADS_PER_LOOK ||
		!(turn_of(checks, row) & turns))
		return 0;
	checks->heads++;
	r = fp_feed_check_download(
		checks->source->connection.feed, checks->package->id, fp_str(row->text), error);
	if (r < 0) {
		checks->cannot_ask = true;
		return r == -FP_ERROR_CANCELLED ? r : 0;
	}
	return r == 1 ? note_missing(checks, row, error) : note_found(checks, row, error);
}

static int check_all(struct checks *checks, unsigned turns, struct fp_error *error)
{
	const struct fp_version_rows *rows = &checks->package->rows;
	int r = 0;

	for (size_t i = rows->count; r >= 0 && i-- > 0;)
		r = check(checks, &rows->items[i], turns, error);
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
			r = check(checks, row, TURN_NEW | TURN_AGAIN, error);
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
	int r = 0;

	for (size_t i = 0; r >= 0 && i < settings->repository_count; i++) {
		for (size_t k = 0; r >= 0 && k < settings->repositories[i].package_count; k++) {
			struct fp_package_state *state = published_state(checks, i, k);

			if (state)
				r = check_newest(checks, state->catalog, error);
			fp_package_state_unref(state);
		}
	}
	return r < 0 ? r : check_all(checks, TURN_MISSING, error);
}

static int check_every(struct checks *checks, struct fp_error *error)
{
	static const unsigned turns[] = {TURN_NEW, TURN_MISSING, TURN_AGAIN};
	int r = 0;

	for (size_t i = 0; r >= 0 && i < FP_ARRAY_SIZE(turns); i++)
		r = check_all(checks, turns[i], error);
	return r;
}

int fp_feed_package_verify(struct fp_sync *sync, struct fp_feed_source *source,
	struct fp_feed_package *package, enum fp_verify_download mode, struct fp_error *error)
{
	struct checks checks = {.sync = sync, .source = source, .package = package};
	int r = 0;

	if (mode == FP_VERIFY_ALL)
		r = check_every(&checks, error);
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
