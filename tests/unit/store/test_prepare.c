/* What happens to the databases at start: made, checked, migrated, refused, begun anew. */
#include "fixture.h"

#include "migrate.h"

#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

/* ---- schemas ---- */

/* SQL without comments, each run of white space one space. */
static void add_normalised(const char *sql, struct fp_buf *buf)
{
	bool space = false;

	for (; *sql; sql++) {
		if (sql[0] == '-' && sql[1] == '-')
			sql += strcspn(sql, "\n");
		if (*sql == ' ' || *sql == '\t' || *sql == '\n') {
			space = true;
			continue;
		}
		if (!*sql)
			break;
		if (space)
			fp_buf_add_char(buf, ' ');
		space = false;
		fp_buf_add_char(buf, *sql);
	}
	fp_buf_add_char(buf, '\n');
}

static void add_schema(const struct fixture *fixture, const char *name, struct fp_buf *buf)
{
	sqlite3 *db;
	sqlite3_stmt *statement;

	fp_buf_addf(buf, "%s\n", name);
	assert_int_equal(sqlite3_open(fixture_path(fixture, name), &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db,
				 "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL"
				 " ORDER BY type DESC, name",
				 -1, &statement, NULL),
		SQLITE_OK);
	while (sqlite3_step(statement) == SQLITE_ROW)
		add_normalised((const char *)sqlite3_column_text(statement, 0), buf);
	sqlite3_finalize(statement);
	sqlite3_close(db);
}

/* The migrations' sum is what schema.golden says; FP_UPDATE_GOLDEN=1 writes it anew. */
static void test_golden_schema(void **state)
{
	struct fixture *fixture = *state;
	struct fp_buf FP_CLEANUP_BUF made;
	struct fp_buf FP_CLEANUP_BUF golden;
	struct fp_error error;

	fp_buf_init(&made, 1 << 20);
	fp_buf_init(&golden, 1 << 20);
	add_schema(fixture, "facts.db", &made);
	add_schema(fixture, "derived.db", &made);
	if (getenv("FP_UPDATE_GOLDEN"))
		assert_int_equal(
			fp_file_replace(FP_TEST_DIR "/schema.golden", fp_buf_str(&made), &error),
			0);
	assert_int_equal(fp_file_read(FP_TEST_DIR "/schema.golden", &golden, &error), 0);
	assert_string_equal(made.data, golden.data);
}

static void test_new_databases(void **state)
{
	struct fixture *fixture = *state;
	static const struct {
		const char *database, *sql;
		int64_t expected;
	} rows[] = {
		{"facts.db", "PRAGMA application_id", FP_STORE_APPLICATION_ID},
		{"derived.db", "PRAGMA application_id", FP_STORE_APPLICATION_ID},
		{"facts.db", "SELECT count(*) FROM pragma_journal_mode WHERE journal_mode = 'wal'",
			1},
		{"derived.db",
			"SELECT count(*) FROM pragma_journal_mode WHERE journal_mode = 'wal'", 1},
		/* every table is STRICT */
		{"facts.db",
			"SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND NOT "
			"strict"
			" AND name NOT LIKE 'sqlite%'",
			0},
		{"derived.db",
			"SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND NOT "
			"strict"
			" AND name NOT LIKE 'sqlite%'",
			0},
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++)
		assert_int_equal(fixture_sql_number(fixture, rows[i].database, rows[i].sql),
			rows[i].expected);
	assert_int_equal(
		fixture_sql_number(fixture, "facts.db", "PRAGMA user_version"), fp_migration_count);
	assert_int_equal(fixture_sql_number(fixture, "derived.db", "PRAGMA user_version"),
		fp_derived_schema.number);
	assert_int_equal(access(fixture_path(fixture, "facts.db.new"), F_OK), -1);
}

/* A second start changes nothing and has nothing to tell. */
static void test_second_start(void **state)
{
	struct fixture *fixture = *state;
	struct fp_buf FP_CLEANUP_BUF notes;
	int64_t id, again;

	fp_buf_init(&notes, 4096);
	assert_ok(fixture, fp_store_repository_id(fixture->store, "winui", &id, &fixture->error));
	fixture_close(fixture);
	assert_ok(fixture, fp_store_prepare(fixture->dir, &fixture->lock, &notes, &fixture->error));
	assert_int_equal(notes.len, 0);
	assert_ok(fixture, fp_store_open(fixture->dir, false, &fixture->store, &fixture->error));
	assert_ok(
		fixture, fp_store_repository_id(fixture->store, "winui", &again, &fixture->error));
	assert_int_equal(id, again);
}

