/* The commit graph: columns of commits, appended to. */
#include "storage.h"

#include <stdlib.h>

struct fp_graph *fp_graph_new(void)
{
	struct fp_graph *graph = calloc(1, sizeof(*graph));

	if (graph)
		atomic_init(&graph->references, 1);
	return graph;
}

struct fp_graph *fp_graph_ref(struct fp_graph *graph)
{
	atomic_fetch_add_explicit(&graph->references, 1, memory_order_relaxed);
	return graph;
}

void fp_graph_unref(struct fp_graph *graph)
{
	if (!graph || atomic_fetch_sub_explicit(&graph->references, 1, memory_order_acq_rel) != 1)
		return;
	for (uint32_t i = 0; i < graph->octopus_count; i++)
		free(*fp_graph_octopus_slot(graph, i));
	for (size_t i = 0; i < FP_OCTOPUS_BLOCKS && graph->octopus[i]; i++)
		free(graph->octopus[i]);
	for (size_t i = 0; i < FP_GRAPH_CHUNKS && graph->chunks[i]; i++)
		free(graph->chunks[i]);
	fp_graph_lookup_unref(graph->lookup);
	free(graph);
}

uint32_t fp_graph_count(const struct fp_graph *graph)
{
	return graph->count;
}

static int64_t clamp_time(int64_t seconds)
{
	const int64_t limit = (INT64_C(1) << 39) - 1;

	return seconds > limit ? limit : seconds < -limit ? -limit : seconds;
}

int fp_graph_add_octopus(struct fp_graph *graph, const uint32_t *parents, uint32_t count,
	uint32_t *number, struct fp_error *error)
{
	struct fp_octopus ***block = &graph->octopus[graph->octopus_count / FP_OCTOPUS_BLOCK];
	struct fp_octopus *octopus;

	if (graph->octopus_count >= FP_OCTOPUS_BLOCKS * FP_OCTOPUS_BLOCK)
		return fp_error_set(error, FP_ERROR_LIMIT, "more than %d octopus merges",
			FP_OCTOPUS_BLOCKS * FP_OCTOPUS_BLOCK);
	if (!*block)
		*block = calloc(FP_OCTOPUS_BLOCK, sizeof(**block));
	octopus = *block ? malloc(sizeof(*octopus) + count * sizeof(*parents)) : NULL;
	if (!octopus)
		return fp_error_memory(error);
	octopus->count = count;
	memcpy(octopus->parents, parents, count * sizeof(*parents));
	*number = graph->octopus_count;
	*fp_graph_octopus_slot(graph, graph->octopus_count++) = octopus;
	return 0;
}

int fp_graph_reserve_row(struct fp_graph *graph, struct fp_error *error)
{
	uint32_t chunk = graph->count >> FP_GRAPH_CHUNK_BITS;

	if (graph->count >= FP_GRAPH_MAX_COMMITS)
		return fp_error_set(error, FP_ERROR_LIMIT, "more than %d commits in one repository",
			FP_GRAPH_MAX_COMMITS);
	if (!graph->chunks[chunk])
		graph->chunks[chunk] = malloc(sizeof(struct fp_graph_chunk));
	return graph->chunks[chunk] ? 0 : fp_error_memory(error);
}

int fp_graph_append_indexed(struct fp_graph *graph, const struct fp_oid *oid, int64_t author_s,
	int64_t committer_s, const uint32_t *parents, uint32_t parent_count, uint32_t facts,
	struct fp_error *error)
{
	uint32_t row = fp_graph_row_of(graph->count), octopus = 0;
	struct fp_graph_chunk *chunk;
	int r;

	for (uint32_t i = 0; i < parent_count; i++)
		if (parents[i] >= graph->count)
			return fp_error_set(
				error, FP_ERROR_CORRUPT, "a parent stands behind its child");
	r = fp_graph_reserve_row(graph, error);
	if (r >= 0 && parent_count > 2)
		r = fp_graph_add_octopus(graph, parents, parent_count, &octopus, error);
	if (r < 0)
		return r;
	chunk = graph->chunks[graph->count >> FP_GRAPH_CHUNK_BITS];
	author_s = clamp_time(author_s);
	committer_s = clamp_time(committer_s);
	chunk->oid[row] = *oid;
	chunk->first_parent[row] = parent_count > 0 ? parents[0] : FP_NO_COMMIT;
	chunk->second_parent[row] = parent_count > 2   ? octopus | FP_OCTOPUS_BIT
				    : parent_count > 1 ? parents[1]
						       : FP_NO_COMMIT;
	chunk->facts[row] = facts;
	chunk->author_low[row] = (uint32_t)author_s;
	chunk->author_high[row] = (int8_t)(author_s >> 32);
	chunk->committer_low[row] = (uint32_t)committer_s;
	chunk->committer_high[row] = (int8_t)(committer_s >> 32);
	if (fp_graph_lookup_add(graph, graph->count) < 0)
		return fp_error_memory(error);
	graph->count++;
	return 0;
}

static int find_parents(const struct fp_graph *graph, const struct fp_commit_row *row,
	uint32_t *parents, struct fp_error *error)
{
	for (uint32_t i = 0; i < row->parent_count; i++) {
		parents[i] =
			fp_graph_lookup_find(graph, graph->lookup, graph->count, &row->parents[i]);
		if (parents[i] == FP_NO_COMMIT) {
			char child[FP_OID_HEX + 1], parent[FP_OID_HEX + 1];

			fp_oid_format(&row->oid, child);
			fp_oid_format(&row->parents[i], parent);
			return fp_error_set(error, FP_ERROR_CORRUPT,
				"commit %s came before its parent %s", child, parent);
		}
	}
	return 0;
}

