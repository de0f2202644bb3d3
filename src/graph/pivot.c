/*
 * Merge bases, ancestry and counts of any two commits by way of a pivot's reach.
 *
 * Write H for the pivot's history. Best common ancestors are those outside of H, found by a walk
 * that stays outside, and those in H that are not below the former (see meet.c).
 */
#include "forkpoint/graph/pivot.h"

#include "meet.h"

enum { FROM_FIRST = 1, FROM_SECOND = 2, FROM_BOTH = 3, STALE = 4, PAINTS = 8 };

/* Internal outcome of what follows: the question is to be walked for. */
enum { TOO_MANY = 1 };

/* ---- outside of the pivot's history ---- */

struct outside_walk {
	const struct fp_graph_view *view;
	const struct fp_reach *pivot;
	struct fp_scratch *scratch;
	uint32_t first, second;
	uint32_t queued[PAINTS]; /* commits in the heap, by their paint */
};

static int paint(struct outside_walk *walk, uint32_t commit, uint32_t added)
{
	uint32_t *value = fp_scratch_value(walk->scratch, commit);
	uint32_t before;

	if (!value)
		return -FP_ERROR_MEMORY;
	before = *value;
	*value |= added;
	if (before)
		walk->queued[before]--;
	walk->queued[before | added]++;
	return before ? 0 : fp_scratch_heap_put(walk->scratch, commit);
}

/* Whether a commit may reach an outside commit that `other` reaches as well. */
static bool may_share(const struct fp_reach *pivot, uint32_t commit, uint32_t other)
{
	return fp_reach_floor(pivot, commit) <= other && fp_reach_floor(pivot, other) <= commit;
}

/* What one colour alone leads to matters where the other can be met. */
static bool matters(const struct outside_walk *walk, uint32_t commit, uint32_t added)
{
	if (fp_reach_has(walk->pivot, commit))
		return false;
	return (added == FROM_FIRST)	? may_share(walk->pivot, commit, walk->second)
	       : (added == FROM_SECOND) ? may_share(walk->pivot, commit, walk->first)
					: true;
}

static int paint_outside_parents(struct outside_walk *walk, uint32_t commit, uint32_t added)
{
	uint32_t room[2];
	const uint32_t *parents;
	uint32_t count = fp_graph_parents(walk->view, commit, &parents, room);
	int r = 0;

	for (uint32_t i = 0; i < count && r >= 0; i++)
		if (matters(walk, parents[i], added))
			r = paint(walk, parents[i], added);
	return r;
}

/* Nothing common can be met any more when one colour has run out. */
static bool may_meet(const struct outside_walk *walk)
{
	return walk->queued[FROM_BOTH] || (walk->queued[FROM_FIRST] && walk->queued[FROM_SECOND]);
}

/* The best common ancestors among the commits outside, of two that are. */
static int find_outside(const struct fp_graph_view *view, const struct fp_reach *pivot,
	struct fp_scratch *scratch, uint32_t first, uint32_t second, struct fp_bases *found)
{
	struct outside_walk walk = {
		.view = view, .pivot = pivot, .scratch = scratch, .first = first, .second = second};
	uint32_t at;
	int r;

	if (!may_share(pivot, first, second))
		return 0;
	fp_scratch_clear(scratch);
	r = paint(&walk, first, FROM_FIRST);
	if (r >= 0)
		r = paint(&walk, second, FROM_SECOND);
	while (r >= 0 && may_meet(&walk) && fp_scratch_heap_take(scratch, &at)) {
		uint32_t final = *fp_scratch_value(scratch, at);

		walk.queued[final]--;
		if (final == FROM_BOTH) {
			if (!fp_bases_add(found, at))
				return TOO_MANY;
			final |= STALE;
		}
		r = paint_outside_parents(&walk, at, final);
	}
	return r < 0 ? r : 0;
}

/* ---- ancestry ---- */

/* The commits of the history whose ancestors are what `commit` has in it. */
static int list_entrances(const struct fp_graph_view *view, const struct fp_reach *pivot,
	struct fp_scratch *scratch, uint32_t commit, struct fp_bases *entrances)
{
	uint32_t value = fp_reach_inherited(pivot, commit);

	entrances->count = 0;
	entrances->more = false;
	if (value == NO_BASE)
		return 0;
	if (value == SEVERAL_BASES)
		return fp_reach_collect_bases(view, pivot, scratch, commit, entrances);
	return fp_reach_add_bases(pivot, value, entrances) ? 0 : TOO_MANY;
}

/* For two commits outside. */
static int leads_outside(const struct fp_graph_view *view, const struct fp_reach *pivot,
	struct fp_scratch *scratch, uint32_t ancestor, uint32_t commit)
{
	int r;

