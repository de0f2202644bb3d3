/*
 * kill -9 at random moments: a child appends from two threads, drains from a third, and notes each
 * acknowledged id in memory that it shares with its parent. The parent kills it, opens what is
 * left, and finds every acknowledged record.
 */
#include "records.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { KILLS = 200, ACKNOWLEDGED_MAX = 1 << 20, DOCUMENTS = 97, SMALL = 128 << 10 };

struct acknowledged {
	atomic_uint count;
	_Atomic uint64_t ids[ACKNOWLEDGED_MAX];
};

struct child {
	struct fixture *fixture;
	struct fp_journal *journal;
	struct acknowledged *acknowledged;
};

static size_t bytes_of(uint64_t id)
{
	return 150 + id % DOCUMENTS * 30;
}

static void *append_for_ever(void *context)
{
	struct child *child = context;
	struct made_record *made = malloc(sizeof(*made));

	for (;;) {
		uint64_t id = fp_journal_next_id(child->journal);
		unsigned place;

		record_make(made, id, (unsigned)(id % DOCUMENTS), bytes_of(id));
		while (fp_journal_append(child->journal, &made->record, NULL, NULL) < 0)
			sched_yield();
		place = atomic_fetch_add(&child->acknowledged->count, 1);
		if (place >= ACKNOWLEDGED_MAX)
			_exit(3);
		atomic_store(&child->acknowledged->ids[place], id);
	}
	return NULL;
}

static struct fp_journal *open_journal(struct fixture *fixture)
{
	struct fp_journal *journal = NULL;
	uint64_t last;

	assert_ok(fixture, fp_store_last_record_id(fixture->store, &last, &fixture->error));
	assert_ok(fixture, fp_journal_open(fixture->dir, SMALL, last, &journal, &fixture->error));
	return journal;
}

static void run_child(struct fixture *fixture, struct acknowledged *acknowledged)
{
	struct child child = {fixture, NULL, acknowledged};
	pthread_t threads[2];

	if (fp_store_open(fixture->dir, false, &fixture->store, NULL) < 0)
		_exit(1);
	child.journal = open_journal(fixture);
	for (size_t i = 0; i < 2; i++)
		pthread_create(&threads[i], NULL, append_for_ever, &child);
	for (;;)
		if (fp_journal_drain(child.journal, fixture->store, &fixture->error) < 0) {
			fprintf(stderr, "child: %s\n", fixture->error.text);
			_exit(2);
		}
}

static void sleep_us(long us)
{
	const struct timespec span = {0, us * 1000};

	nanosleep(&span, NULL);
}

/* Starts a child, lets it work for a while, kills it. */
static void kill_one(struct fixture *fixture, struct acknowledged *acknowledged, long us)
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0)
		run_child(fixture, acknowledged);
	/* Counted from its first record, or some would be killed before they begin. */
	for (int i = 0; i < 5000 && us > 0 && atomic_load(&acknowledged->count) == 0; i++)
		sleep_us(200);
	sleep_us(us);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGKILL)
		fail_msg("the child ended by itself: %x", status);
}

/* Each acknowledged record is there, as it was made, under an id that was never given out before.
 */
static unsigned check(struct fixture *fixture, struct acknowledged *acknowledged, uint8_t *seen)
{
	unsigned count = atomic_load(&acknowledged->count);

	for (unsigned i = 0; i < count; i++) {
		uint64_t id = atomic_load(&acknowledged->ids[i]);

		if (id == 0)
			continue; /* killed between counting and noting */
		assert_true(id < UINT64_C(1) << 32);
		if (seen[id / 8] >> (id % 8) & 1)
			fail_msg("id %llu came twice", (unsigned long long)id);
		seen[id / 8] |= (uint8_t)(1 << (id % 8));
		/* All of the last ones, which came through the journal; of the others a part. */
		if (i % 5 == 0 || i + 500 > count)
			record_assert_stored(fixture, id, (unsigned)(id % DOCUMENTS), bytes_of(id));
		atomic_store(&acknowledged->ids[i], 0);
	}
	atomic_store(&acknowledged->count, 0);
	return count;
}

static void *map_shared(size_t bytes)
{
	void *base = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	assert_true(base != MAP_FAILED);
	return base;
}

static void test_kills(void **state)
{
	struct fixture *fixture = *state;
	struct acknowledged *acknowledged = map_shared(sizeof(*acknowledged));
	uint8_t *seen = map_shared(UINT32_MAX / 8 + 1);
	uint32_t dice = (uint32_t)time(NULL);
	uint64_t total = 0, in_journal = 0;

	print_message("seed %u\n", dice);
	for (int i = 0; i < KILLS; i++) {
		struct fp_journal *journal;
		int64_t drained;

		dice = dice * 1664525 + 1013904223;
		fixture_close(fixture);
		kill_one(fixture, acknowledged, dice >> 8 & 0x1fff);
		fixture_prepare(fixture);
		journal = open_journal(fixture);
		drained = fp_journal_drain(journal, fixture->store, &fixture->error);
		assert_true(drained >= 0);
		in_journal += drained > 0;
		total += check(fixture, acknowledged, seen);
		/* One start in four finds what two kills in a row left. */
		fp_journal_close(journal);
		if (dice >> 30 == 0) {
			fixture_close(fixture);
			kill_one(fixture, acknowledged, dice >> 8 & 0xff);
		}
	}
	print_message("%d kills, %llu acknowledged records, %llu starts found records\n", KILLS,
		(unsigned long long)total, (unsigned long long)in_journal);
	/* The kills came while there was work. */
	assert_true(total > KILLS * 10);
	assert_true(in_journal > KILLS / 3);
	assert_int_equal(fixture_sql_number(fixture, "facts.db",
				 "SELECT count(*) FROM answers WHERE length(document) = 0"),
		0);
	munmap(acknowledged, sizeof(*acknowledged));
	munmap(seen, UINT32_MAX / 8 + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_kills, fixture_setup_in_memory, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
