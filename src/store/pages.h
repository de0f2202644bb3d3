#pragma once
/* The rows of derived.db's pages, whatever is in them. */
#include "sql.h"

#include "forkpoint/base/buf.h"

enum fp_page_kind { FP_PAGE_COMMITS = 1, FP_PAGE_FACTS = 2, FP_PAGE_REACH = 3 };

struct fp_page_place {
	int64_t repository;
	enum fp_page_kind kind;
	uint32_t first, count; /* see migrations/derived.sql */
};

/* Writes a page, in the place of one that was there. */
int fp_page_put(struct fp_store *store, const struct fp_page_place *place,
	const struct fp_buf *page, struct fp_error *error);
/* A repository's pages of a kind in their order: step with fp_sql_step, read with fp_page_read. */
int fp_pages_start(struct fp_store *store, int64_t repository, enum fp_page_kind kind,
	sqlite3_stmt **statement, struct fp_error *error);
/* False when the content is not what was written. */
bool fp_page_read(
	sqlite3_stmt *statement, uint32_t *first, uint32_t *count, struct fp_str *content);