int fp_graph_append(struct fp_graph *graph, const struct fp_commit_row *row, uint32_t facts,
	uint32_t *index, struct fp_error *error)
{
	uint32_t found = fp_graph_lookup_find(graph, graph->lookup, graph->count, &row->oid);
	uint32_t few[8];
	FP_CLEANUP_FREE uint32_t *many = NULL;
	uint32_t *parents = few;
	int r;

	if (found != FP_NO_COMMIT) {
		if (index)
			*index = found;
		return 1;
	}
	if (row->parent_count > FP_ARRAY_SIZE(few)) {
		many = malloc(row->parent_count * sizeof(*many));
		if (!many)
			return fp_error_memory(error);
		parents = many;
	}
	r = find_parents(graph, row, parents, error);
	if (r >= 0)
		r = fp_graph_append_indexed(graph, &row->oid, row->author_s, row->committer_s,
			parents, row->parent_count, facts, error);
	if (r >= 0 && index)
		*index = graph->count - 1;
	return r;
}

struct fp_graph_view fp_graph_view(struct fp_graph *graph)
{
	return (struct fp_graph_view){
		.graph = fp_graph_ref(graph),
		.lookup = graph->lookup ? fp_graph_lookup_ref(graph->lookup) : NULL,
		.count = graph->count,
	};
}

struct fp_graph_view fp_graph_view_copy(const struct fp_graph_view *view)
{
	return (struct fp_graph_view){
		.graph = fp_graph_ref(view->graph),
		.lookup = view->lookup ? fp_graph_lookup_ref(view->lookup) : NULL,
		.count = view->count,
	};
}

void fp_graph_view_release(struct fp_graph_view *view)
{
	fp_graph_lookup_unref(view->lookup);
	fp_graph_unref(view->graph);
	*view = (struct fp_graph_view){0};
}

uint32_t fp_graph_find(const struct fp_graph_view *view, const struct fp_oid *oid)
{
	return fp_graph_lookup_find(view->graph, view->lookup, view->count, oid);
}

const struct fp_oid *fp_graph_oid(const struct fp_graph_view *view, uint32_t commit)
{
	return &fp_graph_chunk_of(view->graph, commit)->oid[fp_graph_row_of(commit)];
}

static int64_t time_of(int8_t high, uint32_t low)
{
	return (int64_t)((uint64_t)(int64_t)high << 32 | low);
}

int64_t fp_graph_author_s(const struct fp_graph_view *view, uint32_t commit)
{
	const struct fp_graph_chunk *chunk = fp_graph_chunk_of(view->graph, commit);
	uint32_t row = fp_graph_row_of(commit);

	return time_of(chunk->author_high[row], chunk->author_low[row]);
}

int64_t fp_graph_committer_s(const struct fp_graph_view *view, uint32_t commit)
{
	const struct fp_graph_chunk *chunk = fp_graph_chunk_of(view->graph, commit);
	uint32_t row = fp_graph_row_of(commit);

	return time_of(chunk->committer_high[row], chunk->committer_low[row]);
}

uint32_t fp_graph_facts(const struct fp_graph_view *view, uint32_t commit)
{
	return fp_graph_chunk_of(view->graph, commit)->facts[fp_graph_row_of(commit)];
}

uint32_t fp_graph_first_parent(const struct fp_graph_view *view, uint32_t commit)
{
	return fp_graph_chunk_of(view->graph, commit)->first_parent[fp_graph_row_of(commit)];
}

uint32_t fp_graph_parents(const struct fp_graph_view *view, uint32_t commit,
	const uint32_t **parents, uint32_t inline_room[2])
{
	const struct fp_graph_chunk *chunk = fp_graph_chunk_of(view->graph, commit);
	uint32_t row = fp_graph_row_of(commit);
	uint32_t second = chunk->second_parent[row];

	inline_room[0] = chunk->first_parent[row];
	inline_room[1] = second;
	*parents = inline_room;
	if (inline_room[0] == FP_NO_COMMIT)
		return 0;
	if (second == FP_NO_COMMIT)
		return 1;
	if (second & FP_OCTOPUS_BIT) {
		const struct fp_octopus *octopus = fp_graph_octopus_of(view->graph, second);

		*parents = octopus->parents;
		return octopus->count;
	}
	return 2;
}

uint64_t fp_graph_memory_bytes(const struct fp_graph *graph)
{
	uint64_t bytes = sizeof(*graph);

	bytes += (uint64_t)((graph->count + FP_GRAPH_CHUNK - 1) >> FP_GRAPH_CHUNK_BITS) *
		 sizeof(struct fp_graph_chunk);
	for (uint32_t i = 0; i < graph->octopus_count; i++)
		bytes += sizeof(struct fp_octopus) + sizeof(void *) +
			 (*fp_graph_octopus_slot(graph, i))->count * sizeof(uint32_t);
	if (graph->lookup)
		bytes += (UINT64_C(1) << graph->lookup->bits) * sizeof(uint32_t);
	return bytes;
}
