/* Talking to SQLite: connections, statements, values, transactions. */
#include "sql.h"

#include <limits.h>
#include <stdio.h>

char *fp_store_path(const char *data_dir, const char *name)
{
	char *path = NULL;

	return asprintf(&path, "%s/%s", data_dir, name) < 0 ? NULL : path;
}

static enum fp_error_code code_of(int code)
{
	switch (code & 0xff) {
	case SQLITE_NOMEM: return FP_ERROR_MEMORY;
	case SQLITE_FULL: return FP_ERROR_FULL;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB: return FP_ERROR_CORRUPT;
	case SQLITE_BUSY:
	case SQLITE_LOCKED: return FP_ERROR_BUSY;
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_AUTH: return FP_ERROR_DENIED;
	case SQLITE_TOOBIG: return FP_ERROR_LIMIT;
	case SQLITE_IOERR:
	case SQLITE_CANTOPEN:
	case SQLITE_PROTOCOL: return FP_ERROR_IO;
	default: return FP_ERROR_INTERNAL;
	}
}

/* What the reader can do about it; empty where the text says all. */
static const char *advice_of(enum fp_error_code code)
{
	if (code == FP_ERROR_FULL)
		return ": free some space where data_dir is";
	if (code == FP_ERROR_CORRUPT)
		return ": restore it from a backup";
	if (code == FP_ERROR_DENIED)
		return ": check who may write to data_dir";
	return "";
}

int fp_sql_error(sqlite3 *db, int code, struct fp_error *error)
{
	enum fp_error_code ours = code_of(code);
	const char *path = db ? sqlite3_db_filename(db, "main") : NULL;
	const char *text = db ? sqlite3_errmsg(db) : sqlite3_errstr(code);

	return fp_error_set(error, ours, "database %s: %s (SQLite code %d)%s", path ? path : "",
		text, code, advice_of(ours));
}

int fp_sql_execute(sqlite3 *db, const char *sql, struct fp_error *error)
{
	int code = sqlite3_exec(db, sql, NULL, NULL, NULL);

	return code == SQLITE_OK ? 0 : fp_sql_error(db, code, error);
}

int fp_sql_open(const char *path, int flags, sqlite3 **db, struct fp_error *error)
{
	sqlite3 *opened = NULL;
	int code = sqlite3_open_v2(path, &opened,
		flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_PRIVATECACHE,
		NULL);
	int r = 0;

	if (code != SQLITE_OK)
		r = fp_error_set(error, code_of(code), "cannot open the database %s: %s", path,
			opened ? sqlite3_errmsg(opened) : sqlite3_errstr(code));
	if (r >= 0) {
		sqlite3_busy_timeout(opened, FP_SQL_BUSY_TIMEOUT_MS);
		r = fp_sql_execute(opened, "PRAGMA foreign_keys = ON", error);
	}
	if (r < 0) {
		sqlite3_close(opened);
		return r;
	}
	*db = opened;
	return 0;
}

/* The path as a URI, so that a parameter can be given with it. */
static char *make_uri(const char *path, const char *parameter)
{
	static const char digits[] = "0123456789abcdef";
	struct fp_buf FP_CLEANUP_BUF uri = {0};

	fp_buf_init(&uri, 16384);
	fp_buf_add_text(&uri, "file:");
	for (; *path; path++) {
		unsigned char c = (unsigned char)*path;

		if (fp_char_is_alnum(*path) || strchr("/._-", *path)) {
			fp_buf_add_char(&uri, *path);
			continue;
		}
		fp_buf_add_char(&uri, '%');
		fp_buf_add_char(&uri, digits[c >> 4]);
		fp_buf_add_char(&uri, digits[c & 15]);
	}
	fp_buf_addf(&uri, "?%s", parameter);
	return uri.state == FP_BUF_OK ? fp_buf_take(&uri) : NULL;
}

int fp_sql_open_read_only(
	const char *path, const char *parameter, sqlite3 **db, struct fp_error *error)
{
	FP_CLEANUP_FREE char *uri = NULL;

	if (!parameter)
		return fp_sql_open(path, SQLITE_OPEN_READONLY, db, error);
	uri = make_uri(path, parameter);
	if (!uri)
		return fp_error_memory(error);
	return fp_sql_open(uri, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, db, error);
}

int fp_sql_pragma(sqlite3 *db, const char *sql, int64_t *value, struct fp_error *error)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(statement);
	if (code == SQLITE_ROW)
		*value = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return code == SQLITE_ROW || code == SQLITE_DONE ? 0 : fp_sql_error(db, code, error);
}

void fp_sql_write_hash(struct fp_hash128 hash, uint8_t *bytes)
{
	for (int i = 0; i < 8; i++) {
		bytes[i] = (uint8_t)(hash.high >> (56 - 8 * i));
		bytes[8 + i] = (uint8_t)(hash.low >> (56 - 8 * i));
	}
}

static int bind_bytes(sqlite3_stmt *statement, int position, const struct fp_sql_value *value)
{
	/* SQLite takes a NULL pointer for NULL, whatever the length. */
	const char *ptr = value->bytes.ptr ? value->bytes.ptr : "";

	if (value->bytes.len > INT_MAX)
		return SQLITE_TOOBIG;
	if (value->type == FP_SQL_TEXT)
		return sqlite3_bind_text(
			statement, position, ptr, (int)value->bytes.len, SQLITE_STATIC);
	return sqlite3_bind_blob(statement, position, ptr, (int)value->bytes.len, SQLITE_STATIC);
}

