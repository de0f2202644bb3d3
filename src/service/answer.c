/* Answers: their life, and the names of their parts. */
#include "forkpoint/service/answer.h"

#include "forkpoint/base/time.h"

enum { SENTENCE_MAX = 4096, REQUESTED_MAX = 2048 };

static const char *const step_names[] = {
	[FP_STEP_COMMIT] = "commit",
	[FP_STEP_BRANCH] = "branch",
	[FP_STEP_RELEASE] = "release",
	[FP_STEP_FORK_POINT] = "fork-point",
	[FP_STEP_STAMP] = "stamp",
	[FP_STEP_REQUESTED_VERSION] = "requested-version",
	[FP_STEP_CANDIDATES] = "candidates",
	[FP_STEP_SELECTION] = "selection",
	[FP_STEP_ANCESTRY] = "ancestry",
};

static const char *const warning_codes[] = {
	[FP_WARNING_FEED_STALE] = "feed-stale",
	[FP_WARNING_REFS_STALE] = "refs-stale",
	[FP_WARNING_ANCESTRY_DISAGREES] = "ancestry-disagrees",
	[FP_WARNING_TRAINED_AFTER_FORK_POINT] = "trained-after-fork-point",
	[FP_WARNING_TRAINING_COMMIT_UNKNOWN] = "training-commit-unknown",
	[FP_WARNING_TRAINING_COMMIT_AMBIGUOUS] = "training-commit-ambiguous",
	[FP_WARNING_AMBIGUOUS_LABEL] = "ambiguous-label",
	[FP_WARNING_SEVERAL_MERGE_BASES] = "several-merge-bases",
	[FP_WARNING_DAY_GRANULAR] = "day-granular",
	[FP_WARNING_PINNED] = "pinned",
	[FP_WARNING_QUARANTINED_BETTER] = "quarantined-better",
	[FP_WARNING_ABBREVIATED_SHA] = "abbreviated-sha",
};

_Static_assert(FP_ARRAY_SIZE(step_names) == FP_STEP_COUNT, "a name for every step");
_Static_assert(FP_ARRAY_SIZE(warning_codes) == FP_WARNING_COUNT, "a code for every warning");

const char *fp_step_name(enum fp_step step)
{
	return step_names[step];
}

const char *fp_warning_code(enum fp_warning warning)
{
	return warning_codes[warning];
}

void fp_answer_init(struct fp_answer *answer)
{
	*answer = (struct fp_answer){0};
	fp_buf_init(&answer->detail, SENTENCE_MAX);
	fp_buf_init(&answer->requested, REQUESTED_MAX);
}

void fp_answer_release(struct fp_answer *answer)
{
	fp_buf_release(&answer->detail);
	fp_buf_release(&answer->requested);
}

const struct fp_catalog_version *fp_answer_version(const struct fp_answer *answer, uint32_t index)
{
	if (index == FP_SELECT_NO_VERSION || !answer->package || !answer->package->state)
		return NULL;
	return &answer->package->state->catalog->versions[index];
}
