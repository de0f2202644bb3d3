/* Bringing a database to the newest schema, and making one out of nothing. */
#include "migrate.h"
#include "sql.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static int apply(sqlite3 *db, const struct fp_migration *migration, struct fp_error *error)
{
	char version[64];
	int r = fp_sql_execute(db, "BEGIN IMMEDIATE", error);

	if (r < 0)
		return r;
	snprintf(version, sizeof(version), "PRAGMA user_version = %d", migration->number);
	r = fp_sql_execute(db, migration->sql, error);
	if (r >= 0)
		r = fp_sql_execute(db, version, error);
	if (r >= 0)
		r = fp_sql_execute(db, "COMMIT", error);
	if (r < 0) {
		fp_sql_execute(db, "ROLLBACK", NULL);
		fp_error_prefix(error, "migration %d (%s)", migration->number, migration->name);
	}
	return r;
}

int fp_migrate(sqlite3 *db, const struct fp_migration *migrations, size_t count, int *from,
	struct fp_error *error)
{
	int64_t version = 0;
	int r = fp_sql_pragma(db, "PRAGMA user_version", &version, error);

	for (size_t i = 0; r >= 0 && i < count; i++)
		if (migrations[i].number > version)
			r = apply(db, &migrations[i], error);
	if (r < 0)
		return r;
	*from = (int)version;
	return 0;
}

static void remove_beside(const char *path, const char *suffix)
{
	FP_CLEANUP_FREE char *beside = NULL;

	if (asprintf(&beside, "%s%s", path, suffix) >= 0)
		unlink(beside);
}

static int fill(const char *path, const struct fp_migration *migrations, size_t count,
	struct fp_error *error)
{
	char application[64];
	sqlite3 *db = NULL;
	int from, r = fp_sql_open(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, &db, error);

	if (r < 0)
		return r;
	snprintf(application, sizeof(application), "PRAGMA application_id = %d",
		FP_STORE_APPLICATION_ID);
	r = fp_sql_execute(db, "PRAGMA page_size = 8192", error);
	if (r >= 0)
		r = fp_sql_execute(db, application, error);
	if (r >= 0)
		r = fp_sql_execute(db, "PRAGMA journal_mode = WAL", error);
	if (r >= 0)
		r = fp_migrate(db, migrations, count, &from, error);
	sqlite3_close(db);
	return r;
}

/* A rename is on disk when its folder is. */
static void sync_folder_of(const char *path)
{
	FP_CLEANUP_FREE char *folder = fp_str_dup(fp_str(path));
	char *slash = folder ? strrchr(folder, '/') : NULL;
	int fd;

	if (!slash)
		return;
	*slash = '\0';
	fd = open(*folder ? folder : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
}

int fp_database_create(const char *path, const struct fp_migration *migrations, size_t count,
	struct fp_error *error)
{
	static const char *const suffixes[] = {".new", ".new-wal", ".new-shm", ".new-journal"};
	FP_CLEANUP_FREE char *made = NULL;
	int r;

	for (size_t i = 0; i < FP_ARRAY_SIZE(suffixes); i++)
		remove_beside(path, suffixes[i]);
	if (asprintf(&made, "%s.new", path) < 0)
		return fp_error_memory(error);
	r = fill(made, migrations, count, error);
	if (r < 0)
		return r;
	if (rename(made, path) < 0)
		return fp_error_set(error, FP_ERROR_IO, "cannot rename %s to %s: %s", made, path,
			strerror(errno));
	sync_folder_of(path);
	return 0;
}
