/*
 * What happens to the databases at start: each is judged without a write, from its header first,
 * and only then created, migrated or, where it is derived and of no use, begun anew. A facts.db
 * that we did not write, or cannot read, is left as it is.
 */
#include "lock.h"
#include "migrate.h"
#include "sql.h"

#include "forkpoint/base/file.h"
#include "forkpoint/base/time.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	HEADER_BYTES = 100,
	/* A larger history is not read through at every start (10 ms a MiB); `forkpoint verify`
	 * does that. */
	QUICK_CHECK_MAX_BYTES = 16 << 20,
};

struct judgement {
	enum { DATABASE_NEW, DATABASE_OURS, DATABASE_FOREIGN, DATABASE_DAMAGED } state;
	int64_t version;
	char why[FP_ERROR_TEXT_MAX];
};

/* The file's header: https://www.sqlite.org/fileformat.html, section 1.3. Big-endian. */
struct header {
	uint8_t bytes[HEADER_BYTES];
	uint64_t file_bytes, log_bytes;
};

static uint32_t number_at(const struct header *header, size_t offset)
{
	const uint8_t *p = &header->bytes[offset];

	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static uint64_t size_of(const char *path, const char *suffix)
{
	FP_CLEANUP_FREE char *beside = NULL;
	struct stat info;

	if (asprintf(&beside, "%s%s", path, suffix) < 0 || stat(beside, &info) < 0)
		return 0;
	return (uint64_t)info.st_size;
}

static int read_header(const char *path, struct header *header, struct fp_error *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = 0;

	*header = (struct header){.log_bytes = size_of(path, "-wal")};
	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd >= 0) {
		header->file_bytes = size_of(path, "");
		len = pread(fd, header->bytes, HEADER_BYTES, 0);
		close(fd);
	}
	if (fd < 0 || len < 0)
		return fp_error_set(error, errno == EACCES ? FP_ERROR_DENIED : FP_ERROR_IO,
			"cannot read %s: %s", path, strerror(errno));
	return 0;
}

static void judge(struct judgement *judgement, int state, const char *why)
{
	judgement->state = state;
	snprintf(judgement->why, sizeof(judgement->why), "%s", why);
}

static void judge_header(const struct header *header, struct judgement *judgement)
{
	uint32_t page_bytes = (uint32_t)header->bytes[16] << 8 | header->bytes[17];
	uint64_t whole = (uint64_t)(page_bytes == 1 ? 65536 : page_bytes) * number_at(header, 28);

	if (header->file_bytes == 0 && header->log_bytes > 0)
		judge(judgement, DATABASE_DAMAGED,
			"it is missing, but its write-ahead log is there");
	else if (header->file_bytes == 0)
		judge(judgement, DATABASE_NEW, "it is new");
	else if (header->file_bytes < HEADER_BYTES ||
		 memcmp(header->bytes, "SQLite format 3", 16) != 0)
		judge(judgement, DATABASE_FOREIGN, "it is no SQLite database");
	else if (number_at(header, 68) != FP_STORE_APPLICATION_ID)
		judge(judgement, DATABASE_FOREIGN, "it belongs to another program");
	/* A checkpoint that was killed may have left the end in the log. */
	else if (header->file_bytes < whole && header->log_bytes == 0)
		judge(judgement, DATABASE_DAMAGED, "its end is missing");
	else
		judge(judgement, DATABASE_OURS, "");
}

static int check_content(sqlite3 *db, uint64_t bytes, bool always, struct judgement *judgement,
	struct fp_error *error)
{
	sqlite3_stmt *statement = NULL;
	int64_t tables;
	const char *text;
	int code, r = fp_sql_pragma(db, "PRAGMA user_version", &judgement->version, error);

