#pragma once
/* The world in which something is quarantined that is not. */
#include "line.h"

struct fp_what_if_world {
	struct fp_snapshot *snapshot; /* the present one under one decision more; NULL = none */
	struct fp_answer answer;
	struct fp_line line; /* the branch's, in that world */
};

/* Of the answer's repository, package and branch. `versions` is a version or stamps:FIRST-LAST.
 * -FP_ERROR_MEMORY. Release it in any case. */
int fp_what_if_world_make(struct fp_what_if_world *world, struct fp_worker *worker,
	const struct fp_snapshot *snapshot, const struct fp_answer *answer, struct fp_str versions);
void fp_what_if_world_release(struct fp_what_if_world *world);
/* What the world says of a point, with versions as the present answer's catalog counts them. */
void fp_what_if_world_translate(const struct fp_what_if_world *world,
	const struct fp_answer *answer, struct fp_point *point);
/* How many of the present's versions it takes out of selection. */
uint32_t fp_what_if_world_count(
	const struct fp_what_if_world *world, const struct fp_answer *answer);
