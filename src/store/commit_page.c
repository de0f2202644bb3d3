/*
 * Pages of commits and of facts.
 *
 * A page of commits is a header of 16 bytes, a row of fixed shape for each commit, and a tail with
 * the parents of octopus merges. Numbers are in the machine's byte order: a page that another kind
 * of machine made is none of ours, and is made again from the mirror.
 *
 * A page of facts is, for each, six texts, each a length of 32 bits and its bytes.
 */
#include "commit_page.h"

#include <stdlib.h>

enum { TEXTS = 6 };

static const uint32_t PAGE_MARK = 0x46503031; /* "FP01"; reads otherwise in another byte order */
static const uint32_t NO_TEXT = UINT32_MAX;
/* In a row's second parent: the first one is then an offset into the tail, where the number of
 * parents stands before them. */
static const uint32_t OCTOPUS = UINT32_MAX - 1;

struct page_header {
	uint32_t mark;
	uint32_t rows;
	uint32_t tail; /* 32-bit numbers after the rows */
	uint32_t reserved;
};

struct page_row {
	struct fp_oid oid;
	uint32_t facts;
	int64_t author_s, committer_s;
	uint32_t parents[2]; /* FP_NO_COMMIT where there is none */
};

_Static_assert(sizeof(struct page_row) == 48, "rows have no padding");

static void write_row(
	const struct fp_graph_view *view, uint32_t commit, struct fp_buf *rows, struct fp_buf *tail)
{
	uint32_t room[2];
	const uint32_t *parents;
	uint32_t count = fp_graph_parents(view, commit, &parents, room);
	struct page_row row = {
		.oid = *fp_graph_oid(view, commit),
		.facts = fp_graph_facts(view, commit),
		.author_s = fp_graph_author_s(view, commit),
		.committer_s = fp_graph_committer_s(view, commit),
		.parents = {count > 0 ? parents[0] : FP_NO_COMMIT,
			count > 1 ? parents[1] : FP_NO_COMMIT},
	};

	if (count > 2) {
		row.parents[0] = (uint32_t)(tail->len / sizeof(uint32_t));
		row.parents[1] = OCTOPUS;
		fp_buf_add(tail, &count, sizeof(count));
		fp_buf_add(tail, parents, count * sizeof(*parents));
	}
	fp_buf_add(rows, &row, sizeof(row));
}

void fp_commit_page_write(
	const struct fp_graph_view *view, uint32_t first, uint32_t count, struct fp_buf *page)
{
	struct fp_buf FP_CLEANUP_BUF rows, FP_CLEANUP_BUF tail = {0};
	struct page_header header = {.mark = PAGE_MARK, .rows = count};

	fp_buf_init(&rows, FP_COMMIT_PAGE_MAX_BYTES);
	fp_buf_init(&tail, FP_COMMIT_PAGE_MAX_BYTES);
	fp_buf_reserve(&rows, count * sizeof(struct page_row));
	for (uint32_t i = 0; i < count; i++)
		write_row(view, first + i, &rows, &tail);
	header.tail = (uint32_t)(tail.len / sizeof(uint32_t));
	fp_buf_add(page, &header, sizeof(header));
	fp_buf_add_str(page, fp_buf_str(&rows));
	fp_buf_add_str(page, fp_buf_str(&tail));
	if (page->state == FP_BUF_OK && rows.state != FP_BUF_OK)
		page->state = rows.state;
	if (page->state == FP_BUF_OK && tail.state != FP_BUF_OK)
		page->state = tail.state;
}

/* False when the row's list does not lie in the tail. */
static bool find_octopus(const struct page_row *row, const uint32_t *tail, uint32_t tail_count,
	const uint32_t **parents, uint32_t *count)
{
	uint32_t offset = row->parents[0];

	if (offset >= tail_count || tail[offset] > tail_count - offset - 1)
		return false;
	*count = tail[offset];
	*parents = &tail[offset + 1];
	return true;
}

