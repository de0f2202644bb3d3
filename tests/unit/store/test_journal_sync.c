/* Group commit: what was appended before a sync was asked for is covered by it, and nothing is said
 * to be on disk before a sync that covers it succeeded. */
#include "journal_state.h"
#include "records.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

enum { SMALL = 128 << 10 };

/* What the syncing thread meets; the test sets it. fdatasync has no context. */
static struct {
	atomic_bool fails, blocks;
	atomic_uint calls;
} disk;

static int sync_as_told(int fd)
{
	atomic_fetch_add(&disk.calls, 1);
	while (atomic_load(&disk.blocks))
		usleep(1000);
	if (!atomic_load(&disk.fails))
		return fdatasync(fd);
	errno = EIO;
	return -1;
}

struct heard {
	atomic_uint done, failed;
};

static void on_synced(void *context, const struct fp_error *error)
{
	struct heard *heard = context;

	atomic_fetch_add(error ? &heard->failed : &heard->done, 1);
}

static struct fp_journal *start(struct fixture *fixture, struct heard *heard)
{
	struct fp_journal *journal = NULL;

	atomic_store(&disk.fails, false);
	atomic_store(&disk.blocks, false);
	atomic_store(&disk.calls, 0);
	assert_ok(fixture, fp_journal_open(fixture->dir, SMALL, 0, &journal, &fixture->error));
	assert_ok(fixture,
		fp_journal_sync_start(journal, fixture->dir, on_synced, heard, &fixture->error));
	journal->syncer->sync_file = sync_as_told;
	return journal;
}

static uint64_t append(struct fixture *fixture, struct fp_journal *journal)
{
	struct made_record made;
	uint64_t id = fp_journal_next_id(journal);

	record_make(&made, id, (unsigned)(id % 7), 300);
	assert_ok(fixture, fp_journal_append(journal, &made.record, NULL, &fixture->error));
	return id;
}

static bool comes(const atomic_uint *counter, unsigned wanted)
{
	for (int i = 0; i < 5000 && atomic_load(counter) < wanted; i++)
		usleep(1000);
	return atomic_load(counter) >= wanted;
}

static bool becomes_synced(const struct fp_journal *journal, uint64_t number)
{
	for (int i = 0; i < 5000 && !fp_journal_is_synced(journal, number); i++)
		usleep(1000);
	return fp_journal_is_synced(journal, number);
}

static void test_without(void **state)
{
	struct fixture *fixture = *state;
	struct fp_journal *journal = NULL;

	assert_ok(fixture, fp_journal_open(fixture->dir, SMALL, 0, &journal, &fixture->error));
	append(fixture, journal);
	assert_int_equal(fp_journal_sync_ask(journal), 0);
	assert_true(fp_journal_is_synced(journal, 0));
	fp_journal_close(journal);
}

static void test_one_for_all(void **state)
{
	struct fixture *fixture = *state;
	struct heard heard = {0};
	struct fp_journal *journal = start(fixture, &heard);
	uint64_t first, second;

	atomic_store(&disk.blocks, true);
	append(fixture, journal);
	first = fp_journal_sync_ask(journal);
	assert_true(comes(&disk.calls, 1));
	/* appended while a sync is under way: that one does not count for it */
	append(fixture, journal);
	second = fp_journal_sync_ask(journal);
	assert_true(second > first);
	for (int i = 0; i < 50; i++) {
		append(fixture, journal);
		assert_int_equal(fp_journal_sync_ask(journal), second);
	}
	assert_false(fp_journal_is_synced(journal, first));
	atomic_store(&disk.blocks, false);
	assert_true(becomes_synced(journal, second));
	assert_true(fp_journal_is_synced(journal, first));
	/* fifty-one waited for one sync of one file */
	assert_int_equal(atomic_load(&disk.calls), 2);
	assert_int_equal(atomic_load(&heard.failed), 0);
	fp_journal_close(journal);
	assert_int_equal(atomic_load(&heard.done), 2);
}

static void test_failure(void **state)
{
	struct fixture *fixture = *state;
	struct heard heard = {0};
	struct fp_journal *journal = start(fixture, &heard);
	uint64_t number;

	atomic_store(&disk.fails, true);
	append(fixture, journal);
	number = fp_journal_sync_ask(journal);
	assert_true(comes(&heard.failed, 2)); /* it is tried again by itself */
	assert_false(fp_journal_is_synced(journal, number));
	/* both files whole: the kernel forgot what was dirty */
	assert_true(atomic_load(&journal->syncer->dirty[0]));
	atomic_store(&disk.fails, false);
	assert_true(becomes_synced(journal, number));
	assert_true(comes(&heard.done, 1));
	fp_journal_close(journal);
}

/* Through many rounds, with every drained file made durable before it is used again. */
static void test_rounds(void **state)
{
	struct fixture *fixture = *state;
	struct heard heard = {0};
	struct fp_journal *journal = start(fixture, &heard);
	uint64_t id = 0, round = journal->files[0].round;

	for (int i = 0; i < 3000; i++) {
		id = append(fixture, journal);
		if (i % 100 != 99)
			continue;
		assert_true(becomes_synced(journal, fp_journal_sync_ask(journal)));
		assert_true(fp_journal_drain(journal, fixture->store, &fixture->error) > 0);
	}
	assert_true(journal->files[0].round > round + 4);
	assert_int_equal(record_count(fixture), 3000);
	record_assert_stored(fixture, id, (unsigned)(id % 7), 300);
	fp_journal_close(journal);
	/* each wiped file cost the database one synced commit, and no setting was left behind */
	assert_int_equal(fp_store_sync(fixture->store, &fixture->error), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_without, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_one_for_all, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_failure, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_rounds, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
