/*
 * When an answer of the past ended, and what ended it.
 *
 * What answers are made of changes only at the moments of publications. Between the moment asked
 * about, when the answer was the one of then, and now, when it is another, there is a publication
 * before which it still was and after which it was not: halving finds one, each step asking the
 * world of one moment.
 */
#include "diagnose.h"

#include "forkpoint/base/array.h"
#include "forkpoint/store/version_life.h"

#include <stdlib.h>

/* More moments than any on-call question spans; the newest count. */
enum { MOMENTS_MAX = 100000 };

/* ---- moments ---- */

struct moments {
	int64_t *items; /* newest first */
	size_t count, capacity;
};

static int take_moment(void *context, int64_t at_us)
{
	struct moments *moments = context;

	if (fp_array_reserve((void **)&moments->items, &moments->capacity, moments->count + 1,
		    sizeof(*moments->items)) < 0)
		return -FP_ERROR_MEMORY;
	moments->items[moments->count++] = at_us;
	return 0;
}

static int list_moments(struct fp_worker *worker, const struct fp_diagnosis *diagnosis,
	struct moments *moments, struct fp_error *error)
{
	const struct fp_answer *now = &diagnosis->now;
	FP_CLEANUP_FREE char *repo = fp_str_dup(now->repository->settings->name);
	FP_CLEANUP_FREE char *feed = fp_str_dup(now->package->settings->feed);
	FP_CLEANUP_FREE char *package = fp_str_dup(now->package->settings->id);
	int64_t repository_id, package_id;
	int r = repo && feed && package ? fp_worker_open_store(worker, error)
					: fp_error_memory(error);

	if (r >= 0)
		r = fp_store_repository_id(worker->store, repo, &repository_id, error);
	if (r >= 0)
		r = fp_store_package_id(worker->store, feed, package, &package_id, error);
	if (r >= 0)
		r = fp_store_list_moments(worker->store, repository_id, package_id,
			diagnosis->at_us, INT64_MAX, MOMENTS_MAX, take_moment, moments, error);
	return r;
}

/* ---- worlds ---- */

/* Asks the world of one moment: 1 when the answer is the one of then, 0 when not. */
static int is_as_then(struct fp_worker *worker, const struct fp_snapshot *snapshot,
	const struct fp_diagnosis_query *query, const struct fp_diagnosis *diagnosis, int64_t at_us,
	struct fp_answer *answer, struct fp_error *error)
{
	const struct fp_snapshot *world;
	enum fp_as_of_result result;
	int64_t first_us;
	int r = fp_as_of_enter(
		worker, snapshot, query->question.repo, at_us, &result, &world, &first_us, error);

	if (r < 0)
		return r;
	if (result != FP_AS_OF_OK)
		return 0;
	fp_service_resolve(worker, world, &query->question, at_us, answer);
	r = fp_answers_agree(&diagnosis->then, answer);
	fp_as_of_leave(worker, world);
	return r;
}

/* The oldest moment found at which the answer was another, and the one right before it. */
static int bisect(struct fp_worker *worker, const struct fp_snapshot *snapshot,
	const struct fp_diagnosis_query *query, const struct fp_diagnosis *diagnosis,
	const struct moments *moments, int64_t *since_us, struct fp_error *error)
{
	size_t low = 0, high = moments->count; /* items[low] is after the change, items[high] not */
	struct fp_answer answer;
	int r = 0;

	fp_answer_init(&answer);
	while (high - low > 1 && r >= 0) {
		size_t middle = low + (high - low) / 2;

		r = is_as_then(
			worker, snapshot, query, diagnosis, moments->items[middle], &answer, error);
		if (r > 0)
			high = middle;
		else
			low = middle;
	}
	fp_answer_release(&answer);
	*since_us = moments->items[low];
	return r < 0 ? r : 0;
}

/* ---- causes ---- */

static void blame_version(struct fp_difference *difference, enum fp_difference_cause cause,
	const struct fp_catalog_version *version)
{
	difference->cause = cause;
	fp_buf_clear(&difference->subject);
	fp_buf_add_str(&difference->subject, version->row.text);
}

static bool is_gone(const struct fp_catalog_version *version)
{
	return version->row.vanished_us >= 0 ||
	       (version->standing != FP_REJECTION_NONE &&
		       version->standing != FP_REJECTION_QUARANTINED);
}