static int read_row(const struct page_row *row, const uint32_t *tail, uint32_t tail_count,
	uint32_t facts_count, struct fp_graph *graph, struct fp_error *error)
{
	const uint32_t *parents = row->parents;
	uint32_t count = row->parents[0] == FP_NO_COMMIT   ? 0
			 : row->parents[1] == FP_NO_COMMIT ? 1
							   : 2;
	int r;

	if (row->facts >= facts_count && row->facts != FP_NO_COMMIT)
		return 1;
	if (row->parents[1] == OCTOPUS && !find_octopus(row, tail, tail_count, &parents, &count))
		return 1;
	r = fp_graph_append_indexed(graph, &row->oid, row->author_s, row->committer_s, parents,
		count, row->facts, error);
	return r == -FP_ERROR_CORRUPT ? 1 : r;
}

int fp_commit_page_read(struct fp_str page, uint32_t count, uint32_t facts_count,
	struct fp_graph *graph, struct fp_error *error)
{
	const struct page_row *rows;
	const uint32_t *tail;
	struct page_header header;
	int r = 0;

	if (page.len < sizeof(header) || (uintptr_t)page.ptr % _Alignof(struct page_row) != 0)
		return 1;
	memcpy(&header, page.ptr, sizeof(header));
	if (header.mark != PAGE_MARK || header.rows != count || count > FP_COMMIT_PAGE ||
		page.len != sizeof(header) + count * sizeof(*rows) +
				    (size_t)header.tail * sizeof(*tail))
		return 1;
	rows = (const void *)(page.ptr + sizeof(header));
	tail = (const void *)&rows[count];
	for (uint32_t i = 0; r == 0 && i < count; i++)
		r = read_row(&rows[i], tail, header.tail, facts_count, graph, error);
	return r;
}

static void write_text(const char *text, struct fp_buf *page)
{
	uint32_t len = text ? (uint32_t)strlen(text) : NO_TEXT;

	fp_buf_add(page, &len, sizeof(len));
	if (text)
		fp_buf_add(page, text, len);
}

void fp_facts_page_write(const struct fp_facts_row *facts, size_t count, struct fp_buf *page)
{
	fp_buf_add(page, &PAGE_MARK, sizeof(PAGE_MARK));
	for (size_t i = 0; i < count; i++) {
		const char *const texts[TEXTS] = {facts[i].release, facts[i].release_source,
			facts[i].release_problem, facts[i].branch, facts[i].branch_source,
			facts[i].branch_problem};

		for (size_t k = 0; k < TEXTS; k++)
			write_text(texts[k], page);
	}
}

static bool take(struct fp_str *rest, size_t len, const char **bytes)
{
	if (rest->len < len)
		return false;
	*bytes = rest->ptr;
	rest->ptr += len;
	rest->len -= len;
	return true;
}

static int read_text(struct fp_str *rest, char **text, struct fp_error *error)
{
	const char *bytes;
	uint32_t len;

	if (!take(rest, sizeof(len), &bytes))
		return 1;
	memcpy(&len, bytes, sizeof(len));
	if (len == NO_TEXT)
		return 0;
	if (!take(rest, len, &bytes))
		return 1;
	*text = fp_str_dup(fp_str_n(bytes, len));
	return *text ? 0 : fp_error_memory(error);
}

int fp_facts_page_read(
	struct fp_str page, size_t count, struct fp_facts_rows *rows, struct fp_error *error)
{
	const char *mark;
	int r = 0;

	if (!take(&page, sizeof(PAGE_MARK), &mark) ||
		memcmp(mark, &PAGE_MARK, sizeof(PAGE_MARK)) != 0)
		return 1;
	for (size_t i = 0; r == 0 && i < count; i++) {
		struct fp_facts_row *row = &rows->items[rows->count++];
		char **const texts[TEXTS] = {&row->release, &row->release_source,
			&row->release_problem, &row->branch, &row->branch_source,
			&row->branch_problem};

		for (size_t k = 0; r == 0 && k < TEXTS; k++)
			r = read_text(&page, texts[k], error);
	}
	return r == 0 && page.len > 0 ? 1 : r;
}