static int bind_value(sqlite3_stmt *statement, int position, const struct fp_sql_value *value)
{
	switch (value->type) {
	case FP_SQL_NULL: return sqlite3_bind_null(statement, position);
	case FP_SQL_INTEGER: return sqlite3_bind_int64(statement, position, value->integer);
	case FP_SQL_TEXT:
	case FP_SQL_BLOB: return bind_bytes(statement, position, value);
	}
	return SQLITE_MISUSE;
}

static bool is_derived(enum fp_sql number)
{
	return (number >= FP_SQL_DERIVED_BEGIN && number <= FP_SQL_DERIVED_ROLLBACK) ||
	       (number >= FP_SQL_SOURCE_GET && number <= FP_SQL_PAGE_PUT);
}

int fp_sql_start(struct fp_store *store, enum fp_sql number, const char *sql,
	const struct fp_sql_value *values, size_t count, sqlite3_stmt **statement,
	struct fp_error *error)
{
	sqlite3_stmt **kept = &store->statements[number];
	sqlite3 *db = is_derived(number) ? store->derived : store->facts;
	int code = SQLITE_OK;

	if (!*kept)
		code = sqlite3_prepare_v3(db, sql, -1, SQLITE_PREPARE_PERSISTENT, kept, NULL);
	for (size_t i = 0; code == SQLITE_OK && i < count; i++)
		code = bind_value(*kept, (int)i + 1, &values[i]);
	if (code != SQLITE_OK)
		return fp_sql_error(db, code, error);
	*statement = *kept;
	return 0;
}

int fp_sql_step(sqlite3_stmt *statement, struct fp_error *error)
{
	int code = sqlite3_step(statement);

	if (code == SQLITE_ROW)
		return 1;
	if (code == SQLITE_DONE)
		return 0;
	return fp_sql_error(sqlite3_db_handle(statement), code, error);
}

int fp_sql_run(struct fp_store *store, enum fp_sql number, const char *sql,
	const struct fp_sql_value *values, size_t count, struct fp_error *error)
{
	FP_CLEANUP_SQL sqlite3_stmt *statement = NULL;
	int r = fp_sql_start(store, number, sql, values, count, &statement, error);

	if (r >= 0)
		do
			r = fp_sql_step(statement, error);
		while (r == 1);
	return r;
}

int fp_sql_find(struct fp_store *store, enum fp_sql number, const char *sql,
	const struct fp_sql_value *values, size_t count, int64_t *found, struct fp_error *error)
{
	FP_CLEANUP_SQL sqlite3_stmt *statement = NULL;
	int r = fp_sql_start(store, number, sql, values, count, &statement, error);

	if (r >= 0)
		r = fp_sql_step(statement, error);
	if (r < 0)
		return r;
	if (r == 0)
		return 1;
	*found = sqlite3_column_int64(statement, 0);
	return 0;
}

struct fp_str fp_sql_column(sqlite3_stmt *statement, int column)
{
	const void *bytes = sqlite3_column_blob(statement, column);

	return fp_str_n(bytes, bytes ? (size_t)sqlite3_column_bytes(statement, column) : 0);
}

int64_t fp_sql_column_moment(sqlite3_stmt *statement, int column)
{
	return sqlite3_column_type(statement, column) == SQLITE_NULL
		       ? -1
		       : sqlite3_column_int64(statement, column);
}

struct fp_oid fp_sql_column_oid(sqlite3_stmt *statement, int column)
{
	struct fp_str bytes = fp_sql_column(statement, column);
	struct fp_oid oid = {0};

	if (bytes.len == FP_OID_BYTES)
		memcpy(oid.bytes, bytes.ptr, FP_OID_BYTES);
	return oid;
}

int fp_transaction_begin(struct fp_transaction *transaction, struct fp_store *store, bool derived,
	struct fp_error *error)
{
	int r = fp_sql_run(store, derived ? FP_SQL_DERIVED_BEGIN : FP_SQL_BEGIN, "BEGIN IMMEDIATE",
		NULL, 0, error);

	if (r < 0)
		return r;
	*transaction = (struct fp_transaction){.store = store, .derived = derived};
	return 0;
}

int fp_transaction_commit(struct fp_transaction *transaction, struct fp_error *error)
{
	int r = fp_sql_run(transaction->store,
		transaction->derived ? FP_SQL_DERIVED_COMMIT : FP_SQL_COMMIT, "COMMIT", NULL, 0,
		error);

	if (r >= 0)
		transaction->store = NULL;
	return r;
}

void fp_transaction_cleanup(struct fp_transaction *transaction)
{
	struct fp_store *store = transaction->store;

	/* SQLite rolls back by itself after some failures; a second time is refused, harmlessly. */
	if (store)
		fp_sql_run(store, transaction->derived ? FP_SQL_DERIVED_ROLLBACK : FP_SQL_ROLLBACK,
			"ROLLBACK", NULL, 0, NULL);
}
