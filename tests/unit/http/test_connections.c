/* Connections: kept, pipelined, many at once, half-finished, too many. */
#include "client.h"
#include "fixture.h"
#include "loop.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#define QUESTION "/resolve?repo=demo&sha=" FIXTURE_BASE "&format=version"

enum { PATIENCE_MS = 10000 };

static void ask_once(struct client *client)
{
	struct reply reply;

	client_get(client, QUESTION, "");
	client_read(client, &reply, PATIENCE_MS, false);
	assert_int_equal(reply.status, 200);
	assert_string_equal(reply.body.data, FIXTURE_VERSION "\n");
	reply_release(&reply);
}

static void test_keep_alive(void **state)
{
	struct fixture *fixture = *state;
	struct client client;

	client_open(&client, fixture->port);
	for (int i = 0; i < 200; i++)
		ask_once(&client);
	assert_false(client_is_closed(&client, 0));
	client_close(&client);
}

/* Many requests in one write: as many replies, in their order. */
static void test_pipelining(void **state)
{
	enum { REQUESTS = 100 };
	struct fixture *fixture = *state;
	struct fp_buf FP_CLEANUP_BUF text = {0};
	struct client client;

	fp_buf_init(&text, 64 * 1024);
	for (int i = 0; i < REQUESTS; i++)
		fp_buf_addf(&text, "GET %s HTTP/1.1\r\nHost: x\r\nX-Request-Id: n%d\r\n\r\n",
			i % 3 ? QUESTION : "/nothing", i);
	client_open(&client, fixture->port);
	client_send(&client, text.data);
	for (int i = 0; i < REQUESTS; i++) {
		struct reply reply;
		char id[16];

		snprintf(id, sizeof(id), "n%d", i);
		client_read(&client, &reply, PATIENCE_MS, false);
		assert_int_equal(reply.status, i % 3 ? 200 : 404);
		assert_string_equal(reply_header(&reply, "X-Request-Id"), id);
		reply_release(&reply);
	}
	client_close(&client);
}

/* All ready at the same moment, round after round, on one loop. libmicrohttpd's own epoll thread
 * stands still for a second where their number is a multiple of 128. */
static void ask_at_once(uint16_t port, size_t count)
{
	enum { MOST = 384, ROUNDS = 5 };
	static struct client clients[MOST];
	int64_t start_us;

	assert_true(count <= MOST);
	for (size_t i = 0; i < count; i++)
		client_open(&clients[i], port);
	start_us = fp_clock_monotonic_us();
	for (int round = 0; round < ROUNDS; round++) {
		for (size_t i = 0; i < count; i++)
			client_get(&clients[i], QUESTION, "");
		for (size_t i = 0; i < count; i++) {
			struct reply reply;

			client_read(&clients[i], &reply, PATIENCE_MS, false);
			assert_int_equal(reply.status, 200);
			reply_release(&reply);
		}
	}
	if (fp_clock_monotonic_us() - start_us > 4 * FP_US_PER_S)
		fail_msg("%d rounds of %zu connections took %lld ms", ROUNDS, count,
			(long long)(fp_clock_monotonic_us() - start_us) / 1000);
	for (size_t i = 0; i < count; i++)
		client_close(&clients[i]);
}

static int setup_one_loop(void **state)
{
	struct fixture *fixture;

	fixture_setup(state);
	fixture = *state;
	fixture->options.threads = 1;
	fixture_serve(fixture);
	return 0;
}

static void test_many_at_once(void **state)
{
	static const size_t counts[] = {127, 128, 129, 256, 300, 384};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < FP_ARRAY_SIZE(counts); i++)
		ask_at_once(fixture->port, counts[i]);
}

/* A burst does not end up on the loop that happens to be awake: each has its share. */
static void test_loops_share(void **state)
{
	enum { CLIENTS = 60, LOOPS = 3 };
	struct fixture *fixture = *state;
	struct client clients[CLIENTS];

	for (int i = 0; i < CLIENTS; i++)
		client_open(&clients[i], fixture->port);
	for (int i = 0; i < CLIENTS; i++)
		ask_once(&clients[i]);
	for (int i = 0; i < LOOPS; i++)
		assert_in_range(atomic_load(&fixture->server->loops[i].connections),
			CLIENTS / LOOPS - 4, CLIENTS / LOOPS + 4);
	for (int i = 0; i < CLIENTS; i++)
		client_close(&clients[i]);
}

