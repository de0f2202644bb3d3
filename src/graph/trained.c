/* Training commits by stamp. */
#include "forkpoint/graph/trained.h"

#include "forkpoint/base/array.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* One bit per hash of a wanted minute: nearly every commit is passed over by it. */
enum { FILTER_BITS = 16, FILTER_WORDS = (1 << FILTER_BITS) / 64 };

struct match {
	uint32_t minute; /* its place among the wanted ones */
	uint32_t commit;
};

struct fp_trained {
	atomic_uint references;
	size_t minute_count;
	fp_minute *minutes;
	uint32_t *first; /* per minute, into commits; one more at the end */
	uint32_t *commits;
};

struct fp_trained *fp_trained_ref(struct fp_trained *trained)
{
	atomic_fetch_add_explicit(&trained->references, 1, memory_order_relaxed);
	return trained;
}

void fp_trained_unref(struct fp_trained *trained)
{
	if (!trained ||
		atomic_fetch_sub_explicit(&trained->references, 1, memory_order_acq_rel) != 1)
		return;
	free(trained->minutes);
	free(trained->first);
	free(trained->commits);
	free(trained);
}

static uint32_t filter_bit(fp_minute minute)
{
	return (uint32_t)((uint64_t)minute * UINT64_C(0x9E3779B97F4A7C15) >> (64 - FILTER_BITS));
}

/* The first place of a minute that is not before this one. */
static size_t lower_bound(const fp_minute *minutes, size_t count, fp_minute minute)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (minutes[middle] < minute)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static size_t find_minute(const fp_minute *minutes, size_t count, fp_minute minute)
{
	size_t at = lower_bound(minutes, count, minute);

	return at < count && minutes[at] == minute ? at : SIZE_MAX;
}

static int collect(const struct fp_graph_view *view, const fp_minute *minutes, size_t count,
	bool committer, struct match **matches, size_t *match_count)
{
	uint64_t filter[FILTER_WORDS] = {0};
	size_t capacity = 0;

	for (size_t i = 0; i < count; i++)
		filter[filter_bit(minutes[i]) / 64] |= UINT64_C(1) << filter_bit(minutes[i]) % 64;
	for (uint32_t commit = 0; commit < view->count; commit++) {
		fp_minute minute = fp_minute_from_s(committer ? fp_graph_committer_s(view, commit)
							      : fp_graph_author_s(view, commit));
		size_t at;

		if (!(filter[filter_bit(minute) / 64] >> filter_bit(minute) % 64 & 1))
			continue;
		at = find_minute(minutes, count, minute);
		if (at == SIZE_MAX)
			continue;
		if (fp_array_reserve(
			    (void **)matches, &capacity, *match_count + 1, sizeof(**matches)) < 0)
			return -FP_ERROR_MEMORY;
		(*matches)[(*match_count)++] =
			(struct match){.minute = (uint32_t)at, .commit = commit};
	}
	return 0;
}

/* Counting sort by minute; within one, the newest index first. */
static void arrange(struct fp_trained *trained, const struct match *matches, size_t count)
{
	uint32_t *ends = trained->first;

	for (size_t i = 0; i < count; i++)
		ends[matches[i].minute]++;
	for (size_t i = 1; i <= trained->minute_count; i++)
		ends[i] += ends[i - 1];
	for (size_t i = 0; i < count; i++)
		trained->commits[--ends[matches[i].minute]] = matches[i].commit;
}

struct fp_trained *fp_trained_build(
	const struct fp_graph_view *view, const fp_minute *minutes, size_t count, bool committer)
{
	struct fp_trained *trained = calloc(1, sizeof(*trained));
	FP_CLEANUP_FREE struct match *matches = NULL;
	size_t match_count = 0;

	if (!trained)
		return NULL;
	atomic_init(&trained->references, 1);
	trained->minute_count = count;
	if (collect(view, minutes, count, committer, &matches, &match_count) < 0)
		goto no_memory;
	trained->minutes = calloc(count + 1, sizeof(*trained->minutes));
	trained->first = calloc(count + 1, sizeof(*trained->first));
	trained->commits = calloc(match_count + 1, sizeof(*trained->commits));
	if (!trained->minutes || !trained->first || !trained->commits)
		goto no_memory;
	if (count)
		memcpy(trained->minutes, minutes, count * sizeof(*minutes));
	arrange(trained, matches, match_count);
	return trained;
no_memory:
	fp_trained_unref(trained);
	return NULL;
}