/* ---- migrating ---- */

static const struct fp_migration steps[] = {
	{1, "one", "CREATE TABLE a (x INTEGER) STRICT; INSERT INTO a VALUES (7)"},
	{2, "two", "ALTER TABLE a ADD COLUMN y INTEGER; UPDATE a SET y = x + 1"},
	{3, "broken", "CREATE TABLE b (x INTEGER) STRICT; SELECT * FROM nowhere"},
};

static void test_migrating(void **state)
{
	struct fixture *fixture = *state;
	const char *path = fixture_path(fixture, "m.db");
	sqlite3 *db;
	int from;

	assert_ok(fixture, fp_database_create(path, steps, 1, &fixture->error));
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	/* from 1 to 2, carrying what is there */
	assert_ok(fixture, fp_migrate(db, steps, 2, &from, &fixture->error));
	assert_int_equal(from, 1);
	/* nothing left to do */
	assert_ok(fixture, fp_migrate(db, steps, 2, &from, &fixture->error));
	assert_int_equal(from, 2);
	/* one that fails leaves the schema before it, whole */
	assert_true(fp_migrate(db, steps, 3, &from, &fixture->error) < 0);
	assert_non_null(strstr(fixture->error.text, "migration 3 (broken)"));
	sqlite3_close(db);
	assert_int_equal(fixture_sql_number(fixture, "m.db", "PRAGMA user_version"), 2);
	assert_int_equal(fixture_sql_number(fixture, "m.db", "SELECT y FROM a"), 8);
	assert_int_equal(fixture_sql_number(fixture, "m.db",
				 "SELECT count(*) FROM sqlite_schema WHERE name = 'b'"),
		0);
}

/* An older facts.db is brought up to date and keeps its rows. */
static void test_migrates_old_facts(void **state)
{
	struct fixture *fixture = *state;
	struct fp_buf FP_CLEANUP_BUF notes;
	int64_t id;

	/* Version 0 with our application id: the first migration is still to come. */
	fp_buf_init(&notes, 4096);
	assert_ok(fixture, fp_database_create(fixture_path(fixture, "facts.db"), fp_migrations, 0,
				   &fixture->error));
	assert_int_equal(fixture_sql_number(fixture, "facts.db", "PRAGMA user_version"), 0);
	assert_ok(fixture, fp_store_prepare(fixture->dir, &fixture->lock, &notes, &fixture->error));
	assert_non_null(strstr(notes.data, "migrated from schema 0 to"));
	assert_ok(fixture, fp_store_open(fixture->dir, false, &fixture->store, &fixture->error));
	assert_ok(fixture, fp_store_repository_id(fixture->store, "winui", &id, &fixture->error));
}

/* ---- refusing ---- */

static void make_foreign(struct fixture *fixture)
{
	fixture_sql(fixture, "facts.db", "CREATE TABLE theirs (x); INSERT INTO theirs VALUES (1)");
}

static void make_text(struct fixture *fixture)
{
	fixture_write(fixture, "facts.db", FP_STR_LITERAL("dear diary, this is no database\n"));
}

static void make_newer(struct fixture *fixture)
{
	fixture_prepare(fixture);
	fixture_close(fixture);
	fixture_sql(fixture, "facts.db", "PRAGMA user_version = 1000");
}

/* Enough rows that the file has pages behind the schema's. */
static void make_filled(struct fixture *fixture)
{
	fixture_prepare(fixture);
	fixture_close(fixture);
	fixture_sql(fixture, "facts.db",
		"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)"
		" INSERT INTO agents (text) SELECT 'agent number ' || i FROM n");
}

static void make_truncated(struct fixture *fixture)
{
	struct fp_buf FP_CLEANUP_BUF file;

	fp_buf_init(&file, 64 << 20);
	make_filled(fixture);
	fixture_read(fixture, "facts.db", &file);
	assert_int_equal(truncate(fixture_path(fixture, "facts.db"), (off_t)(file.len - 10000)), 0);
}

static void make_damaged(struct fixture *fixture)
{
	char junk[20000];

	memset(junk, 0xa5, sizeof(junk));
	make_filled(fixture);
	fixture_patch(fixture, "facts.db", -40000, fp_str_n(junk, sizeof(junk)));
}

static void make_headless(struct fixture *fixture)
{
	make_filled(fixture);
	fixture_patch(fixture, "facts.db", 0, FP_STR_LITERAL("\0\0\0\0\0\0\0\0"));
}