static int setup_three_loops(void **state)
{
	struct fixture *fixture;

	fixture_setup(state);
	fixture = *state;
	fixture->options.threads = 3;
	fixture_serve(fixture);
	return 0;
}

static void test_half_requests_block_nobody(void **state)
{
	enum { HALVES = 40 };
	struct fixture *fixture = *state;
	struct client halves[HALVES], client;

	for (int i = 0; i < HALVES; i++) {
		client_open(&halves[i], fixture->port);
		client_send(&halves[i], "GET " QUESTION " HTTP/1.1\r\nHost: x\r\nX-Half");
	}
	client_open(&client, fixture->port);
	ask_once(&client);
	client_close(&client);
	for (int i = 0; i < HALVES; i++) {
		struct reply reply;

		client_send(&halves[i], ": whole\r\n\r\n");
		client_read(&halves[i], &reply, PATIENCE_MS, false);
		assert_int_equal(reply.status, 200);
		reply_release(&reply);
		client_close(&halves[i]);
	}
}

static void test_byte_by_byte(void **state)
{
	static const char text[] = "GET " QUESTION " HTTP/1.1\r\nHost: x\r\n\r\n";
	struct fixture *fixture = *state;
	struct client client;
	struct reply reply;

	client_open(&client, fixture->port);
	for (const char *at = text; *at; at++) {
		const char byte[] = {*at, '\0'};

		client_send(&client, byte);
	}
	client_read(&client, &reply, PATIENCE_MS, false);
	assert_int_equal(reply.status, 200);
	reply_release(&reply);
	client_close(&client);
}

/* ---- limits ---- */

enum { CONNECTIONS_MAX = 8 };

static int setup_few_connections(void **state)
{
	struct fixture *fixture;

	fixture_setup(state);
	fixture = *state;
	fixture->options.max_connections = CONNECTIONS_MAX;
	fixture_serve(fixture);
	return 0;
}

static void assert_refused(uint16_t port)
{
	struct client client;
	struct reply reply;

	client_open(&client, port);
	client_read(&client, &reply, PATIENCE_MS, false);
	assert_int_equal(reply.status, 503);
	assert_string_equal(reply_header(&reply, "Retry-After"), "1");
	assert_true(reply_has(&reply, "\"code\":\"not-ready\""));
	reply_release(&reply);
	assert_true(client_is_closed(&client, PATIENCE_MS));
	client_close(&client);
}

/* All loops together hold that many; one that goes makes room. */
static void test_too_many_connections(void **state)
{
	struct fixture *fixture = *state;
	struct client clients[CONNECTIONS_MAX];
	int status = 0;

	for (int i = 0; i < CONNECTIONS_MAX; i++) {
		client_open(&clients[i], fixture->port);
		ask_once(&clients[i]);
	}
	assert_refused(fixture->port);
	assert_refused(fixture->port);
	client_close(&clients[0]);
	for (int i = 0; i < 200 && status != 200; i++) {
		struct reply reply;

		client_ask(fixture->port, "GET", "/livez", "", "", &reply);
		status = reply.status;
		reply_release(&reply);
		usleep(10000);
	}
	assert_int_equal(status, 200);
	for (int i = 1; i < CONNECTIONS_MAX; i++) {
		ask_once(&clients[i]);
		client_close(&clients[i]);
	}
}

/* Out of descriptors: the connection is refused, no loop spins, and it passes. */
static void test_no_descriptor_left(void **state)
{
	struct fixture *fixture = *state;
	struct rlimit limit, low;
	struct client client;
	int next = open("/dev/null", O_RDONLY | O_CLOEXEC);

	assert_true(next >= 0);
	close(next);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
	low = limit;
	low.rlim_cur = (rlim_t)next + 1; /* room for the client's own end */
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &low), 0);
	assert_refused(fixture->port);
	assert_refused(fixture->port);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
	client_open(&client, fixture->port);
	ask_once(&client);
	client_close(&client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_keep_alive, fixture_setup_serving, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_pipelining, fixture_setup_serving, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_loops_share, setup_three_loops, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_many_at_once, setup_one_loop, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_half_requests_block_nobody, fixture_setup_serving, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_byte_by_byte, fixture_setup_serving, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_too_many_connections, setup_few_connections, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_no_descriptor_left, fixture_setup_serving, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
