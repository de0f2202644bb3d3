#pragma once
/* Why a version was not chosen: a row per code of API.md. */
#include <stddef.h>

enum fp_rejection {
	FP_REJECTION_NONE = 0, /* eligible */
	/* In the order in which they are looked at: the first that applies is the version's code.
	 */
	FP_REJECTION_UNRECOGNISED,
	FP_REJECTION_UNLISTED,
	FP_REJECTION_OTHER_RELEASE,
	FP_REJECTION_OTHER_BRANCH,
	FP_REJECTION_AFTER_FORK_POINT,
	FP_REJECTION_QUARANTINED,
	FP_REJECTION_UNAVAILABLE,
	FP_REJECTION_INCOMPLETE_SET,
	FP_REJECTION_NOT_YET_SEEN,
	FP_REJECTION_COUNT,
};

/* "other-branch", …; "eligible" for FP_REJECTION_NONE. */
const char *fp_rejection_name(enum fp_rejection rejection);
/* "of another branch", …: completes "3 …" in a sentence. */
const char *fp_rejection_phrase(enum fp_rejection rejection);
