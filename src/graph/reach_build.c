/* A branch's reach: building it, in a pass from the tip down and one from the roots up. */
#include "reach_parts.h"

#include <stdlib.h>
#include <string.h>

enum {
	/* Commits that counting for merges may look at while building, per commit of the graph:
	 * what would take longer is left uncounted, and walked for when it is asked. */
	COUNTING_PER_COMMIT = 1,
	/* What sets of bases may take, besides 4 bytes for each commit that is not on the chain, so
	 * that chain and sets together stay below 4 bytes a commit. (Linear histories have a long
	 * chain and no sets.) A history that goes past it has commits whose bases are walked for
	 * when they are asked. */
	BASE_SETS_BYTES = 64 * 1024,
};

int fp_reach_reserve_chain(struct fp_reach *reach, uint32_t count, uint32_t length)
{
	reach->chain = malloc(length * sizeof(*reach->chain));
	if (!reach->chain)
		return -FP_ERROR_MEMORY;
	reach->chain_length = length;
	reach->sets.max_bytes =
		BASE_SETS_BYTES + (uint64_t)(count - length) * sizeof(*reach->chain);
	return 0;
}

static int list_chain(const struct fp_graph_view *view, struct fp_reach *reach)
{
	uint32_t length = 0;

	for (uint32_t at = reach->tip; at != FP_NO_COMMIT; at = fp_graph_first_parent(view, at))
		length++;
	if (fp_reach_reserve_chain(reach, view->count, length) < 0)
		return -FP_ERROR_MEMORY;
	for (uint32_t at = reach->tip; at != FP_NO_COMMIT; at = fp_graph_first_parent(view, at))
		reach->chain[--length] = at;
	return 0;
}

/* Entries, from the newest commit to the oldest: a commit of the chain has its own position, any
 * other the least of its children's, whose indices are all higher: one pass is enough. */
static void enter_history(const struct fp_graph_view *view, struct fp_reach *reach)
{
	for (uint32_t position = 0; position < reach->chain_length; position++)
		reach->value[reach->chain[position]] = position;
	for (uint32_t commit = reach->tip + 1; commit-- > 0;) {
		uint32_t room[2], entry = reach->value[commit];
		const uint32_t *parents;
		uint32_t count =
			entry & OUTSIDE ? 0 : fp_graph_parents(view, commit, &parents, room);

		for (uint32_t i = 0; i < count; i++)
			if (reach->value[parents[i]] > entry)
				reach->value[parents[i]] = entry;
	}
}

/* What a commit of the chain reaches: all that entered with it or before. */
static void count_chain(struct fp_reach *reach)
{
	uint32_t total = 0;

	for (uint32_t position = 0; position < reach->chain_length; position++)
		reach->reached[reach->chain[position]] = 0;
	for (uint32_t commit = 0; commit <= reach->tip; commit++)
		if (fp_reach_has(reach, commit))
			reach->reached[reach->chain[reach->value[commit]]]++;
	for (uint32_t position = 0; position < reach->chain_length; position++) {
		total += reach->reached[reach->chain[position]];
		reach->reached[reach->chain[position]] = total;
	}
}

static bool is_among(uint32_t commit, const uint32_t *commits, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++)
		if (commits[i] == commit)
			return true;
	return false;
}

/* Adds to `kept` those of some bases that lead to none of `others`. What both have is maximal in
 * each: most sets differ in one base from their parents', so little is left to compare. A negative
 * error. */
static int keep_maximal(const struct fp_graph_view *view, const struct fp_reach *reach,
	struct fp_scratch *scratch, const uint32_t *bases, uint32_t count, const uint32_t *others,
	uint32_t other_count, struct fp_bases *kept)
{
	for (uint32_t i = 0; i < count; i++) {
		uint32_t compared = is_among(bases[i], others, other_count) ? 0 : other_count;
		int r = 0;

		for (uint32_t k = 0; k < compared && r == 0; k++)
			r = fp_reach_leads_to(view, reach, scratch, bases[i], others[k]);
		if (r < 0)
			return r;
		if (r == 0 && !fp_bases_add(kept, bases[i]))
			kept->more = true;
	}
	return 0;
}

static void sort_ascending(struct fp_bases *bases)
{
	for (uint32_t i = 1; i < bases->count; i++) {
		uint32_t commit = bases->commits[i], at = i;

		for (; at > 0 && bases->commits[at - 1] > commit; at--)
			bases->commits[at] = bases->commits[at - 1];
		bases->commits[at] = commit;
	}
}

/* The value that stands for some maximal bases. */
static int value_of(struct fp_reach *reach, struct fp_bases *bases, uint32_t *value)
{
	uint32_t number;
	int r;

	*value = SEVERAL_BASES;
	if (bases->more)
		return 0;
	if (bases->count == 1) {
		*value = OUTSIDE | bases->commits[0];
		return 0;
	}
	sort_ascending(bases);
	r = fp_base_sets_number(&reach->sets, bases->commits, bases->count, &number);
	if (r == 0)
		*value = OUTSIDE | BASE_SET | number;
	return r < 0 ? r : 0;
}

