/* Which repository, package, commit, branch and release a question means (RULES.md, section 1). */
#include "locate.h"

#include "forkpoint/base/time.h"

#include <stdlib.h>

/* Agents ask again soon when a first clone or a first look at a feed is under way. */
#define NOT_READY_RETRY_US (5 * FP_US_PER_S)

void fp_answer_clear(struct fp_answer *answer)
{
	struct fp_buf detail = answer->detail, requested = answer->requested;

	fp_buf_clear(&detail);
	fp_buf_clear(&requested);
	memset(answer, 0, offsetof(struct fp_answer, bases));
	memset(&answer->fork_point, 0, sizeof(*answer) - offsetof(struct fp_answer, fork_point));
	answer->bases.count = 0; /* the rest of the large array need not be touched */
	answer->bases.more = false;
	answer->detail = detail;
	answer->requested = requested;
	answer->commit = answer->fork_point = answer->trained_ancestor = FP_NO_COMMIT;
	answer->selection.chosen = answer->selection.runner_up = FP_SELECT_NO_VERSION;
	answer->selection.nearest_newer = FP_SELECT_NO_VERSION;
	answer->selection.quarantined_better = FP_SELECT_NO_VERSION;
	answer->ancestry = answer->instead_of = FP_SELECT_NO_VERSION;
	answer->age_commits = -1;
	answer->feed_synced_us = answer->refs_synced_us = -1;
}

bool fp_answer_fail(struct fp_answer *answer, enum fp_step step, enum fp_outcome outcome)
{
	answer->last_step = step;
	answer->outcome = outcome;
	return false;
}

void fp_answer_suggest(struct fp_str *nearest, size_t *nearest_count, struct fp_str wanted,
	const struct fp_str *names, size_t count)
{
	size_t indices[FP_NEAREST_MAX];

	*nearest_count = fp_str_nearest(wanted, names, count, indices, FP_NEAREST_MAX);
	for (size_t i = 0; i < *nearest_count; i++)
		nearest[i] = names[indices[i]];
}

void fp_service_suggest_repositories(const struct fp_snapshot *snapshot, struct fp_str wanted,
	struct fp_str *nearest, size_t *nearest_count)
{
	size_t count = snapshot->settings->repository_count;
	FP_CLEANUP_FREE struct fp_str *names = calloc(count + 1, sizeof(*names));

	for (size_t i = 0; names && i < count; i++)
		names[i] = snapshot->settings->repositories[i].name;
	if (names)
		fp_answer_suggest(nearest, nearest_count, wanted, names, count);
}

void fp_service_suggest_packages(const struct fp_repository_settings *settings,
	struct fp_str wanted, struct fp_str *nearest, size_t *nearest_count)
{
	FP_CLEANUP_FREE struct fp_str *ids = calloc(settings->package_count + 1, sizeof(*ids));

	for (size_t i = 0; ids && i < settings->package_count; i++)
		ids[i] = settings->packages[i].id;
	if (ids)
		fp_answer_suggest(nearest, nearest_count, wanted, ids, settings->package_count);
}

/* ---- repository and package ---- */

static bool not_ready(struct fp_answer *answer, const char *trouble)
{
	answer->retry_after_us = NOT_READY_RETRY_US;
	if (trouble)
		fp_buf_addf(&answer->detail, "; the last attempt failed: %s", trouble);
	return fp_answer_fail(answer, FP_STEP_COMMIT, FP_OUTCOME_NOT_READY);
}

bool fp_locate_repository(struct fp_answer *answer, const struct fp_snapshot *snapshot,
	const struct fp_question *question)
{
	answer->snapshot = snapshot;
	answer->repository = fp_snapshot_find(snapshot, question->repo);
	if (!answer->repository) {
		fp_buf_addf(&answer->detail,
			"no repository named \"%.*s\" is configured; GET /repos lists them",
			FP_STR_ARG(question->repo));
		fp_service_suggest_repositories(
			snapshot, question->repo, answer->nearest, &answer->nearest_count);
		return fp_answer_fail(answer, FP_STEP_COMMIT, FP_OUTCOME_UNKNOWN_REPOSITORY);
	}
	answer->refs_synced_us = answer->repository->refs_synced_us;
	if (answer->repository->branches)
		return true;
	fp_buf_addf(&answer->detail,
		"repository \"%.*s\" has not been mirrored yet; GET /repos/%.*s shows how far it "
		"is",
		FP_STR_ARG(question->repo), FP_STR_ARG(question->repo));
	return not_ready(answer, answer->repository->refs_trouble);
}

