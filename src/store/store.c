/* A thread's pair of connections, and numbers for names. */
#include "history_write.h"
#include "lock.h"
#include "sql.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* The recorder's second thread keeps the log short; this bound is for programs without one. */
#define FACTS_PRAGMAS                                                                              \
	"PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 65536; PRAGMA cache_size = "     \
	"-16384"
/* What a power failure takes is read again from the mirrors. */
#define DERIVED_PRAGMAS "PRAGMA synchronous = OFF"
/* A checkpoint that left more than this many pages waits for writers and readers once. */
enum { CHECKPOINT_PATIENCE_PAGES = 4096, CHECKPOINT_PATIENCE_MS = 100 };

static bool has_content(const char *path, const char *suffix)
{
	FP_CLEANUP_FREE char *beside = NULL;
	struct stat info;

	return asprintf(&beside, "%s%s", path, suffix) >= 0 && stat(beside, &info) == 0 &&
	       info.st_size > 0;
}

/*
 * Without a running Forkpoint there may be no index of the write-ahead log (facts.db-shm). SQLite
 * would make one even for a reader; told that the file is immutable, or the index read-only, it
 * does not.
 */
static int open_read_only(
	const char *data_dir, const char *path, sqlite3 **db, struct fp_error *error)
{
	const char *parameter = NULL;

	if (!fp_store_is_locked(data_dir) && has_content(path, "-wal"))
		parameter = "readonly_shm=1";
	else if (!fp_store_is_locked(data_dir) && !has_content(path, "-shm"))
		parameter = "immutable=1";
	return fp_sql_open_read_only(path, parameter, db, error);
}

static int open_facts(struct fp_store *store, struct fp_error *error)
{
	FP_CLEANUP_FREE char *path = fp_store_path(store->data_dir, "facts.db");
	int r;

	if (!path)
		return fp_error_memory(error);
	if (access(path, F_OK) != 0 && errno == ENOENT)
		return fp_error_set(error, FP_ERROR_INVALID,
			"there is no %s: name the data_dir of a Forkpoint", path);
	if (store->read_only)
		return open_read_only(store->data_dir, path, &store->facts, error);
	r = fp_sql_open(path, SQLITE_OPEN_READWRITE, &store->facts, error);
	return r < 0 ? r : fp_sql_execute(store->facts, FACTS_PRAGMAS, error);
}

int fp_store_open_derived(struct fp_store *store, struct fp_error *error)
{
	FP_CLEANUP_FREE char *path = NULL;
	int r;

	if (store->derived)
		return 0;
	path = fp_store_path(store->data_dir, "derived.db");
	if (!path)
		return fp_error_memory(error);
	if (store->read_only)
		return open_read_only(store->data_dir, path, &store->derived, error);
	r = fp_sql_open(path, SQLITE_OPEN_READWRITE, &store->derived, error);
	return r < 0 ? r : fp_sql_execute(store->derived, DERIVED_PRAGMAS, error);
}

int fp_store_open(
	const char *data_dir, bool read_only, struct fp_store **store, struct fp_error *error)
{
	FP_CLEANUP(fp_store_close_cleanup) struct fp_store *opened = calloc(1, sizeof(*opened));
	int r;

	if (!opened)
		return fp_error_memory(error);
	opened->read_only = read_only;
	opened->data_dir = fp_str_dup(fp_str(data_dir));
	if (!opened->data_dir)
		return fp_error_memory(error);
	r = open_facts(opened, error);
	if (r < 0)
		return r;
	*store = opened;
	opened = NULL;
	return 0;
}

void fp_store_close(struct fp_store *store)
{
	if (!store)
		return;
	for (size_t i = 0; i < FP_SQL_COUNT; i++)
		sqlite3_finalize(store->statements[i]);
	sqlite3_close(store->facts);
	sqlite3_close(store->derived);
	fp_recent_free(store->recent);
	free(store->data_dir);
	free(store);
}

/* Under constant writing a log that is never wholly copied would grow without end: where little is
 * left, the writers wait for a moment, and the log begins anew. Not behind somebody who reads on:
 * the writers would wait for him. */
static int restart_log(struct fp_store *store, int pages, int done)
{
	int code;

	if (pages <= CHECKPOINT_PATIENCE_PAGES || pages - done > CHECKPOINT_PATIENCE_PAGES)
		return SQLITE_OK;
	sqlite3_busy_timeout(store->facts, CHECKPOINT_PATIENCE_MS);
	code = sqlite3_wal_checkpoint_v2(store->facts, NULL, SQLITE_CHECKPOINT_RESTART, NULL, NULL);
	sqlite3_busy_timeout(store->facts, FP_SQL_BUSY_TIMEOUT_MS);
	return code;
}

int fp_store_checkpoint(
	struct fp_store *store, struct fp_checkpoint *result, struct fp_error *error)
{
	int pages = 0, done = 0;
	int64_t page_bytes = 0;
	int code = sqlite3_wal_checkpoint_v2(
		store->facts, NULL, SQLITE_CHECKPOINT_PASSIVE, &pages, &done);

	if (code == SQLITE_OK)
		code = restart_log(store, pages, done);
	if (code != SQLITE_OK && (code & 0xff) != SQLITE_BUSY)
		return fp_sql_error(store->facts, code, error);
	if (!result)
		return 0;
	if (fp_sql_pragma(store->facts, "PRAGMA page_size", &page_bytes, error) < 0 || pages < 0)
		page_bytes = 0;
	result->log_bytes = (uint64_t)(pages * page_bytes);
	result->held_bytes = (uint64_t)((pages - done) * page_bytes);
	return 0;
}

