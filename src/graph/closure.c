/* The commits that can be reached from given ones. Parents have lower indices than their children,
 * so one pass downwards meets each commit after all that lead to it. */
#include "forkpoint/graph/closure.h"

#include <stdlib.h>

static void mark(struct fp_closure *closure, uint32_t commit)
{
	closure->bits[commit >> 3] |= (uint8_t)(1u << (commit & 7));
}

int fp_closure_build(const struct fp_graph_view *view, const struct fp_oid *tips, size_t count,
	struct fp_closure *closure)
{
	struct fp_closure built = {.bits = calloc(1, view->count / 8 + 1), .count = view->count};

	if (!built.bits)
		return -FP_ERROR_MEMORY;
	for (size_t i = 0; i < count; i++) {
		uint32_t tip = fp_graph_find(view, &tips[i]);

		if (tip != FP_NO_COMMIT)
			mark(&built, tip);
	}
	for (uint32_t commit = view->count; commit-- > 0;) {
		const uint32_t *parents;
		uint32_t room[2];
		uint32_t parent_count;

		if (!fp_closure_has(&built, commit))
			continue;
		built.members++;
		parent_count = fp_graph_parents(view, commit, &parents, room);
		for (uint32_t i = 0; i < parent_count; i++)
			mark(&built, parents[i]);
	}
	*closure = built;
	return 0;
}

void fp_closure_release(struct fp_closure *closure)
{
	free(closure->bits);
	*closure = (struct fp_closure){0};
}