static void make_schema_damaged(struct fixture *fixture)
{
	make_filled(fixture);
	fixture_patch(fixture, "facts.db", 100, FP_STR_LITERAL("\xff\xff\xff\xff\xff\xff\xff\xff"));
}

static void make_orphaned_log(struct fixture *fixture)
{
	fixture_write(fixture, "facts.db-wal", FP_STR_LITERAL("what is left of a log"));
}

static const struct {
	const char *label;
	void (*make)(struct fixture *fixture);
	int code;
	const char *text;
} refused[] = {
	{"another program's database", make_foreign, FP_ERROR_FOREIGN, "another program"},
	{"no database at all", make_text, FP_ERROR_FOREIGN, "no SQLite database"},
	{"a newer Forkpoint's", make_newer, FP_ERROR_FOREIGN, "newer Forkpoint (schema 1000"},
	{"the end is missing", make_truncated, FP_ERROR_CORRUPT, "its end is missing"},
	{"junk in the middle", make_damaged, FP_ERROR_CORRUPT, "is damaged"},
	{"the first bytes are zero", make_headless, FP_ERROR_FOREIGN, "no SQLite database"},
	{"the schema's page is damaged", make_schema_damaged, FP_ERROR_CORRUPT, "is damaged"},
	{"only the write-ahead log is there", make_orphaned_log, FP_ERROR_CORRUPT,
		"its write-ahead log is there"},
};

static void test_refusing(void **state)
{
	(void)state;
	for (size_t i = 0; i < FP_ARRAY_SIZE(refused); i++) {
		struct fixture *fixture;
		struct fp_buf FP_CLEANUP_BUF before;
		struct fp_buf FP_CLEANUP_BUF after;
		int r;

		fixture_setup_empty((void **)&fixture);
		fp_buf_init(&before, 64 << 20);
		fp_buf_init(&after, 64 << 20);
		refused[i].make(fixture);
		fixture_read(fixture, "facts.db", &before);
		r = fp_store_prepare(fixture->dir, &fixture->lock, NULL, &fixture->error);
		if (r != -refused[i].code || !strstr(fixture->error.text, refused[i].text))
			fail_msg("%s: %d, %s", refused[i].label, r, fixture->error.text);
		assert_non_null(strstr(fixture->error.text, "left as it is"));
		assert_int_equal(access(fixture_path(fixture, "facts.db-shm"), F_OK), -1);
		fixture_read(fixture, "facts.db", &after);
		if (before.len != after.len ||
			(before.len && memcmp(before.data, after.data, before.len) != 0))
			fail_msg("%s: the file was changed", refused[i].label);
		assert_null(fixture->lock);
		fixture_teardown((void **)&fixture);
	}
}

/* An empty file is new; so is what is left of a creation that was interrupted. */
static void test_empty_is_new(void **state)
{
	struct fixture *fixture = *state;

	fixture_write(fixture, "facts.db", FP_STR_LITERAL(""));
	fixture_write(fixture, "facts.db.new", FP_STR_LITERAL("half of something"));
	fixture_prepare(fixture);
	assert_int_equal(
		fixture_sql_number(fixture, "facts.db", "PRAGMA user_version"), fp_migration_count);
}

/* ---- derived.db ---- */

static unsigned count_aside(const struct fixture *fixture)
{
	DIR *dir = opendir(fixture->dir);
	struct dirent *entry;
	unsigned count = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)))
		count += strncmp(entry->d_name, "derived.db.damaged-", 19) == 0;
	closedir(dir);
	return count;
}