static const struct fp_catalog_version *find_in(
	const struct fp_answer *answer, const struct fp_catalog_version *version)
{
	return version ? fp_catalog_find(answer->package->state->catalog, version->row.text) : NULL;
}

/* From the two answers: what the later one has that the earlier one had not. One publication lies
 * between them, so decisions and settings explain whatever else seems to differ. */
static void find_cause(const struct fp_answer *before, const struct fp_answer *after,
	struct fp_difference *difference)
{
	const struct fp_catalog_version *old = fp_answer_version(before, before->selection.chosen);
	const struct fp_catalog_version *chosen = fp_answer_version(after, after->selection.chosen);
	const struct fp_catalog_version *old_after = find_in(after, old);
	const struct fp_catalog_version *chosen_before = find_in(before, chosen);

	difference->cause = FP_DIFFERENCE_UNKNOWN;
	if (fp_difference_find_override(before, after, difference))
		return;
	if (!fp_str_equal(before->snapshot->settings->digest, after->snapshot->settings->digest)) {
		difference->cause = FP_DIFFERENCE_CONFIGURATION;
	} else if (before->branch && after->branch && before->fork_point != after->fork_point) {
		difference->cause = FP_DIFFERENCE_BRANCH_MOVED;
		fp_buf_add_str(&difference->subject, after->branch_name);
		difference->from =
			*fp_graph_oid(&before->repository->branches->view, before->branch->tip);
		difference->to =
			*fp_graph_oid(&after->repository->branches->view, after->branch->tip);
	} else if (old && old_after && is_gone(old_after)) {
		blame_version(difference, FP_DIFFERENCE_PACKAGE_GONE, old_after);
	} else if (chosen &&
		   (!chosen_before || chosen_before->standing == FP_REJECTION_NOT_YET_SEEN)) {
		blame_version(difference, FP_DIFFERENCE_PACKAGE_APPEARED, chosen);
	} else if (chosen && is_gone(chosen_before)) {
		blame_version(difference, FP_DIFFERENCE_PACKAGE_BACK, chosen);
	}
}

/* The worlds on both sides of the moment, side by side. */
static int explain(struct fp_worker *worker, const struct fp_snapshot *snapshot,
	const struct fp_diagnosis_query *query, struct fp_difference *difference,
	struct fp_error *error)
{
	const struct fp_snapshot *worlds[2] = {NULL, NULL};
	struct fp_answer answers[2];
	enum fp_as_of_result result = FP_AS_OF_OK;
	int64_t first_us;
	int r = 0;

	for (int i = 0; i < 2; i++)
		fp_answer_init(&answers[i]);
	for (int i = 0; i < 2 && r >= 0 && result == FP_AS_OF_OK; i++) {
		int64_t at_us = difference->since_us - 1 + i;

		r = fp_as_of_enter(worker, snapshot, query->question.repo, at_us, &result,
			&worlds[i], &first_us, error);
		if (r >= 0 && result == FP_AS_OF_OK)
			fp_service_resolve(worker, worlds[i], &query->question, at_us, &answers[i]);
		else
			worlds[i] = NULL;
	}
	if (r >= 0 && worlds[0] && worlds[1] && fp_diagnosis_is_judgeable(&answers[0]) &&
		fp_diagnosis_is_judgeable(&answers[1]))
		find_cause(&answers[0], &answers[1], difference);
	for (int i = 0; i < 2; i++) {
		fp_answer_release(&answers[i]);
		if (worlds[i])
			fp_as_of_leave(worker, worlds[i]);
	}
	return r;
}

int fp_diagnosis_find_difference(struct fp_worker *worker, const struct fp_snapshot *snapshot,
	const struct fp_diagnosis_query *query, struct fp_diagnosis *diagnosis,
	struct fp_error *error)
{
	struct moments moments = {0};
	FP_CLEANUP_FREE void *items = NULL;
	int r = list_moments(worker, diagnosis, &moments, error);

	items = moments.items;
	diagnosis->difference.cause = FP_DIFFERENCE_UNKNOWN;
	diagnosis->difference.since_us = -1;
	if (r < 0 || moments.count == 0)
		return r;
	r = bisect(worker, snapshot, query, diagnosis, &moments, &diagnosis->difference.since_us,
		error);
	if (r < 0)
		return r;
	return explain(worker, snapshot, query, &diagnosis->difference, error);
}
