/*
 * What a look at a repository reads: the commits that refs lead to, and those that came because
 * somebody waits for them by their ids.
 */
#include "repository_look.h"

#include "forkpoint/base/time.h"
#include "forkpoint/store/past.h"

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

/*
 * Past answers name everything that written refs and arrivals ever led to, so that it is read again
 * when everything is; and it tells what is reachable in a graph that has more. The mirror may lack
 * some of it, such as what came with an import.
 */
static int list_past_tips(struct fp_look *look, struct fp_error *error)
{
	struct fp_repository_source *source = look->source;
	size_t count, had = 0;
	int r;

	if (look->was_reachable)
		return 0;
	r = fp_store_load_past_tips(source->store, source->id, source->revision, source->arrivals,
		&look->tips, &count, error);
	for (size_t i = 0; r >= 0 && i < count; i++)
		if (fp_mirror_object_type(look->mirror, &look->tips[i]) == FP_OBJECT_COMMIT)
			look->tips[had++] = look->tips[i];
	look->tip_count = had;
	return r;
}

static int list_tips(struct fp_look *look, struct fp_error *error)
{
	struct fp_oid *tips;
	int r = list_past_tips(look, error);

	if (r < 0)
		return r;
	tips = reallocarray(look->tips, look->tip_count + look->refs.count + 1, sizeof(*tips));
	if (!tips)
		return fp_error_memory(error);
	look->tips = tips;
	for (size_t i = 0; i < look->refs.count; i++)
		if (!fp_oid_is_zero(&look->refs.items[i].commit))
			tips[look->tip_count++] = look->refs.items[i].commit;
	return 0;
}

/* Of the wants those that are here now though none of the tips leads to them. The graph has them
 * already where a look that brought them was cut off. */
static int list_arrivals(struct fp_look *look, const struct fp_graph_view *view)
{
	struct fp_closure FP_CLEANUP(fp_closure_release) closure = {0};

	look->arrivals = calloc(look->want_count + 1, sizeof(*look->arrivals));
	if (!look->arrivals)
		return -FP_ERROR_MEMORY;
	if (!look->was_reachable &&
		fp_closure_build(view, look->tips, look->tip_count, &closure) < 0)
		return -FP_ERROR_MEMORY;
	for (size_t i = 0; i < look->want_count; i++) {
		uint32_t commit = fp_graph_find(view, &look->wants[i]);

		if (commit != FP_NO_COMMIT &&
			(look->was_reachable || fp_closure_has(&closure, commit)))
			continue;
		if (fp_mirror_object_type(look->mirror, &look->wants[i]) == FP_OBJECT_COMMIT)
			look->arrivals[look->arrival_count++] = look->wants[i];
	}
	return 0;
}

static int read_arrivals(struct fp_look *look, struct fp_error *error)
{
	struct fp_graph_view view;
	int r;

	if (look->want_count == 0)
		return 0;
	view = fp_graph_view(look->source->graph);
	r = list_arrivals(look, &view);
	fp_graph_view_release(&view);
	if (r < 0)
		return fp_error_memory(error);
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

	look->was_reachable =
		look->source->whole && fp_repository_source_is_reachable(look->source);
	fp_look_set_progress(look, FP_PHASE_READING, 0, 0, 0);
	r = fp_mirror_open(look->source->path, &look->blob_mirror, error);
	if (r == 0)
		r = list_tips(look, error);
	if (r == 0)
		r = walk(look, look->tips, look->tip_count, error);
	return r ? r : read_arrivals(look, error);
}
