/* Training commits of any version, and where they lie, seen from a fork point. */
#include "verdict_ancestry.h"

#include "trained.h"

const char *fp_training_place_name(enum fp_training_place place)
{
	static const char *const names[] = {
		[FP_TRAINING_IS_FORK_POINT] = "fork-point",
		[FP_TRAINING_BEFORE] = "before",
		[FP_TRAINING_AFTER] = "after",
		[FP_TRAINING_ASIDE] = "aside",
		[FP_TRAINING_UNRELATED] = "unrelated",
	};

	return names[place];
}

static bool names_a_minute(const struct fp_decoded *decoded)
{
	return decoded->grammar == FP_GRAMMAR_PRERELEASE_STAMP ||
	       decoded->grammar == FP_GRAMMAR_PATCH_STAMP;
}

static fp_minute minute_of(const struct fp_answer *answer, uint32_t commit)
{
	const struct fp_graph_view *view = &answer->repository->branches->view;

	return fp_minute_from_s(answer->repository->settings->committer_time
					? fp_graph_committer_s(view, commit)
					: fp_graph_author_s(view, commit));
}

/* One pass over the graph: a version that the feed never had has no place in the index of training
 * commits, and this is asked once per request. */
uint32_t fp_training_find(const struct fp_answer *answer, const struct fp_decoded *decoded,
	uint32_t commits[FP_TRAINED_MAX])
{
	const struct fp_branches *branches = answer->repository->branches;
	uint32_t found = 0;

	if (!names_a_minute(decoded))
		return 0;
	for (uint32_t i = branches->view.count; i-- > 0;)
		if (minute_of(answer, i) == decoded->minute && fp_branches_knows(branches, i) &&
			found++ < FP_TRAINED_MAX)
			commits[found - 1] = i;
	return found;
}

static enum fp_training_place place_of(
	const struct fp_bases *bases, uint32_t commit, uint32_t fork_point)
{
	if (commit == fork_point)
		return FP_TRAINING_IS_FORK_POINT;
	if (bases->count == 0)
		return FP_TRAINING_UNRELATED;
	if (bases->commits[0] == commit)
		return FP_TRAINING_BEFORE;
	return bases->commits[0] == fork_point ? FP_TRAINING_AFTER : FP_TRAINING_ASIDE;
}

int fp_training_place(struct fp_worker *worker, const struct fp_answer *answer, uint32_t commit,
	struct fp_training *training)
{
	const struct fp_branches *branches = answer->repository->branches;
	struct fp_bases bases = {.count = 0};
	struct fp_error error;
	int r = fp_pivot_merge_bases(&branches->view, branches->pivot, &worker->scratch, commit,
		answer->fork_point, &bases, &error);

	*training = (struct fp_training){.commit = commit, .meeting = FP_NO_COMMIT};
	if (r < 0)
		return r;
	training->minutes = minute_of(answer, commit) - answer->minute;
	training->place = place_of(&bases, commit, answer->fork_point);
	if (training->place == FP_TRAINING_ASIDE)
		training->meeting = bases.commits[0];
	r = fp_answer_is_on_branch(worker, answer, commit);
	if (r < 0)
		return r;
	training->on_branch = r > 0;
	r = fp_walk_count_between(&branches->view, &worker->scratch, answer->fork_point, commit,
		&training->ahead, &error);
	if (r < 0)
		return r;
	return fp_walk_count_between(&branches->view, &worker->scratch, commit, answer->fork_point,
		&training->behind, &error);
}

int fp_verdict_is_off_line(
	struct fp_worker *worker, const struct fp_answer *answer, const struct fp_decoded *decoded)
{
	const struct fp_branches *branches = answer->repository->branches;
	const uint32_t *commits;
	uint32_t count, on_branch = 0;
	struct fp_error error;

	if (!names_a_minute(decoded) || !answer->repository->trained)
		return 0;
	count = fp_trained_commits(answer->repository->trained, decoded->minute, &commits);
	for (uint32_t i = 0; i < count; i++) {
		int r = fp_pivot_is_ancestor(&branches->view, branches->pivot, &worker->scratch,
			commits[i], answer->fork_point, &error);

		if (r != 0)
			return r < 0 ? r : 0;
		r = fp_answer_is_on_branch(worker, answer, commits[i]);
		if (r < 0)
			return r;
		on_branch += r > 0;
	}
	return on_branch > 0;
}
