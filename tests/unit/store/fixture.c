/* A data folder of its own for each test. */
#include "fixture.h"

#include <sqlite3.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

const char *fixture_path(const struct fixture *fixture, const char *name)
{
	static char paths[4][256];
	static unsigned next;
	char *path = paths[next++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s", fixture->dir, name);
	return path;
}

static int setup_in(void **state, const char *parent)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	assert_non_null(fixture);
	snprintf(fixture->dir, sizeof(fixture->dir), "%s/fp-store-XXXXXX", parent);
	assert_non_null(mkdtemp(fixture->dir));
	*state = fixture;
	return 0;
}

int fixture_setup_empty(void **state)
{
	return setup_in(state, "/tmp");
}

void fixture_prepare(struct fixture *fixture)
{
	assert_ok(fixture, fp_store_prepare(fixture->dir, &fixture->lock, NULL, &fixture->error));
	assert_ok(fixture, fp_store_open(fixture->dir, false, &fixture->store, &fixture->error));
}

int fixture_setup(void **state)
{
	fixture_setup_empty(state);
	fixture_prepare(*state);
	return 0;
}

int fixture_setup_in_memory(void **state)
{
	setup_in(state, access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	fixture_prepare(*state);
	return 0;
}

void fixture_close(struct fixture *fixture)
{
	fp_store_close(fixture->store);
	fp_store_unlock(fixture->lock);
	fixture->store = NULL;
	fixture->lock = NULL;
}

int fixture_teardown(void **state)
{
	struct fixture *fixture = *state;

	fixture_close(fixture);
	assert_ok(fixture, fp_folder_remove(fixture->dir, &fixture->error));
	free(fixture);
	return 0;
}

void fixture_read(const struct fixture *fixture, const char *name, struct fp_buf *buf)
{
	struct fp_error error;

	fp_buf_clear(buf);
	if (access(fixture_path(fixture, name), F_OK) == 0)
		assert_int_equal(fp_file_read(fixture_path(fixture, name), buf, &error), 0);
}

void fixture_write(const struct fixture *fixture, const char *name, struct fp_str content)
{
	FILE *file = fopen(fixture_path(fixture, name), "wb");

	assert_non_null(file);
	assert_int_equal(fwrite(content.ptr, 1, content.len, file), content.len);
	assert_int_equal(fclose(file), 0);
}

void fixture_patch(
	const struct fixture *fixture, const char *name, long offset, struct fp_str bytes)
{
	FILE *file = fopen(fixture_path(fixture, name), "r+b");

	assert_non_null(file);
	assert_int_equal(fseek(file, offset, offset < 0 ? SEEK_END : SEEK_SET), 0);
	assert_int_equal(fwrite(bytes.ptr, 1, bytes.len, file), bytes.len);
	assert_int_equal(fclose(file), 0);
}

void fixture_sql(const struct fixture *fixture, const char *name, const char *sql)
{
	sqlite3 *db;
	char *message = NULL;

	assert_int_equal(sqlite3_open(fixture_path(fixture, name), &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK)
		fail_msg("%s: %s", sql, message);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

int64_t fixture_sql_number(const struct fixture *fixture, const char *name, const char *sql)
{
	sqlite3 *db;
	sqlite3_stmt *statement;
	int64_t number;

	assert_int_equal(sqlite3_open(fixture_path(fixture, name), &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	number = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	return number;
}
