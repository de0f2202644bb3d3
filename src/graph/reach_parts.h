#pragma once
/* A reach's insides, shared by the files that build, count and read it. */
#include "forkpoint/graph/reach.h"

#include <stdatomic.h>

/* Values of commits: an entry position, or one of these. */
#define OUTSIDE UINT32_C(0x80000000)
#define NO_BASE UINT32_C(0xffffffff)	   /* outside, nothing in common */
#define SEVERAL_BASES UINT32_C(0xfffffffe) /* outside, more than one maximal base */

struct fp_reach {
	atomic_uint references;
	uint32_t tip;
	uint32_t count;	   /* commits with a value; the writer's */
	uint32_t capacity; /* room of the two columns */
	uint32_t *value;
	uint32_t *reached; /* of outside commits: how many outside commits they reach; of the
			    * history's: how many commits; themselves included; 0 = not counted */
	uint32_t chain_length;
	uint32_t *chain;      /* position → commit */
	uint32_t *cumulative; /* position → commits whose entry is at most that */
};

/* For a commit of the history. */
static inline bool fp_reach_is_on_chain(const struct fp_reach *reach, uint32_t commit)
{
	return reach->chain[reach->value[commit]] == commit;
}

/* The value that a commit hands to its outside child. */
static inline uint32_t fp_reach_inherited(const struct fp_reach *reach, uint32_t parent)
{
	uint32_t value = reach->value[parent];

	return value & OUTSIDE ? value : OUTSIDE | parent;
}

static inline int fp_scratch_push_if_new(struct fp_scratch *scratch, uint32_t commit)
{
	int r = fp_scratch_visit(scratch, commit);

	return r > 0 ? fp_scratch_push(scratch, commit) : r;
}

/* fp_reach_is_ancestor without its error: 1, 0, -FP_ERROR_MEMORY. */
int fp_reach_leads_to(const struct fp_graph_view *view, const struct fp_reach *reach,
	struct fp_scratch *scratch, uint32_t ancestor, uint32_t commit);

/* ---- reach_count.c ---- */

/* What a walk may still look at is *steps, negative when it was too little; then nothing that was
 * counted means anything. 0 or -FP_ERROR_MEMORY. */

/* How many commits a side commit of the history reaches, itself included. */
int fp_reach_count_side(const struct fp_graph_view *view, const struct fp_reach *reach,
	struct fp_scratch *scratch, uint32_t commit, int64_t *steps, uint32_t *counted);
/* The commit's `reached`, from its parents'; 0 where a merge would take too many steps. */
int fp_reach_set_reached(const struct fp_graph_view *view, struct fp_reach *reach,
	struct fp_scratch *scratch, uint32_t commit, int64_t *steps);
