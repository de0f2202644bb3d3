#pragma once
/* Which commits can be reached from some others: what was known when only those were. */
#include "forkpoint/graph/graph.h"

/* A bit per commit of the view. */
struct fp_closure {
	uint8_t *bits;
	uint32_t count;	  /* of the view's commits */
	uint32_t members; /* how many of them are in it */
};

/* Marks the tips and their ancestors. Tips that the view does not have are passed over. One pass
 * over the view, whatever the tips. 0 or -FP_ERROR_MEMORY. */
int fp_closure_build(const struct fp_graph_view *view, const struct fp_oid *tips, size_t count,
	struct fp_closure *closure);
void fp_closure_release(struct fp_closure *closure);

static inline bool fp_closure_has(const struct fp_closure *closure, uint32_t commit)
{
	return commit < closure->count && (closure->bits[commit >> 3] >> (commit & 7) & 1);
}
