#pragma once
/*
 * When to look at what: a pure function of a source's interval, its last results, and now. Times
 * are microseconds since 1970.
 */
#include <stdbool.h>
#include <stdint.h>

struct fp_schedule {
	int64_t interval_us;
	int64_t last_attempt_us; /* when the last look ended, -1 = never */
	unsigned failures;	 /* in a row */
	int64_t retry_after_us;	 /* span that the source asked for at the last look, 0 = none */
	bool hinted;		 /* somebody waits, or a sender says that there is news */
	uint64_t seed;		 /* of the jitter: the source's own, so that sources spread */
};

/*
 * When the source is due. Never looked at, or later than now (the clock was set back): now.
 * Regularly: an interval after the last look, up to a tenth of it earlier or later, so that sources
 * do not march in step. After failures: the interval doubled for each after the first, ten minutes
 * at most (or the interval, where that is longer). Never before a span that the source asked for is
 * over, except that a hint does not wait for the interval.
 */
int64_t fp_schedule_next_us(const struct fp_schedule *schedule, int64_t now_us);