static const struct fp_snapshot_package *find_package(
	const struct fp_snapshot_repository *repository, struct fp_str id)
{
	for (size_t i = 0; i < repository->settings->package_count; i++)
		if (id.len == 0 || fp_str_equal_nocase(repository->packages[i].settings->id, id))
			return &repository->packages[i];
	return NULL;
}

bool fp_locate_package(struct fp_answer *answer, const struct fp_question *question)
{
	const struct fp_snapshot_package *package =
		find_package(answer->repository, question->package);

	answer->package = package;
	if (!package) {
		fp_buf_addf(&answer->detail,
			"repository \"%.*s\" has no package \"%.*s\"; GET /repos/%.*s lists them",
			FP_STR_ARG(question->repo), FP_STR_ARG(question->package),
			FP_STR_ARG(question->repo));
		fp_service_suggest_packages(answer->repository->settings, question->package,
			answer->nearest, &answer->nearest_count);
		return fp_answer_fail(answer, FP_STEP_COMMIT, FP_OUTCOME_UNKNOWN_PACKAGE);
	}
	answer->feed_synced_us = package->feed_synced_us;
	if (package->state)
		return true;
	fp_buf_addf(&answer->detail, "feed \"%.*s\" has not been read for package %.*s yet",
		FP_STR_ARG(package->settings->feed), FP_STR_ARG(package->settings->id));
	return not_ready(answer, package->feed_trouble);
}

/* ---- commit ---- */

static void suggest_refs(struct fp_answer *answer, struct fp_str wanted)
{
	const struct fp_ref_rows *refs = &answer->repository->branches->refs;
	FP_CLEANUP_FREE struct fp_str *names = calloc(refs->count + 1, sizeof(*names));

	for (size_t i = 0; names && i < refs->count; i++)
		names[i] = fp_str(refs->items[i].name);
	if (names)
		fp_answer_suggest(
			answer->nearest, &answer->nearest_count, wanted, names, refs->count);
}

static bool locate_ref(struct fp_answer *answer, struct fp_str ref)
{
	const struct fp_branches *branches = answer->repository->branches;
	size_t at = fp_branches_find_ref(branches, ref);

	if (at == SIZE_MAX) {
		fp_buf_addf(&answer->detail,
			"the mirror has no ref \"%.*s\"; give its full name, such as "
			"refs/heads/main",
			FP_STR_ARG(ref));
		suggest_refs(answer, ref);
		return fp_answer_fail(answer, FP_STEP_COMMIT, FP_OUTCOME_UNKNOWN_COMMIT);
	}
	answer->commit = branches->ref_commits[at];
	if (answer->commit != FP_NO_COMMIT)
		return true;
	fp_buf_addf(&answer->detail, "ref %.*s does not lead to a commit", FP_STR_ARG(ref));
	return fp_answer_fail(answer, FP_STEP_COMMIT, FP_OUTCOME_UNKNOWN_COMMIT);
}

/* A tag's own id is a likely mistake: say which commit it marks. */
static bool name_tag(struct fp_answer *answer, const struct fp_oid *oid)
{
	const struct fp_branches *branches = answer->repository->branches;

	for (size_t i = 0; i < branches->refs.count; i++) {
		const struct fp_ref_row *ref = &branches->refs.items[i];
		char commit[FP_OID_HEX + 1];

		if (!fp_oid_equal(&ref->oid, oid) || fp_oid_is_zero(&ref->commit) ||
			fp_oid_equal(&ref->oid, &ref->commit))
			continue;
		fp_oid_format(&ref->commit, commit);
		fp_buf_addf(&answer->detail,
			"that is the tag object of %s, not a commit; the commit that it marks is "
			"%s",
			ref->name, commit);
		return true;
	}
	return false;
}

