/* /resolve: from a commit to a package version, step by step (RULES.md). */
#include "locate.h"
#include "trained.h"

static bool find_fork_point(struct fp_worker *worker, struct fp_answer *answer)
{
	const struct fp_graph_view *view = &answer->repository->branches->view;
	const struct fp_branch *branch = answer->branch;
	struct fp_error error;
	int r;

	if (branch->reach)
		r = fp_reach_merge_bases(view, branch->reach, &worker->scratch, answer->commit,
			&answer->bases, &error);
	else
		r = fp_pivot_merge_bases(view, answer->repository->branches->pivot,
			&worker->scratch, branch->tip, answer->commit, &answer->bases, &error);
	if (r < 0) {
		fp_buf_add_text(&answer->detail, error.text);
		return fp_answer_fail(answer, FP_STEP_FORK_POINT, FP_OUTCOME_INTERNAL);
	}
	if (answer->bases.count == 0) {
		fp_buf_addf(&answer->detail,
			"the commit and branch \"%.*s\" have no common ancestor: their histories "
			"are unrelated",
			FP_STR_ARG(branch->name));
		return fp_answer_fail(answer, FP_STEP_FORK_POINT, FP_OUTCOME_NO_FORK_POINT);
	}
	answer->fork_point = answer->bases.commits[0];
	if (answer->bases.count > 1)
		answer->warnings |= 1u << FP_WARNING_SEVERAL_MERGE_BASES;
	return true;
}

static bool count_behind(struct fp_worker *worker, struct fp_answer *answer)
{
	const struct fp_graph_view *view = &answer->repository->branches->view;
	const struct fp_branch *branch = answer->branch;
	struct fp_error error;
	int r;

	if (branch->reach)
		r = fp_reach_count_beyond(view, branch->reach, &worker->scratch, answer->fork_point,
			answer->commit, &answer->commits_behind, &error);
	else
		r = fp_pivot_count_between(view, answer->repository->branches->pivot,
			&worker->scratch, answer->fork_point, answer->commit,
			&answer->commits_behind, &error);
	if (r >= 0)
		return true;
	fp_buf_add_text(&answer->detail, error.text);
	return fp_answer_fail(answer, FP_STEP_FORK_POINT, FP_OUTCOME_INTERNAL);
}

void fp_answer_set_stamp(struct fp_answer *answer, uint32_t commit)
{
	const struct fp_graph_view *view = &answer->repository->branches->view;
	int64_t seconds = answer->repository->settings->committer_time
				  ? fp_graph_committer_s(view, commit)
				  : fp_graph_author_s(view, commit);

	answer->minute = fp_minute_from_s(seconds);
	if (fp_stamp_is_writable(answer->minute))
		fp_stamp_format(answer->minute, answer->stamp);
}

void fp_answer_set_requested(struct fp_answer *answer, uint32_t revision)
{
	const struct fp_package_settings *settings = answer->package->settings;

	answer->requested_problem =
		fp_grammar_write(settings->grammars[0], settings->patch_style, &answer->release,
			answer->minute, answer->branch_name, revision, &answer->requested);
}

static bool takes_unlabelled(const struct fp_package_settings *settings, struct fp_str branch)
{
	for (size_t i = 0; i < settings->branch_count; i++)
		if (fp_str_matches_glob(branch, settings->branches[i].ptr))
			return true;
	return false;
}

void fp_answer_set_query(struct fp_answer *answer)
{
	struct fp_select_query *query = &answer->query;
	const struct fp_branch *branch = answer->branch;

	query->release = answer->release;
	query->minute = answer->minute;
	query->branch_names[query->branch_name_count++] = branch->name;
	for (size_t i = 0; i < branch->alias_count; i++)
		if (query->branch_name_count < FP_SELECT_BRANCH_NAMES_MAX)
			query->branch_names[query->branch_name_count++] = branch->aliases[i];
	query->takes_unlabelled = takes_unlabelled(answer->package->settings, branch->name);
}

static const struct fp_override *find_pin(const struct fp_answer *answer)
{
	return fp_overrides_pin(answer->snapshot->overrides, answer->repository->settings->name,
		answer->package->settings->id, answer->branch->name);
}

