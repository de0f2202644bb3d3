#pragma once
/* A reach's insides, shared by the files that build, count and read it. */
#include "forkpoint/graph/reach.h"

#include "base_sets.h"

#include <stdatomic.h>

/* Values of commits: an entry position, OUTSIDE and the only base, OUTSIDE and BASE_SET and the
 * number of a set of bases, or one of these. */
#define OUTSIDE UINT32_C(0x80000000)
#define BASE_SET UINT32_C(0x40000000)
#define NO_BASE UINT32_C(0xffffffff)	   /* outside, nothing in common */
#define SEVERAL_BASES UINT32_C(0xfffffffe) /* outside, more bases than there was room for */

enum {
	REACHED_BITS = 24, /* of a column's 32; the rest number a floor */
	FP_REACH_FLOORS = 1 << (32 - REACHED_BITS),
};

/* One commit at least, the tip, is not outside. */
_Static_assert(FP_GRAPH_MAX_COMMITS <= 1 << REACHED_BITS, "outside commits can be counted");

struct fp_reach {
	atomic_uint references;
	uint32_t tip;
	uint32_t count;	   /* commits with a value; the writer's */
	uint32_t capacity; /* room of the two columns */
	uint32_t *value;
	uint32_t *reached; /* of outside commits: how many outside commits they reach, and in the
			    * high byte their floor's number; of the history's: how many commits;
			    * themselves included; 0 = not counted */
	uint32_t chain_length;
	uint32_t *chain; /* position → commit */
	struct fp_base_sets sets;
	uint32_t floor_count;		  /* at least 1 */
	uint32_t floors[FP_REACH_FLOORS]; /* ascending, the first 0 */
};

/* For a commit of the history. */
static inline bool fp_reach_is_on_chain(const struct fp_reach *reach, uint32_t commit)
{
	return reach->chain[reach->value[commit]] == commit;
}

/* How many a commit reaches, as at `reached`. */
static inline uint32_t fp_reach_counted(const struct fp_reach *reach, uint32_t commit)
{
	uint32_t reached = reach->reached[commit];

	return reach->value[commit] & OUTSIDE ? reached & ((1u << REACHED_BITS) - 1) : reached;
}

/* An outside commit's *floor*: none of the outside commits that it reaches has a lower index. So
 * most questions about two commits that share none are answered without a look at any. */
static inline uint32_t fp_reach_floor(const struct fp_reach *reach, uint32_t commit)
{
	return reach->floors[reach->reached[commit] >> REACHED_BITS];
}

/* The value that a commit hands to its outside child. */
static inline uint32_t fp_reach_inherited(const struct fp_reach *reach, uint32_t parent)
{
	uint32_t value = reach->value[parent];

	return value & OUTSIDE ? value : OUTSIDE | parent;
}

/* Of an outside commit's value that is neither NO_BASE nor SEVERAL_BASES: its bases, in *one when
 * it is a single one. Returns their number. */
static inline uint32_t fp_reach_bases_of_value(
	const struct fp_reach *reach, uint32_t value, const uint32_t **bases, uint32_t *one)
{
	const struct fp_base_set *set;

	if (!(value & BASE_SET)) {
		*one = value & ~OUTSIDE;
		*bases = one;
		return 1;
	}
	set = fp_base_sets_get(&reach->sets, value & ~(OUTSIDE | BASE_SET));
	*bases = set->commits;
	return set->count;
}

static inline int fp_scratch_push_if_new(struct fp_scratch *scratch, uint32_t commit)
{
	int r = fp_scratch_visit(scratch, commit);

	return r > 0 ? fp_scratch_push(scratch, commit) : r;
}

/* False when there is no room for it; what is there already takes none. */
static inline bool fp_bases_add(struct fp_bases *bases, uint32_t commit)
{
	for (uint32_t i = 0; i < bases->count; i++)
		if (bases->commits[i] == commit)
			return true;
	if (bases->count == FP_BASES_MAX)
		return false;
	bases->commits[bases->count++] = commit;
	return true;
}

/* Adds the bases of such a value; false when there is no room. */
bool fp_reach_add_bases(const struct fp_reach *reach, uint32_t value, struct fp_bases *bases);

/* Where the outside commits below `commit`, which is outside, meet the history: its bases and
 * perhaps ancestors of them. 1 when there are too many to hold, or -FP_ERROR_MEMORY. */
int fp_reach_collect_bases(const struct fp_graph_view *view, const struct fp_reach *reach,
	struct fp_scratch *scratch, uint32_t commit, struct fp_bases *bases);

/* fp_reach_is_ancestor without its error: 1, 0, -FP_ERROR_MEMORY. */
int fp_reach_leads_to(const struct fp_graph_view *view, const struct fp_reach *reach,
	struct fp_scratch *scratch, uint32_t ancestor, uint32_t commit);

/* ---- reach_build.c ---- */

/* One over so many commits, all of them outside, without a chain. NULL when out of memory. */
struct fp_reach *fp_reach_new(uint32_t tip, uint32_t count);
/* Room for the chain, and how large sets of bases may be beside it. */
int fp_reach_reserve_chain(struct fp_reach *reach, uint32_t count, uint32_t length);

/* ---- reach_floor.c ---- */

/* Says which commits can be floors; what is outside must be known. 0 or -FP_ERROR_MEMORY. */
int fp_reach_choose_floors(const struct fp_graph_view *view, struct fp_reach *reach);
/* The floor of an outside commit whose `reached` is otherwise set, from its parents'. */
void fp_reach_set_floor(const struct fp_graph_view *view, struct fp_reach *reach, uint32_t commit);

/* ---- reach_count.c ---- */

/* What a walk may still look at is *steps, negative when it was too little; then nothing that was
 * counted means anything. 0 or -FP_ERROR_MEMORY. */

/* How many commits a side commit of the history reaches, itself included. */
int fp_reach_count_side(const struct fp_graph_view *view, const struct fp_reach *reach,
	struct fp_scratch *scratch, uint32_t commit, int64_t *steps, uint32_t *counted);
/* The commit's `reached`, from its parents'; 0 where a merge would take too many steps. */
int fp_reach_set_reached(const struct fp_graph_view *view, struct fp_reach *reach,
	struct fp_scratch *scratch, uint32_t commit, int64_t *steps);
