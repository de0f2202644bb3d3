#pragma once
/* Pages of facts: from rows to bytes and back. Pure. */
#include "forkpoint/base/buf.h"
#include "forkpoint/store/commits.h"

enum { FP_FACTS_PAGE_MAX_BYTES = 256 << 20 };

/* Ask fp_buf_check. */
void fp_facts_page_write(const struct fp_facts_row *facts, size_t count, struct fp_buf *page);
/* Appends to rows, whose items have room for all. 1 when the page is none of ours. */
int fp_facts_page_read(
	struct fp_str page, size_t count, struct fp_facts_rows *rows, struct fp_error *error);
