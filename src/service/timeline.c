/* /timeline: a branch's line as a table. */
#include "forkpoint/service/timeline.h"

#include "line.h"
#include "locate.h"

#include "forkpoint/base/array.h"

#include <stdlib.h>

void fp_timeline_init(struct fp_timeline *timeline)
{
	*timeline = (struct fp_timeline){.next = FP_NO_COMMIT};
	fp_answer_init(&timeline->answer);
}

void fp_timeline_release(struct fp_timeline *timeline)
{
	fp_answer_release(&timeline->answer);
	free(timeline->rows);
	free(timeline->packages);
}

/* ---- commits ---- */

/* Commits that the branch got with this one and did not have before it. */
static int count_merged(const struct fp_line *line, uint32_t commit, uint32_t *merged)
{
	const struct fp_graph_view *view = &line->answer->repository->branches->view;
	const struct fp_reach *reach = line->answer->branch->reach;
	struct fp_scratch *scratch = &line->worker->scratch;
	uint32_t room[2], after, before;
	const uint32_t *parents;
	struct fp_error error;
	int r;

	*merged = 0;
	if (fp_graph_parents(view, commit, &parents, room) < 2)
		return 0;
	if (reach) {
		r = fp_reach_count_ancestors(view, reach, scratch, commit, &after, &error);
		if (r >= 0)
			r = fp_reach_count_ancestors(
				view, reach, scratch, parents[0], &before, &error);
		if (r >= 0)
			*merged = after - before - 1;
		return r;
	}
	r = fp_walk_count_between(view, scratch, parents[0], commit, &after, &error);
	if (r >= 0)
		*merged = after - 1;
	return r;
}

static int list_rows(const struct fp_line *line, struct fp_line_span span, uint32_t limit,
	struct fp_timeline *timeline)
{
	uint32_t commit = span.newest;

	while (commit != FP_NO_COMMIT && timeline->row_count < limit) {
		struct fp_timeline_row *row;
		int r = fp_array_reserve((void **)&timeline->rows, &timeline->row_capacity,
			timeline->row_count + 1, sizeof(*timeline->rows));

		if (r < 0)
			return r;
		row = &timeline->rows[timeline->row_count++];
		*row = (struct fp_timeline_row){.behind = FP_NO_COMMIT};
		fp_line_point(line, commit, &row->point);
		r = count_merged(line, commit, &row->merged);
		if (r < 0)
			return r;
		commit = commit == span.oldest ? FP_NO_COMMIT : fp_line_before(line, commit);
	}
	timeline->next = commit;
	return 0;
}

/* ---- inversions ---- */

struct moment {
	uint32_t commit;
	fp_minute minute;
};

/* The rows and what is looked back on from the last of them, newest first. */
static struct moment *list_moments(
	const struct fp_line *line, const struct fp_timeline *timeline, size_t *count)
{
	size_t most = timeline->row_count + FP_TIMELINE_LOOK_BACK;
	struct moment *moments = calloc(most, sizeof(*moments));
	uint32_t commit = timeline->rows[0].point.commit;

	for (*count = 0; moments && *count < most && commit != FP_NO_COMMIT; ++*count) {
		moments[*count] = (struct moment){commit, fp_line_minute(line, commit)};
		commit = fp_line_before(line, commit);
	}
	return moments;
}

/*
 * From the oldest to the newest, with a queue of those that can still be the newest stamp of a
 * window: older commits first, their stamps falling.
 */
static int mark_inversions(const struct fp_line *line, struct fp_timeline *timeline)
{
	size_t count, head = 0, tail = 0;
	FP_CLEANUP_FREE struct moment *moments = list_moments(line, timeline, &count);
	FP_CLEANUP_FREE size_t *queue = moments ? calloc(count, sizeof(*queue)) : NULL;

	if (!queue)
		return -FP_ERROR_MEMORY;
	for (size_t i = count; i-- > 0;) {
		while (head < tail && queue[head] > i + FP_TIMELINE_LOOK_BACK)
			head++;
		if (i < timeline->row_count && head < tail &&
			moments[queue[head]].minute > moments[i].minute) {
			timeline->rows[i].behind = moments[queue[head]].commit;
			timeline->rows[i].behind_minutes =
				moments[queue[head]].minute - moments[i].minute;
		}
		while (tail > head && moments[queue[tail - 1]].minute <= moments[i].minute)
			tail--;
		queue[tail++] = i;
	}
	return 0;
}

/* ---- packages ---- */

static int compare_packages(const void *a, const void *b)
{
	const struct fp_timeline_package *left = a, *right = b;

	if (left->minute != right->minute)
		return left->minute < right->minute ? -1 : 1;
	return left->version < right->version ? -1 : left->version > right->version;
}

/* The minutes between which the rows lie. */
static void find_minutes(const struct fp_timeline *timeline, fp_minute *first, fp_minute *last)
{
	*first = *last = timeline->rows[0].point.minute;
	for (size_t i = 1; i < timeline->row_count; i++) {
		fp_minute minute = timeline->rows[i].point.minute;

		*first = minute < *first ? minute : *first;
		*last = minute > *last ? minute : *last;
	}
}

