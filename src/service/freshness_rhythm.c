/* A branch's rhythm: how far apart its trainings lie. */
#include "forkpoint/service/freshness.h"

#include <stdlib.h>

static int compare_newest_first(const void *a, const void *b)
{
	fp_minute left = *(const fp_minute *)a, right = *(const fp_minute *)b;

	return left < right ? 1 : left > right ? -1 : 0;
}

static int compare_gaps(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return left < right ? -1 : left > right;
}

static size_t drop_repeats(fp_minute *stamps, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		if (i == 0 || stamps[i] != stamps[i - 1])
			stamps[kept++] = stamps[i];
	return kept;
}

struct fp_rhythm fp_rhythm_of(fp_minute *stamps, size_t count)
{
	struct fp_rhythm rhythm = {.median_minutes = -1, .usual_minutes = -1};
	int64_t gaps[FP_FRESHNESS_TRAININGS_MAX];
	size_t gap_count = 0;

	if (count == 0)
		return rhythm;
	qsort(stamps, count, sizeof(*stamps), compare_newest_first);
	rhythm.trainings = drop_repeats(stamps, count);
	rhythm.newest = stamps[0];
	if (rhythm.trainings < FP_FRESHNESS_TRAININGS_MIN)
		return rhythm;
	while (gap_count + 1 < rhythm.trainings && gap_count + 1 < FP_FRESHNESS_TRAININGS_MAX) {
		gaps[gap_count] = stamps[gap_count] - stamps[gap_count + 1];
		gap_count++;
	}
	qsort(gaps, gap_count, sizeof(*gaps), compare_gaps);
	rhythm.median_minutes = gaps[gap_count / 2];
	/* The nearest rank: the smallest gap that 95 of 100 do not exceed. */
	rhythm.usual_minutes = gaps[(gap_count * 95 + 99) / 100 - 1];
	return rhythm;
}

bool fp_rhythm_is_broken(const struct fp_rhythm *rhythm, int64_t silent_minutes)
{
	return rhythm->usual_minutes >= 0 && silent_minutes > rhythm->usual_minutes;
}
