/* A branch's rhythm out of the stamps of its trainings. */
#include "forkpoint/base/array.h"
#include "forkpoint/service/freshness.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct row {
	const char *what;
	fp_minute stamps[24];
	size_t count;
	size_t trainings;
	int64_t median, usual;
	int64_t silence; /* the longest that is not unusual; -1 = none is */
};

static const struct row rows[] = {
	{"none at all", {0}, 0, 0, -1, -1, -1},
	{"too few to know", {0, 60, 120, 180, 240}, 5, 5, -1, -1, -1},
	{"one each hour", {0, 60, 120, 180, 240, 300}, 6, 6, 60, 60, 60},
	{"in any order", {300, 0, 180, 120, 60, 240}, 6, 6, 60, 60, 60},
	{"a stamp of two packages is one training", {0, 60, 60, 120, 180, 240, 300}, 7, 6, 60, 60,
		60},
	{"repeats do not make enough", {0, 0, 60, 60, 120, 120}, 6, 3, -1, -1, -1},
	/* Of 21 gaps 95 of 100 are 20: the one long gap does not count. */
	{"one gap out of many",
		{0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120, 130, 140, 150, 160, 170, 180,
			190, 200, 1200},
		22, 22, 10, 10, 10},
	/* Of 20 gaps the 19th. */
	{"two gaps out of twenty",
		{0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120, 130, 140, 150, 160, 170, 180,
			580, 1380},
		21, 21, 10, 400, 400},
};

static void test_rhythm(void **state)
{
	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		const struct row *row = &rows[i];
		fp_minute stamps[24], newest = 0;
		struct fp_rhythm rhythm;

		memcpy(stamps, row->stamps, sizeof(stamps));
		rhythm = fp_rhythm_of(stamps, row->count);
		for (size_t k = 0; k < row->count; k++)
			newest = row->stamps[k] > newest ? row->stamps[k] : newest;
		print_message("%s\n", row->what);
		assert_int_equal(rhythm.trainings, row->trainings);
		assert_int_equal(rhythm.newest, newest);
		assert_int_equal(rhythm.median_minutes, row->median);
		assert_int_equal(rhythm.usual_minutes, row->usual);
		assert_false(fp_rhythm_is_broken(&rhythm, row->silence));
		assert_int_equal(fp_rhythm_is_broken(&rhythm, row->silence + 1), row->silence >= 0);
	}
}

/* More trainings than are looked at: only the newest make the rhythm. */
static void test_the_newest_count(void **state)
{
	fp_minute stamps[1000];
	struct fp_rhythm rhythm;

	for (size_t i = 0; i < 1000; i++)
		stamps[i] = i < 700 ? (fp_minute)i * 100 : 70000 + (fp_minute)(i - 700) * 5;
	rhythm = fp_rhythm_of(stamps, 1000);
	assert_int_equal(rhythm.trainings, 1000);
	assert_int_equal(rhythm.median_minutes, 5);
	assert_int_equal(rhythm.usual_minutes, 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rhythm),
		cmocka_unit_test(test_the_newest_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
