/* When a source is due. */
#include "forkpoint/base/attr.h"
#include "forkpoint/base/time.h"
#include "forkpoint/sync/schedule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define S FP_US_PER_S
#define MINUTE (60 * S)

enum { LAST_S = 1000000 };

/* Spans after the end of the last look, in seconds. */
static void test_bounds(void **state)
{
	static const struct {
		int64_t interval_us;
		unsigned failures;
		int64_t retry_after_us;
		bool hinted;
		int64_t earliest_us, latest_us;
	} rows[] = {
		{MINUTE, 0, 0, false, 54 * S, 66 * S},	 /* a tenth either way */
		{MINUTE, 1, 0, false, 54 * S, 66 * S},	 /* one failure may be chance */
		{MINUTE, 2, 0, false, 108 * S, 132 * S}, /* then doubled for each */
		{MINUTE, 3, 0, false, 216 * S, 264 * S},
		{MINUTE, 4, 0, false, 432 * S, 528 * S},
		{MINUTE, 5, 0, false, 540 * S, 660 * S}, /* 16 minutes: ten are the ceiling */
		{MINUTE, 4000000000u, 0, false, 540 * S, 660 * S}, /* and stay it */
		{120 * MINUTE, 0, 0, false, 108 * MINUTE, 132 * MINUTE},
		/* an interval past the ceiling is its own */
		{120 * MINUTE, 9, 0, false, 108 * MINUTE, 132 * MINUTE},
		{MINUTE, 0, 10 * S, false, 54 * S, 66 * S},    /* asked for less than we wait */
		{MINUTE, 0, 300 * S, false, 300 * S, 300 * S}, /* asked for more */
		{MINUTE, 2, 300 * S, false, 300 * S, 300 * S},
		{MINUTE, 0, 0, true, 0, 0},		      /* a hint: at once */
		{MINUTE, 9, 0, true, 0, 0},		      /* after failures, too */
		{MINUTE, 0, 300 * S, true, 300 * S, 300 * S}, /* but not sooner than asked */
		{S / 2, 0, 0, false, 450000, 550000},	      /* short intervals, for tests */
		{9, 0, 0, false, 8, 10},		      /* too short for tenths */
		{1, 0, 0, false, 1, 1},
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		for (uint64_t seed = 0; seed < 200; seed++) {
			const struct fp_schedule schedule = {
				.interval_us = rows[i].interval_us,
				.last_attempt_us = LAST_S * S,
				.failures = rows[i].failures,
				.retry_after_us = rows[i].retry_after_us,
				.hinted = rows[i].hinted,
				.seed = seed,
			};
			int64_t span = fp_schedule_next_us(&schedule, LAST_S * S) - LAST_S * S;

			if (span < rows[i].earliest_us || span > rows[i].latest_us)
				fail_msg(
					"row %zu: %lld µs after the last look", i, (long long)span);
		}
	}
}

static void test_never_looked(void **state)
{
	struct fp_schedule schedule = {.interval_us = MINUTE, .last_attempt_us = -1};

	assert_int_equal(fp_schedule_next_us(&schedule, 77 * S), 77 * S);
	schedule.hinted = true;
	assert_int_equal(fp_schedule_next_us(&schedule, 78 * S), 78 * S);
	/* a clock that was set back by a day must not silence a source for a day */
	schedule = (struct fp_schedule){.interval_us = MINUTE, .last_attempt_us = LAST_S * S};
	assert_int_equal(fp_schedule_next_us(&schedule, LAST_S * S - 1), LAST_S * S - 1);
}

/* The answer must not move while one waits for it, and must differ from source to source and from
 * look to look. */
static void test_jitter(void **state)
{
	struct fp_schedule schedule = {
		.interval_us = MINUTE, .last_attempt_us = LAST_S * S, .seed = 1};
	int64_t first = fp_schedule_next_us(&schedule, LAST_S * S);
	int64_t lowest = INT64_MAX, highest = 0;
	unsigned same_for_other_seed = 0, same_for_later_look = 0;

	assert_int_equal(fp_schedule_next_us(&schedule, LAST_S * S + 59 * S), first);
	for (uint64_t seed = 2; seed < 1002; seed++) {
		int64_t span;

		schedule.seed = seed;
		schedule.last_attempt_us = LAST_S * S;
		span = fp_schedule_next_us(&schedule, schedule.last_attempt_us) - LAST_S * S;
		same_for_other_seed += span == first - LAST_S * S;
		lowest = span < lowest ? span : lowest;
		highest = span > highest ? span : highest;
		schedule.last_attempt_us += S;
		same_for_later_look += fp_schedule_next_us(&schedule, schedule.last_attempt_us) -
					       schedule.last_attempt_us ==
				       span;
	}
	assert_true(same_for_other_seed <= 1);
	assert_true(same_for_later_look <= 1);
	assert_true(lowest < 55 * S); /* the whole range is used */
	assert_true(highest > 65 * S);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_never_looked),
		cmocka_unit_test(test_jitter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
