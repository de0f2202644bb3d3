#pragma once
/*
 * Sets of merge bases, each held once. A branch's reach numbers them: commits outside of its
 * history that have the same several bases share one number. Sets are never moved or changed, so
 * readers need no lock while the writer adds more.
 */
#include "forkpoint/base/error.h"

#include <stdint.h>

enum { FP_BASE_SET_BLOCK = 1024, FP_BASE_SET_BLOCKS = 64 };

struct fp_base_set {
	uint32_t count;
	uint32_t commits[]; /* ascending */
};

struct fp_base_sets {
	struct fp_base_set **blocks[FP_BASE_SET_BLOCKS];
	uint32_t count;
	uint64_t bytes, max_bytes;
	uint32_t *slots; /* the writer's, for finding: number + 1; 0 = free */
	uint32_t slot_count;
};

/* A zeroed struct with max_bytes set is ready. */
void fp_base_sets_release(struct fp_base_sets *sets);
const struct fp_base_set *fp_base_sets_get(const struct fp_base_sets *sets, uint32_t number);
/* The number of the set of these commits, which are ascending: 0; 1 when there is no room for one
 * more; -FP_ERROR_MEMORY. */
int fp_base_sets_number(
	struct fp_base_sets *sets, const uint32_t *commits, uint32_t count, uint32_t *number);