/* Copies one minute with its commits to the end of another; the last of first[] is the end so far.
 */
static void append_minute(struct fp_trained *to, const struct fp_trained *from, size_t at)
{
	uint32_t begin = to->first[to->minute_count], count = from->first[at + 1] - from->first[at];

	if (count)
		memcpy(&to->commits[begin], &from->commits[from->first[at]],
			count * sizeof(*to->commits));
	to->minutes[to->minute_count++] = from->minutes[at];
	to->first[to->minute_count] = begin + count;
}

/* Both of them; they have no minute in common. */
static struct fp_trained *merge(const struct fp_trained *a, const struct fp_trained *b)
{
	size_t minutes = a->minute_count + b->minute_count, i = 0, k = 0;
	struct fp_trained *merged = calloc(1, sizeof(*merged));

	if (!merged)
		return NULL;
	atomic_init(&merged->references, 1);
	merged->minutes = calloc(minutes + 1, sizeof(*merged->minutes));
	merged->first = calloc(minutes + 1, sizeof(*merged->first));
	merged->commits = calloc(a->first[a->minute_count] + b->first[b->minute_count] + 1,
		sizeof(*merged->commits));
	if (!merged->minutes || !merged->first || !merged->commits) {
		fp_trained_unref(merged);
		return NULL;
	}
	while (i < a->minute_count || k < b->minute_count) {
		if (k == b->minute_count || (i < a->minute_count && a->minutes[i] < b->minutes[k]))
			append_minute(merged, a, i++);
		else
			append_minute(merged, b, k++);
	}
	return merged;
}

struct fp_trained *fp_trained_extend(struct fp_trained *trained, const struct fp_graph_view *view,
	const fp_minute *minutes, size_t count, bool committer)
{
	FP_CLEANUP_FREE fp_minute *fresh = calloc(count + 1, sizeof(*fresh));
	struct fp_trained *added, *merged;
	size_t fresh_count = 0;

	if (!fresh)
		return NULL;
	for (size_t i = 0; i < count; i++)
		if (find_minute(trained->minutes, trained->minute_count, minutes[i]) == SIZE_MAX)
			fresh[fresh_count++] = minutes[i];
	if (fresh_count == 0)
		return fp_trained_ref(trained);
	added = fp_trained_build(view, fresh, fresh_count, committer);
	if (!added)
		return NULL;
	merged = merge(trained, added);
	fp_trained_unref(added);
	return merged;
}

uint32_t fp_trained_commits(
	const struct fp_trained *trained, fp_minute minute, const uint32_t **commits)
{
	size_t at = find_minute(trained->minutes, trained->minute_count, minute);

	if (at == SIZE_MAX)
		return 0;
	*commits = &trained->commits[trained->first[at]];
	return trained->first[at + 1] - trained->first[at];
}

/* The place whose commits end at `end`: the last of those that begin before it. */
static size_t owner_of_last(const struct fp_trained *trained, uint32_t end)
{
	size_t low = 0, high = trained->minute_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (trained->first[middle] < end)
			low = middle + 1;
		else
			high = middle;
	}
	return low - 1;
}

bool fp_trained_newest(const struct fp_trained *trained, fp_minute minute, fp_minute *known)
{
	size_t after = lower_bound(trained->minutes, trained->minute_count, minute + 1);

	if (trained->first[after] == 0)
		return false;
	*known = trained->minutes[owner_of_last(trained, trained->first[after])];
	return true;
}