static bool unknown_commit(struct fp_answer *answer, struct fp_str sha)
{
	struct fp_oid oid;

	if (!fp_oid_parse(sha, &oid) || !name_tag(answer, &oid))
		fp_buf_addf(&answer->detail,
			"the mirror of \"%.*s\" has no commit %.*s; it may not have been pushed, "
			"or is on no ref that is mirrored",
			FP_STR_ARG(answer->repository->settings->name), FP_STR_ARG(sha));
	return fp_answer_fail(answer, FP_STEP_COMMIT, FP_OUTCOME_UNKNOWN_COMMIT);
}

static bool locate_abbreviated(struct fp_answer *answer, struct fp_str sha)
{
	const struct fp_graph_view *view = &answer->repository->branches->view;

	answer->match_count = fp_branches_find_prefix(
		answer->repository->branches, sha, answer->matches, FP_NEAREST_MAX);
	if (answer->match_count == 0)
		return unknown_commit(answer, sha);
	if (answer->match_count == 1) {
		answer->commit = answer->matches[0];
		answer->abbreviated = true;
		answer->warnings |= 1u << FP_WARNING_ABBREVIATED_SHA;
		return true;
	}
	fp_buf_addf(&answer->detail, "%.*s is short for several commits:", FP_STR_ARG(sha));
	for (size_t i = 0; i < answer->match_count; i++) {
		char hex[FP_OID_HEX + 1];

		fp_oid_format(fp_graph_oid(view, answer->matches[i]), hex);
		fp_buf_addf(&answer->detail, "%s %s", i ? "," : "", hex);
	}
	fp_buf_add_text(&answer->detail, answer->match_count == FP_NEAREST_MAX
						 ? " and perhaps more; give more digits"
						 : "; give more digits");
	return fp_answer_fail(answer, FP_STEP_COMMIT, FP_OUTCOME_AMBIGUOUS_COMMIT);
}

bool fp_locate_commit(struct fp_answer *answer, const struct fp_question *question)
{
	struct fp_oid oid;

	answer->started = true;
	if (question->ref.len)
		return locate_ref(answer, question->ref);
	if (!fp_oid_parse(question->sha, &oid))
		return locate_abbreviated(answer, question->sha);
	answer->commit = fp_branches_find_commit(answer->repository->branches, &oid);
	return answer->commit != FP_NO_COMMIT || unknown_commit(answer, question->sha);
}

const struct fp_facts *fp_answer_facts(const struct fp_answer *answer)
{
	static const struct fp_facts nothing;
	const struct fp_branches *branches = answer->repository->branches;
	uint32_t number;

	if (answer->commit == FP_NO_COMMIT) /* a question about a branch, not about a commit */
		return &nothing;
	number = fp_graph_facts(&branches->view, answer->commit);
	return number < branches->facts_count ? &branches->facts[number] : &nothing;
}

/* ---- branch ---- */

/* A former name leads to the branch that has it as an alias, unless it is a branch itself. */
static const struct fp_branch *find_by_alias(
	const struct fp_branches *branches, struct fp_str former)
{
	for (size_t i = 0; i < branches->count; i++)
		for (size_t k = 0; k < branches->items[i].alias_count; k++)
			if (fp_str_equal(branches->items[i].aliases[k], former))
				return &branches->items[i];
	return NULL;
}

static void suggest_branches(struct fp_answer *answer, struct fp_str wanted)
{
	const struct fp_branches *branches = answer->repository->branches;
	FP_CLEANUP_FREE struct fp_str *names = calloc(branches->count + 1, sizeof(*names));

	for (size_t i = 0; names && i < branches->count; i++)
		names[i] = branches->items[i].name;
	if (names)
		fp_answer_suggest(
			answer->nearest, &answer->nearest_count, wanted, names, branches->count);
}