struct window {
	fp_minute first, last;
};

static bool is_within(const struct window *window, const struct fp_decoded *decoded)
{
	return decoded->minute >= window->first && decoded->minute <= window->last;
}

static int add_package(
	const struct fp_catalog *catalog, uint32_t version, struct fp_timeline *timeline)
{
	if (fp_array_reserve((void **)&timeline->packages, &timeline->package_capacity,
		    timeline->package_count + 1, sizeof(*timeline->packages)) < 0)
		return -FP_ERROR_MEMORY;
	timeline->packages[timeline->package_count++] =
		(struct fp_timeline_package){catalog->versions[version].decoded.minute, version};
	return 0;
}

/* A day is no commit's minute: arcade's versions stand on no row. */
static bool names_commit(const struct fp_line *line, const struct fp_decoded *decoded)
{
	return (decoded->grammar == FP_GRAMMAR_PRERELEASE_STAMP ||
		       decoded->grammar == FP_GRAMMAR_PATCH_STAMP) &&
	       fp_query_is_label(&line->answer->query, decoded);
}

/* The first of a group's members in a part that is not before the minute. */
static uint32_t first_member(
	const struct fp_catalog *catalog, uint32_t low, uint32_t high, fp_minute minute)
{
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (catalog->minutes[middle] < minute)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Those in groups: groups are few, and sorted by minute within their parts. */
static int list_grouped(
	const struct fp_line *line, const struct window *window, struct fp_timeline *timeline)
{
	const struct fp_catalog *catalog = line->answer->package->state->catalog;

	for (uint32_t i = 0; i < catalog->group_count; i++) {
		const struct fp_catalog_group *group = &catalog->groups[i];
		const struct fp_decoded decoded = {
			.grammar = group->grammar, .label = group->label};

		for (int part = 0; names_commit(line, &decoded) && part < FP_CATALOG_PARTS;
			part++) {
			uint32_t end = group->first[part + 1];
			uint32_t at = first_member(catalog, group->first[part], end, window->first);

			for (; at < end && catalog->minutes[at] <= window->last; at++)
				if (add_package(catalog, catalog->order[at], timeline) < 0)
					return -FP_ERROR_MEMORY;
		}
	}
	return 0;
}

/* Those in none: unlisted, vanished. */
static int list_ungrouped(
	const struct fp_line *line, const struct window *window, struct fp_timeline *timeline)
{
	const struct fp_catalog *catalog = line->answer->package->state->catalog;

	for (uint32_t i = 0; i < catalog->version_count; i++) {
		const struct fp_catalog_version *version = &catalog->versions[i];

		if (version->group == FP_CATALOG_NO_GROUP && is_within(window, &version->decoded) &&
			names_commit(line, &version->decoded) &&
			add_package(catalog, i, timeline) < 0)
			return -FP_ERROR_MEMORY;
	}
	return 0;
}

/* The branch's versions with stamps of the rows' time, whatever became of them. */
static int list_packages(const struct fp_line *line, struct fp_timeline *timeline)
{
	struct window window;

	find_minutes(timeline, &window.first, &window.last);
	if (list_grouped(line, &window, timeline) < 0 ||
		list_ungrouped(line, &window, timeline) < 0)
		return -FP_ERROR_MEMORY;
	if (timeline->package_count)
		qsort(timeline->packages, timeline->package_count, sizeof(*timeline->packages),
			compare_packages);
	return 0;
}

/* The first package that is not before the minute. */
static uint32_t first_at(const struct fp_timeline *timeline, fp_minute minute)
{
	size_t low = 0, high = timeline->package_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (timeline->packages[middle].minute < minute)
			low = middle + 1;
		else
			high = middle;
	}
	return (uint32_t)low;
}

static int add_packages(const struct fp_line *line, struct fp_timeline *timeline)
{
	int r = list_packages(line, timeline);

	for (size_t i = 0; r >= 0 && i < timeline->row_count; i++) {
		struct fp_timeline_row *row = &timeline->rows[i];

		row->first_package = first_at(timeline, row->point.minute);
		row->package_count = first_at(timeline, row->point.minute + 1) - row->first_package;
	}
	return r;
}

void fp_service_timeline(struct fp_worker *worker, const struct fp_snapshot *snapshot,
	const struct fp_line_query *query, struct fp_timeline *timeline)
{
	const struct fp_question question = {.repo = query->repo,
		.package = query->package,
		.branch = query->branch,
		.release = query->release};
	struct fp_answer *answer = &timeline->answer;
	struct fp_line line;
	struct fp_line_span span;

	timeline->row_count = timeline->package_count = 0;
	timeline->next = FP_NO_COMMIT;
	if (!fp_line_locate(&line, worker, snapshot, &question, answer) ||
		!fp_line_find_span(&line, query->from, query->to, query->cursor, &span))
		return;
	if (list_rows(&line, span, query->limit, timeline) < 0 ||
		mark_inversions(&line, timeline) < 0 || add_packages(&line, timeline) < 0) {
		fp_buf_add_text(&answer->detail, "out of memory");
		fp_answer_fail(answer, FP_STEP_COMMIT, FP_OUTCOME_INTERNAL);
	}
}
