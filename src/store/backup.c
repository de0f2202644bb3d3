/*
 * Backup and restore.
 *
 * A record is in the journal until it is in the database, so the journal is copied first and the
 * database after it: what was drained between the two is in both. Then the copy of the journal is
 * drained into the copy of the database, as a start would do it; what is there twice is taken once.
 */
#include "backup_file.h"
#include "lock.h"
#include "migrate.h"
#include "sql.h"

#include "forkpoint/base/file.h"
#include "forkpoint/store/journal.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

/* Between the backup's last id and the first after a restore: more than were given in between. */
#define ID_GAP (UINT64_C(1) << 32)

/* ---- making ---- */

/* A folder beside the file, for what is not finished; goes with its scope. */
static void remove_folder(char **folder)
{
	if (*folder)
		fp_folder_remove(*folder, NULL);
	free(*folder);
}

static int make_folder(const char *file, char **folder, struct fp_error *error)
{
	FP_CLEANUP_FREE char *name = NULL;

	if (asprintf(&name, "%s.XXXXXX", file) < 0) {
		name = NULL;
		return fp_error_memory(error);
	}
	if (!mkdtemp(name))
		return fp_error_set(error, errno == EACCES ? FP_ERROR_DENIED : FP_ERROR_IO,
			"cannot write beside %s: %s", file, strerror(errno));
	*folder = name;
	name = NULL;
	return 0;
}

/* At one go: as steps with pauses it would begin anew whenever somebody writes. Writers are not
 * held up; the log waits for the end. */
static int copy_pages(sqlite3 *from, sqlite3 *to, struct fp_error *error)
{
	sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");
	int code;

	if (!backup)
		return fp_sql_error(to, sqlite3_errcode(to), error);
	sqlite3_backup_step(backup, -1);
	code = sqlite3_backup_finish(backup);
	return code == SQLITE_OK ? 0 : fp_sql_error(to, code, error);
}

static int copy_facts(const char *data_dir, const char *folder, struct fp_error *error)
{
	FP_CLEANUP(fp_store_close_cleanup) struct fp_store *store = NULL;
	FP_CLEANUP_FREE char *path = fp_store_path(folder, "facts.db");
	sqlite3 *copy = NULL;
	int r;

	if (!path)
		return fp_error_memory(error);
	/* Where nobody runs, opening it to write takes in the log that a crash left. */
	r = fp_store_open(data_dir, fp_store_is_locked(data_dir), &store, error);
	if (r >= 0)
		r = fp_sql_open(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &copy, error);
	if (r >= 0)
		r = copy_pages(store->facts, copy, error);
	sqlite3_close(copy);
	return r;
}

static int check_schema(struct fp_store *store, struct fp_backup_info *info, struct fp_error *error)
{
	int r = fp_sql_pragma(store->facts, "PRAGMA user_version", &info->schema, error);

	if (r < 0 || info->schema == (int64_t)fp_migration_count)
		return r;
	return fp_error_set(error, FP_ERROR_FOREIGN,
		"the data folder has schema %lld and this Forkpoint writes %zu: use the program "
		"that serves it",
		(long long)info->schema, fp_migration_count);
}

static int drain_copy(const char *folder, uint64_t journal_bytes, struct fp_store *store,
	struct fp_backup_info *info, struct fp_error *error)
{
	struct fp_journal *journal = NULL;
	uint64_t last = 0;
	int64_t drained = 0;
	int r = fp_store_last_record_id(store, &last, error);

	if (r >= 0 && journal_bytes > 0)
		r = fp_journal_open(folder, journal_bytes, last, &journal, error);
	while (r >= 0 && journal && (drained = fp_journal_drain(journal, store, error)) > 0)
		info->from_journal += (uint64_t)drained;
	fp_journal_close(journal);
	if (r < 0 || drained < 0)
		return r < 0 ? r : (int)drained;
	return fp_store_last_record_id(store, &info->last_request, error);
}

/* One file, without a log beside it. */
static int finish_copy(const char *folder, uint64_t journal_bytes, struct fp_backup_info *info,
	struct fp_error *error)
{
	FP_CLEANUP(fp_store_close_cleanup) struct fp_store *store = NULL;
	int r = fp_store_open(folder, false, &store, error);

	if (r >= 0)
		r = check_schema(store, info, error);
	if (r >= 0)
		r = drain_copy(folder, journal_bytes, store, info, error);
	if (r >= 0)
		r = fp_sql_execute(store->facts, "PRAGMA journal_mode = DELETE", error);
	return r;
}

static int pack(const char *folder, const char *file, const struct fp_backup_info *info,
	struct fp_error *error)
{
	FP_CLEANUP_FREE char *database = fp_store_path(folder, "facts.db");
	FP_CLEANUP_FREE char *packed = fp_store_path(folder, "backup");
	int r;

	if (!database || !packed)
		return fp_error_memory(error);
	r = fp_backup_write(database, packed, info, error);
	return r < 0 ? r : fp_backup_publish(packed, file, error);
}

