#pragma once
/*
 * A branch's line: its first-parent history, newest first, and what a build of each of its commits
 * gets. The line is the order in which the branch moved; commits that a merge brought in are
 * counted at the merge and are no points of their own, for the branch never stood at them.
 *
 * A commit of the line is its own fork point, so no merge base is looked for: a point costs one
 * selection.
 */
#include "forkpoint/service/answer.h"

/* What is asked of a line, a page at a time. */
struct fp_line_query {
	struct fp_str repo, package, branch, release; /* empty where not asked */
	struct fp_str from;   /* the oldest commit; empty: the line's root */
	struct fp_str to;     /* the newest; empty: the tip */
	struct fp_str cursor; /* where a page begins, in the place of `to`; empty: the first page */
	uint32_t limit;
};

struct fp_point {
	uint32_t commit;
	fp_minute minute;	 /* of its stamp */
	enum fp_outcome outcome; /* ok, no-database, release-unknown */
	bool has_release;
	struct fp_release release;
	/* Of the package's catalog; FP_SELECT_NO_VERSION where there is none. */
	uint32_t version;
	uint32_t runner_up; /* what it would be if `version` were not there */
};

/* A commit that can stand where a hole begins or ends: no eligible database, yet a known release.
 */
static inline bool fp_point_is_hole(const struct fp_point *point)
{
	return point->outcome == FP_OUTCOME_NO_DATABASE;
}
