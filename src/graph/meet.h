#pragma once
/* Best common ancestors within a pivot's history; see meet.c. */
#include "reach_parts.h"

/* Adds the best common ancestors of two commits that are in the pivot's history and no ancestors of
 * what was found before, which are commits outside. 0; 1 when there is no room for all of them;
 * -FP_ERROR_MEMORY. */
int fp_meet_inside(const struct fp_graph_view *view, const struct fp_reach *pivot,
	struct fp_scratch *scratch, uint32_t tip, uint32_t commit, struct fp_bases *found);
