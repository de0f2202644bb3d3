#pragma once
/* Walking a branch's line; shared by the questions about many commits at once. */
#include "trained.h"

#include "forkpoint/service/line.h"

struct fp_line {
	struct fp_worker *worker;
	struct fp_answer *answer; /* repository, package and branch are located, the query is set */
	bool release_asked;	  /* answer->release is for all commits */
};

/* Finds repository, package and branch (none asked for: the configured default); false when the
 * answer has ended. question's sha and ref mean nothing here. */
bool fp_line_locate(struct fp_line *line, struct fp_worker *worker,
	const struct fp_snapshot *snapshot, const struct fp_question *question,
	struct fp_answer *answer);

/* Whether the commit is one of the line's. */
bool fp_line_has(const struct fp_line *line, uint32_t commit);
/* The commit of the line that a SHA (full or abbreviated) names; false when the answer has ended.
 * `name` is the parameter that said so. */
bool fp_line_find(
	const struct fp_line *line, struct fp_str sha, const char *name, uint32_t *commit);
/* The commits between two, both included. */
struct fp_line_span {
	uint32_t newest, oldest; /* oldest: FP_NO_COMMIT = down to the root */
};

/* Of parameters: from the older, to the newer, a cursor in the place of the newer; each may be
 * empty. False when the answer has ended. */
bool fp_line_find_span(const struct fp_line *line, struct fp_str from, struct fp_str to,
	struct fp_str cursor, struct fp_line_span *span);
/* The line's next older commit; FP_NO_COMMIT behind the last. */
uint32_t fp_line_before(const struct fp_line *line, uint32_t commit);

fp_minute fp_line_minute(const struct fp_line *line, uint32_t commit);
/* What a build of the commit gets, as /resolve says it for this branch. */
void fp_line_point(const struct fp_line *line, uint32_t commit, struct fp_point *point);
/* The same for another release than its tree's. */
void fp_line_point_of_release(const struct fp_line *line, uint32_t commit,
	const struct fp_release *release, struct fp_point *point);

/* Whether what a version says is of the query's branch, under any of its names; also, where
 * configuration gives such packages to the branch, a version that names none. */
bool fp_query_is_label(const struct fp_select_query *query, const struct fp_decoded *decoded);
