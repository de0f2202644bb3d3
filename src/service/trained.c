/* What a version was trained on, and the ancestry answer (RULES.md, section 5). */
#include "trained.h"

#include "locate.h"

int fp_answer_is_on_branch(
	struct fp_worker *worker, const struct fp_answer *answer, uint32_t commit)
{
	const struct fp_branch *branch = answer->branch;
	struct fp_error error;

	if (branch->reach)
		return fp_reach_has(branch->reach, commit);
	return fp_pivot_is_ancestor(&answer->repository->branches->view,
		answer->repository->branches->pivot, &worker->scratch, commit, branch->tip, &error);
}

/* Whether a commit of the branch's history is the fork point or one of its ancestors. */
static int leads_to_fork_point(
	struct fp_worker *worker, const struct fp_answer *answer, uint32_t commit)
{
	const struct fp_graph_view *view = &answer->repository->branches->view;
	struct fp_error error;

	if (answer->branch->reach)
		return fp_reach_is_ancestor(view, answer->branch->reach, &worker->scratch, commit,
			answer->fork_point, &error);
	return fp_pivot_is_ancestor(view, answer->repository->branches->pivot, &worker->scratch,
		commit, answer->fork_point, &error);
}

/* Whether the grammar names the minute of a commit, so that a training commit can be looked up. */
static bool names_a_minute(const struct fp_decoded *decoded)
{
	return decoded->grammar == FP_GRAMMAR_PRERELEASE_STAMP ||
	       decoded->grammar == FP_GRAMMAR_PATCH_STAMP;
}

static uint32_t candidates_of(
	const struct fp_answer *answer, uint32_t version, const uint32_t **commits)
{
	const struct fp_decoded *decoded = &fp_answer_version(answer, version)->decoded;

	if (!names_a_minute(decoded) || !answer->repository->trained)
		return 0;
	return fp_trained_commits(answer->repository->trained, decoded->minute, commits);
}

/* The first training candidate of a version that is the fork point or its ancestor, in *commit: 1,
 * 0 when there is none, or a negative error. */
static int find_trained_ancestor(struct fp_worker *worker, const struct fp_answer *answer,
	uint32_t version, uint32_t *commit)
{
	const uint32_t *commits;
	uint32_t count = candidates_of(answer, version, &commits);

	for (uint32_t i = 0; i < count; i++) {
		int r = fp_answer_is_on_branch(worker, answer, commits[i]);

		if (r > 0)
			r = leads_to_fork_point(worker, answer, commits[i]);
		if (r != 0) {
			*commit = commits[i];
			return r;
		}
	}
	return 0;
}

static int list_training_commits(struct fp_worker *worker, struct fp_answer *answer)
{
	const uint32_t *commits;
	uint32_t count = candidates_of(answer, answer->selection.chosen, &commits);

	for (uint32_t i = 0; i < count; i++) {
		int r = fp_answer_is_on_branch(worker, answer, commits[i]);

		if (r < 0)
			return r;
		if (r > 0 && answer->trained_count++ < FP_TRAINED_MAX)
			answer->trained[answer->trained_count - 1] = commits[i];
	}
	return 0;
}

/* Commits between a training commit and the fork point that it leads to. */
static int count_age(struct fp_worker *worker, struct fp_answer *answer, uint32_t trained)
{
	const struct fp_graph_view *view = &answer->repository->branches->view;
	const struct fp_reach *reach = answer->branch->reach;
	uint32_t newer, older, between;
	struct fp_error error;
	int r;

	if (!reach) {
		r = fp_pivot_count_between(view, answer->repository->branches->pivot,
			&worker->scratch, trained, answer->fork_point, &between, &error);
	} else {
		r = fp_reach_count_ancestors(
			view, reach, &worker->scratch, answer->fork_point, &newer, &error);
		if (r >= 0)
			r = fp_reach_count_ancestors(
				view, reach, &worker->scratch, trained, &older, &error);
		between = r >= 0 ? newer - older : 0;
	}
	if (r >= 0)
		answer->age_commits = between;
	return r;
}

