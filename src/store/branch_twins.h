#pragma once
/* Which branches of a repository share a label with another one. */
#include "forkpoint/store/snapshot.h"

/* Fills `twins` of each branch, which the branch owns. 0 or -FP_ERROR_MEMORY. */
int fp_branch_twins_find(
	struct fp_branches *branches, const struct fp_repository_settings *settings);
