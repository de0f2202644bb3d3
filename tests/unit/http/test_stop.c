/* Starting and stopping: ports in use, and what becomes of whoever is connected. */
#include "client.h"
#include "fixture.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define UNKNOWN "/resolve?repo=demo&sha=" FIXTURE_UNKNOWN
#define BODY "{\"requests\":[{\"repo\":\"demo\",\"sha\":\"" FIXTURE_BASE "\"}]}"

enum { PATIENCE_MS = 5000 };

/* ---- starting ---- */

static void test_port_in_use(void **state)
{
	struct fixture *fixture = *state;
	const struct fp_http_listen listen = {"127.0.0.1", fixture->port};
	const struct fp_http_options options = {
		.listen = &listen, .listen_count = 1, .threads = 1, .max_connections = 10};
	struct fp_http_server *second = NULL;
	char port[16];

	assert_int_equal(
		fp_http_server_start(&options, &fixture->service, &second, &fixture->error),
		-FP_ERROR_BUSY);
	assert_null(second);
	snprintf(port, sizeof(port), "%u", fixture->port);
	assert_non_null(strstr(fixture->error.text, "127.0.0.1"));
	assert_non_null(strstr(fixture->error.text, port));
	assert_non_null(strstr(fixture->error.text, "\"listen\"")); /* what to do */
}

static const struct {
	const char *address;
	int result;
} addresses[] = {
	{"localhost", -FP_ERROR_INVALID}, /* names are not looked up */
	{"", -FP_ERROR_INVALID},
	{"192.0.2.1", -FP_ERROR_INVALID}, /* not an address of this machine */
	{"::1::2", -FP_ERROR_INVALID},
};

static void test_addresses(void **state)
{
	struct fixture *fixture = *state;

	for (size_t i = 0; i < FP_ARRAY_SIZE(addresses); i++) {
		const struct fp_http_listen listen = {addresses[i].address, 0};

		fixture->options.listen = &listen;
		assert_int_equal(fp_http_server_start(&fixture->options, &fixture->service,
					 &fixture->server, &fixture->error),
			addresses[i].result);
		assert_null(fixture->server);
		assert_true(strlen(fixture->error.text) > 10);
	}
}

/* A server that just stopped leaves its port free. */
static void test_start_again(void **state)
{
	struct fixture *fixture = *state;
	const struct fp_http_listen listen = {"127.0.0.1", fixture->port};
	struct reply reply;

	for (int i = 0; i < 3; i++) {
		client_ask(fixture->port, "GET", "/livez", "", "", &reply);
		assert_int_equal(reply.status, 200);
		reply_release(&reply);
		fp_http_server_free(fixture->server);
		fixture->server = NULL;
		fixture->options.listen = &listen;
		fixture_serve(fixture);
	}
}

/* ---- stopping ---- */

static int64_t stop_us(struct fixture *fixture)
{
	int64_t start_us = fp_clock_monotonic_us();

	fp_http_server_stop(fixture->server);
	return fp_clock_monotonic_us() - start_us;
}

/* Idle connections, half a request, and requests that wait. */
static void test_open_connections(void **state)
{
	enum { WAITING = 130 };
	static struct client waiting[WAITING];
	struct fixture *fixture = *state;
	struct client idle, half;
	struct reply reply;

	client_open(&idle, fixture->port);
	client_get(&idle, "/livez", "");
	client_read(&idle, &reply, PATIENCE_MS, false);
	assert_int_equal(reply.status, 200);
	reply_release(&reply);
	client_open(&half, fixture->port);
	client_send(&half, "GET /livez HTTP/1.1\r\nHo");
	for (int i = 0; i < WAITING; i++) {
		client_open(&waiting[i], fixture->port);
		client_get(&waiting[i], UNKNOWN "&wait=60", "");
	}
	for (int i = 0; i < 1000 && atomic_load(&fixture->outside.looks) < WAITING; i++)
		usleep(5000);
	assert_true(stop_us(fixture) < FP_US_PER_S);
	assert_false(client_can_open(fixture->port));
	for (int i = 0; i < WAITING; i++) {
		client_read(&waiting[i], &reply, PATIENCE_MS, false);
		assert_int_equal(reply.status, 503);
		assert_string_equal(reply_header(&reply, "Retry-After"), "1");
		assert_string_equal(reply_header(&reply, "Connection"), "close");
		assert_true(reply_has(&reply, "the server is stopping"));
		reply_release(&reply);
		assert_true(client_is_closed(&waiting[i], PATIENCE_MS));
		client_close(&waiting[i]);
	}
	assert_true(client_is_closed(&idle, PATIENCE_MS));
	assert_true(client_is_closed(&half, PATIENCE_MS));
	client_close(&idle);
	client_close(&half);
	fp_http_server_wake(fixture->server); /* a look that ends now harms nobody */
	fp_http_server_stop(fixture->server); /* nor does a second stop */
}

