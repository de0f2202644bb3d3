/* Rejection codes: a row each. */
#include "forkpoint/core/rejection.h"

#include "forkpoint/base/attr.h"

static const struct {
	const char *name;
	const char *phrase; /* completes "3 versions …" */
} rows[] = {
	[FP_REJECTION_NONE] = {"eligible", "eligible"},
	[FP_REJECTION_UNRECOGNISED] = {"unrecognised", "in no grammar of this package"},
	[FP_REJECTION_UNLISTED] = {"unlisted", "unlisted"},
	[FP_REJECTION_OTHER_RELEASE] = {"other-release", "of another release"},
	[FP_REJECTION_OTHER_BRANCH] = {"other-branch", "of another branch"},
	[FP_REJECTION_AFTER_FORK_POINT] = {"after-fork-point", "newer than the fork point"},
	[FP_REJECTION_QUARANTINED] = {"quarantined", "quarantined"},
	[FP_REJECTION_UNAVAILABLE] = {"unavailable", "listed but not downloadable"},
	[FP_REJECTION_INCOMPLETE_SET] = {"incomplete-set", "not listed for every id of the set"},
	[FP_REJECTION_NOT_YET_SEEN] = {"not-yet-seen", "not seen by then"},
};

_Static_assert(FP_ARRAY_SIZE(rows) == FP_REJECTION_COUNT, "a row for every rejection");

const char *fp_rejection_name(enum fp_rejection rejection)
{
	return rows[rejection].name;
}

const char *fp_rejection_phrase(enum fp_rejection rejection)
{
	return rows[rejection].phrase;
}
