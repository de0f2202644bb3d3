/* Many threads append while one drains; meant for ThreadSanitizer as much as for its own checks. */
#include "records.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>

enum { THREADS = 6, RECORDS = 4000, DOCUMENTS = 61 };

struct shared {
	struct fixture *fixture;
	struct fp_journal *journal;
	atomic_uint running, refused, strange;
};

static size_t bytes_of(uint64_t id)
{
	return 150 + id % DOCUMENTS * 40;
}

static void *append_all(void *context)
{
	struct shared *shared = context;
	struct made_record *made = malloc(sizeof(*made));

	for (int i = 0; i < RECORDS; i++) {
		uint64_t id = fp_journal_next_id(shared->journal);
		int r;

		record_make(made, id, (unsigned)(id % DOCUMENTS), bytes_of(id));
		while ((r = fp_journal_append(shared->journal, &made->record, NULL, NULL)) ==
			-FP_ERROR_FULL) {
			atomic_fetch_add(&shared->refused, 1);
			sched_yield();
		}
		if (r != 0)
			atomic_fetch_add(&shared->strange, 1);
	}
	free(made);
	atomic_fetch_sub(&shared->running, 1);
	return NULL;
}

/* Asks what readers ask, all the time. */
static void *watch(void *context)
{
	struct shared *shared = context;
	uint64_t id = 1;

	while (atomic_load(&shared->running) > 0) {
		uint64_t waiting, room;

		fp_journal_measure(shared->journal, &waiting, &room);
		if (waiting > 1 << 20 || room > 1 << 20)
			atomic_fetch_add(&shared->strange, 1);
		fp_journal_is_drained(shared->journal, id++ % 10000);
		sched_yield();
	}
	return NULL;
}

static int64_t drain_while_running(struct shared *shared)
{
	int64_t total = 0, r;

	do {
		r = fp_journal_drain(
			shared->journal, shared->fixture->store, &shared->fixture->error);
		assert_true(r >= 0);
		total += r;
	} while (atomic_load(&shared->running) > 0);
	for (int i = 0; i < 3; i++)
		total += fp_journal_drain(
			shared->journal, shared->fixture->store, &shared->fixture->error);
	return total;
}

/* A journal so small that its files change hands hundreds of times. */
static void test_threads(void **state)
{
	struct fixture *fixture = *state;
	struct shared shared = {.fixture = fixture, .running = THREADS};
	pthread_t threads[THREADS + 1];
	int64_t total;

	assert_ok(fixture,
		fp_journal_open(fixture->dir, 128 << 10, 0, &shared.journal, &fixture->error));
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, append_all, &shared), 0);
	assert_int_equal(pthread_create(&threads[THREADS], NULL, watch, &shared), 0);
	total = drain_while_running(&shared);
	for (size_t i = 0; i <= THREADS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(total, THREADS * RECORDS);
	assert_int_equal(atomic_load(&shared.strange), 0);
	assert_int_equal(record_count(fixture), THREADS * RECORDS);
	assert_int_equal(fixture_sql_number(fixture, "facts.db",
				 "SELECT count(*) FROM answers WHERE length(document) > 0"),
		DOCUMENTS);
	for (uint64_t id = 1; id <= THREADS * RECORDS; id += 7)
		record_assert_stored(fixture, id, (unsigned)(id % DOCUMENTS), bytes_of(id));
	for (uint64_t id = 1; id <= THREADS * RECORDS; id++)
		assert_true(fp_journal_is_drained(shared.journal, id));
	fp_journal_close(shared.journal);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_threads, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
