/* Sticky answers in the database. What is in force is decided in memory (service/sticky.h); each
 * record brings what its answer stuck to, so that the database ends up with the same. */
#include "forkpoint/store/sticky.h"

#include "history_write.h"
#include "sql.h"

int fp_store_write_sticky(struct fp_store *store, const struct fp_record *record, int64_t topic,
	struct fp_error *error)
{
	uint8_t key[16];
	const struct fp_sql_value values[] = {
		fp_sql_blob(key, sizeof(key)),
		fp_sql_integer((int64_t)record->id),
		fp_sql_integer(record->at_us),
		fp_sql_integer(topic),
	};

	if (!record->sticky.high && !record->sticky.low)
		return 0;
	fp_sql_write_hash(record->sticky, key);
	return fp_sql_run(store, FP_SQL_STICKY_PUT,
		"INSERT INTO sticky_answers (key, version, request, at_us)"
		" SELECT ?1, version, ?2, ?3 FROM topics WHERE topic = ?4"
		" ON CONFLICT (key) DO UPDATE SET version = excluded.version,"
		" request = excluded.request, at_us = excluded.at_us"
		" WHERE version <> excluded.version",
		values, FP_ARRAY_SIZE(values), error);
}

static struct fp_hash128 read_hash(struct fp_str bytes)
{
	struct fp_hash128 hash = {0};

	for (size_t i = 0; i < 8 && bytes.len == 16; i++) {
		hash.high = hash.high << 8 | (uint8_t)bytes.ptr[i];
		hash.low = hash.low << 8 | (uint8_t)bytes.ptr[8 + i];
	}
	return hash;
}

int fp_store_list_sticky(struct fp_store *store, int64_t since_us, fp_sticky_fn *row, void *context,
	struct fp_error *error)
{
	FP_CLEANUP_SQL sqlite3_stmt *statement = NULL;
	const struct fp_sql_value values[] = {fp_sql_integer(since_us)};
	int r = fp_sql_start(store, FP_SQL_STICKY_LIST,
		"SELECT key, version, at_us FROM sticky_answers WHERE at_us >= ? ORDER BY at_us",
		values, 1, &statement, error);

	while (r >= 0) {
		r = fp_sql_step(statement, error);
		if (r <= 0)
			break;
		r = row(context, read_hash(fp_sql_column(statement, 0)),
			fp_sql_column(statement, 1), sqlite3_column_int64(statement, 2));
	}
	return r;
}

int fp_store_prune_sticky(struct fp_store *store, int64_t before_us, unsigned limit, int64_t *count,
	struct fp_error *error)
{
	const struct fp_sql_value values[] = {fp_sql_integer(before_us), fp_sql_integer(limit)};
	int r = fp_sql_run(store, FP_SQL_STICKY_PRUNE,
		"DELETE FROM sticky_answers WHERE key IN (SELECT key FROM sticky_answers"
		" WHERE at_us < ? ORDER BY at_us LIMIT ?)",
		values, 2, error);

	if (r >= 0)
		*count = sqlite3_changes(store->facts);
	return r;
}