/* After a version of whose minute no commit is known: to the next one that has any, however many
 * lie between. False when there is none. */
static bool pass_over_unknown(
	const struct fp_answer *answer, uint32_t version, struct fp_select_cursor *cursor)
{
	const struct fp_trained *trained = answer->repository->trained;
	fp_minute minute = fp_answer_version(answer, version)->decoded.minute;

	if (!trained || !fp_trained_newest(trained, minute, &minute))
		return false;
	fp_select_lower(answer->package->state->catalog, minute, cursor);
	return true;
}

/* The newest eligible version whose training commit leads to the fork point. */
static int find_ancestry(struct fp_worker *worker, struct fp_answer *answer)
{
	const struct fp_catalog *catalog = answer->package->state->catalog;
	struct fp_select_cursor cursor;
	uint32_t version, commit;
	const uint32_t *commits;

	cursor.started = false; /* the rest need not be cleared, which would cost */
	cursor.count = 0;

	while ((version = fp_select_next(catalog, &answer->query, &cursor)) !=
		FP_SELECT_NO_VERSION) {
		int r = 0;

		if (candidates_of(answer, version, &commits) > 0)
			r = find_trained_ancestor(worker, answer, version, &commit);
		else if (!pass_over_unknown(answer, version, &cursor))
			return 0;
		if (r > 0)
			answer->ancestry = version;
		if (r != 0)
			return r;
	}
	return 0;
}

/* Whether the chosen version's training commit leads to the fork point: 1, 0, or a negative error.
 */
static int judge_chosen(struct fp_worker *worker, struct fp_answer *answer)
{
	uint32_t commit;
	int r = find_trained_ancestor(worker, answer, answer->selection.chosen, &commit);

	if (r <= 0)
		return r;
	answer->trained_is_ancestor = true;
	answer->trained_ancestor = commit;
	r = count_age(worker, answer, commit);
	return r < 0 ? r : 1;
}

/* By something else than selection: an earlier answer to the same build, or a pin. */
static bool is_given(const struct fp_answer *answer)
{
	return answer->is_sticky || (answer->pin && !answer->pin_is_void);
}

static void warn(struct fp_answer *answer)
{
	if (answer->trained_count == 0)
		answer->warnings |= 1u << FP_WARNING_TRAINING_COMMIT_UNKNOWN;
	if (answer->trained_count > 1)
		answer->warnings |= 1u << FP_WARNING_TRAINING_COMMIT_AMBIGUOUS;
	if (answer->trained_count > 0 && !answer->trained_is_ancestor)
		answer->warnings |= 1u << FP_WARNING_TRAINED_AFTER_FORK_POINT;
	if (answer->ancestry != answer->selection.chosen &&
		!(is_given(answer) && answer->trained_is_ancestor))
		answer->warnings |= 1u << FP_WARNING_ANCESTRY_DISAGREES;
}

int fp_answer_judge_training(struct fp_worker *worker, struct fp_answer *answer)
{
	const struct fp_catalog_version *chosen =
		fp_answer_version(answer, answer->selection.chosen);
	int r;

	answer->age_minutes = answer->minute - chosen->decoded.minute;
	answer->ancestry_known = names_a_minute(&chosen->decoded);
	if (!answer->ancestry_known)
		return 0;
	r = list_training_commits(worker, answer);
	if (r >= 0)
		r = judge_chosen(worker, answer);
	/* Nothing eligible is newer than what selection chose; what is given may be older. */
	if (r > 0 && !is_given(answer))
		answer->ancestry = answer->selection.chosen;
	else if (r >= 0)
		r = find_ancestry(worker, answer);
	if (r >= 0)
		warn(answer);
	return r < 0 ? r : 0;
}
