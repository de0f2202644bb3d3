#pragma once
/* Pages of commits and of facts: from rows to bytes and back. Pure. */
#include "forkpoint/base/buf.h"
#include "forkpoint/store/commits.h"

enum {
	FP_COMMIT_PAGE = 4096,		     /* rows */
	FP_COMMIT_PAGE_MAX_BYTES = 64 << 20, /* octopus merges' parents included */
	FP_FACTS_PAGE_MAX_BYTES = 256 << 20,
};

/* Appends commits first … first + count - 1 of the view. Ask fp_buf_check. */
void fp_commit_page_write(
	const struct fp_graph_view *view, uint32_t first, uint32_t count, struct fp_buf *page);
/* Appends the page's commits to the graph. 1 when the page is none of ours; facts_count: numbers
 * of facts must be below it, or FP_NO_COMMIT for none. */
int fp_commit_page_read(struct fp_str page, uint32_t count, uint32_t facts_count,
	struct fp_graph *graph, struct fp_error *error);

void fp_facts_page_write(const struct fp_facts_row *facts, size_t count, struct fp_buf *page);
/* Appends to rows, whose items have room for all. 1 when the page is none of ours. */
int fp_facts_page_read(
	struct fp_str page, size_t count, struct fp_facts_rows *rows, struct fp_error *error);
