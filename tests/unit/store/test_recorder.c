/* The recorder: it drains by itself, at once when asked, and says when it cannot. */
#include "records.h"

#include "forkpoint/store/recorder.h"

#include <stdatomic.h>
#include <stdio.h>
#include <time.h>

struct troubles {
	atomic_uint failures, recoveries;
};

static void on_trouble(void *context, const struct fp_error *error)
{
	struct troubles *troubles = context;

	atomic_fetch_add(error ? &troubles->failures : &troubles->recoveries, 1);
}

static void sleep_ms(long ms)
{
	const struct timespec span = {ms / 1000, ms % 1000 * 1000000};

	nanosleep(&span, NULL);
}

static bool wait_drained(struct fp_journal *journal, uint64_t id, int ms)
{
	for (; ms > 0 && !fp_journal_is_drained(journal, id); ms--)
		sleep_ms(1);
	return fp_journal_is_drained(journal, id);
}

static uint64_t append(struct fixture *fixture, struct fp_journal *journal)
{
	struct made_record made;
	uint64_t id = fp_journal_next_id(journal);

	record_make(&made, id, 1, 300);
	assert_ok(fixture, fp_journal_append(journal, &made.record, NULL, &fixture->error));
	return id;
}

static struct fp_recorder *start(
	struct fixture *fixture, struct fp_journal **journal, struct troubles *troubles)
{
	struct fp_recorder *recorder = NULL;

	if (!*journal)
		assert_ok(fixture,
			fp_journal_open(fixture->dir, 1 << 20, 0, journal, &fixture->error));
	const struct fp_recorder_listener listener = {.trouble = on_trouble, .context = troubles};

	assert_ok(fixture,
		fp_recorder_start(*journal, fixture->dir, &listener, &recorder, &fixture->error));
	return recorder;
}

static void test_drains(void **state)
{
	struct fixture *fixture = *state;
	struct troubles troubles = {0};
	struct fp_journal *journal = NULL;
	struct fp_recorder *recorder;
	uint64_t id;

	assert_ok(fixture, fp_journal_open(fixture->dir, 1 << 20, 0, &journal, &fixture->error));
	/* what is there is drained before start returns */
	id = append(fixture, journal);
	recorder = start(fixture, &journal, &troubles);
	assert_true(fp_journal_is_drained(journal, id));
	record_assert_stored(fixture, id, 1, 300);
	/* by itself */
	id = append(fixture, journal);
	assert_true(wait_drained(journal, id, 5000));
	record_assert_stored(fixture, id, 1, 300);
	/* when asked */
	sleep_ms(60);
	id = append(fixture, journal);
	fp_recorder_hurry(recorder);
	assert_true(wait_drained(journal, id, 5000));
	/* the rest at the end */
	for (int i = 0; i < 100; i++)
		id = append(fixture, journal);
	fp_recorder_stop(recorder);
	assert_true(fp_journal_is_drained(journal, id));
	assert_int_equal(record_count(fixture), id);
	assert_int_equal(atomic_load(&troubles.failures), 0);
	fp_journal_close(journal);
}

static void test_trouble(void **state)
{
	struct fixture *fixture = *state;
	struct troubles troubles = {0};
	struct fp_journal *journal = NULL;
	struct fp_recorder *recorder = start(fixture, &journal, &troubles);
	uint64_t id;

	fixture_sql(fixture, "facts.db",
		"CREATE TRIGGER t BEFORE INSERT ON requests BEGIN SELECT RAISE(ABORT, 'no'); END");
	id = append(fixture, journal);
	for (int i = 0; i < 5000 && atomic_load(&troubles.failures) == 0; i++)
		sleep_ms(1);
	assert_true(atomic_load(&troubles.failures) > 0);
	assert_int_equal(atomic_load(&troubles.recoveries), 0);
	assert_false(fp_journal_is_drained(journal, id));
	fixture_sql(fixture, "facts.db", "DROP TRIGGER t");
	fp_recorder_hurry(recorder);
	assert_true(wait_drained(journal, id, 5000));
	id = append(fixture, journal);
	assert_true(wait_drained(journal, id, 5000));
	fp_recorder_stop(recorder);
	assert_int_equal(atomic_load(&troubles.recoveries), 1);
	fp_journal_close(journal);
}

/* The log is copied back beside the drain, so that it does not grow with what is written. */
static void test_checkpoints(void **state)
{
	struct fixture *fixture = *state;
	struct fp_store *writer = NULL;

	assert_ok(fixture, fp_store_open(fixture->dir, false, &writer, &fixture->error));
	for (int round = 0; round < 4; round++) {
		for (int i = 0; i < 200; i++) {
			struct made_record made;

			record_make(&made, (uint64_t)(round * 200 + i + 1),
				(unsigned)(round * 200 + i), 8000);
			assert_ok(fixture,
				fp_store_write_records(writer, &made.record, 1, &fixture->error));
		}
		assert_ok(fixture, fp_store_checkpoint(fixture->store, NULL, &fixture->error));
	}
	struct fp_buf FP_CLEANUP_BUF log;

	/* 6.4 MB of documents went through a log that holds one round at most */
	fp_buf_init(&log, 64 << 20);
	fixture_read(fixture, "facts.db-wal", &log);
	assert_in_range(log.len, 1, 16 << 20);
	fixture_read(fixture, "facts.db", &log);
	assert_true(log.len > 6 << 20);
	fp_store_close(writer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_drains, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_trouble, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_checkpoints, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