	fp_scratch_clear(scratch);
	r = fp_scratch_push(scratch, commit);
	while (r >= 0 && fp_scratch_pop(scratch, &commit)) {
		uint32_t room[2];
		const uint32_t *parents;
		uint32_t count;

		if (commit == ancestor)
			return 1;
		count = fp_graph_parents(view, commit, &parents, room);
		for (uint32_t i = 0; i < count && r >= 0; i++)
			if (parents[i] >= ancestor && !fp_reach_has(pivot, parents[i]) &&
				fp_reach_floor(pivot, parents[i]) <= ancestor)
				r = fp_scratch_push_if_new(scratch, parents[i]);
	}
	return r < 0 ? r : 0;
}

/* 1, 0, or -FP_ERROR_MEMORY. */
static int leads_to(const struct fp_graph_view *view, const struct fp_reach *pivot,
	struct fp_scratch *scratch, uint32_t ancestor, uint32_t commit)
{
	struct fp_bases entrances;
	struct fp_error error;
	int r;

	if (ancestor >= commit)
		return ancestor == commit;
	if (!fp_reach_has(pivot, ancestor))
		return fp_reach_has(pivot, commit)
			       ? 0
			       : leads_outside(view, pivot, scratch, ancestor, commit);
	r = list_entrances(view, pivot, scratch, commit, &entrances);
	if (r == TOO_MANY)
		return fp_walk_is_ancestor(view, scratch, ancestor, commit, &error);
	for (uint32_t i = 0; i < entrances.count && r == 0; i++)
		r = fp_reach_leads_to(view, pivot, scratch, ancestor, entrances.commits[i]);
	return r;
}

int fp_pivot_is_ancestor(const struct fp_graph_view *view, const struct fp_reach *pivot,
	struct fp_scratch *scratch, uint32_t ancestor, uint32_t commit, struct fp_error *error)
{
	int r;

	if (!pivot)
		return fp_walk_is_ancestor(view, scratch, ancestor, commit, error);
	r = leads_to(view, pivot, scratch, ancestor, commit);
	return r < 0 ? fp_error_memory(error) : r;
}

/* ---- merge bases ---- */

int fp_pivot_merge_bases(const struct fp_graph_view *view, const struct fp_reach *pivot,
	struct fp_scratch *scratch, uint32_t tip, uint32_t commit, struct fp_bases *bases,
	struct fp_error *error)
{
	int r = 0;

	if (!pivot)
		return fp_walk_merge_bases(view, scratch, tip, commit, bases, error);
	bases->count = 0;
	bases->more = false;
	if (!fp_reach_has(pivot, tip) && !fp_reach_has(pivot, commit))
		r = find_outside(view, pivot, scratch, tip, commit, bases);
	if (r == 0)
		r = fp_meet_inside(view, pivot, scratch, tip, commit, bases);
	if (r == TOO_MANY)
		return fp_walk_merge_bases(view, scratch, tip, commit, bases, error);
	if (r < 0)
		return fp_error_memory(error);
	return fp_walk_order_bases(view, scratch, tip, commit, bases, error);
}

/* ---- counts ---- */

/* How many commits a commit reaches, itself included: 0 when that cannot be read off. */
static int count_reached(const struct fp_graph_view *view, const struct fp_reach *pivot,
	struct fp_scratch *scratch, uint32_t commit, uint32_t *counted)
{
	uint32_t value = fp_reach_inherited(pivot, commit), inside = 0, outside = 0;
	struct fp_error error;
	int r = 0;

	*counted = 0;
	if (!fp_reach_has(pivot, commit)) {
		outside = fp_reach_counted(pivot, commit);
		if (outside == 0 || (value != NO_BASE && value & BASE_SET))
			return 0;
	}
	if (value != NO_BASE)
		r = fp_reach_count_ancestors(
			view, pivot, scratch, value & ~OUTSIDE, &inside, &error);
	*counted = inside + outside;
	return r;
}

int fp_pivot_count_between(const struct fp_graph_view *view, const struct fp_reach *pivot,
	struct fp_scratch *scratch, uint32_t from, uint32_t to, uint32_t *count,
	struct fp_error *error)
{
	uint32_t newer = 0, older = 0;
	int r = 0;

	if (pivot)
		r = count_reached(view, pivot, scratch, to, &newer);
	if (r >= 0 && newer)
		r = count_reached(view, pivot, scratch, from, &older);
	if (r < 0)
		return fp_error_memory(error);
	if (newer == 0 || older == 0)
		return fp_walk_count_between(view, scratch, from, to, count, error);
	*count = newer - older;
	return 0;
}
