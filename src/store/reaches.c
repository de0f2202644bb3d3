/*
 * Branches' reaches, kept between two runs so that a start need not build them. They belong to the
 * commits that are kept and go with them; whatever is the matter with one, it is built anew.
 */
#include "pages.h"

#include "forkpoint/store/commits.h"

static const size_t PAGE_MAX_BYTES = (size_t)900 << 20; /* below what SQLite takes as one blob */

static int put_reach(struct fp_store *store, int64_t repository, uint32_t number,
	const struct fp_reach *reach, struct fp_error *error)
{
	struct fp_buf FP_CLEANUP_BUF page = {0};

	fp_buf_init(&page, PAGE_MAX_BYTES);
	fp_reach_write_page(reach, &page);
	return fp_page_put(
		store, &(struct fp_page_place){repository, FP_PAGE_REACH, number, 1}, &page, error);
}

int fp_store_put_reaches(struct fp_store *store, int64_t repository,
	struct fp_reach *const *reaches, size_t count, struct fp_error *error)
{
	FP_CLEANUP_TRANSACTION struct fp_transaction transaction = {0};
	const struct fp_sql_value values[] = {
		fp_sql_integer(repository), fp_sql_integer(FP_PAGE_REACH)};
	int r = fp_store_open_derived(store, error);

	if (r >= 0)
		r = fp_transaction_begin(&transaction, store, true, error);
	if (r >= 0)
		r = fp_sql_run(store, FP_SQL_PAGES_DROP,
			"DELETE FROM pages WHERE repository = ? AND kind = ?", values,
			FP_ARRAY_SIZE(values), error);
	for (size_t i = 0; r >= 0 && i < count; i++)
		r = put_reach(store, repository, (uint32_t)i, reaches[i], error);
	return r < 0 ? r : fp_transaction_commit(&transaction, error);
}

/* 1 when it is none of the view's. */
static int read_reach(
	sqlite3_stmt *statement, const struct fp_graph_view *view, struct fp_reach **reach)
{
	struct fp_str content;
	uint32_t number, count;

	return fp_page_read(statement, &number, &count, &content)
		       ? fp_reach_read_page(content, view, reach)
		       : 1;
}

int fp_store_load_reaches(struct fp_store *store, int64_t repository,
	const struct fp_graph_view *view, struct fp_reach **reaches, size_t max, size_t *count,
	struct fp_error *error)
{
	FP_CLEANUP_SQL sqlite3_stmt *statement = NULL;
	int r = fp_store_open_derived(store, error);

	*count = 0;
	if (r >= 0)
		r = fp_pages_start(store, repository, FP_PAGE_REACH, &statement, error);
	while (r >= 0 && *count < max && (r = fp_sql_step(statement, error)) == 1) {
		r = read_reach(statement, view, &reaches[*count]);
		if (r < 0)
			return fp_error_memory(error);
		*count += r == 0;
	}
	return r == -FP_ERROR_CORRUPT || r > 0 ? 0 : r;
}
