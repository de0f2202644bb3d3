#pragma once
/*
 * An answer to /resolve as plain facts, from which every form is rendered. Its slices point into
 * the snapshot (and the question) that it was made from: render before leaving the snapshot.
 */
#include "forkpoint/base/hash.h"
#include "forkpoint/service/outcome.h"
#include "forkpoint/store/snapshot.h"

struct fp_question {
	struct fp_str repo;
	struct fp_str sha; /* full or abbreviated; empty when ref is given */
	struct fp_str ref;
	struct fp_str branch, release, package; /* empty where not asked */
};

/* The steps of the reasoning, in their order; a step that fails is the last one. */
enum fp_step {
	FP_STEP_COMMIT,
	FP_STEP_BRANCH,
	FP_STEP_RELEASE,
	FP_STEP_FORK_POINT,
	FP_STEP_STAMP,
	FP_STEP_REQUESTED_VERSION,
	FP_STEP_CANDIDATES,
	FP_STEP_SELECTION,
	FP_STEP_ANCESTRY,
	FP_STEP_COUNT,
};

const char *fp_step_name(enum fp_step step);

enum fp_warning {
	FP_WARNING_FEED_STALE,
	FP_WARNING_REFS_STALE,
	FP_WARNING_ANCESTRY_DISAGREES,
	FP_WARNING_TRAINED_AFTER_FORK_POINT,
	FP_WARNING_TRAINING_COMMIT_UNKNOWN,
	FP_WARNING_TRAINING_COMMIT_AMBIGUOUS,
	FP_WARNING_AMBIGUOUS_LABEL,
	FP_WARNING_SEVERAL_MERGE_BASES,
	FP_WARNING_DAY_GRANULAR,
	FP_WARNING_PINNED,
	FP_WARNING_QUARANTINED_BETTER,
	FP_WARNING_ABBREVIATED_SHA,
	FP_WARNING_COUNT,
};

const char *fp_warning_code(enum fp_warning warning);

enum fp_branch_origin {
	FP_BRANCH_FROM_REQUEST,
	FP_BRANCH_FROM_TREE,
	FP_BRANCH_FROM_DEFAULT,
};

enum {
	/* Commits of one minute that are named. An imported history may hold thousands of one
	 * minute, and no reader goes through those. */
	FP_TRAINED_MAX = 256,
	FP_NEAREST_MAX = 5,
};

struct fp_answer {
	enum fp_outcome outcome;
	enum fp_step last_step; /* the step that failed, or FP_STEP_ANCESTRY */
	bool started;		/* whether any step was reached: the repository is known */
	struct fp_buf detail;	/* one sentence: why there is no answer; empty when there is */
	struct fp_str nearest[FP_NEAREST_MAX]; /* names near an unknown one */
	size_t nearest_count;
	int64_t retry_after_us; /* of not-ready and too-many-requests; 0 = none */

	const struct fp_snapshot *snapshot;
	const struct fp_snapshot_repository *repository; /* NULL: unknown */
	const struct fp_snapshot_package *package;	 /* NULL: unknown */

	/* commit */
	uint32_t commit;
	bool abbreviated;
	uint32_t matches[FP_NEAREST_MAX]; /* of an ambiguous abbreviation */
	size_t match_count;
	/* branch */
	struct fp_str branch_name;
	enum fp_branch_origin branch_origin;
	struct fp_str branch_file;  /* of FP_BRANCH_FROM_TREE */
	struct fp_str branch_asked; /* a former name that was given for it; or empty */
	const struct fp_branch *branch;
	/* release */
	struct fp_release release;
	struct fp_str release_source; /* "request", the file's name, "fixed" */
	/* fork point */
	struct fp_bases bases;
	uint32_t fork_point;
	uint32_t commits_behind; /* commits of the built commit that it lacks */
	/* stamp */
	fp_minute minute;
	char stamp[FP_STAMP_TEXT_MAX]; /* "" when the time is outside 2000 … 2099 */
	/* requested version */
	struct fp_buf requested;
	enum fp_requested_problem requested_problem;
	/* candidates and selection */
	struct fp_select_query query;
	struct fp_selection selection;
	struct fp_select_misses misses; /* of no-database */
	/* The branch's pin, NULL = none. It decides unless it is void: its version is not in the
	 * feed, or quarantined. Where it differs from what selection finds, that is runner_up. */
	const struct fp_override *pin;
	bool pin_is_void, pin_differs;
	/* of the chosen version */
	uint32_t trained[FP_TRAINED_MAX]; /* its candidates in the branch's history */
	uint32_t trained_count;		  /* all there are; the array may hold fewer */
	bool trained_is_ancestor;	  /* one of them is the fork point or its ancestor: */
	uint32_t trained_ancestor;	  /* the newest such one, or FP_NO_COMMIT */
	int64_t age_minutes;		  /* fork point's stamp minus its own */
	int64_t age_commits;		  /* between the newest such one and the fork point; -1 */
	/* ancestry */
	uint32_t ancestry;   /* version index, FP_SELECT_NO_VERSION */
	bool ancestry_known; /* false for grammars that name no minute */

	uint32_t warnings; /* bits 1 << enum fp_warning */
	int64_t feed_synced_us, refs_synced_us;
	/* sticky builds: what the answer sticks to, zero = nothing */
	struct fp_hash128 sticky;
	bool is_sticky;	     /* the chosen version is the build's first one: */
	uint32_t instead_of; /* this one would be chosen, FP_SELECT_NO_VERSION */
	int64_t as_of_us;    /* the moment that was asked about, set by who asks; 0 = now */
};

/* An answer is reused from question to question: init once, release at the end. */
void fp_answer_init(struct fp_answer *answer);
void fp_answer_release(struct fp_answer *answer);

static inline bool fp_answer_warns(const struct fp_answer *answer, enum fp_warning warning)
{
	return answer->warnings >> warning & 1;
}

/* The chosen version; NULL without one. And any other by index. */
const struct fp_catalog_version *fp_answer_version(const struct fp_answer *answer, uint32_t index);

/* Appends one sentence, as a person would say it: what this step found. */
void fp_answer_write_step(const struct fp_answer *answer, enum fp_step step, struct fp_buf *buf);
void fp_answer_write_warning(
	const struct fp_answer *answer, enum fp_warning warning, struct fp_buf *buf);
/* Of an answer that a pin decides: "without the pin it would be VERSION". */
void fp_answer_write_without_pin(const struct fp_answer *answer, struct fp_buf *buf);
/* The candidates' rejections as "3 belong to another branch, …". */
void fp_answer_write_rejections(const struct fp_answer *answer, struct fp_buf *buf);
