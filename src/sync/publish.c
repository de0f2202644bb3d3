/* From what a job learned to the next snapshot. */
#include "sources.h"

#include "forkpoint/base/log.h"
#include "forkpoint/base/time.h"

#include <stdlib.h>

static void wake(struct fp_sync *sync)
{
	if (sync->options.woken)
		sync->options.woken(sync->options.context);
}

/* Ends a change of the snapshot: publishes `next`, or drops it when r says that it is not whole. */
static int finish(struct fp_sync *sync, struct fp_snapshot *next, int r, int64_t *published_us,
	struct fp_error *error)
{
	if (r < 0) {
		fp_snapshot_free(next);
		next = NULL;
	}
	*published_us = fp_publisher_unlock(sync->publisher, next);
	if (r < 0)
		return fp_error_memory(error);
	wake(sync);
	return 0;
}

int fp_fill_repository(struct fp_snapshot *snapshot, size_t index, struct fp_branches *branches,
	int64_t synced_us, const char *trouble)
{
	struct fp_snapshot_repository *repository = &snapshot->repositories[index];

	repository->refs_synced_us = synced_us;
	repository->times_since_us = 0;
	if (branches)
		fp_snapshot_set_branches(repository, branches);
	if (fp_snapshot_set_trouble(&repository->refs_trouble, trouble) < 0)
		return -FP_ERROR_MEMORY;
	return branches ? fp_snapshot_retrain(repository) : 0;
}

int fp_publish_repository(struct fp_sync *sync, size_t index, struct fp_branches *branches,
	int64_t synced_us, const char *trouble, struct fp_error *error)
{
	const struct fp_snapshot *last = fp_publisher_lock(sync->publisher);
	struct fp_snapshot *next = fp_snapshot_copy(last);
	struct fp_published_refs refs = {0};
	int64_t published_us;
	int r;

	if (!next) {
		fp_branches_unref(branches);
		return finish(sync, NULL, -FP_ERROR_MEMORY, &published_us, error);
	}
	r = fp_fill_repository(next, index, branches, synced_us, trouble);
	branches = next->repositories[index].branches;
	if (branches)
		refs = (struct fp_published_refs){true, branches->revision, branches->arrivals};
	r = finish(sync, next, r, &published_us, error);
	fp_note_repository(sync, fp_sync_repository(sync, index)->repository, &refs, synced_us,
		trouble, published_us);
	return r;
}

/* The state of one configured package; its feed must have been read for it and for its set. */
static struct fp_package_state *make_state(struct fp_feed_source *source,
	const struct fp_package_settings *settings, const struct fp_package_state *last)
{
	struct fp_feed_package *main = fp_feed_source_find(source, settings->id);
	FP_CLEANUP_FREE const struct fp_version_rows **sets =
		calloc(settings->set_count + 1, sizeof(*sets));
	struct fp_version_rows rows;
	int64_t revision = main->revision;

	if (!sets || fp_version_rows_share(&main->rows, &rows) < 0)
		return NULL;
	for (size_t i = 0; i < settings->set_count; i++) {
		const struct fp_feed_package *other = fp_feed_source_find(source, settings->set[i]);

		sets[i] = &other->rows;
		if (other->revision > revision)
			revision = other->revision;
	}
	return fp_package_state_new(settings, &rows, sets, revision, last);
}

/* When the oldest of a package's ids was read, -1 when one never was. */
static int64_t synced_us_of(
	struct fp_feed_source *source, const struct fp_package_settings *settings)
{
	int64_t oldest = fp_feed_source_find(source, settings->id)->synced_us;

	for (size_t i = 0; i < settings->set_count; i++) {
		int64_t synced = fp_feed_source_find(source, settings->set[i])->synced_us;

		if (synced < oldest)
			oldest = synced;
	}
	return oldest;
}

static const char *trouble_of_id(struct fp_feed_source *source, struct fp_str id)
{
	const struct fp_feed_package *package = fp_feed_source_find(source, id);

	if (package->failure[0])
		return package->failure;
	return package->doubt[0] ? package->doubt : NULL;
}

/* What is the matter with the package alone, or with an id of its set. */
static const char *trouble_of(
	struct fp_feed_source *source, const struct fp_package_settings *settings)
{
	const char *trouble = trouble_of_id(source, settings->id);

	for (size_t i = 0; !trouble && i < settings->set_count; i++)
		trouble = trouble_of_id(source, settings->set[i]);
	return trouble;
}

static int update_package(struct fp_feed_source *source, const struct fp_overrides *overrides,
	struct fp_snapshot_repository *repository, struct fp_snapshot_package *package,
	bool changed, const char *trouble)
{
	struct fp_package_state *state;

	package->feed_synced_us = synced_us_of(source, package->settings);
	package->times_since_us = 0;
	if (fp_snapshot_set_trouble(&package->feed_trouble,
		    trouble ? trouble : trouble_of(source, package->settings)) < 0)
		return -FP_ERROR_MEMORY;
	if (package->feed_synced_us < 0 || (!changed && package->state))
		return 0;
	state = make_state(source, package->settings, package->state);
	if (!state || fp_package_state_quarantine(state, package->settings,
			      repository->settings->name, overrides) < 0) {
		fp_package_state_unref(state);
		return -FP_ERROR_MEMORY;
	}
	fp_snapshot_set_state(package, state);
	return fp_snapshot_retrain_fresh(repository, state);
}

static int fill_packages(struct fp_feed_source *source, const struct fp_overrides *overrides,
	struct fp_snapshot_repository *repository, bool changed, const char *trouble)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < repository->settings->package_count; i++) {
		struct fp_snapshot_package *package = &repository->packages[i];

		if (fp_str_equal(package->settings->feed, fp_str(source->config->name)))
			r = update_package(
				source, overrides, repository, package, changed, trouble);
	}
	return r;
}

int fp_fill_feed(struct fp_snapshot *snapshot, struct fp_feed_source *source, bool changed,
	const char *trouble)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < snapshot->settings->repository_count; i++)
		r = fill_packages(
			source, snapshot->overrides, &snapshot->repositories[i], changed, trouble);
	return r;
}

int fp_publish_feed(struct fp_sync *sync, struct fp_feed_source *source, bool changed,
	const char *trouble, struct fp_error *error)
{
	struct fp_snapshot *next = fp_snapshot_copy(fp_publisher_lock(sync->publisher));
	int r = next ? fp_fill_feed(next, source, changed, trouble) : -FP_ERROR_MEMORY;

	int64_t published_us;

	r = finish(sync, next, r, &published_us, error);
	fp_note_feed(sync, source, changed, trouble, published_us);
	return r;
}
