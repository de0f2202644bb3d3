/* The table of sticky builds: the first one stays, for its time, whoever asks at once. */
#include "forkpoint/base/time.h"
#include "forkpoint/service/sticky.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <pthread.h>

#include <cmocka.h>

#define KEEP_US (30 * FP_US_PER_S)

static struct fp_hash128 key_of(uint64_t number)
{
	return fp_hash128(&number, sizeof(number));
}

static void check(struct fp_sticky *sticky, uint64_t number, const char *version, int64_t now_us,
	const char *expected)
{
	char *given = fp_sticky_settle(sticky, key_of(number), fp_str(version), now_us);

	if (expected)
		assert_string_equal(given, expected);
	else
		assert_null(given);
	free(given);
}

static void test_first_stays(void **state)
{
	static const struct {
		uint64_t key;
		const char *version;
		int64_t now_s;
		const char *expected;
	} rows[] = {
		{1, "", 0, NULL}, /* a failure is nothing */
		{1, "a", 1, "a"},
		{1, "b", 2, "a"},
		{1, "", 3, "a"},  /* and what was given before it is given again */
		{2, "b", 3, "b"}, /* another question */
		{1, "b", 31, "a"},
		{1, "b", 32, "b"}, /* its time is over: this is a first one */
		{1, "c", 60, "b"},
		{1, "", 63, NULL}, /* over, and a failure */
		{1, "d", 64, "d"},
	};
	struct fp_sticky *sticky = fp_sticky_new(KEEP_US);

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++)
		check(sticky, rows[i].key, rows[i].version, rows[i].now_s * FP_US_PER_S,
			rows[i].expected);
	fp_sticky_set_keep(sticky, FP_US_PER_S);
	check(sticky, 1, "e", 66 * FP_US_PER_S, "e");
	fp_sticky_free(sticky);
}

/* What does not fit any more is the oldest of its part; the newest half is all there. */
static void test_bound(void **state)
{
	struct fp_sticky *sticky = fp_sticky_new(KEEP_US);
	const uint64_t count = FP_STICKY_MAX + FP_STICKY_MAX / 4;
	uint64_t forgotten = 0;
	char version[32];

	for (uint64_t i = 0; i < count; i++) {
		snprintf(version, sizeof(version), "%llu", (unsigned long long)i);
		check(sticky, i, version, 0, version);
	}
	for (uint64_t i = count / 2; i < count; i++) {
		snprintf(version, sizeof(version), "%llu", (unsigned long long)i);
		check(sticky, i, "other", 0, version);
	}
	for (uint64_t i = 0; i < 1000; i++) {
		char *given = fp_sticky_settle(sticky, key_of(i), (struct fp_str){0}, 0);

		forgotten += given == NULL;
		free(given);
	}
	assert_int_equal(forgotten, 1000);
	fp_sticky_free(sticky);
}

/* ---- many at once ---- */

enum { LEGS = 6, QUESTIONS = 20000 };

struct race {
	struct fp_sticky *sticky;
	_Atomic uint32_t given[QUESTIONS]; /* 1 + the leg whose version it is; 0 = none yet */
	atomic_uint bad;
};

struct leg {
	struct race *race;
	unsigned number;
};

static void *ask(void *context)
{
	struct leg *leg = context;
	struct race *race = leg->race;
	char own[8];

	snprintf(own, sizeof(own), "%u", leg->number + 1);
	for (uint64_t i = 0; i < QUESTIONS; i++) {
		char *given = fp_sticky_settle(race->sticky, key_of(i), fp_str(own), 0);
		uint32_t winner = (uint32_t)strtoul(given, NULL, 10), seen = 0;

		if (!atomic_compare_exchange_strong(&race->given[i], &seen, winner) &&
			seen != winner)
			atomic_fetch_add(&race->bad, 1);
		free(given);
	}
	return NULL;
}

static void test_race(void **state)
{
	struct race *race = calloc(1, sizeof(*race));
	struct leg legs[LEGS];
	pthread_t threads[LEGS];

	race->sticky = fp_sticky_new(KEEP_US);
	for (unsigned i = 0; i < LEGS; i++) {
		legs[i] = (struct leg){race, i};
		assert_int_equal(pthread_create(&threads[i], NULL, ask, &legs[i]), 0);
	}
	for (unsigned i = 0; i < LEGS; i++)
		pthread_join(threads[i], NULL);
	assert_int_equal(race->bad, 0);
	fp_sticky_free(race->sticky);
	free(race);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_stays),
		cmocka_unit_test(test_bound),
		cmocka_unit_test(test_race),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