/* The version that a pin names, if it can be given: FP_SELECT_NO_VERSION otherwise. */
static uint32_t find_pinned(const struct fp_answer *answer, const struct fp_override *pin)
{
	const struct fp_catalog *catalog = answer->package->state->catalog;
	const struct fp_catalog_version *version = fp_catalog_find(catalog, pin->version);

	if (!version || version->row.vanished_us >= 0 || version->row.not_yet_seen ||
		version->row.quarantined)
		return FP_SELECT_NO_VERSION;
	return (uint32_t)(version - catalog->versions);
}

bool fp_answer_choose(const struct fp_answer *answer, const struct fp_select_query *query,
	struct fp_selection *selection)
{
	const struct fp_override *pin = find_pin(answer);
	uint32_t pinned = pin ? find_pinned(answer, pin) : FP_SELECT_NO_VERSION;

	fp_select(answer->package->state->catalog, query, selection);
	if (pinned == FP_SELECT_NO_VERSION || pinned == selection->chosen)
		return false;
	selection->runner_up = selection->chosen;
	selection->chosen = pinned;
	selection->day_granular = false;
	return true;
}

static bool select_version(struct fp_answer *answer)
{
	const struct fp_catalog *catalog = answer->package->state->catalog;

	fp_answer_set_query(answer);
	answer->pin_differs = fp_answer_choose(answer, &answer->query, &answer->selection);
	answer->pin = find_pin(answer);
	if (answer->pin) {
		answer->warnings |= 1u << FP_WARNING_PINNED;
		answer->pin_is_void = find_pinned(answer, answer->pin) == FP_SELECT_NO_VERSION;
	}
	if (answer->selection.quarantined_better != FP_SELECT_NO_VERSION)
		answer->warnings |= 1u << FP_WARNING_QUARANTINED_BETTER;
	if (answer->selection.day_granular)
		answer->warnings |= 1u << FP_WARNING_DAY_GRANULAR;
	if (answer->selection.chosen != FP_SELECT_NO_VERSION)
		return true;
	fp_select_misses(catalog, &answer->query, &answer->misses);
	fp_answer_fail(answer, FP_STEP_SELECTION, FP_OUTCOME_NO_DATABASE);
	fp_answer_write_step(answer, FP_STEP_SELECTION, &answer->detail);
	return false;
}

static bool is_stale(int64_t synced_us, int64_t now_us, int64_t stale_after_us, const char *trouble)
{
	return trouble || synced_us < 0 || now_us - synced_us > stale_after_us;
}

static void note_staleness(struct fp_answer *answer, int64_t now_us)
{
	int64_t after = answer->snapshot->stale_after_us;

	if (is_stale(answer->feed_synced_us, now_us, after, answer->package->feed_trouble))
		answer->warnings |= 1u << FP_WARNING_FEED_STALE;
	if (is_stale(answer->refs_synced_us, now_us, after, answer->repository->refs_trouble))
		answer->warnings |= 1u << FP_WARNING_REFS_STALE;
}

bool fp_answer_locate(struct fp_answer *answer, const struct fp_snapshot *snapshot,
	const struct fp_question *question)
{
	return fp_locate_repository(answer, snapshot, question) &&
	       fp_locate_package(answer, question) && fp_locate_commit(answer, question) &&
	       fp_locate_branch(answer, question) && fp_locate_release(answer, question);
}

void fp_service_resolve(struct fp_worker *worker, const struct fp_snapshot *snapshot,
	const struct fp_question *question, int64_t now_us, struct fp_answer *answer)
{
	fp_answer_clear(answer);
	if (!fp_answer_locate(answer, snapshot, question))
		return;
	note_staleness(answer, now_us);
	if (!find_fork_point(worker, answer) || !count_behind(worker, answer))
		return;
	fp_answer_set_stamp(answer, answer->fork_point);
	fp_answer_set_requested(answer, 0);
	if (!select_version(answer))
		return;
	if (fp_answer_judge_training(worker, answer) < 0) {
		fp_buf_add_text(&answer->detail, "out of memory");
		fp_answer_fail(answer, FP_STEP_ANCESTRY, FP_OUTCOME_INTERNAL);
		return;
	}
	answer->last_step = FP_STEP_ANCESTRY;
}