static void *stop_in_thread(void *context)
{
	struct fixture *fixture = context;

	fp_http_server_stop(fixture->server);
	return NULL;
}

/* A request whose body is under way when the stop begins is finished. */
static void test_a_request_in_flight_is_finished(void **state)
{
	struct fixture *fixture = *state;
	struct client client;
	struct reply reply;
	pthread_t thread;
	char head[128];

	client_open(&client, fixture->port);
	snprintf(head, sizeof(head),
		"POST /resolve HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n{", strlen(BODY));
	client_send(&client, head);
	usleep(100000);
	assert_int_equal(pthread_create(&thread, NULL, stop_in_thread, fixture), 0);
	usleep(200000);
	client_send(&client, &BODY[1]);
	client_read(&client, &reply, PATIENCE_MS, false);
	assert_int_equal(reply.status, 200);
	assert_true(reply_has(&reply, FIXTURE_VERSION));
	reply_release(&reply);
	client_close(&client);
	pthread_join(thread, NULL);
}

/* One that is never finished is not waited for longer than a second and a half. */
static void test_a_request_without_end(void **state)
{
	struct fixture *fixture = *state;
	struct client client;

	client_open(&client, fixture->port);
	client_send(&client, "POST /resolve HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{");
	usleep(100000);
	assert_in_range(stop_us(fixture), FP_US_PER_S, 2 * FP_US_PER_S);
	assert_true(client_is_closed(&client, PATIENCE_MS));
	client_close(&client);
}

struct busy {
	struct fixture *fixture;
	atomic_bool stopped;
	unsigned answered, broken;
};

/* Asks without a pause until the connection ends, then opens the next. */
static void *ask_without_end(void *context)
{
	struct busy *busy = context;
	struct client client;

	client_open(&client, busy->fixture->port);
	for (;;) {
		struct reply reply;

		client_get(&client, "/resolve?repo=demo&sha=" FIXTURE_BASE, "");
		client_read(&client, &reply, PATIENCE_MS, false);
		if (reply.status == 0)
			busy->broken++;
		else
			busy->answered++;
		if (reply.status == 0 || reply_header(&reply, "Connection")) {
			reply_release(&reply);
			break;
		}
		reply_release(&reply);
	}
	client_close(&client);
	return NULL;
}

/* Clients that never pause do not hold the stop up, and every reply that was begun is whole. */
static void test_busy_clients(void **state)
{
	enum { CLIENTS = 4 };
	struct fixture *fixture = *state;
	struct busy busy[CLIENTS] = {0};
	pthread_t threads[CLIENTS];

	for (int i = 0; i < CLIENTS; i++) {
		busy[i].fixture = fixture;
		assert_int_equal(pthread_create(&threads[i], NULL, ask_without_end, &busy[i]), 0);
	}
	usleep(200000);
	assert_true(stop_us(fixture) < FP_US_PER_S);
	for (int i = 0; i < CLIENTS; i++) {
		pthread_join(threads[i], NULL);
		assert_true(busy[i].answered > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_port_in_use, fixture_setup_serving, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_addresses, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_start_again, fixture_setup_serving, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_open_connections, fixture_setup_serving, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_a_request_in_flight_is_finished,
			fixture_setup_serving, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_a_request_without_end, fixture_setup_serving, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_busy_clients, fixture_setup_serving, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
