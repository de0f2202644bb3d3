/* Requests that wait: suspended, never a blocked thread; woken, timed out, refused, left alone. */
#include "client.h"
#include "fixture.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define UNKNOWN "/resolve?repo=demo&sha=" FIXTURE_UNKNOWN
#define KNOWN "/resolve?repo=demo&format=version&sha=" FIXTURE_BASE

enum { PATIENCE_MS = 10000 };

static void wait_for_looks(struct fixture *fixture, int count)
{
	for (int i = 0; i < 1000 && atomic_load(&fixture->outside.looks) < count; i++)
		usleep(5000);
	assert_int_equal(atomic_load(&fixture->outside.looks), count);
}

static int status_of(struct client *client, int ms)
{
	struct reply reply;
	int status;

	client_read(client, &reply, ms, false);
	status = reply.status;
	reply_release(&reply);
	return status;
}

/* As many wait as libmicrohttpd's trouble with multiples of 128 needs; others are answered. */
static void test_many_wait_for_one_look(void **state)
{
	enum { WAITING = 256 };
	static struct client clients[WAITING];
	struct fixture *fixture = *state;
	struct reply reply;

	for (int i = 0; i < WAITING; i++) {
		client_open(&clients[i], fixture->port);
		client_get(&clients[i], UNKNOWN "&wait=30", "");
	}
	wait_for_looks(fixture, WAITING);
	assert_int_equal(atomic_load(&fixture->outside.tickets), WAITING);
	fp_http_server_wake(fixture->server); /* for nothing */
	client_ask(fixture->port, "GET", KNOWN, "", "", &reply);
	assert_int_equal(reply.status, 200);
	reply_release(&reply);
	assert_int_equal(status_of(&clients[0], 50), 0);
	fixture_settle(fixture, FP_LOOK_DONE);
	for (int i = 0; i < WAITING; i++)
		assert_int_equal(status_of(&clients[i], PATIENCE_MS), 404);
	assert_int_equal(atomic_load(&fixture->outside.looks), WAITING); /* once each */
	for (int i = 0; i < WAITING; i++)
		client_close(&clients[i]);
}

/* What looking came to, in words, status and header. */
static const struct {
	enum fp_look_refusal refusal;
	enum fp_look_result result;
	int status;
	const char *holds, *retry_after;
} outcomes[] = {
	{FP_LOOK_ACCEPTED, FP_LOOK_DONE, 404, "unknown-commit", "5"},
	{FP_LOOK_ACCEPTED, FP_LOOK_FAILED, 404, "the upstream could not be asked", "5"},
	{FP_LOOK_ACCEPTED, FP_LOOK_NOT_A_COMMIT, 404, "not a commit", "5"},
	{FP_LOOK_IN_VAIN, FP_LOOK_PENDING, 404, "unknown-commit", "3"},
	{FP_LOOK_TOO_MANY, FP_LOOK_PENDING, 429, "too-many-requests", "3"},
};

/* Each is settled before the request is suspended: nobody wakes the loop for it. */
static void test_outcomes(void **state)
{
	struct fixture *fixture = *state;

	for (size_t i = 0; i < FP_ARRAY_SIZE(outcomes); i++) {
		int64_t start_us = fp_clock_monotonic_us();
		struct reply reply;

		atomic_store(&fixture->outside.refusal, (int)outcomes[i].refusal);
		atomic_store(&fixture->outside.result, (int)outcomes[i].result);
		client_ask(fixture->port, "GET", UNKNOWN "&wait=30", "", "", &reply);
		if (reply.status != outcomes[i].status || !reply_has(&reply, outcomes[i].holds) ||
			strcmp(reply_header(&reply, "Retry-After"), outcomes[i].retry_after) != 0)
			fail_msg("row %zu: %s%s", i, reply.head.data, reply.body.data);
		/* far below the wait of 30 s, and patient with a busy machine */
		assert_true(fp_clock_monotonic_us() - start_us < 5 * FP_US_PER_S);
		reply_release(&reply);
	}
}

static void test_wait_has_an_end(void **state)
{
	struct fixture *fixture = *state;
	int64_t start_us = fp_clock_monotonic_us(), waited_us;
	struct reply reply;

	client_ask(fixture->port, "GET", UNKNOWN "&wait=1", "", "", &reply);
	waited_us = fp_clock_monotonic_us() - start_us;
	assert_int_equal(reply.status, 404);
	assert_true(reply_has(&reply, "longer than the request waits"));
	assert_in_range(waited_us, FP_US_PER_S, 3 * FP_US_PER_S);
	reply_release(&reply);
}

