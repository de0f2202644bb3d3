/* Codes of outcomes. */
#include "forkpoint/service/outcome.h"

#include "forkpoint/base/attr.h"

static const char *const codes[] = {
	[FP_OUTCOME_OK] = "ok",
	[FP_OUTCOME_BAD_REQUEST] = "bad-request",
	[FP_OUTCOME_UNKNOWN_REPOSITORY] = "unknown-repository",
	[FP_OUTCOME_UNKNOWN_COMMIT] = "unknown-commit",
	[FP_OUTCOME_UNKNOWN_BRANCH] = "unknown-branch",
	[FP_OUTCOME_UNKNOWN_PACKAGE] = "unknown-package",
	[FP_OUTCOME_NO_DATABASE] = "no-database",
	[FP_OUTCOME_NOT_FOUND] = "not-found",
	[FP_OUTCOME_AMBIGUOUS_COMMIT] = "ambiguous-commit",
	[FP_OUTCOME_NO_FORK_POINT] = "no-fork-point",
	[FP_OUTCOME_RELEASE_UNKNOWN] = "release-unknown",
	[FP_OUTCOME_BRANCH_NOT_PACKAGEABLE] = "branch-not-packageable",
	[FP_OUTCOME_TOO_MANY_REQUESTS] = "too-many-requests",
	[FP_OUTCOME_INTERNAL] = "internal",
	[FP_OUTCOME_NOT_READY] = "not-ready",
};

_Static_assert(FP_ARRAY_SIZE(codes) == FP_OUTCOME_COUNT, "a code for every outcome");

const char *fp_outcome_code(enum fp_outcome outcome)
{
	return codes[outcome];
}
