/*
 * Best common ancestors within a pivot's history.
 *
 * A commit's ancestors in the history are those of its *entrances*: itself, or where it is outside
 * its bases with the pivot. An entrance's ancestors are those of the last chain commit below it,
 * which are all that entered no later than that one, and its *side part*: side commits that entered
 * later.
 *
 * So the walk paints as the one in walk.c does, highest index first, but never goes below the
 * chain: when the turn of a chain commit comes, its paint covers all that entered no later, which
 * is remembered as a position for each colour. What covers a commit has a higher index than it, so
 * the paint that it has and what covers it are all that it will ever have when its turn comes. What
 * this costs are the side parts, however much of the history lies between. Mostly it need not be
 * done at all: a chain commit that is quickly met below the one side covers the other.
 */
#include "meet.h"

enum { OURS = 1, THEIRS = 2, COMMON = 3, STALE = 4 };

/* First parents that are followed from a side's entrances to meet the chain. */
enum { DESCENT_MAX = 256 };

/* One of the two commits. */
struct side {
	uint32_t commit;
	bool is_listed; /* or there were more entrances than there was room for */
	const uint32_t *entrances;
	uint32_t count, one;
	uint32_t last_entry; /* nothing of its entered later */
	uint32_t end;	     /* all that entered before is its, as far as is known */
};

struct meet_walk {
	const struct fp_graph_view *view;
	const struct fp_reach *pivot;
	struct fp_scratch *scratch;
	struct side ours, theirs;
	uint32_t stale_end; /* what entered before is stale */
	uint32_t live;	    /* commits in the heap that are not stale */
};

/* ---- the two sides ---- */

/* Raises the side's end to the chain commit that is met first below an entrance. */
static void descend(
	const struct meet_walk *walk, struct side *side, uint32_t commit, uint32_t *steps)
{
	const uint32_t *value = walk->pivot->value;

	for (; *steps < DESCENT_MAX; ++*steps) {
		if (commit == FP_NO_COMMIT || value[commit] < side->end)
			return;
		if (fp_reach_is_on_chain(walk->pivot, commit)) {
			side->end = value[commit] + 1;
			return;
		}
		commit = fp_graph_first_parent(walk->view, commit);
	}
}

static void side_init(const struct meet_walk *walk, struct side *side, uint32_t commit)
{
	uint32_t value = fp_reach_inherited(walk->pivot, commit), steps = 0;

	*side = (struct side){.commit = commit, .is_listed = value != SEVERAL_BASES};
	if (!side->is_listed)
		side->last_entry = UINT32_MAX;
	else if (value != NO_BASE)
		side->count =
			fp_reach_bases_of_value(walk->pivot, value, &side->entrances, &side->one);
	for (uint32_t i = side->count; i-- > 0;) {
		uint32_t entry = walk->pivot->value[side->entrances[i]];

		if (entry > side->last_entry)
			side->last_entry = entry;
		descend(walk, side, side->entrances[i], &steps);
	}
}

static bool has_nothing(const struct side *side)
{
	return side->is_listed && side->count == 0;
}

/* Whether all that the one has is known to be the other's too: then its entrances, none of which
 * leads to another, are the best. */
static bool is_covered(const struct side *side, const struct side *by)
{
	return side->is_listed && side->last_entry < by->end;
}

static int add_entrances(const struct side *side, struct fp_bases *found)
{
	for (uint32_t i = 0; i < side->count; i++)
		if (!fp_bases_add(found, side->entrances[i]))
			return 1;
	return 0;
}

/* ---- the walk ---- */

static uint32_t covering(const struct meet_walk *walk, uint32_t commit)
{
	uint32_t entry = walk->pivot->value[commit]; /* of commits outside, above all positions */

	return (entry < walk->ours.end ? OURS : 0) | (entry < walk->theirs.end ? THEIRS : 0) |
	       (entry < walk->stale_end ? STALE : 0);
}

static void raise_to(uint32_t *end, uint32_t to)
{
	if (*end < to)
		*end = to;
}

/* All that entered no later than a commit of the chain gets its paint. */
static void cover(struct meet_walk *walk, uint32_t commit, uint32_t final)
{
	uint32_t end = walk->pivot->value[commit] + 1;

	if (final & OURS)
		raise_to(&walk->ours.end, end);
	if (final & THEIRS)
		raise_to(&walk->theirs.end, end);
	if (final & STALE)
		raise_to(&walk->stale_end, end);
}