/* Who waits 0 seconds has the look begun, and is told when to come back. */
static void test_look_without_a_wait(void **state)
{
	struct fixture *fixture = *state;
	struct reply reply;

	client_ask(fixture->port, "GET", UNKNOWN "&wait=0", "", "", &reply);
	assert_int_equal(reply.status, 404);
	assert_string_equal(reply_header(&reply, "Retry-After"), "2");
	assert_false(reply_has(&reply, "longer than the request waits"));
	assert_int_equal(atomic_load(&fixture->outside.looks), 1);
	reply_release(&reply);
	client_ask(
		fixture->port, "GET", KNOWN "&wait=0", "Cache-Control: no-cache\r\n", "", &reply);
	assert_int_equal(reply.status, 200);
	assert_int_equal(atomic_load(&fixture->outside.looks), 2);
	reply_release(&reply);
	client_ask(fixture->port, "POST", "/resolve", "",
		"{\"requests\":[{\"repo\":\"demo\",\"sha\":\"" FIXTURE_UNKNOWN "\",\"wait\":0}]}",
		&reply);
	assert_int_equal(reply.status, 200);
	assert_true(reply_has(&reply, "unknown-commit"));
	assert_int_equal(atomic_load(&fixture->outside.looks), 3);
	reply_release(&reply);
}

/* Cache-Control: no-cache looks again before the first answer. */
static void test_no_cache(void **state)
{
	struct fixture *fixture = *state;
	struct client client;

	client_open(&client, fixture->port);
	client_get(&client, KNOWN, "Cache-Control: max-age=0, No-Cache\r\n");
	wait_for_looks(fixture, 1);
	assert_int_equal(status_of(&client, 50), 0);
	fixture_settle(fixture, FP_LOOK_DONE);
	assert_int_equal(status_of(&client, PATIENCE_MS), 200);
	client_get(&client, KNOWN, "Cache-Control: max-age=0\r\n");
	assert_int_equal(status_of(&client, PATIENCE_MS), 200);
	assert_int_equal(atomic_load(&fixture->outside.looks), 1);
	client_close(&client);
}

/* What is pipelined behind a waiting request waits too, and keeps its order. */
static void test_pipelined_behind_a_waiting_request(void **state)
{
	struct fixture *fixture = *state;
	struct client client;

	client_open(&client, fixture->port);
	client_get(&client, UNKNOWN "&wait=30", "");
	client_get(&client, KNOWN, "");
	wait_for_looks(fixture, 1);
	assert_int_equal(status_of(&client, 50), 0);
	fixture_settle(fixture, FP_LOOK_DONE);
	assert_int_equal(status_of(&client, PATIENCE_MS), 404);
	assert_int_equal(status_of(&client, PATIENCE_MS), 200);
	client_close(&client);
}

/* Clients that leave are noticed when what they waited for comes; their tickets are given back
 * (the teardown counts them). */
static void test_clients_leave(void **state)
{
	enum { WAITING = 20 };
	struct fixture *fixture = *state;
	struct reply reply;

	for (int i = 0; i < WAITING; i++) {
		struct client client;

		client_open(&client, fixture->port);
		client_get(&client, UNKNOWN "&wait=30", "");
		wait_for_looks(fixture, i + 1);
		client_close(&client);
	}
	fixture_settle(fixture, FP_LOOK_DONE);
	client_ask(fixture->port, "GET", KNOWN, "", "", &reply);
	assert_int_equal(reply.status, 200);
	reply_release(&reply);
	for (int i = 0; i < 1000 && atomic_load(&fixture->outside.tickets); i++)
		usleep(5000);
	assert_int_equal(atomic_load(&fixture->outside.tickets), 0);
}

/* A batch waits for all of its unknown commits, as long as its most patient item. */
static void test_batch(void **state)
{
	struct fixture *fixture = *state;
	int64_t start_us = fp_clock_monotonic_us();
	struct reply reply;

	client_ask(fixture->port, "POST", "/resolve", "",
		"{\"requests\":["
		"{\"repo\":\"demo\",\"sha\":\"" FIXTURE_UNKNOWN "\",\"wait\":1},"
		"{\"repo\":\"demo\",\"sha\":\"" FIXTURE_BASE "\"},"
		"{\"repo\":\"demo\",\"ref\":\"refs/heads/none\",\"wait\":2},"
		"{\"repo\":\"demo\",\"ref\":\"refs/heads/nil\",\"wait\":1}]}",
		&reply);
	assert_int_equal(reply.status, 200);
	assert_true(reply_has(&reply, "unknown-commit"));
	assert_true(reply_has(&reply, FIXTURE_VERSION));
	assert_int_equal(atomic_load(&fixture->outside.looks), 3);
	assert_in_range(fp_clock_monotonic_us() - start_us, 2 * FP_US_PER_S, 5 * FP_US_PER_S);
	reply_release(&reply);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_many_wait_for_one_look, fixture_setup_serving, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_outcomes, fixture_setup_serving, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_wait_has_an_end, fixture_setup_serving, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_look_without_a_wait, fixture_setup_serving, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_no_cache, fixture_setup_serving, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_pipelined_behind_a_waiting_request,
			fixture_setup_serving, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_clients_leave, fixture_setup_serving, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_batch, fixture_setup_serving, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
