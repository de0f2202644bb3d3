/*
 * What a look at a repository reads: the commits that refs lead to, and those that came because
 * somebody waits for them by their ids.
 */
#include "repository_look.h"

#include "forkpoint/base/time.h"

#include <stdlib.h>

/* How many can be new at a time is bounded where they are accepted (looks.c). */
int fp_look_list_wants(struct fp_look *look, struct fp_error *error)
{
	size_t found = 0;

	look->wants = calloc(look->waiting->count + 1, sizeof(*look->wants));
	if (!look->wants)
		return fp_error_memory(error);
	for (size_t i = 0; i < look->waiting->count; i++)
		found += fp_oid_parse(fp_str(look->waiting->items[i].sha), &look->wants[found]);
	look->want_count = fp_oid_sort_unique(look->wants, found);
	return 0;
}

/* A reading that is cut off goes on behind what was written so far. */
enum { STORE_EVERY = 1 << 15 };

static bool is_known(void *context, const struct fp_oid *oid)
{
	const struct fp_look *look = context;
	struct fp_graph_view view = fp_graph_view(look->source->graph);
	bool known = fp_graph_find(&view, oid) != FP_NO_COMMIT;

	fp_graph_view_release(&view);
	return known;
}

static int append_commit(void *context, const struct fp_commit_row *row, struct fp_error *error)
{
	struct fp_look *look = context;
	uint32_t facts;
	int r = fp_source_reader_read(
		look->source->reader, look->blob_mirror, &row->tree, &facts, error);

	if (r < 0)
		return r;
	r = fp_graph_append(look->source->graph, row, facts, NULL, error);
	if (r >= 0 &&
		fp_graph_count(look->source->graph) >= look->source->stored_commits + STORE_EVERY)
		r = fp_repository_source_store_commits(look->source, false, error);
	return r < 0 ? r : 0;
}

static int walk(
	struct fp_look *look, const struct fp_oid *tips, size_t count, struct fp_error *error)
{
	struct fp_mirror_walk walk = {
		.tips = tips,
		.tip_count = count,
		.is_known = is_known,
		.emit = append_commit,
		.progress = fp_look_on_read,
		.context = look,
		.cancelled = &look->sync->cancelled,
	};

	return fp_mirror_walk_commits(look->mirror, &walk, error);
}

/* What was ever reachable is read again when everything is: past answers name it. */
static int list_kept(
	struct fp_look *look, struct fp_oid **kept, size_t *count, struct fp_error *error)
{
	*kept = NULL;
	*count = 0;
	if (look->source->whole)
		return 0;
	return fp_mirror_read_kept(look->mirror, kept, count, error);
}

static int read_refs(struct fp_look *look, struct fp_error *error)
{
	FP_CLEANUP_FREE struct fp_oid *kept = NULL;
	FP_CLEANUP_FREE struct fp_oid *tips = NULL;
	size_t count;
	int r = list_kept(look, &kept, &count, error);

	if (r < 0)
		return r;
	tips = calloc(look->refs.count + count + 1, sizeof(*tips));
	if (!tips)
		return fp_error_memory(error);
	if (count)
		memcpy(tips, kept, count * sizeof(*tips));
	for (size_t i = 0; i < look->refs.count; i++)
		if (!fp_oid_is_zero(&look->refs.items[i].commit))
			tips[count++] = look->refs.items[i].commit;
	return walk(look, tips, count, error);
}

/* Whether answers know the commit, or will behind this look because refs lead to it: what an
 * earlier look left that was cut off is in the graph, too. */
static bool is_reachable(struct fp_look *look, const struct fp_oid *oid)
{
	FP_CLEANUP(fp_branches_unref_cleanup) struct fp_branches *current = NULL;
	struct fp_graph_view view = fp_graph_view(look->source->graph);
	uint32_t commit = fp_graph_find(&view, oid);

	fp_graph_view_release(&view);
	if (commit == FP_NO_COMMIT || look->was_reachable || commit >= look->first_new)
		return commit != FP_NO_COMMIT;
	current = fp_look_current_branches(look);
	return current && fp_branches_find_commit(current, oid) != FP_NO_COMMIT;
}

/* Whole ids that somebody waits for and that are here now though no ref leads to them. */
static int read_arrivals(struct fp_look *look, struct fp_error *error)
{
	look->arrivals = calloc(look->want_count + 1, sizeof(*look->arrivals));
	if (!look->arrivals)
		return fp_error_memory(error);
	for (size_t i = 0; i < look->want_count; i++)
		if (!is_reachable(look, &look->wants[i]) &&
			fp_mirror_object_type(look->mirror, &look->wants[i]) == FP_OBJECT_COMMIT)
			look->arrivals[look->arrival_count++] = look->wants[i];
	return look->arrival_count ? walk(look, look->arrivals, look->arrival_count, error) : 0;
}

int fp_look_store_arrivals(struct fp_look *look, struct fp_error *error)
{
	struct fp_repository_source *source = look->source;
	int r = 0;

	if (look->arrival_count)
		r = fp_mirror_keep(look->mirror, look->arrivals, look->arrival_count,
			&look->sync->cancelled, error);
	for (size_t i = 0; r >= 0 && i < look->arrival_count; i++)
		r = fp_store_add_arrival(source->store, source->id, &look->arrivals[i],
			fp_clock_real_us(), &source->arrivals, error);
	return r;
}

int fp_look_read_commits(struct fp_look *look, struct fp_error *error)
{
	int r;

	look->first_new = fp_graph_count(look->source->graph);
	look->was_reachable = look->source->whole && look->source->reachable == look->first_new;
	fp_look_set_progress(look, FP_PHASE_READING, 0, 0, 0);
	r = fp_mirror_open(look->source->path, &look->blob_mirror, error);
	if (r == 0)
		r = read_refs(look, error);
	return r ? r : read_arrivals(look, error);
}
