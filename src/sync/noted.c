/*
 * What was published, written down for time travel: which revision of a source was in force since
 * when, and when a source was older than it should be. Only changes are written.
 *
 * A failure to write costs no answer: it is logged, and what it was about is written at the next
 * publication, with the moment of its own.
 */
#include "sources.h"

#include "forkpoint/base/log.h"

#include <stdlib.h>

void fp_noted_release(struct fp_noted *noted)
{
	free(noted->text);
	free(noted->trouble);
	*noted = (struct fp_noted){0};
}

static bool same_text(const char *a, const char *b)
{
	return a && b ? strcmp(a, b) == 0 : a == b;
}

static int set_text(char **text, const char *to)
{
	char *copy = to ? fp_str_dup(fp_str(to)) : NULL;

	if (to && !copy)
		return -FP_ERROR_MEMORY;
	free(*text);
	*text = copy;
	return 0;
}

int fp_note_first_reading(struct fp_store *store, const struct fp_noted *noted, const char *kind,
	int64_t id, int64_t synced_us, struct fp_error *error)
{
	return noted->synced_us < 0 ? fp_store_set_synced(store, kind, id, synced_us, error) : 0;
}

static int add_gap(struct fp_store *store, const struct fp_source_state *state, int64_t since_us,
	int64_t from_us, int64_t until_us, const char *trouble, struct fp_error *error)
{
	const struct fp_sync_gap gap = {
		.since_us = since_us,
		.from_us = from_us,
		.until_us = until_us,
		.trouble = trouble,
	};

	return fp_store_add_gap(store, state->kind, state->id, &gap, error);
}

/*
 * Complete looks so far apart that answers were stale in between. When a source was read is kept
 * only behind its publication and its gap: the next run, or the next configuration, then takes up
 * what answers knew, whatever a look that was cut off had learned.
 */
static int note_reading(struct fp_store *store, const struct fp_noted *noted,
	const struct fp_source_state *state, int64_t published_us, struct fp_error *error)
{
	/* Up to the first publication other settings said what is stale. */
	int64_t limit_us = noted->begun ? state->stale_after_us : state->stale_before_us;
	bool read_again = noted->synced_us != state->synced_us;
	int r = 0;

	if ((read_again || !noted->begun) && noted->synced_us >= 0 && limit_us >= 0 &&
		published_us - noted->synced_us > limit_us)
		r = add_gap(store, state, noted->synced_us, noted->synced_us, published_us, NULL,
			error);
	if (r >= 0 && read_again)
		r = fp_store_set_synced(store, state->kind, state->id, state->synced_us, error);
	return r;
}

/* Trouble that goes on. */
static int note_trouble(struct fp_store *store, struct fp_noted *noted,
	const struct fp_source_state *state, int64_t published_us, struct fp_error *error)
{
	bool read_again = noted->synced_us != state->synced_us;
	int r = 0;

	if (noted->begun && !read_again && same_text(noted->trouble, state->trouble))
		return 0;
	if (noted->trouble || !noted->begun)
		r = fp_store_end_gaps(store, state->kind, state->id, published_us, error);
	if (r >= 0 && state->trouble)
		r = add_gap(
			store, state, state->synced_us, published_us, -1, state->trouble, error);
	if (r >= 0 && set_text(&noted->trouble, state->trouble) < 0)
		return fp_error_memory(error);
	return r;
}

static int note_gaps(struct fp_store *store, struct fp_noted *noted,
	const struct fp_source_state *state, int64_t published_us, struct fp_error *error)
{
	int r = note_reading(store, noted, state, published_us, error);

	if (r >= 0)
		r = note_trouble(store, noted, state, published_us, error);
	if (r >= 0) {
		noted->synced_us = state->synced_us;
		noted->begun = true;
	}
	return r;
}

static int note_revision(struct fp_store *store, struct fp_noted *noted,
	const struct fp_source_state *state, int64_t at_us, struct fp_error *error)
{
	const struct fp_publication publication = {
		.kind = state->publication,
		.id = state->id,
		.revision = state->revision,
		.text = state->text,
		.at_us = at_us,
	};
	int r = fp_store_note_publication(store, &publication, error);

	if (r >= 0 && set_text(&noted->text, state->text) < 0)
		return fp_error_memory(error);
	if (r >= 0)
		noted->revision = state->revision;
	return r;
}

static int note_arrivals(struct fp_store *store, struct fp_noted *noted,
	const struct fp_source_state *state, int64_t at_us, struct fp_error *error)
{
	const struct fp_publication publication = {
		.kind = FP_PUBLISHED_ARRIVALS,
		.id = state->id,
		.revision = state->arrivals,
		.at_us = at_us,
	};
	int r = fp_store_note_publication(store, &publication, error);

	if (r >= 0)
		noted->arrivals = state->arrivals;
	return r;
}

