/* Lint of tracked branches: whether they have databases, whose answers the history disputes, and
 * commits that no stamp tells apart. */
#include "lint.h"

#include <stdlib.h>

/* Commits of a line that are looked at, from the tip on. */
enum { LINE_MAX_COMMITS = 20000 };

/* ---- a tip and a package ---- */

static bool has_package(const struct fp_answer *answer)
{
	const struct fp_catalog *catalog = answer->package->state->catalog;

	for (uint32_t i = 0; i < catalog->group_count; i++) {
		const struct fp_catalog_group *group = &catalog->groups[i];
		const struct fp_decoded decoded = {.grammar = group->grammar,
			.release = group->release,
			.label = group->label};

		if (fp_query_is_label(&answer->query, &decoded))
			return true;
	}
	return false;
}

static int tell_no_package(struct fp_linting *linting, const struct fp_answer *answer)
{
	fp_buf_addf(&linting->text,
		"Tracked branch %.*s has no database of package %.*s, of any release.",
		FP_STR_ARG(answer->branch_name), FP_STR_ARG(answer->package->settings->id));
	return fp_linting_tell(linting, FP_LINT_NO_PACKAGE, FP_LINT_WARNING, answer->branch_name);
}

static int tell_dispute(struct fp_linting *linting, const struct fp_answer *answer)
{
	const struct fp_catalog_version *by_time =
		fp_answer_version(answer, answer->selection.chosen);
	const struct fp_catalog_version *by_history = fp_answer_version(answer, answer->ancestry);

	fp_buf_addf(&linting->text,
		"The tip of %.*s gets %.*s by its time, and by the history it would be %.*s.",
		FP_STR_ARG(answer->branch_name), FP_STR_ARG(by_time->row.text),
		FP_STR_ARG(by_history ? by_history->row.text : FP_STR_LITERAL("none at all")));
	return fp_linting_tell(
		linting, FP_LINT_ANCESTRY_DISAGREES, FP_LINT_WARNING, answer->branch_name);
}

static int lint_answer(struct fp_linting *linting, const struct fp_branch *branch,
	const struct fp_snapshot_package *package, struct fp_answer *answer)
{
	struct fp_question question = {.repo = linting->repository->settings->name,
		.branch = branch->name,
		.package = package->settings->id};
	char sha[FP_OID_HEX + 1];
	struct fp_line line;

	if (!fp_line_locate(&line, linting->worker, linting->snapshot, &question, answer))
		return 0;
	if (!has_package(answer))
		return tell_no_package(linting, answer);
	fp_oid_format(fp_graph_oid(&linting->repository->branches->view, branch->tip), sha);
	question.sha = fp_str(sha);
	fp_service_resolve(linting->worker, linting->snapshot, &question, 0, answer);
	if (answer->outcome == FP_OUTCOME_OK &&
		fp_answer_warns(answer, FP_WARNING_ANCESTRY_DISAGREES))
		return tell_dispute(linting, answer);
	return 0;
}

int fp_lint_tip(struct fp_linting *linting, const struct fp_branch *branch,
	const struct fp_snapshot_package *package)
{
	struct fp_answer answer;
	int r;

	fp_answer_init(&answer);
	r = lint_answer(linting, branch, package, &answer);
	fp_answer_release(&answer);
	return r;
}

/* ---- commits of one minute ---- */

struct moment {
	fp_minute minute;
	uint32_t commit;
};

static int compare_moments(const void *a, const void *b)
{
	const struct moment *left = a, *right = b;

	if (left->minute != right->minute)
		return left->minute < right->minute ? 1 : -1; /* newest first */
	return left->commit < right->commit ? 1 : left->commit > right->commit ? -1 : 0;
}

static size_t list_moments(
	const struct fp_linting *linting, const struct fp_branch *branch, struct moment *moments)
{
	const struct fp_graph_view *view = &linting->repository->branches->view;
	bool committer = linting->repository->settings->committer_time;
	uint32_t commit = branch->tip;
	size_t count = 0;

	while (count < LINE_MAX_COMMITS && commit != FP_NO_COMMIT) {
		int64_t seconds = committer ? fp_graph_committer_s(view, commit)
					    : fp_graph_author_s(view, commit);

		moments[count++] = (struct moment){fp_minute_from_s(seconds), commit};
		commit = fp_graph_first_parent(view, commit);
	}
	return count;
}

int fp_lint_commits(struct fp_linting *linting, const struct fp_branch *branch)
{
	const struct fp_graph_view *view = &linting->repository->branches->view;
	FP_CLEANUP_FREE struct moment *moments = calloc(LINE_MAX_COMMITS, sizeof(*moments));
	size_t count, first = 0, pairs = 0;
	char older[FP_OID_HEX + 1], newer[FP_OID_HEX + 1];

	if (!moments)
		return -FP_ERROR_MEMORY;
	count = list_moments(linting, branch, moments);
	qsort(moments, count, sizeof(*moments), compare_moments);
	for (size_t i = 1; i < count; i++) {
		if (moments[i].minute != moments[i - 1].minute)
			continue;
		first = pairs++ ? first : i;
	}
	if (pairs == 0)
		return 0;
	fp_oid_format(fp_graph_oid(view, moments[first].commit), older);
	fp_oid_format(fp_graph_oid(view, moments[first - 1].commit), newer);
	fp_buf_addf(&linting->text,
		"On %.*s, %zu commit%s of the last %zu share%s a minute with another, such as "
		"%.12s and %.12s: one stamp stands for both.",
		FP_STR_ARG(branch->name), pairs, pairs == 1 ? "" : "s", count,
		pairs == 1 ? "s" : "", older, newer);
	return fp_linting_tell(linting, FP_LINT_SAME_MINUTE, FP_LINT_NOTE, branch->name);
}
