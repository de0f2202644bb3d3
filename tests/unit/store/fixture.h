#pragma once
/* A data folder of its own for each test, and checks that say what went wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "forkpoint/base/buf.h"
#include "forkpoint/base/file.h"
#include "forkpoint/store/store.h"

struct fixture {
	char dir[64];
	struct fp_store_lock *lock;
	struct fp_store *store; /* read and write */
	struct fp_error error;
};

/* For cmocka: *state is a struct fixture with a prepared folder and an open store. */
int fixture_setup(void **state);
/* The same with an empty folder that nothing was done to. */
int fixture_setup_empty(void **state);
/* As fixture_setup, in a file system that has no disk to wait for, where there is one. */
int fixture_setup_in_memory(void **state);
int fixture_teardown(void **state);

void fixture_prepare(struct fixture *fixture);
void fixture_close(struct fixture *fixture);

/* dir/name; one of a few static buffers. */
const char *fixture_path(const struct fixture *fixture, const char *name);
/* The whole file; empty when there is none. */
void fixture_read(const struct fixture *fixture, const char *name, struct fp_buf *buf);
void fixture_write(const struct fixture *fixture, const char *name, struct fp_str content);
/* Overwrites bytes in the middle of a file; a negative offset counts from its end. */
void fixture_patch(
	const struct fixture *fixture, const char *name, long offset, struct fp_str bytes);
/* Runs SQL on a database file from outside. */
void fixture_sql(const struct fixture *fixture, const char *name, const char *sql);
int64_t fixture_sql_number(const struct fixture *fixture, const char *name, const char *sql);

/* The call returned what it should, or the error's text is shown. */
#define assert_code(fixture, expected, call)                                                       \
	do {                                                                                       \
		int64_t code_ = (call);                                                            \
		if (code_ != (expected))                                                           \
			fail_msg("%s gave %lld: %s", #call, (long long)code_,                      \
				code_ < 0 ? (fixture)->error.text : "");                           \
	} while (0)
#define assert_ok(fixture, call) assert_code(fixture, 0, call)