int fp_store_leave_checkpoints(struct fp_store *store, struct fp_error *error)
{
	return fp_sql_execute(store->facts, "PRAGMA wal_autocheckpoint = 0", error);
}

int fp_store_sync(struct fp_store *store, struct fp_error *error)
{
	/* A commit syncs the whole log when it is told to; it must have written something. */
	int r = fp_sql_execute(store->facts,
		"PRAGMA synchronous = FULL; UPDATE last_request SET request = request", error);
	int back =
		fp_sql_execute(store->facts, "PRAGMA synchronous = NORMAL", r < 0 ? NULL : error);

	return r < 0 ? r : back;
}

int fp_store_repository_id(
	struct fp_store *store, const char *name, int64_t *id, struct fp_error *error)
{
	const struct fp_sql_value values[] = {fp_sql_text(fp_str(name))};
	int r = fp_sql_find(store, FP_SQL_REPOSITORY_FIND,
		"SELECT repository FROM repositories WHERE name = ?", values, 1, id, error);

	if (r != 1)
		return r;
	r = fp_sql_run(store, FP_SQL_REPOSITORY_ADD,
		"INSERT INTO repositories (name) VALUES (?) ON CONFLICT DO NOTHING", values, 1,
		error);
	return r < 0 ? r : fp_sql_find(store, FP_SQL_REPOSITORY_FIND, NULL, values, 1, id, error);
}

int fp_store_package_id(struct fp_store *store, const char *feed, const char *package, int64_t *id,
	struct fp_error *error)
{
	const struct fp_sql_value values[] = {
		fp_sql_text(fp_str(feed)), fp_sql_text(fp_str(package))};
	int r = fp_sql_find(store, FP_SQL_PACKAGE_FIND,
		"SELECT package FROM packages WHERE feed = ? AND name = ?", values, 2, id, error);

	if (r != 1)
		return r;
	r = fp_sql_run(store, FP_SQL_PACKAGE_ADD,
		"INSERT INTO packages (feed, name) VALUES (?, ?) ON CONFLICT DO NOTHING", values, 2,
		error);
	return r < 0 ? r : fp_sql_find(store, FP_SQL_PACKAGE_FIND, NULL, values, 2, id, error);
}

int fp_store_has_records(
	struct fp_store *store, struct fp_str repo, bool *found, struct fp_error *error)
{
	const struct fp_sql_value values[] = {fp_sql_text(repo)};
	int64_t ignored;
	int r = fp_sql_find(store, FP_SQL_REPOSITORY_RECORDED,
		"SELECT 1 FROM repositories WHERE name = ?1"
		" UNION ALL SELECT 1 FROM topics WHERE repo = ?1 LIMIT 1",
		values, 1, &ignored, error);

	if (r < 0)
		return r;
	*found = r == 0;
	return 0;
}

int fp_store_note_config(struct fp_store *store, const char *digest, struct fp_str text,
	int64_t now_us, struct fp_error *error)
{
	FP_CLEANUP_TRANSACTION struct fp_transaction transaction = {0};
	const struct fp_sql_value row[] = {
		fp_sql_text(fp_str(digest)),
		fp_sql_integer(now_us),
		fp_sql_blob(text.ptr, text.len),
	};
	int r = fp_transaction_begin(&transaction, store, false, error);

	if (r >= 0)
		r = fp_sql_run(store, FP_SQL_CONFIG_ADD,
			"INSERT INTO configurations (digest, first_us, text) VALUES (?, ?, ?)"
			" ON CONFLICT DO NOTHING",
			row, 3, error);
	/* No event where the configuration that was last in force still is. */
	if (r >= 0)
		r = fp_sql_run(store, FP_SQL_CONFIG_EVENT,
			"INSERT INTO configuration_events (configuration, at_us)"
			" SELECT configuration, ?2 FROM configurations WHERE digest = ?1"
			" AND configuration IS NOT (SELECT configuration FROM configuration_events"
			"  ORDER BY event DESC LIMIT 1)",
			row, 2, error);
	return r < 0 ? r : fp_transaction_commit(&transaction, error);
}

int fp_store_get_synced(struct fp_store *store, const char *kind, int64_t id, int64_t *synced_us,
	struct fp_error *error)
{
	const struct fp_sql_value values[] = {fp_sql_text(fp_str(kind)), fp_sql_integer(id)};
	int64_t found = -1;
	int r = fp_sql_find(store, FP_SQL_SYNCED_GET,
		"SELECT synced_us FROM synced WHERE kind = ? AND id = ?", values, 2, &found, error);

	if (r < 0)
		return r;
	*synced_us = found;
	return 0;
}

int fp_store_set_synced(struct fp_store *store, const char *kind, int64_t id, int64_t synced_us,
	struct fp_error *error)
{
	const struct fp_sql_value values[] = {
		fp_sql_text(fp_str(kind)), fp_sql_integer(id), fp_sql_integer(synced_us)};

	return fp_sql_run(store, FP_SQL_SYNCED_SET,
		"INSERT INTO synced (kind, id, synced_us) VALUES (?, ?, ?)"
		" ON CONFLICT DO UPDATE SET synced_us = excluded.synced_us",
		values, 3, error);
}
