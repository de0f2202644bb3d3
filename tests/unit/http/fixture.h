#pragma once
/*
 * A server on loopback over a small world: repository "demo" with two commits on main, package
 * Demo.PGO with four versions, a journal and a recorder in a folder of its own; and an outside
 * world that answers as the test says.
 */
#include "forkpoint/http/request.h"
#include "forkpoint/http/server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>

#include <cmocka.h>

#define FIXTURE_BASE "1111111111111111111111111111111111111111"
#define FIXTURE_TIP "2222222222222222222222222222222222222222"
/* Of no commit. */
#define FIXTURE_UNKNOWN "3333333333333333333333333333333333333333"
#define FIXTURE_VERSION "2.4.2001312205-main"

/* What looks come to: the test sets it, any thread reads it. */
struct outside {
	atomic_int result;  /* enum fp_look_result of every ticket */
	atomic_int refusal; /* enum fp_look_refusal; FP_LOOK_ACCEPTED gives a ticket */
	atomic_int looks;   /* asked for so far */
	atomic_int tickets; /* not yet given back */
};

struct fixture {
	char dir[64];
	struct fp_settings settings;
	struct fp_repository_settings repository;
	struct fp_package_settings package;
	struct fp_service service;
	struct fp_store_lock *lock;
	struct outside outside;
	struct fp_http_options options;
	struct fp_http_server *server;
	uint16_t port;
	struct fp_error error;
};

/* The world without a server; fixture_serve starts one as `options` say. */
int fixture_setup(void **state);
int fixture_setup_serving(void **state);
/* The world with a small journal that nobody drains, until fixture_record. */
int fixture_setup_unrecorded(void **state);
void fixture_record(struct fixture *fixture);
int fixture_teardown(void **state);
void fixture_serve(struct fixture *fixture);
/* Sets what the tickets come to and wakes the server. */
void fixture_settle(struct fixture *fixture, enum fp_look_result result);

#define assert_ok(fixture, call)                                                                   \
	do {                                                                                       \
		if ((call) < 0)                                                                    \
			fail_msg("%s", (fixture)->error.text);                                     \
	} while (0)
