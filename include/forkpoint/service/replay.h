#pragma once
/* What changed between two answers to one question: as data, and as a sentence for each change. */
#include "forkpoint/service/answer.h"

struct fp_replay_difference {
	/* "answer", "commit", "pgo-branch", "release", "package", "branch", "fork-point",
	 * "ancestry", "quarantine", "pin", "setting", "warning" */
	const char *what;
	struct fp_str subject;	 /* what was asked for, the version, the branch, …; or empty */
	struct fp_str then, now; /* empty = none */
	struct fp_str text;	 /* one sentence */
};

/* Slices live until the callback returns. */
typedef void fp_replay_difference_fn(void *context, const struct fp_replay_difference *difference);

enum { FP_DIFFERENT_PACKAGES_MAX = 20 }; /* that are listed one by one */

/* Tells each change, the most telling first: the answer, then what made it change. Memory only. */
void fp_service_differences(const struct fp_question *question, const struct fp_answer *then,
	const struct fp_answer *now, fp_replay_difference_fn *tell, void *context);
