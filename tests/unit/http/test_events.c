/* Events under load: a feed that changes, listeners on loops and on threads, and a stop amid it. */
#include "client.h"
#include "fixture.h"

#include "forkpoint/service/watch.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { VERSIONS = 3000, READERS = 3 };

struct watched {
	struct fixture *fixture;
	struct fp_watch *watch;
	atomic_uint told, troubles;
};

static void on_told(void *context)
{
	struct watched *watched = context;

	atomic_fetch_add(&watched->told, 1);
	if (watched->fixture->server)
		fp_http_server_wake(watched->fixture->server);
}

static void on_trouble(void *context, const struct fp_error *error)
{
	struct watched *watched = context;

	atomic_fetch_add(&watched->troubles, error != NULL);
}

static void start_watch(struct watched *watched, struct fixture *fixture)
{
	const struct fp_watch_options options = {&fixture->service, on_told, on_trouble, watched};

	*watched = (struct watched){.fixture = fixture};
	assert_ok(fixture, fp_watch_start(&options, &watched->watch, &fixture->error));
	fixture->service.watch = watched->watch;
}

/* The store of the feed's side, with the first look behind it. */
static struct fp_store *begin_feed(struct fixture *fixture, int64_t *package)
{
	const struct fp_version_event first = {FP_VERSION_EVENT_SEEN, FP_STR_LITERAL("0.0.1"), -1};
	struct fp_store *store;
	int64_t revision;

	assert_ok(fixture, fp_store_open(fixture->dir, false, &store, &fixture->error));
	assert_ok(
		fixture, fp_store_package_id(store, "demo", "Demo.PGO", package, &fixture->error));
	assert_ok(fixture, fp_store_apply_version_events(store, *package, NULL, &first, 1, NULL, 0,
				   NULL, 1, &revision, &fixture->error));
	return store;
}

static void publish(struct fixture *fixture, struct fp_store *store, int64_t package, unsigned from,
	unsigned to)
{
	for (unsigned i = from; i < to; i++) {
		char text[32];
		struct fp_version_event event = {FP_VERSION_EVENT_SEEN, {0}, -1};
		int64_t revision;

		snprintf(text, sizeof(text), "1.0.%u", i);
		event.text = fp_str(text);
		assert_ok(fixture, fp_store_apply_version_events(store, package, NULL, &event, 1,
					   NULL, 0, NULL, 2 + i, &revision, &fixture->error));
		if (i % 16 == 0)
			fp_watch_look(fixture->service.watch);
	}
	fp_watch_look(fixture->service.watch);
}

static void wait_for_event(const struct fp_watch *watch, int64_t event)
{
	for (unsigned i = 0; fp_watch_last_event(watch) < event; i++) {
		assert_true(i < 6000);
		usleep(5000);
	}
}

struct reader {
	struct watched *watched;
	int64_t after, lost;
	bool wrong;
};

static int take(void *context, const struct fp_event *event)
{
	struct reader *reader = context;

	reader->wrong |= event->id <= reader->after;
	return 0;
}

/* Reads to the last event; what it lost by being slow it goes on behind. */
static void *read_all(void *context)
{
	struct reader *reader = context;

	while (reader->after < VERSIONS) {
		int64_t before = reader->after;

		if (fp_watch_read(reader->watched->watch, &reader->after, take, reader) == 1) {
			reader->lost++;
			reader->after = fp_watch_last_event(reader->watched->watch) - 1;
		}
		if (reader->after == before)
			usleep(500);
	}
	return NULL;
}

static void test_readers_while_told(void **state)
{
	struct fixture *fixture = *state;
	struct reader readers[READERS], late = {0};
	pthread_t threads[READERS];
	struct watched watched;
	struct fp_store *store;
	int64_t package;

	store = begin_feed(fixture, &package);
	start_watch(&watched, fixture);
	for (size_t i = 0; i < READERS; i++) {
		readers[i] = (struct reader){.watched = &watched};
		assert_int_equal(pthread_create(&threads[i], NULL, read_all, &readers[i]), 0);
	}
	publish(fixture, store, package, 0, VERSIONS);
	for (size_t i = 0; i < READERS; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(readers[i].after, VERSIONS);
		assert_false(readers[i].wrong);
	}
	/* Who comes too late is told so. */
	assert_int_equal(fp_watch_read(watched.watch, &late.after, take, &late), 1);
	assert_int_equal(late.after, 0);
	late.after = VERSIONS - 1000;
	assert_int_equal(fp_watch_read(watched.watch, &late.after, take, &late), 0);
	assert_int_equal(late.after, VERSIONS);
	assert_int_equal(atomic_load(&watched.troubles), 0);
	fp_watch_stop(watched.watch);
	fp_store_close(store);
}

/* What comes until it holds the text; NULL: until the server ends the connection. */
static void read_until(int fd, const char *text, struct fp_buf *all)
{
	const struct timeval patience = {.tv_sec = 10};
	char block[4096];
	ssize_t count;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	do {
		count = recv(fd, block, sizeof(block), 0);
		if (count > 0)
			fp_buf_add(all, block, (size_t)count);
	} while (count > 0 && !(text && strstr(all->data, text)));
	assert_int_equal(count > 0, text != NULL);
}

/* Over HTTP: those who missed something, those who listen, and a server that stops meanwhile. */
static void test_streams_end_with_the_server(void **state)
{
	struct fixture *fixture = *state;
	struct watched watched;
	struct fp_store *store;
	struct client clients[8];
	struct fp_buf all[8];
	int64_t package;

	store = begin_feed(fixture, &package);
	start_watch(&watched, fixture);
	fixture_serve(fixture);
	publish(fixture, store, package, 0, 50);
	wait_for_event(watched.watch, 50);
	for (size_t i = 0; i < FP_ARRAY_SIZE(clients); i++) {
		client_open(&clients[i], fixture->port);
		client_get(&clients[i], i % 2 ? "/events" : "/events?cursor=10", "");
	}
	/* All have begun before the server stops. */
	for (size_t i = 0; i < FP_ARRAY_SIZE(clients); i++) {
		fp_buf_init(&all[i], 1 << 20);
		read_until(clients[i].fd, "retry:", &all[i]);
	}
	publish(fixture, store, package, 50, 100);
	wait_for_event(watched.watch, 100);
	fp_http_server_stop(fixture->server);
	for (size_t i = 0; i < FP_ARRAY_SIZE(clients); i++) {
		read_until(clients[i].fd, NULL, &all[i]);
		client_close(&clients[i]);
		assert_non_null(strstr(all[i].data, "HTTP/1.1 200"));
		/* Whole: with the chunk that ends it. */
		assert_non_null(strstr(all[i].data, "\r\n0\r\n"));
		if (i % 2 == 0)
			assert_true(strstr(all[i].data, "\"1.0.10\"") &&
				    strstr(all[i].data, "\"1.0.49\"") &&
				    !strstr(all[i].data, "\"1.0.9\""));
		fp_buf_release(&all[i]);
	}
	fp_watch_stop(watched.watch);
	fp_store_close(store);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_readers_while_told, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_streams_end_with_the_server, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
