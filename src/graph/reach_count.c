/* A branch's reach: counting what commits reach. */
#include "reach_parts.h"

/* Walks that give up: *steps is what they may still look at, negative when it is used up. */
static int visit_within(struct fp_scratch *scratch, uint32_t commit, int64_t *steps)
{
	if (--*steps < 0)
		return 0;
	return fp_scratch_visit(scratch, commit);
}

/* The last chain position below a side commit, -1 where it leads to other roots alone. */
static int last_chain_position(const struct fp_graph_view *view, const struct fp_reach *reach,
	struct fp_scratch *scratch, uint32_t commit, int64_t *steps, int64_t *position)
{
	int64_t last = -1;
	int r;

	fp_scratch_clear(scratch);
	r = fp_scratch_push(scratch, commit);
	while (r >= 0 && *steps >= 0 && fp_scratch_pop(scratch, &commit)) {
		uint32_t room[2];
		const uint32_t *parents;
		uint32_t count = fp_graph_parents(view, commit, &parents, room);

		for (uint32_t i = 0; i < count && r >= 0; i++) {
			int64_t entry = reach->value[parents[i]];

			if (entry <= last)
				continue;
			if (fp_reach_is_on_chain(reach, parents[i])) {
				last = entry;
				continue;
			}
			r = visit_within(scratch, parents[i], steps);
			if (r > 0)
				r = fp_scratch_push(scratch, parents[i]);
		}
	}
	*position = last;
	return r < 0 ? r : 0;
}

/* Commits below `commit`, itself included, whose values are above `bound`: for a side commit and a
 * position, those that entered after it; for an outside commit and ALL_INSIDE, those outside.
 * Whatever leads to such a commit has a value above the bound as well, so nothing else need be
 * walked. */
#define ALL_INSIDE ((int64_t)OUTSIDE - 1)

static int count_above(const struct fp_graph_view *view, const struct fp_reach *reach,
	struct fp_scratch *scratch, uint32_t commit, int64_t bound, int64_t *steps,
	uint32_t *counted)
{
	uint32_t total = 1;
	int r;

	fp_scratch_clear(scratch);
	r = fp_scratch_push(scratch, commit);
	while (r >= 0 && *steps >= 0 && fp_scratch_pop(scratch, &commit)) {
		uint32_t room[2];
		const uint32_t *parents;
		uint32_t count = fp_graph_parents(view, commit, &parents, room);

		for (uint32_t i = 0; i < count && r >= 0; i++) {
			if ((int64_t)reach->value[parents[i]] <= bound)
				continue;
			r = visit_within(scratch, parents[i], steps);
			if (r > 0) {
				total++;
				r = fp_scratch_push(scratch, parents[i]);
			}
		}
	}
	*counted = total;
	return r < 0 ? r : 0;
}

/* How many commits a side commit reaches: what the last chain commit below it does, and the side
 * commits that it does not. */
int fp_reach_count_side(const struct fp_graph_view *view, const struct fp_reach *reach,
	struct fp_scratch *scratch, uint32_t commit, int64_t *steps, uint32_t *counted)
{
	int64_t position;
	uint32_t side;

	if (last_chain_position(view, reach, scratch, commit, steps, &position) < 0 ||
		count_above(view, reach, scratch, commit, position, steps, &side) < 0)
		return -FP_ERROR_MEMORY;
	*counted = side + (position >= 0 ? reach->reached[reach->chain[position]] : 0);
	return 0;
}

/* The parents that count: for outside commits those outside, else all of them. */
static uint32_t counted_parents(const struct fp_reach *reach, bool outside, const uint32_t *parents,
	uint32_t count, uint32_t *last)
{
	uint32_t counted = 0;

	for (uint32_t i = 0; i < count; i++) {
		if (outside && fp_reach_has(reach, parents[i]))
			continue;
		counted++;
		*last = parents[i];
	}
	return counted;
}

/* So many steps at most for one merge: nearly all take fewer or far more, and one of the latter
 * would use up what thousands of others need. */
enum { STEPS_OF_ONE = 100 };

static int count_merge(const struct fp_graph_view *view, struct fp_reach *reach,
	struct fp_scratch *scratch, uint32_t commit, int64_t *steps, uint32_t *counted)
{
	int64_t allowed = *steps < STEPS_OF_ONE ? *steps : STEPS_OF_ONE, left = allowed;
	int r = fp_reach_has(reach, commit)
			? fp_reach_count_side(view, reach, scratch, commit, &left, counted)
			: count_above(view, reach, scratch, commit, ALL_INSIDE, &left, counted);

	*steps -= allowed - left;
	if (left < 0)
		*counted = 0;
	return r;
}

/* With one parent that counts, one more than it; merges are walked for, as long as there are steps
 * left. */
int fp_reach_set_reached(const struct fp_graph_view *view, struct fp_reach *reach,
	struct fp_scratch *scratch, uint32_t commit, int64_t *steps)
{
	bool outside = !fp_reach_has(reach, commit);
	uint32_t room[2], last = 0, counted = 0;
	const uint32_t *parents;
	uint32_t count = fp_graph_parents(view, commit, &parents, room);
	int r = 0;

	if (!outside && fp_reach_is_on_chain(reach, commit))
		return 0; /* known since it entered */
	count = counted_parents(reach, outside, parents, count, &last);
	if (count == 0)
		counted = 1;
	else if (count == 1)
		counted = fp_reach_counted(reach, last) ? fp_reach_counted(reach, last) + 1 : 0;
	else if (*steps > 0)
		r = count_merge(view, reach, scratch, commit, steps, &counted);
	reach->reached[commit] = counted;
	return r;
}