/* The value of a commit two of whose parents hand it a and b. The bases of each are maximal among
 * themselves, so each need only be compared with those of the other. */
static int combine(const struct fp_graph_view *view, struct fp_reach *reach,
	struct fp_scratch *scratch, uint32_t a, uint32_t b, uint32_t *combined)
{
	const uint32_t *ours, *theirs;
	uint32_t our_one, their_one, our_count, their_count;
	struct fp_bases kept;
	int r;

	if (a == b || b == NO_BASE || a == NO_BASE) {
		*combined = a == NO_BASE ? b : a;
		return 0;
	}
	if (a == SEVERAL_BASES || b == SEVERAL_BASES) {
		*combined = SEVERAL_BASES;
		return 0;
	}
	our_count = fp_reach_bases_of_value(reach, a, &ours, &our_one);
	their_count = fp_reach_bases_of_value(reach, b, &theirs, &their_one);
	kept.count = 0;
	kept.more = false;
	r = keep_maximal(view, reach, scratch, ours, our_count, theirs, their_count, &kept);
	if (r >= 0)
		r = keep_maximal(view, reach, scratch, theirs, their_count, ours, our_count, &kept);
	return r < 0 ? r : value_of(reach, &kept, combined);
}

static int set_outside(const struct fp_graph_view *view, struct fp_reach *reach,
	struct fp_scratch *scratch, uint32_t commit)
{
	uint32_t room[2];
	const uint32_t *parents;
	uint32_t count = fp_graph_parents(view, commit, &parents, room);
	uint32_t value = NO_BASE;

	for (uint32_t i = 0; i < count; i++) {
		int r = combine(
			view, reach, scratch, value, fp_reach_inherited(reach, parents[i]), &value);

		if (r < 0)
			return r;
	}
	reach->value[commit] = value;
	return 0;
}

/* Values and counts from `first` on: parents come first, so one pass is enough. */
static int set_from(const struct fp_graph_view *view, struct fp_reach *reach,
	struct fp_scratch *scratch, uint32_t first)
{
	int64_t steps = (int64_t)(view->count - first) * COUNTING_PER_COMMIT;

	for (uint32_t commit = first; commit < view->count; commit++) {
		if (!fp_reach_has(reach, commit) && set_outside(view, reach, scratch, commit) < 0)
			return -FP_ERROR_MEMORY;
		if (fp_reach_set_reached(view, reach, scratch, commit, &steps) < 0)
			return -FP_ERROR_MEMORY;
		if (!fp_reach_has(reach, commit))
			fp_reach_set_floor(view, reach, commit);
	}
	reach->count = view->count;
	return 0;
}

static struct fp_reach *extend(
	const struct fp_graph_view *view, struct fp_reach *reach, struct fp_scratch *scratch)
{
	uint32_t first = reach->count;

	for (uint32_t commit = first; commit < view->count; commit++)
		reach->value[commit] = NO_BASE;
	return set_from(view, reach, scratch, first) < 0 ? NULL : fp_reach_ref(reach);
}

struct fp_reach *fp_reach_new(uint32_t tip, uint32_t count)
{
	struct fp_reach *reach = calloc(1, sizeof(*reach));
	uint32_t capacity = count + count / 16 + 1024; /* room for the commits of some pushes */

	if (!reach)
		return NULL;
	atomic_init(&reach->references, 1);
	reach->tip = tip;
	reach->capacity = capacity;
	reach->value = malloc(capacity * sizeof(*reach->value));
	reach->reached = malloc(capacity * sizeof(*reach->reached));
	if (!reach->value || !reach->reached) {
		fp_reach_unref(reach);
		return NULL;
	}
	memset(reach->value, 0xff, count * sizeof(*reach->value)); /* NO_BASE */
	return reach;
}

struct fp_reach *fp_reach_build(const struct fp_graph_view *view, uint32_t tip,
	struct fp_reach *previous, struct fp_scratch *scratch)
{
	struct fp_reach *reach;

	if (previous && previous->tip == tip && previous->capacity >= view->count)
		return extend(view, previous, scratch);
	reach = fp_reach_new(tip, view->count);
	if (!reach)
		return NULL;
	if (list_chain(view, reach) < 0) {
		fp_reach_unref(reach);
		return NULL;
	}
	enter_history(view, reach);
	count_chain(reach);
	if (fp_reach_choose_floors(view, reach) < 0 || set_from(view, reach, scratch, 0) < 0) {
		fp_reach_unref(reach);
		return NULL;
	}
	return reach;
}
