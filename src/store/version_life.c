/* What happened to one version, and when answers could change. */
#include "forkpoint/store/version_life.h"

#include "sql.h"

int fp_store_list_version_life(struct fp_store *store, int64_t version, unsigned limit,
	fp_version_life_fn *row, void *context, struct fp_error *error)
{
	FP_CLEANUP_SQL sqlite3_stmt *statement = NULL;
	const struct fp_sql_value values[] = {fp_sql_integer(version), fp_sql_integer(limit)};
	int r = fp_sql_start(store, FP_SQL_VERSION_LIFE_LIST,
		"SELECT at_us, kind FROM version_events WHERE version = ? ORDER BY event LIMIT ?",
		values, FP_ARRAY_SIZE(values), &statement, error);

	while (r >= 0 && (r = fp_sql_step(statement, error)) == 1)
		r = row(context, sqlite3_column_int64(statement, 0),
			sqlite3_column_int(statement, 1));
	return r;
}

int fp_store_list_moments(struct fp_store *store, int64_t repository, int64_t package,
	int64_t after_us, int64_t until_us, unsigned limit, fp_moment_fn *row, void *context,
	struct fp_error *error)
{
	FP_CLEANUP_SQL sqlite3_stmt *statement = NULL;
	const struct fp_sql_value values[] = {fp_sql_integer(after_us), fp_sql_integer(until_us),
		fp_sql_integer(repository), fp_sql_integer(package), fp_sql_integer(limit)};
	int r = fp_sql_start(store, FP_SQL_MOMENTS_LIST,
		"SELECT DISTINCT at_us FROM publications WHERE at_us > ?1 AND at_us <= ?2"
		" AND (kind IN (1, 5) AND id = ?3 OR kind = 2 AND id = ?4 OR kind IN (3, 4))"
		" ORDER BY at_us DESC LIMIT ?5",
		values, FP_ARRAY_SIZE(values), &statement, error);

	while (r >= 0 && (r = fp_sql_step(statement, error)) == 1)
		r = row(context, sqlite3_column_int64(statement, 0));
	return r;
}
