/* From the store to the first snapshot of a run, or of a configuration. */
#include "sources.h"

#include "forkpoint/base/hash.h"

#include <stdlib.h>

static void init_schedule(struct fp_schedule *schedule, int64_t interval_us, const char *name)
{
	*schedule = (struct fp_schedule){
		.interval_us = interval_us,
		.last_attempt_us = -1,
		.seed = fp_hash64(name, strlen(name), 0),
	};
}

static int make_sources(struct fp_sync *sync, struct fp_error *error)
{
	const struct fp_config *config = sync->config;
	int r = 0;

	sync->sources =
		calloc(config->repository_count + config->feed_count + 1, sizeof(*sync->sources));
	if (!sync->sources)
		return fp_error_memory(error);
	for (size_t i = 0; r >= 0 && i < config->repository_count; i++) {
		struct fp_source *source = &sync->sources[sync->source_count++];

		source->sync = sync;
		init_schedule(&source->schedule, config->repositories[i].interval_us,
			config->repositories[i].name);
		r = fp_repository_source_new(sync, i, &source->repository, error);
	}
	for (size_t i = 0; r >= 0 && i < config->feed_count; i++) {
		struct fp_source *source = &sync->sources[sync->source_count++];

		source->sync = sync;
		init_schedule(
			&source->schedule, config->feeds[i].interval_us, config->feeds[i].name);
		r = fp_feed_source_new(sync, i, &source->feed, error);
	}
	return r;
}

/* A repository that was ingested in an earlier run is served at once. */
static int fill_repository(struct fp_sync *sync, struct fp_repository_source *source,
	struct fp_snapshot *snapshot, struct fp_error *error)
{
	struct fp_branches *branches;
	int r;

	if (source->synced_us < 0 || !source->whole || fp_graph_count(source->graph) == 0)
		return 0;
	r = fp_repository_source_branches(
		source, &sync->settings->repositories[source->index], NULL, &branches, error);
	if (r < 0)
		return r;
	if (fp_fill_repository(snapshot, source->index, branches, source->synced_us, NULL) < 0)
		return fp_error_memory(error);
	return 0;
}

/* Everything at once, so that a reload never shows a repository without what it had. */
static int publish_all(struct fp_sync *sync, struct fp_error *error)
{
	const struct fp_snapshot *last = fp_publisher_lock(sync->publisher);
	struct fp_snapshot *first = fp_snapshot_new(sync->settings);
	int r = first ? 0 : fp_error_memory(error);

	if (first)
		fp_snapshot_take_overrides(first, last);

	for (size_t i = 0; r >= 0 && i < sync->source_count; i++)
		if (sync->sources[i].repository)
			r = fill_repository(sync, sync->sources[i].repository, first, error);
		else if (fp_fill_feed(first, sync->sources[i].feed, true, NULL) < 0)
			r = fp_error_memory(error);
	if (r < 0) {
		fp_publisher_unlock(sync->publisher, NULL);
		fp_snapshot_free(first);
		return r;
	}
	fp_note_loaded(sync, fp_publisher_unlock(sync->publisher, first));
	return 0;
}

int fp_sync_load(struct fp_sync *sync, struct fp_error *error)
{
	int r;

	sync->settings = fp_settings_from_config(sync->config);
	if (!sync->settings)
		return fp_error_memory(error);
	r = make_sources(sync, error);
	return r < 0 ? r : publish_all(sync, error);
}

void fp_sync_unload(struct fp_sync *sync)
{
	for (size_t i = 0; i < sync->source_count; i++) {
		fp_waiting_looks_settle(&sync->sources[i].waiting, FP_LOOK_FAILED);
		fp_repository_source_free(sync->sources[i].repository);
		fp_feed_source_free(sync->sources[i].feed);
	}
	free(sync->sources);
	sync->sources = NULL;
	sync->source_count = 0;
	fp_settings_unref(sync->settings);
	sync->settings = NULL;
}
