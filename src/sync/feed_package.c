/*
 * One package of a feed: look at it, work out what happened to which version, and write that down.
 */
#include "sources.h"

#include "forkpoint/base/log.h"
#include "forkpoint/base/time.h"
#include "forkpoint/feed/truth.h"

#include <stdio.h>
#include <stdlib.h>

static void note_pending(struct fp_feed_package *package)
{
	package->pending_misses = false;
	for (size_t i = 0; !package->pending_misses && i < package->rows.count; i++)
		package->pending_misses =
			package->rows.items[i].missed > 0 && package->rows.items[i].vanished_us < 0;
}

/* Rows are read once; from then on they change with what is written
 * (fp_store_apply_version_events), and are read again only after that failed, because the database
 * may then know more than they. */
int fp_feed_package_load(
	struct fp_feed_source *source, struct fp_feed_package *package, struct fp_error *error)
{
	struct fp_version_rows rows;
	int r;

	if (package->is_loaded)
		return 0;
	r = fp_store_load_versions(source->store, package->row, &rows, &package->revision, error);
	if (r < 0)
		return r;
	fp_version_rows_release(&package->rows);
	package->rows = rows;
	package->is_loaded = true;
	note_pending(package);
	return 0;
}

int fp_feed_package_write(struct fp_feed_source *source, struct fp_feed_package *package,
	const struct fp_version_event *events, size_t count, const struct fp_version_missed *missed,
	size_t missed_count, const char *download, struct fp_error *error)
{
	int r = fp_store_apply_version_events(source->store, package->row, &package->rows, events,
		count, missed, missed_count, download, fp_clock_real_us(), &package->revision,
		error);

	package->is_loaded = r >= 0;
	if (r >= 0)
		note_pending(package);
	return r;
}

static int list_known(const struct fp_version_rows *rows, struct fp_known_version **known)
{
	*known = calloc(rows->count + 1, sizeof(**known));
	if (!*known)
		return -FP_ERROR_MEMORY;
	for (size_t i = 0; i < rows->count; i++)
		(*known)[i] = (struct fp_known_version){
			.text = fp_str(rows->items[i].text),
			.unlisted = rows->items[i].unlisted_us >= 0,
			.vanished = rows->items[i].vanished_us >= 0,
			.missed = rows->items[i].missed,
			.published_us = rows->items[i].published_us,
		};
	return 0;
}

/* What a look changes, as the store takes it. */
struct changes {
	struct fp_version_event *events;
	size_t event_count;
	struct fp_version_missed *missed;
	size_t missed_count;
};

static void changes_release(struct changes *changes)
{
	free(changes->events);
	free(changes->missed);
}

static int list_changes(const struct fp_version_rows *rows, const struct fp_listing *listing,
	const struct fp_truth *truth, struct changes *changes)
{
	changes->events = calloc(truth->change_count + 1, sizeof(*changes->events));
	changes->missed = calloc(rows->count + 1, sizeof(*changes->missed));
	if (!changes->events || !changes->missed)
		return -FP_ERROR_MEMORY;
	for (size_t i = 0; i < truth->change_count; i++) {
		const struct fp_version_change *change = &truth->changes[i];
		bool is_new = change->known == UINT32_MAX;

		changes->events[changes->event_count++] = (struct fp_version_event){
			.kind = (int)change->kind,
			.text = is_new ? listing->versions[change->listed].text
				       : fp_str(rows->items[change->known].text),
			.published_us = change->listed == UINT32_MAX
						? -1
						: listing->versions[change->listed].published_us,
		};
	}
	for (size_t i = 0; i < rows->count; i++)
		if (truth->missed[i] != rows->items[i].missed)
			changes->missed[changes->missed_count++] = (struct fp_version_missed){
				.version = rows->items[i].id, .missed = truth->missed[i]};
	return 0;
}

static bool has_new_download(const struct fp_feed_package *package, const char *download)
{
	return download &&
	       (!package->rows.download || strcmp(download, package->rows.download) != 0);
}

/* Writes what a listing says; 1 when anything changed. */
static int take_listing(struct fp_feed_source *source, struct fp_feed_package *package,
	const struct fp_listing *listing, struct fp_error *error)
{
	FP_CLEANUP_FREE struct fp_known_version *known = NULL;
	FP_CLEANUP(changes_release) struct changes changes = {0};
	FP_CLEANUP(fp_truth_release) struct fp_truth truth = {0};
	int r;

	if (list_known(&package->rows, &known) < 0)
		return fp_error_memory(error);
	r = fp_truth_apply(known, package->rows.count, listing, &truth, error);
	if (r < 0)
		return r;
	snprintf(
		package->doubt, sizeof(package->doubt), "%s", truth.suspicious ? truth.reason : "");
	if (list_changes(&package->rows, listing, &truth, &changes) < 0)
		return fp_error_memory(error);
	if (changes.event_count == 0 && changes.missed_count == 0 &&
		!has_new_download(package, listing->download))
		return 0;
	r = fp_feed_package_write(source, package, changes.events, changes.event_count,
		changes.missed, changes.missed_count, listing->download, error);
	if (r < 0)
		return r;
	if (changes.event_count)
		fp_log(FP_LOG_INFO, "feed.changed", "feed=%s package=%s events=%zu versions=%zu",
			source->config->name, package->id, changes.event_count,
			package->rows.count);
	return 1;
}

/* The list is as it was at the last look: what was missing then is missing for the second time. */
static int take_unchanged(
	struct fp_feed_source *source, struct fp_feed_package *package, struct fp_error *error)
{
	FP_CLEANUP(changes_release) struct changes changes = {0};
	int r;

	if (!package->pending_misses)
		return 0;
	changes.events = calloc(package->rows.count + 1, sizeof(*changes.events));
	if (!changes.events)
		return fp_error_memory(error);
	for (size_t i = 0; i < package->rows.count; i++) {
		const struct fp_version_row *row = &package->rows.items[i];

		if (row->missed > 0 && row->vanished_us < 0)
			changes.events[changes.event_count++] = (struct fp_version_event){
				.kind = FP_VERSION_VANISHED,
				.text = fp_str(row->text),
				.published_us = -1,
			};
	}
	r = fp_feed_package_write(source, package, changes.events, changes.event_count, NULL, 0,
		package->rows.download, error);
	return r < 0 ? r : 1;
}

int fp_feed_package_look(struct fp_feed_source *source, struct fp_feed_package *package,
	struct fp_feed_report *report, struct fp_error *error)
{
	FP_CLEANUP(fp_listing_release) struct fp_listing listing = {0};
	int r = fp_feed_package_load(source, package, error);

	if (r >= 0)
		r = fp_feed_look(source->connection.feed, package->id, &listing, report, error);
	if (r == FP_FEED_UNCHANGED)
		return take_unchanged(source, package, error);
	if (r == FP_FEED_NO_PACKAGE)
		listing = (struct fp_listing){.complete = true, .source = "none"};
	else if (r < 0)
		return r;
	return take_listing(source, package, &listing, error);
}
