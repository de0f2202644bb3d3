/*
 * Pages of commits: the graph's own columns, so that loading is copying.
 *
 * A page is a header, the columns one after the other, and a tail with the parents of octopus
 * merges: for each, how many, and then they. Numbers are in the machine's byte order: a page that
 * another kind of machine made is none of ours.
 */
#include "forkpoint/graph/columns.h"

#include "storage.h"

#include <stdlib.h>

static const uint32_t PAGE_MARK = 0x46503032; /* "FP02"; reads otherwise in another byte order */

struct page_header {
	uint32_t mark;
	uint32_t rows;
	uint32_t tail;	/* 32-bit numbers after the columns */
	uint32_t first; /* the index of the first commit */
};

/* One column of a chunk. */
struct column {
	size_t offset, item_bytes;
};

#define COLUMN(name)                                                                               \
	{                                                                                          \
		offsetof(struct fp_graph_chunk, name),                                             \
			sizeof(((struct fp_graph_chunk *)0)->name[0])                              \
	}

static const struct column columns[] = {
	COLUMN(oid),
	COLUMN(first_parent),
	COLUMN(second_parent),
	COLUMN(facts),
	COLUMN(author_low),
	COLUMN(committer_low),
	COLUMN(author_high),
	COLUMN(committer_high),
};

static size_t row_bytes(void)
{
	size_t bytes = 0;

	for (size_t i = 0; i < FP_ARRAY_SIZE(columns); i++)
		bytes += columns[i].item_bytes;
	return bytes;
}

/* ---- writing ---- */

static void write_octopuses(const struct fp_graph_view *view, const struct fp_graph_chunk *chunk,
	uint32_t count, struct fp_buf *tail)
{
	for (uint32_t row = 0; row < count; row++) {
		const struct fp_octopus *octopus;

		if (!fp_graph_is_octopus(chunk->second_parent[row]))
			continue;
		octopus = fp_graph_octopus_of(view->graph, chunk->second_parent[row]);
		fp_buf_add(tail, octopus, sizeof(*octopus) + octopus->count * sizeof(uint32_t));
	}
}

void fp_graph_write_page(
	const struct fp_graph_view *view, uint32_t first, uint32_t count, struct fp_buf *page)
{
	const struct fp_graph_chunk *chunk = fp_graph_chunk_of(view->graph, first);
	struct fp_buf FP_CLEANUP_BUF tail = {0};
	struct page_header header = {.mark = PAGE_MARK, .rows = count, .first = first};

	fp_buf_init(&tail, page->max);
	write_octopuses(view, chunk, count, &tail);
	header.tail = (uint32_t)(tail.len / sizeof(uint32_t));
	fp_buf_add(page, &header, sizeof(header));
	for (size_t i = 0; i < FP_ARRAY_SIZE(columns); i++)
		fp_buf_add(page, (const char *)chunk + columns[i].offset,
			count * columns[i].item_bytes);
	fp_buf_add_str(page, fp_buf_str(&tail));
	if (page->state == FP_BUF_OK)
		page->state = tail.state;
}

/* ---- reading ---- */

/* What of a page's tail was not yet taken. */
struct tail {
	const char *bytes;
	uint32_t left; /* numbers */
};

static bool take(struct tail *tail, uint32_t *numbers, uint32_t count)
{
	if (tail->left < count)
		return false;
	if (count)
		memcpy(numbers, tail->bytes, count * sizeof(*numbers));
	tail->bytes += count * sizeof(*numbers);
	tail->left -= count;
	return true;
}

static bool are_before(const uint32_t *parents, uint32_t count, uint32_t commit)
{
	for (uint32_t i = 0; i < count; i++)
		if (parents[i] >= commit)
			return false;
	return true;
}

/* 1 when the tail is wrong. */
static int take_octopus(
	struct fp_graph *graph, uint32_t commit, struct tail *tail, struct fp_error *error)
{
	FP_CLEANUP_FREE uint32_t *parents = NULL;
	uint32_t count, number;
	int r;

	if (!take(tail, &count, 1) || count < 3 || count > tail->left)
		return 1;
	parents = calloc(count, sizeof(*parents));
	if (!parents)
		return fp_error_memory(error);
	if (!take(tail, parents, count) || !are_before(parents, count, commit))
		return 1;
	r = fp_graph_add_octopus(graph, parents, count, &number, error);
	if (r < 0)
		return r;
	graph->chunks[commit >> FP_GRAPH_CHUNK_BITS]->second_parent[fp_graph_row_of(commit)] =
		number | FP_OCTOPUS_BIT;
	return 0;
}

static int take_parents(struct fp_graph *graph, uint32_t commit, uint32_t facts_count,
	struct tail *tail, struct fp_error *error)
{
	const struct fp_graph_chunk *chunk = fp_graph_chunk_of(graph, commit);
	uint32_t row = fp_graph_row_of(commit);
	uint32_t first = chunk->first_parent[row], second = chunk->second_parent[row];

	if (chunk->facts[row] >= facts_count && chunk->facts[row] != FP_NO_COMMIT)
		return 1;
	if (first >= commit && first != FP_NO_COMMIT)
		return 1;
	if (second == FP_NO_COMMIT)
		return 0;
	if (first == FP_NO_COMMIT)
		return 1;
	if (fp_graph_is_octopus(second))
		return take_octopus(graph, commit, tail, error);
	return second >= commit;
}

static int take_rows(struct fp_graph *graph, uint32_t count, uint32_t facts_count,
	struct tail *tail, struct fp_error *error)
{
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < count; i++)
		r = take_parents(graph, graph->count + i, facts_count, tail, error);
	if (r != 0)
		return r;
	if (tail->left)
		return 1;
	if (fp_graph_lookup_add_many(graph, graph->count, count) < 0)
		return fp_error_memory(error);
	graph->count += count;
	return 0;
}

int fp_graph_append_page(struct fp_graph *graph, struct fp_str page, uint32_t count,
	uint32_t facts_count, struct fp_error *error)
{
	struct page_header header;
	struct fp_graph_chunk *chunk;
	struct tail tail;
	const char *at = page.ptr + sizeof(header);
	int r;

	if (page.len < sizeof(header))
		return 1;
	memcpy(&header, page.ptr, sizeof(header));
	if (header.mark != PAGE_MARK || header.first != graph->count || header.rows != count ||
		count > FP_GRAPH_CHUNK || fp_graph_row_of(graph->count) != 0 ||
		page.len != sizeof(header) + count * row_bytes() +
				    (size_t)header.tail * sizeof(uint32_t))
		return 1;
	r = fp_graph_reserve_row(graph, error);
	if (r < 0)
		return r;
	chunk = graph->chunks[graph->count >> FP_GRAPH_CHUNK_BITS];
	for (size_t i = 0; i < FP_ARRAY_SIZE(columns); i++) {
		memcpy((char *)chunk + columns[i].offset, at, count * columns[i].item_bytes);
		at += count * columns[i].item_bytes;
	}
	tail = (struct tail){at, header.tail};
	return take_rows(graph, count, facts_count, &tail, error);
}