/* There is no news for what is covered, and what is stale by that leads to nothing else. */
static int paint(struct meet_walk *walk, uint32_t commit, uint32_t added)
{
	uint32_t known = covering(walk, commit), *value, before;

	if (known & STALE || !(added & ~known))
		return 0;
	value = fp_scratch_value(walk->scratch, commit);
	if (!value)
		return -FP_ERROR_MEMORY;
	before = *value;
	*value |= added;
	if (before == 0) {
		walk->live += !(added & STALE);
		return fp_scratch_heap_put(walk->scratch, commit);
	}
	walk->live -= !(before & STALE) && (added & STALE);
	return 0;
}

static int paint_all(
	struct meet_walk *walk, const uint32_t *commits, uint32_t count, uint32_t added)
{
	int r = 0;

	for (uint32_t i = 0; i < count && r >= 0; i++)
		r = paint(walk, commits[i], added);
	return r;
}

/* What a commit leads to: its parents; of one outside, its entrances where they are known. */
static int paint_below(struct meet_walk *walk, uint32_t commit, uint32_t added)
{
	uint32_t value = walk->pivot->value[commit];
	uint32_t room[2], one;
	const uint32_t *below;
	uint32_t count;

	if (value == NO_BASE)
		return 0;
	if (value & OUTSIDE && value != SEVERAL_BASES)
		count = fp_reach_bases_of_value(walk->pivot, value, &below, &one);
	else
		count = fp_graph_parents(walk->view, commit, &below, room);
	return paint_all(walk, below, count, added);
}

/* The chain commit that was met below a side covers, but is itself still to be looked at. */
static int start_side(struct meet_walk *walk, struct side *side, uint32_t added)
{
	uint32_t end = side->end;
	int r;

	side->end = 0;
	r = paint(walk, side->commit, added);
	if (r >= 0 && end > 0)
		r = paint(walk, fp_reach_chain_commit(walk->pivot, end - 1), added);
	side->end = end;
	return r;
}

/* The next commit with all its paint; false when no best one can be left. */
static bool take(struct meet_walk *walk, uint32_t *commit, uint32_t *final)
{
	if (walk->live == 0 || !fp_scratch_heap_take(walk->scratch, commit))
		return false;
	*final = *fp_scratch_value(walk->scratch, *commit);
	walk->live -= !(*final & STALE);
	*final |= covering(walk, *commit);
	return true;
}

/* Whether nothing below a commit is news: what it has in common with the other side is covered. */
static bool leads_to_nothing(const struct meet_walk *walk, uint32_t final)
{
	return (final == OURS && walk->theirs.last_entry < walk->ours.end) ||
	       (final == THEIRS && walk->ours.last_entry < walk->theirs.end);
}

static int look_at(struct meet_walk *walk, uint32_t commit, uint32_t final, struct fp_bases *found)
{
	bool inside = fp_reach_has(walk->pivot, commit);

	if (inside && final == COMMON) {
		if (!fp_bases_add(found, commit))
			return 1;
		final |= STALE;
	}
	if (inside && fp_reach_is_on_chain(walk->pivot, commit))
		cover(walk, commit, final);
	else if (!leads_to_nothing(walk, final))
		return paint_below(walk, commit, final);
	return 0;
}

static int walk_down(struct meet_walk *walk, struct fp_bases *found)
{
	uint32_t at, final;
	int r;

	fp_scratch_clear(walk->scratch);
	r = paint_all(walk, found->commits, found->count, STALE);
	if (r == 0)
		r = start_side(walk, &walk->ours, OURS);
	if (r == 0)
		r = start_side(walk, &walk->theirs, THEIRS);
	while (r == 0 && take(walk, &at, &final))
		r = look_at(walk, at, final, found);
	return r;
}

int fp_meet_inside(const struct fp_graph_view *view, const struct fp_reach *pivot,
	struct fp_scratch *scratch, uint32_t tip, uint32_t commit, struct fp_bases *found)
{
	struct meet_walk walk = {.view = view, .pivot = pivot, .scratch = scratch};

	side_init(&walk, &walk.ours, tip);
	side_init(&walk, &walk.theirs, commit);
	if (has_nothing(&walk.ours) || has_nothing(&walk.theirs))
		return 0;
	if (found->count == 0 && is_covered(&walk.ours, &walk.theirs))
		return add_entrances(&walk.ours, found);
	if (found->count == 0 && is_covered(&walk.theirs, &walk.ours))
		return add_entrances(&walk.theirs, found);
	return walk_down(&walk, found);
}
