/* Moments order exactly with publications: what was answered from a snapshot has a moment at or
 * after its publication and before the next one's, however many read while it is replaced. */
#include "forkpoint/store/snapshot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <pthread.h>

#include <cmocka.h>

enum { READERS = 6, PUBLICATIONS = 4000 };

struct race {
	struct fp_publisher *publisher;
	/* by number: the least and the greatest moment that readers were given */
	_Atomic int64_t least[PUBLICATIONS + 2], greatest[PUBLICATIONS + 2];
	int64_t published[PUBLICATIONS + 2];
	atomic_uint reads;
	atomic_bool stop;
};

static struct fp_settings *settings_new(void)
{
	struct fp_settings *settings = calloc(1, sizeof(*settings));

	assert_non_null(settings);
	atomic_init(&settings->references, 1);
	settings->free = (void (*)(struct fp_settings *))free;
	return settings;
}

static struct fp_snapshot *snapshot_new(void)
{
	struct fp_settings *settings = settings_new();
	struct fp_snapshot *snapshot = fp_snapshot_new(settings);

	fp_settings_unref(settings);
	assert_non_null(snapshot);
	return snapshot;
}

static void note(struct race *race, uint64_t number, int64_t moment_us)
{
	int64_t least = atomic_load(&race->least[number]);
	int64_t greatest = atomic_load(&race->greatest[number]);

	while ((least == 0 || moment_us < least) &&
		!atomic_compare_exchange_weak(&race->least[number], &least, moment_us))
		;
	while (moment_us > greatest &&
		!atomic_compare_exchange_weak(&race->greatest[number], &greatest, moment_us))
		;
}

static void *read_on(void *context)
{
	struct race *race = context;
	struct fp_reader *reader = fp_reader_new(race->publisher);

	while (!atomic_load(&race->stop)) {
		int64_t moment_us;
		const struct fp_snapshot *snapshot = fp_reader_enter_at(reader, &moment_us);

		note(race, snapshot->number, moment_us);
		fp_reader_leave(reader);
		atomic_fetch_add(&race->reads, 1);
	}
	fp_reader_free(reader);
	return NULL;
}

static void test_race(void **state)
{
	struct race *race = calloc(1, sizeof(*race));
	pthread_t readers[READERS];
	unsigned seen = 0;

	assert_non_null(race);
	race->publisher = fp_publisher_new(snapshot_new());
	for (size_t i = 0; i < READERS; i++)
		assert_int_equal(pthread_create(&readers[i], NULL, read_on, race), 0);
	for (unsigned i = 2; i < PUBLICATIONS + 2; i++) {
		unsigned reads = atomic_load(&race->reads);

		fp_publisher_lock(race->publisher);
		race->published[i] = fp_publisher_unlock(race->publisher, snapshot_new());
		while (i % 16 == 0 && atomic_load(&race->reads) == reads)
			sched_yield();
	}
	atomic_store(&race->stop, true);
	for (size_t i = 0; i < READERS; i++)
		pthread_join(readers[i], NULL);
	for (unsigned i = 2; i < PUBLICATIONS + 2; i++) {
		assert_true(race->published[i] > 0);
		if (atomic_load(&race->least[i])) {
			seen++;
			assert_true(atomic_load(&race->least[i]) >= race->published[i]);
		}
		assert_true(atomic_load(&race->greatest[i - 1]) < race->published[i]);
	}
	assert_true(seen > PUBLICATIONS / 32);
	fp_publisher_free(race->publisher);
	free(race);
}

/* A part that stays keeps the moment of the publication that it came with. */
static void test_since(void **state)
{
	struct fp_package_settings package = {.id = FP_STR_LITERAL("Mux")};
	struct fp_repository_settings repository = {
		.name = FP_STR_LITERAL("winui"), .packages = &package, .package_count = 1};
	struct fp_settings *settings = settings_new();
	struct fp_publisher *publisher;
	struct fp_snapshot *next;
	int64_t first_us, second_us;

	settings->repositories = &repository;
	settings->repository_count = 1;
	publisher = fp_publisher_new(fp_snapshot_new(settings));
	fp_settings_unref(settings);
	next = fp_snapshot_copy(fp_publisher_lock(publisher));
	assert_non_null(next);
	first_us = next->settings_since_us;
	assert_true(first_us > 0);
	assert_int_equal(next->repositories[0].since_us, first_us);
	assert_int_equal(next->repositories[0].packages[0].since_us, first_us);
	fp_snapshot_set_branches(&next->repositories[0], NULL); /* with this one */
	second_us = fp_publisher_unlock(publisher, next);
	assert_true(second_us > first_us);
	next = fp_snapshot_copy(fp_publisher_lock(publisher));
	assert_int_equal(next->settings_since_us, first_us);
	assert_int_equal(next->repositories[0].since_us, second_us);
	assert_int_equal(next->repositories[0].packages[0].since_us, first_us);
	fp_publisher_unlock(publisher, next);
	fp_publisher_free(publisher);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_race),
		cmocka_unit_test(test_since),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