	if (r >= 0)
		r = fp_sql_pragma(db, "SELECT count(*) FROM sqlite_schema", &tables, error);
	if (r < 0 || (bytes > QUICK_CHECK_MAX_BYTES && !always))
		return r;
	code = sqlite3_prepare_v2(db, "PRAGMA quick_check(1)", -1, &statement, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_step(statement);
	text = code == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0) : NULL;
	if (code != SQLITE_ROW)
		r = fp_sql_error(db, code, error);
	else if (!text || strcmp(text, "ok") != 0)
		judge(judgement, DATABASE_DAMAGED, text ? text : "it cannot be checked");
	sqlite3_finalize(statement);
	return r;
}

/* `always`: reads it through whatever its size. */
static int judge_database(
	const char *path, bool always, struct judgement *judgement, struct fp_error *error)
{
	struct fp_error trouble = {0};
	struct header header;
	sqlite3 *db = NULL;
	int r = read_header(path, &header, error);

	*judgement = (struct judgement){0};
	if (r < 0)
		return r;
	judge_header(&header, judgement);
	if (judgement->state != DATABASE_OURS)
		return 0;
	/* Without a log the file is all there is, and is read without a trace. */
	r = fp_sql_open_read_only(path, header.log_bytes ? NULL : "immutable=1", &db, &trouble);
	if (r >= 0)
		r = check_content(db, header.file_bytes, always, judgement, &trouble);
	sqlite3_close(db);
	if (r == -FP_ERROR_CORRUPT) {
		judge(judgement, DATABASE_DAMAGED, trouble.text);
		r = 0;
	}
	if (r < 0 && error)
		*error = trouble;
	return r;
}

static void note(struct fp_buf *notes, const char *format, ...) FP_PRINTF(2, 3);
static void note(struct fp_buf *notes, const char *format, ...)
{
	FP_CLEANUP_FREE char *text = NULL;
	va_list arguments;

	va_start(arguments, format);
	if (notes && vasprintf(&text, format, arguments) >= 0) {
		fp_buf_add_text(notes, text);
		fp_buf_add_char(notes, '\n');
	}
	va_end(arguments);
}

/* ---- facts.db ---- */

static int refuse_facts(const char *path, const struct judgement *judgement, struct fp_error *error)
{
	if (judgement->state == DATABASE_FOREIGN)
		return fp_error_set(error, FP_ERROR_FOREIGN,
			"%s was not written by Forkpoint (%s): move it away or choose another "
			"data_dir; it was left as it is",
			path, judgement->why);
	if (judgement->state == DATABASE_DAMAGED)
		return fp_error_set(error, FP_ERROR_CORRUPT,
			"%s is damaged (%s): restore it from a backup; it was left as it is", path,
			judgement->why);
	return fp_error_set(error, FP_ERROR_FOREIGN,
		"%s was written by a newer Forkpoint (schema %lld, this one knows %zu): run that "
		"one, or restore a backup from before the upgrade; it was left as it is",
		path, (long long)judgement->version, fp_migration_count);
}

static int upgrade_facts(const char *path, struct fp_buf *notes, struct fp_error *error)
{
	sqlite3 *db = NULL;
	int from = 0, r = fp_sql_open(path, SQLITE_OPEN_READWRITE, &db, error);

	if (r >= 0)
		r = fp_migrate(db, fp_migrations, fp_migration_count, &from, error);
	sqlite3_close(db);
	if (r >= 0)
		note(notes, "facts.db: migrated from schema %d to %zu", from, fp_migration_count);
	return r;
}

static int prepare_facts(const char *data_dir, struct fp_buf *notes, struct fp_error *error)
{
	FP_CLEANUP_FREE char *path = fp_store_path(data_dir, "facts.db");
	struct judgement judgement;
	int r;

	if (!path)
		return fp_error_memory(error);
	r = judge_database(path, false, &judgement, error);
	if (r < 0)
		return r;
	if (judgement.state == DATABASE_NEW) {
		note(notes, "facts.db: created with schema %zu", fp_migration_count);
		return fp_database_create(path, fp_migrations, fp_migration_count, error);
	}
	if (judgement.state != DATABASE_OURS || judgement.version > (int64_t)fp_migration_count)
		return refuse_facts(path, &judgement, error);
	if (judgement.version < (int64_t)fp_migration_count)
		return upgrade_facts(path, notes, error);
	return 0;
}

