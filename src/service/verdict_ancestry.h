#pragma once
/* Training commits of any version, and where they lie. */
#include "worker.h"

#include "forkpoint/service/diagnose.h"

/* The commits of the repository with the minute that the version names, newest first; their number,
 * of which at most FP_TRAINED_MAX are written. */
uint32_t fp_training_find(const struct fp_answer *answer, const struct fp_decoded *decoded,
	uint32_t commits[FP_TRAINED_MAX]);
/* Where the commit lies, seen from the answer's fork point. 0 or a negative error. */
int fp_training_place(struct fp_worker *worker, const struct fp_answer *answer, uint32_t commit,
	struct fp_training *training);
/* 1 when training commits of the branch's history are known and none leads to the fork point. */
int fp_verdict_is_off_line(
	struct fp_worker *worker, const struct fp_answer *answer, const struct fp_decoded *decoded);
