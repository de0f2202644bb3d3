/* /decode: what a version string says in every grammar. */
#include "locate.h"

#include "forkpoint/core/nuget_version.h"

static void describe_version(struct fp_str version, struct fp_decode_answer *answer)
{
	struct fp_nuget_version parsed;
	struct fp_buf FP_CLEANUP_BUF normalised = {0};

	answer->is_version = fp_nuget_version_parse(version, &parsed);
	answer->is_nuget = answer->is_version && fp_nuget_version_is_strict(&parsed);
	if (!answer->is_version)
		return;
	fp_buf_init(&normalised, sizeof(answer->normalised) - 1);
	fp_nuget_version_write(&parsed, &normalised);
	if (normalised.state == FP_BUF_OK)
		memcpy(answer->normalised, normalised.data, normalised.len + 1);
}

/* The label can be a branch's, or a former name's of one. */
static bool label_names(
	const struct fp_branch *branch, struct fp_str label, enum fp_label_style style)
{
	if (fp_label_matches(branch->name, style, label))
		return true;
	for (size_t i = 0; i < branch->alias_count; i++)
		if (fp_label_matches(branch->aliases[i], style, label))
			return true;
	return false;
}

static void find_branches(const struct fp_branches *branches, struct fp_decode_reading *reading)
{
	const struct fp_decoded *decoded = &reading->decoded;
	bool either = decoded->grammar == FP_GRAMMAR_PATCH_STAMP;

	for (uint32_t i = 0; decoded->label.len && i < branches->count; i++) {
		const struct fp_branch *branch = &branches->items[i];

		if (!label_names(branch, decoded->label, FP_LABEL_HYPHEN) &&
			!(either && label_names(branch, decoded->label, FP_LABEL_UNDERSCORE)))
			continue;
		if (reading->branch_count++ < FP_TRAINED_MAX)
			reading->branches[reading->branch_count - 1] = i;
	}
}

static void find_commits(
	const struct fp_snapshot_repository *repository, struct fp_decode_reading *reading)
{
	const struct fp_branches *branches = repository->branches;
	const struct fp_graph_view *view = &branches->view;
	bool committer = repository->settings->committer_time;

	if (reading->decoded.grammar == FP_GRAMMAR_ARCADE)
		return; /* a day stands for too many commits to mean any */
	for (uint32_t i = view->count; i-- > 0;) {
		int64_t seconds =
			committer ? fp_graph_committer_s(view, i) : fp_graph_author_s(view, i);

		if (fp_minute_from_s(seconds) == reading->decoded.minute &&
			fp_branches_knows(branches, i) && reading->commit_count++ < FP_TRAINED_MAX)
			reading->commits[reading->commit_count - 1] = i;
	}
}

static void find_listed(struct fp_str version, struct fp_decode_answer *answer)
{
	const struct fp_snapshot_repository *repository = answer->repository;

	for (size_t i = 0; i < repository->settings->package_count && !answer->listed; i++) {
		if (repository->packages[i].state)
			answer->listed =
				fp_catalog_find(repository->packages[i].state->catalog, version);
		else
			answer->unread = true;
	}
}

void fp_service_decode(struct fp_worker *worker, const struct fp_snapshot *snapshot,
	struct fp_str version, struct fp_str repo, struct fp_decode_answer *answer)
{
	*answer = (struct fp_decode_answer){0};
	if (repo.len) {
		answer->repository = fp_snapshot_find(snapshot, repo);
		if (!answer->repository) {
			answer->outcome = FP_OUTCOME_UNKNOWN_REPOSITORY;
			fp_service_suggest_repositories(
				snapshot, repo, answer->nearest, &answer->nearest_count);
			return;
		}
		find_listed(version, answer);
	}
	describe_version(version, answer);
	for (int i = 0; i < FP_GRAMMAR_COUNT; i++) {
		struct fp_decode_reading *reading = &answer->readings[i];

		reading->taken = fp_grammar_read(
			(enum fp_grammar)i, version, &reading->decoded, &reading->why);
		if (!reading->taken || !answer->repository || !answer->repository->branches)
			continue;
		find_branches(answer->repository->branches, reading);
		find_commits(answer->repository, reading);
	}
}