/* ---- derived.db ---- */

/* The log goes with its database; the index of the log goes. */
static void move_log(const char *path, const char *aside)
{
	FP_CLEANUP_FREE char *from = NULL, *to = NULL, *index = NULL;

	if (asprintf(&from, "%s-wal", path) < 0 || asprintf(&to, "%s-wal", aside) < 0 ||
		asprintf(&index, "%s-shm", path) < 0)
		return;
	rename(from, to);
	unlink(index);
}

/* Named after the time of its last write, for no clock is read here. */
static char *choose_aside(const char *path)
{
	struct stat info = {0};
	struct fp_civil when;
	char *aside = NULL;

	stat(path, &info);
	when = fp_civil_from_s((int64_t)info.st_mtime);
	for (int i = 1; i < 100; i++) {
		free(aside);
		if (asprintf(&aside, "%s.damaged-%04lld%02d%02dT%02d%02d%02dZ%s%.0d", path,
			    (long long)when.year, when.month, when.day, when.hour, when.minute,
			    when.second, i > 1 ? "-" : "", i > 1 ? i : 0) < 0)
			return NULL;
		if (access(aside, F_OK) != 0)
			break;
	}
	return aside;
}

static int set_aside(
	const char *path, const char *why, struct fp_buf *notes, struct fp_error *error)
{
	FP_CLEANUP_FREE char *aside = choose_aside(path);

	if (!aside)
		return fp_error_memory(error);
	if (access(path, F_OK) == 0 && rename(path, aside) < 0)
		return fp_error_set(error, FP_ERROR_IO, "cannot rename %s to %s: %s", path, aside,
			strerror(errno));
	move_log(path, aside);
	note(notes, "derived.db: set aside as %s and begun anew: %s", aside, why);
	return 0;
}

static void drop(const char *path)
{
	static const char *const suffixes[] = {"", "-wal", "-shm"};

	for (size_t i = 0; i < FP_ARRAY_SIZE(suffixes); i++) {
		FP_CLEANUP_FREE char *beside = NULL;

		if (asprintf(&beside, "%s%s", path, suffixes[i]) >= 0)
			unlink(beside);
	}
}

static int prepare_derived(const char *data_dir, struct fp_buf *notes, struct fp_error *error)
{
	FP_CLEANUP_FREE char *path = fp_store_path(data_dir, "derived.db");
	struct judgement judgement;
	int r;

	if (!path)
		return fp_error_memory(error);
	r = judge_database(path, true, &judgement, error);
	if (r < 0)
		return r;
	if (judgement.state == DATABASE_OURS && judgement.version == fp_derived_schema.number)
		return 0;
	if (judgement.state == DATABASE_NEW) {
		note(notes, "derived.db: created");
	} else if (judgement.state == DATABASE_OURS) {
		drop(path);
		note(notes, "derived.db: begun anew because another Forkpoint made it");
	} else {
		r = set_aside(path, judgement.why, notes, error);
	}
	return r < 0 ? r : fp_database_create(path, &fp_derived_schema, 1, error);
}

FP_DEFINE_CLEANUP(struct fp_store_lock *, fp_store_unlock)

int fp_store_prepare(const char *data_dir, struct fp_store_lock **lock, struct fp_buf *notes,
	struct fp_error *error)
{
	FP_CLEANUP(fp_store_unlock_cleanup) struct fp_store_lock *taken = NULL;
	int r = fp_folder_create(data_dir, error);

	if (r >= 0)
		r = fp_store_lock_take(data_dir, &taken, error);
	if (r >= 0)
		r = prepare_facts(data_dir, notes, error);
	if (r >= 0)
		r = prepare_derived(data_dir, notes, error);
	if (r < 0)
		return r;
	*lock = taken;
	taken = NULL;
	return 0;
}