void fp_note_published(struct fp_store *store, struct fp_noted *noted,
	const struct fp_source_state *state, int64_t published_us)
{
	bool is_new = state->is_served && (!noted->is_noted || noted->revision != state->revision ||
						  !same_text(noted->text, state->text));
	bool has_arrivals = state->is_served && noted->arrivals != state->arrivals;
	int64_t at_us = noted->pending_us ? noted->pending_us : published_us;
	struct fp_error error;
	int r = 0;

	if (is_new)
		r = note_revision(store, noted, state, at_us, &error);
	if (r >= 0 && has_arrivals)
		r = note_arrivals(store, noted, state, at_us, &error);
	noted->pending_us = r < 0 ? at_us : 0;
	noted->is_noted |= r >= 0 && state->is_served;
	if (r >= 0)
		r = note_gaps(store, noted, state, published_us, &error);
	if (r < 0)
		fp_log_error(FP_LOG_WARNING, "sync.not_noted", &error, "%s=%lld", state->kind,
			(long long)state->id);
}

void fp_note_repository(struct fp_sync *sync, struct fp_repository_source *source,
	const struct fp_published_refs *refs, int64_t synced_us, const char *trouble,
	int64_t published_us)
{
	const struct fp_source_state state = {
		.kind = "repository",
		.publication = FP_PUBLISHED_REFS,
		.id = source->id,
		.is_served = refs->are_served,
		.revision = refs->revision,
		.arrivals = refs->arrivals,
		.synced_us = synced_us,
		.trouble = trouble,
		.stale_after_us = sync->settings->stale_after_us,
		.stale_before_us = sync->stale_before_us,
	};

	if (published_us)
		fp_note_published(source->store, &source->noted, &state, published_us);
}

void fp_note_feed(struct fp_sync *sync, struct fp_feed_source *source, bool changed,
	const char *trouble, int64_t published_us)
{
	for (size_t i = 0; published_us && i < source->package_count; i++) {
		struct fp_feed_package *package = &source->packages[i];
		bool is_made = changed || !package->noted.is_noted || package->noted.pending_us;
		const struct fp_source_state state = {
			.kind = "package",
			.publication = FP_PUBLISHED_VERSIONS,
			.id = package->row,
			.is_served = package->synced_us >= 0 && is_made,
			.revision = package->revision,
			.text = package->rows.download,
			.synced_us = package->synced_us,
			.trouble = trouble	       ? trouble
				   : package->doubt[0] ? package->doubt
						       : NULL,
			.stale_after_us = sync->settings->stale_after_us,
			.stale_before_us = sync->stale_before_us,
		};

		fp_note_published(source->store, &package->noted, &state, published_us);
	}
}

static int note_settings(struct fp_store *store, const struct fp_settings *settings,
	int64_t published_us, struct fp_error *error)
{
	FP_CLEANUP_FREE char *digest = fp_str_dup(settings->digest);
	struct fp_publication publication = {
		.kind = FP_PUBLISHED_CONFIGURATION, .at_us = published_us};
	int r;

	if (!digest)
		return fp_error_memory(error);
	r = fp_store_find_configuration(store, digest, &publication.revision, error);
	if (r == 0)
		r = fp_store_note_publication(store, &publication, error);
	publication.kind = FP_PUBLISHED_STALE_AFTER;
	publication.revision = settings->stale_after_us;
	return r < 0 ? r : fp_store_note_publication(store, &publication, error);
}

void fp_note_loaded(struct fp_sync *sync, int64_t published_us)
{
	FP_CLEANUP(fp_store_close_cleanup) struct fp_store *store = NULL;
	struct fp_error error;
	int r = fp_store_open(sync->options.data_dir, false, &store, &error);

	sync->stale_before_us = -1;
	if (r >= 0)
		r = fp_store_find_publication(store, FP_PUBLISHED_STALE_AFTER, 0, published_us,
			&sync->stale_before_us, NULL, &error);
	if (r >= 0)
		r = note_settings(store, sync->settings, published_us, &error);
	if (r < 0)
		fp_log_error(FP_LOG_WARNING, "sync.not_noted", &error, "configuration=%.*s",
			FP_STR_ARG(sync->settings->digest));
	for (size_t i = 0; i < sync->source_count; i++) {
		struct fp_repository_source *source = sync->sources[i].repository;
		struct fp_published_refs refs;

		if (!source) {
			fp_note_feed(sync, sync->sources[i].feed, true, NULL, published_us);
			continue;
		}
		refs = (struct fp_published_refs){
			.are_served = source->synced_us >= 0 && fp_graph_count(source->graph) > 0,
			.revision = source->revision,
			.arrivals = source->arrivals,
		};
		fp_note_repository(sync, source, &refs, source->synced_us, NULL, published_us);
	}
}
