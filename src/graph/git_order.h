#pragma once
/* The order in which git's own merge-base walk meets best common ancestors; see git_order.c. */
#include "forkpoint/graph/walk.h"

/* Reorders bases so that earlier met ones come first. 0 or -FP_ERROR_MEMORY. */
int fp_git_order_bases(const struct fp_graph_view *view, struct fp_scratch *scratch, uint32_t tip,
	uint32_t commit, struct fp_bases *bases);
