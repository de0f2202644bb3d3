/* /stamp: the version under which a training run of a commit publishes. */
#include "locate.h"
#include "trained.h"

#include "forkpoint/core/nuget_version.h"

void fp_stamp_answer_init(struct fp_stamp_answer *answer)
{
	*answer = (struct fp_stamp_answer){0};
	fp_answer_init(&answer->answer);
}

void fp_stamp_answer_release(struct fp_stamp_answer *answer)
{
	fp_answer_release(&answer->answer);
}

const char *fp_requested_problem_code(enum fp_requested_problem problem)
{
	switch (problem) {
	case FP_REQUESTED_FINE: return NULL;
	case FP_REQUESTED_NOT_PACKAGEABLE: return "branch-not-packageable";
	case FP_REQUESTED_STAMP_OVERFLOW: return "stamp-overflow";
	case FP_REQUESTED_NO_STAMP: return "no-stamp";
	case FP_REQUESTED_RELEASE_UNFIT: return "release-unfit";
	}
	return NULL;
}

void fp_stamp_write_problem(const struct fp_stamp_answer *stamp, struct fp_buf *buf)
{
	const struct fp_answer *answer = &stamp->answer;

	switch (answer->requested_problem) {
	case FP_REQUESTED_FINE: break;
	case FP_REQUESTED_NOT_PACKAGEABLE:
		fp_buf_addf(buf,
			"branch \"%.*s\" makes no legal label: nothing can be published for it; "
			"only letters, digits, - and the characters / . @ > < may stand in "
			"its name",
			FP_STR_ARG(answer->branch_name));
		break;
	case FP_REQUESTED_STAMP_OVERFLOW:
		fp_buf_addf(buf,
			"stamp %s is past %d, the largest number that a NuGet version part holds; "
			"publish in the grammar prerelease-stamp instead",
			answer->stamp, FP_STAMP_PATCH_MAX_NUMBER);
		break;
	case FP_REQUESTED_NO_STAMP:
		fp_buf_add_text(buf, "the commit's time is outside the years 2000 to 2099 that a "
				     "stamp can name");
		break;
	case FP_REQUESTED_RELEASE_UNFIT:
		fp_buf_add_text(buf, "release ");
		fp_release_write(&answer->release, buf);
		fp_buf_addf(buf, " does not fit the grammar %s",
			fp_grammar_name(answer->package->settings->grammars[0]));
		break;
	}
}

/* arcade: one more than the highest revision of the day that the feed has had. */
static uint32_t free_revision(const struct fp_answer *answer)
{
	const struct fp_catalog *catalog = answer->package->state->catalog;
	fp_day day = fp_day_from_minute(answer->minute);
	uint32_t revision = 1;

	if (answer->package->settings->grammars[0] != FP_GRAMMAR_ARCADE)
		return 0;
	for (uint32_t i = 0; i < catalog->version_count; i++) {
		const struct fp_decoded *decoded = &catalog->versions[i].decoded;

		if (decoded->grammar == FP_GRAMMAR_ARCADE &&
			fp_day_from_minute(decoded->minute) == day && decoded->revision >= revision)
			revision = decoded->revision + 1;
	}
	return revision;
}

static void find_published(struct fp_stamp_answer *stamp)
{
	const struct fp_catalog *catalog = stamp->answer.package->state->catalog;
	const struct fp_catalog_version *version =
		fp_catalog_find(catalog, fp_buf_str(&stamp->answer.requested));

	stamp->published = version != NULL;
	if (version)
		stamp->published_index = (uint32_t)(version - catalog->versions);
}

/* Other commits of the branch with this minute. The catalog's stamps are indexed, this commit's
 * need not be among them: a pass over the graph, for a question that training runs ask rarely. */
static int find_same_stamp(struct fp_worker *worker, struct fp_stamp_answer *stamp)
{
	const struct fp_answer *answer = &stamp->answer;
	const struct fp_graph_view *view = &answer->repository->branches->view;
	bool committer = answer->repository->settings->committer_time;

	for (uint32_t i = view->count; i-- > 0;) {
		int64_t seconds =
			committer ? fp_graph_committer_s(view, i) : fp_graph_author_s(view, i);
		int r;

		if (i == answer->commit || fp_minute_from_s(seconds) != answer->minute)
			continue;
		r = fp_answer_is_on_branch(worker, answer, i);
		if (r < 0)
			return r;
		if (r > 0 && stamp->same_stamp_count++ < FP_TRAINED_MAX)
			stamp->same_stamp[stamp->same_stamp_count - 1] = i;
	}
	return 0;
}

void fp_service_stamp(struct fp_worker *worker, const struct fp_snapshot *snapshot,
	const struct fp_question *question, int64_t now_us, struct fp_stamp_answer *stamp)
{
	struct fp_answer *answer = &stamp->answer;

	fp_answer_clear(answer);
	stamp->published = false;
	stamp->same_stamp_count = stamp->revision = 0;
	if (!fp_answer_locate(answer, snapshot, question))
		return;
	answer->fork_point = answer->commit;
	fp_answer_set_stamp(answer, answer->commit);
	stamp->revision = free_revision(answer);
	fp_answer_set_requested(answer, stamp->revision);
	answer->last_step = FP_STEP_REQUESTED_VERSION;
	if (answer->requested_problem == FP_REQUESTED_NOT_PACKAGEABLE) {
		fp_stamp_write_problem(stamp, &answer->detail);
		fp_answer_fail(
			answer, FP_STEP_REQUESTED_VERSION, FP_OUTCOME_BRANCH_NOT_PACKAGEABLE);
		return;
	}
	find_published(stamp);
	if (find_same_stamp(worker, stamp) < 0) {
		fp_buf_add_text(&answer->detail, "out of memory");
		fp_answer_fail(answer, FP_STEP_REQUESTED_VERSION, FP_OUTCOME_INTERNAL);
	}
}