static void test_derived_begun_anew(void **state)
{
	static const struct {
		const char *label, *sql;
		long offset;
		const char *junk;
		unsigned aside;
		const char *note;
	} rows[] = {
		{"made by another Forkpoint: dropped", "PRAGMA user_version = 5", 0, NULL, 0,
			"another Forkpoint made it"},
		{"another program's: set aside", "PRAGMA application_id = 5", 0, NULL, 1,
			"set aside"},
		{"damaged: set aside", NULL, 100, "\xff\xff\xff\xff\xff\xff", 1, "set aside"},
		{"no database: set aside", NULL, 0, "nonsense nonsense", 1, "set aside"},
	};

	(void)state;
	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		struct fixture *fixture;
		struct fp_buf FP_CLEANUP_BUF notes;
		int64_t id;

		fixture_setup((void **)&fixture);
		fp_buf_init(&notes, 4096);
		assert_ok(fixture,
			fp_store_repository_id(fixture->store, "winui", &id, &fixture->error));
		fixture_close(fixture);
		if (rows[i].sql)
			fixture_sql(fixture, "derived.db", rows[i].sql);
		else
			fixture_patch(fixture, "derived.db", rows[i].offset, fp_str(rows[i].junk));
		assert_ok(fixture,
			fp_store_prepare(fixture->dir, &fixture->lock, &notes, &fixture->error));
		if (!notes.data || !strstr(notes.data, rows[i].note))
			fail_msg("%s: %s", rows[i].label, notes.data ? notes.data : "");
		assert_int_equal(count_aside(fixture), rows[i].aside);
		assert_int_equal(fixture_sql_number(fixture, "derived.db", "PRAGMA user_version"),
			fp_derived_schema.number);
		/* facts are as they were */
		assert_int_equal(fixture_sql_number(
					 fixture, "facts.db", "SELECT count(*) FROM repositories"),
			1);
		fixture_teardown((void **)&fixture);
	}
}

/* ---- the lock, and reading only ---- */

static void test_lock(void **state)
{
	struct fixture *fixture = *state;
	struct fp_store_lock *second = NULL;
	char pid[32];

	snprintf(pid, sizeof(pid), "process %ld:", (long)getpid());
	assert_code(fixture, -FP_ERROR_BUSY,
		fp_store_prepare(fixture->dir, &second, NULL, &fixture->error));
	assert_non_null(strstr(fixture->error.text, pid));
	assert_null(second);
	fp_store_unlock(fixture->lock);
	fixture->lock = NULL;
	assert_ok(fixture, fp_store_prepare(fixture->dir, &second, NULL, &fixture->error));
	fp_store_unlock(second);
}

/* Without a running Forkpoint a reader leaves no trace beside the databases. */
static void test_read_only(void **state)
{
	struct fixture *fixture = *state;
	struct fp_store *reader = NULL;
	int64_t id, synced;

	assert_ok(fixture, fp_store_repository_id(fixture->store, "winui", &id, &fixture->error));
	assert_ok(
		fixture, fp_store_set_synced(fixture->store, "repository", id, 5, &fixture->error));
	fixture_close(fixture);
	assert_int_equal(access(fixture_path(fixture, "facts.db-shm"), F_OK), -1);
	assert_ok(fixture, fp_store_open(fixture->dir, true, &reader, &fixture->error));
	assert_ok(fixture, fp_store_get_synced(reader, "repository", id, &synced, &fixture->error));
	assert_int_equal(synced, 5);
	assert_code(fixture, -FP_ERROR_DENIED,
		fp_store_set_synced(reader, "repository", id, 6, &fixture->error));
	assert_int_equal(access(fixture_path(fixture, "facts.db-shm"), F_OK), -1);
	assert_int_equal(access(fixture_path(fixture, "facts.db-wal"), F_OK), -1);
	fp_store_close(reader);
}

/* A reader beside a writer sees what the writer wrote after it was opened. */
static void test_reader_beside_writer(void **state)
{
	struct fixture *fixture = *state;
	struct fp_store *reader = NULL;
	int64_t synced;

	fixture_close(fixture);
	assert_ok(fixture, fp_store_prepare(fixture->dir, &fixture->lock, NULL, &fixture->error));
	/* opened before any writer */
	assert_ok(fixture, fp_store_open(fixture->dir, true, &reader, &fixture->error));
	assert_ok(fixture, fp_store_get_synced(reader, "package", 3, &synced, &fixture->error));
	assert_int_equal(synced, -1);
	assert_ok(fixture, fp_store_open(fixture->dir, false, &fixture->store, &fixture->error));
	assert_ok(fixture, fp_store_set_synced(fixture->store, "package", 3, 9, &fixture->error));
	assert_ok(fixture, fp_store_get_synced(reader, "package", 3, &synced, &fixture->error));
	assert_int_equal(synced, 9);
	fp_store_close(reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_golden_schema, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_new_databases, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_second_start, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_migrating, fixture_setup_empty, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_migrates_old_facts, fixture_setup_empty, fixture_teardown),
		cmocka_unit_test(test_refusing),
		cmocka_unit_test_setup_teardown(
			test_empty_is_new, fixture_setup_empty, fixture_teardown),
		cmocka_unit_test(test_derived_begun_anew),
		cmocka_unit_test_setup_teardown(test_lock, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_read_only, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_reader_beside_writer, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
