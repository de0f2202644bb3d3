#pragma once
/*
 * The verdict on a version that a build used, beside the answer that its commit gets. Decided in
 * this order, the first that applies:
 *
 *   match                  it is the answer
 *   unrecognised           no grammar of the package takes it: it was never a database of this
 *                          scheme
 *   reformatted            the feed never had it, but has the same release, stamp and label written
 *                          in another grammar
 *   never-seen             the feed never had it
 *   other-release          then the reasons for which selection rejects, in selection's order
 *   other-branch
 *   newer-than-fork-point
 *   quarantined
 *   vanished               also: unlisted, or not to be downloaded (`gone` says which)
 *   not-an-ancestor        eligible by its time, but trained on a commit that is not in the build
 *   older                  eligible, and something newer is eligible too
 */
#include "forkpoint/service/answer.h"

struct fp_worker;

enum fp_verdict {
	FP_VERDICT_MATCH,
	FP_VERDICT_UNRECOGNISED,
	FP_VERDICT_REFORMATTED,
	FP_VERDICT_NEVER_SEEN,
	FP_VERDICT_OTHER_RELEASE,
	FP_VERDICT_OTHER_BRANCH,
	FP_VERDICT_NEWER_THAN_FORK_POINT,
	FP_VERDICT_QUARANTINED,
	FP_VERDICT_VANISHED,
	FP_VERDICT_NOT_AN_ANCESTOR,
	FP_VERDICT_OLDER,
	FP_VERDICT_COUNT,
};

/* "match", "newer-than-fork-point", …. */
const char *fp_verdict_name(enum fp_verdict verdict);

struct fp_judgement {
	enum fp_verdict verdict;
	/* In the answer's catalog: the version, or the one that it was reformatted from;
	 * FP_SELECT_NO_VERSION. */
	uint32_t version;
	enum fp_verdict reformatted; /* the verdict on that one */
	const char *gone; /* "vanished", "unlisted", "unavailable", "incomplete-set"; or NULL */
	struct fp_decoded decoded; /* slices into the text that was asked about */
};

/* answer: of /resolve, ok or no-database. 0 or a negative error. */
int fp_verdict_judge(struct fp_worker *worker, const struct fp_answer *answer, struct fp_str used,
	struct fp_judgement *judgement);
