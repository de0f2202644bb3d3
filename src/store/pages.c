/* The rows of derived.db's pages, whatever is in them. */
#include "pages.h"

int fp_page_put(struct fp_store *store, const struct fp_page_place *place,
	const struct fp_buf *page, struct fp_error *error)
{
	struct fp_str content = fp_buf_str(page);
	const struct fp_sql_value values[] = {
		fp_sql_integer(place->repository),
		fp_sql_integer(place->kind),
		fp_sql_integer(place->first),
		fp_sql_integer(place->count),
		fp_sql_integer((int64_t)fp_hash64(content.ptr, content.len, 0)),
		fp_sql_blob(content.ptr, content.len),
	};
	int r = fp_buf_check(page, error);

	if (r < 0)
		return r;
	return fp_sql_run(store, FP_SQL_PAGE_PUT,
		"INSERT INTO pages (repository, kind, first, count, checksum, content)"
		" VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET count = excluded.count,"
		" checksum = excluded.checksum, content = excluded.content",
		values, FP_ARRAY_SIZE(values), error);
}

int fp_pages_start(struct fp_store *store, int64_t repository, enum fp_page_kind kind,
	sqlite3_stmt **statement, struct fp_error *error)
{
	const struct fp_sql_value values[] = {fp_sql_integer(repository), fp_sql_integer(kind)};

	return fp_sql_start(store, FP_SQL_PAGES_LOAD,
		"SELECT first, count, checksum, content FROM pages"
		" WHERE repository = ? AND kind = ? ORDER BY first",
		values, FP_ARRAY_SIZE(values), statement, error);
}

bool fp_page_read(sqlite3_stmt *statement, uint32_t *first, uint32_t *count, struct fp_str *content)
{
	*first = (uint32_t)sqlite3_column_int64(statement, 0);
	*count = (uint32_t)sqlite3_column_int64(statement, 1);
	*content = fp_sql_column(statement, 3);
	return (uint64_t)sqlite3_column_int64(statement, 2) ==
	       fp_hash64(content->ptr, content->len, 0);
}