static void choose_branch_name(struct fp_answer *answer, const struct fp_question *question)
{
	const struct fp_facts *facts = fp_answer_facts(answer);

	if (question->branch.len) {
		answer->branch_origin = FP_BRANCH_FROM_REQUEST;
		answer->branch_name = fp_branch_short_name(question->branch);
	} else if (facts->branch.len) {
		answer->branch_origin = FP_BRANCH_FROM_TREE;
		answer->branch_name = fp_branch_short_name(facts->branch);
		answer->branch_file = facts->branch_source;
	} else {
		answer->branch_origin = FP_BRANCH_FROM_DEFAULT;
		answer->branch_name = answer->repository->settings->default_branch;
	}
}

static bool unknown_branch(struct fp_answer *answer)
{
	struct fp_str name = answer->branch_name;
	struct fp_str repo = answer->repository->settings->name;

	if (name.len == 0) {
		fp_buf_add_text(&answer->detail, "neither the request, nor the commit's tree, nor "
						 "the configuration names a PGO "
						 "branch; add branch=");
		return fp_answer_fail(answer, FP_STEP_BRANCH, FP_OUTCOME_UNKNOWN_BRANCH);
	}
	fp_buf_addf(&answer->detail, "the mirror of \"%.*s\" has no branch \"%.*s\"",
		FP_STR_ARG(repo), FP_STR_ARG(name));
	if (answer->branch_origin == FP_BRANCH_FROM_TREE)
		fp_buf_addf(&answer->detail, ", which the commit's %.*s names",
			FP_STR_ARG(answer->branch_file));
	if (answer->branch_origin == FP_BRANCH_FROM_DEFAULT)
		fp_buf_add_text(&answer->detail, ", the configured default");
	fp_buf_addf(&answer->detail, "; GET /repos/%.*s lists them", FP_STR_ARG(repo));
	suggest_branches(answer, name);
	return fp_answer_fail(answer, FP_STEP_BRANCH, FP_OUTCOME_UNKNOWN_BRANCH);
}

/* Whether the package's versions name branches; without a package, nothing is chosen by labels. */
static bool has_labels(const struct fp_snapshot_package *package)
{
	for (size_t i = 0; package && i < package->settings->grammar_count; i++)
		if (package->settings->grammars[i] != FP_GRAMMAR_ARCADE)
			return true;
	return false;
}

bool fp_locate_branch(struct fp_answer *answer, const struct fp_question *question)
{
	const struct fp_branches *branches = answer->repository->branches;
	const struct fp_branch *branch;

	choose_branch_name(answer, question);
	branch = fp_branches_find(branches, answer->branch_name);
	if (!branch) {
		branch = find_by_alias(branches, answer->branch_name);
		if (branch)
			answer->branch_asked = answer->branch_name;
	}
	if (!branch || branch->tip == FP_NO_COMMIT)
		return unknown_branch(answer);
	answer->branch = branch;
	answer->branch_name = branch->name;
	if (branch->twin_count && has_labels(answer->package))
		answer->warnings |= 1u << FP_WARNING_AMBIGUOUS_LABEL;
	return true;
}

/* ---- release ---- */

bool fp_locate_release(struct fp_answer *answer, const struct fp_question *question)
{
	const struct fp_facts *facts = fp_answer_facts(answer);

	if (question->release.len) {
		if (!fp_release_parse(question->release, &answer->release)) {
			fp_buf_addf(&answer->detail,
				"release \"%.*s\" is none; it takes "
				"MAJOR.MINOR[.PATCH][-PRERELEASE], "
				"such as 2.4 or 2.8.0-prerelease",
				FP_STR_ARG(question->release));
			return fp_answer_fail(answer, FP_STEP_RELEASE, FP_OUTCOME_BAD_REQUEST);
		}
		answer->release_source = FP_STR_LITERAL("request");
		return true;
	}
	if (facts->has_release) {
		answer->release = facts->release;
		answer->release_source = facts->release_source;
		return true;
	}
	if (facts->release_problem.len)
		fp_buf_add_str(&answer->detail, facts->release_problem);
	else
		fp_buf_add_text(&answer->detail,
			"the configuration names no version file for this repository");
	fp_buf_add_text(&answer->detail, "; add release= to the request");
	return fp_answer_fail(answer, FP_STEP_RELEASE, FP_OUTCOME_RELEASE_UNKNOWN);
}