int fp_backup_make(const char *data_dir, const char *file, int64_t now_us,
	struct fp_backup_info *info, struct fp_error *error)
{
	FP_CLEANUP(remove_folder) char *folder = NULL;
	struct fp_backup_info made = {.made_us = now_us};
	uint64_t journal_bytes = 0;
	int r;

	if (access(file, F_OK) == 0)
		return fp_error_set(
			error, FP_ERROR_INVALID, "%s exists; a backup overwrites nothing", file);
	r = make_folder(file, &folder, error);
	if (r >= 0)
		r = fp_journal_copy(data_dir, folder, &journal_bytes, error);
	if (r >= 0)
		r = copy_facts(data_dir, folder, error);
	if (r >= 0)
		r = finish_copy(folder, journal_bytes, &made, error);
	if (r >= 0)
		r = pack(folder, file, &made, error);
	if (r >= 0)
		*info = made;
	return r;
}

/* ---- restoring ---- */

static int check_empty(const char *data_dir, struct fp_error *error)
{
	DIR *folder = opendir(data_dir);
	const struct dirent *entry;
	int r = 0;

	if (!folder)
		return fp_error_set(
			error, FP_ERROR_IO, "cannot read %s: %s", data_dir, strerror(errno));
	while (r >= 0 && (entry = readdir(folder))) {
		static const char *const fine[] = {".", "..", "lock", "lost+found"};
		bool known = false;

		for (size_t i = 0; i < FP_ARRAY_SIZE(fine); i++)
			known |= strcmp(entry->d_name, fine[i]) == 0;
		if (!known)
			r = fp_error_set(error, FP_ERROR_INVALID,
				"%s is not empty (it has %s): a backup is restored into an empty "
				"data_dir; move what is there away",
				data_dir, entry->d_name);
	}
	closedir(folder);
	return r;
}

static int check_database(sqlite3 *db, const char *path, struct fp_error *error)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(db, "PRAGMA integrity_check(1)", -1, &statement, NULL);
	const char *text = NULL;
	int r = 0;

	if (code == SQLITE_OK && sqlite3_step(statement) == SQLITE_ROW)
		text = (const char *)sqlite3_column_text(statement, 0);
	if (!text || strcmp(text, "ok") != 0)
		r = fp_error_set(error, FP_ERROR_CORRUPT, "the backup's database is damaged: %s",
			text ? text : sqlite3_errmsg(db));
	sqlite3_finalize(statement);
	return r;
}

static int ready_database(const char *path, struct fp_error *error)
{
	char sql[160];
	sqlite3 *db = NULL;
	int r = fp_sql_open(path, SQLITE_OPEN_READWRITE, &db, error);

	snprintf(sql, sizeof(sql),
		"UPDATE last_request SET request = request + %llu; PRAGMA journal_mode = WAL",
		(unsigned long long)ID_GAP);
	if (r >= 0)
		r = check_database(db, path, error);
	if (r >= 0)
		r = fp_sql_execute(db, sql, error);
	sqlite3_close(db);
	return r;
}

static int unpack_into(
	const char *file, const char *data_dir, struct fp_backup_info *info, struct fp_error *error)
{
	FP_CLEANUP_FREE char *partial = fp_store_path(data_dir, "restored.db");
	FP_CLEANUP_FREE char *path = fp_store_path(data_dir, "facts.db");
	int r;

	if (!partial || !path)
		return fp_error_memory(error);
	r = fp_backup_unpack(file, partial, info, error);
	if (r >= 0)
		r = ready_database(partial, error);
	if (r >= 0 && rename(partial, path) < 0)
		r = fp_error_set(error, FP_ERROR_IO, "cannot write %s: %s", path, strerror(errno));
	if (r < 0)
		unlink(partial);
	else
		fp_backup_sync_folder(path);
	return r;
}

/* is_new: the folder goes again when this fails; the lock's file goes while it is held, for it may
 * be another's afterwards. */
static int restore_into(const char *file, const char *data_dir, bool is_new,
	struct fp_backup_info *info, struct fp_error *error)
{
	FP_CLEANUP_FREE char *path = fp_store_path(data_dir, "lock");
	struct fp_store_lock *lock = NULL;
	int r = path ? fp_store_lock_take(data_dir, &lock, error) : fp_error_memory(error);

	if (r >= 0)
		r = check_empty(data_dir, error);
	if (r >= 0)
		r = unpack_into(file, data_dir, info, error);
	if (r < 0 && lock && is_new)
		unlink(path);
	fp_store_unlock(lock);
	if (r < 0 && is_new)
		rmdir(data_dir);
	return r;
}

int fp_backup_restore(
	const char *file, const char *data_dir, struct fp_backup_info *info, struct fp_error *error)
{
	struct fp_backup_info found = {0};
	bool is_new = access(data_dir, F_OK) != 0;
	int r = fp_backup_check(file, error);

	if (r >= 0)
		r = fp_folder_create(data_dir, error);
	if (r >= 0)
		r = restore_into(file, data_dir, is_new, &found, error);
	if (r >= 0)
		*info = found;
	return r;
}
