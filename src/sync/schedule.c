/* When a source is due. */
#include "forkpoint/sync/schedule.h"

#include "forkpoint/base/hash.h"
#include "forkpoint/base/time.h"

#define LONGEST_BACKOFF_US (10 * 60 * FP_US_PER_S)

/* Between nine and eleven tenths of the span, the same for the same look. */
static int64_t with_jitter(int64_t span_us, const struct fp_schedule *schedule)
{
	uint64_t random = fp_hash64(
		&schedule->last_attempt_us, sizeof(schedule->last_attempt_us), schedule->seed);

	return span_us - span_us / 10 + (int64_t)(random % (uint64_t)(span_us / 5 + 1));
}

static int64_t backoff_us(const struct fp_schedule *schedule)
{
	int64_t span = schedule->interval_us;
	int64_t longest = span > LONGEST_BACKOFF_US ? span : LONGEST_BACKOFF_US;

	for (unsigned i = 1; i < schedule->failures && span < longest; i++)
		span *= 2;
	return span < longest ? span : longest;
}

int64_t fp_schedule_next_us(const struct fp_schedule *schedule, int64_t now_us)
{
	int64_t earliest, due;

	/* a last look in the future: the clock was set back, and says nothing about the span */
	if (schedule->last_attempt_us < 0 || schedule->last_attempt_us > now_us)
		return now_us;
	earliest = schedule->last_attempt_us + schedule->retry_after_us;
	if (schedule->hinted)
		return earliest;
	due = schedule->last_attempt_us + with_jitter(backoff_us(schedule), schedule);
	return due > earliest ? due : earliest;
}
