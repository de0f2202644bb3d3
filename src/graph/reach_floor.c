/*
 * A branch's reach: floors of outside commits.
 *
 * The outside commits that a commit reaches have its lowest one at the bottom: one without outside
 * parents. A byte names it, so only some can be told apart: those at the bottom of most commits.
 * Any other's commits have the next one below as their floor, which says less but nothing wrong.
 */
#include "reach_parts.h"

#include <stdlib.h>

enum { SIZES = 32 };

/* The number of the last floor that is not above a commit. */
static uint32_t floor_below(const struct fp_reach *reach, uint32_t commit)
{
	uint32_t low = 0, high = reach->floor_count;

	while (high - low > 1) {
		uint32_t middle = (low + high) / 2;

		if (reach->floors[middle] <= commit)
			low = middle;
		else
			high = middle;
	}
	return low;
}

void fp_reach_set_floor(const struct fp_graph_view *view, struct fp_reach *reach, uint32_t commit)
{
	uint32_t room[2], floor = floor_below(reach, commit);
	const uint32_t *parents;
	uint32_t count = fp_graph_parents(view, commit, &parents, room);

	for (uint32_t i = 0; i < count; i++) {
		uint32_t below = reach->reached[parents[i]] >> REACHED_BITS;

		if (!fp_reach_has(reach, parents[i]) && below < floor)
			floor = below;
	}
	reach->reached[commit] |= floor << REACHED_BITS;
}

/* The lowest of the outside commits that each outside commit reaches. */
static void find_lowest(
	const struct fp_graph_view *view, const struct fp_reach *reach, uint32_t *lowest)
{
	for (uint32_t commit = 0; commit < view->count; commit++) {
		uint32_t room[2], count = 0;
		const uint32_t *parents;

		lowest[commit] = commit;
		if (!fp_reach_has(reach, commit))
			count = fp_graph_parents(view, commit, &parents, room);
		for (uint32_t i = 0; i < count; i++)
			if (!fp_reach_has(reach, parents[i]) && lowest[parents[i]] < lowest[commit])
				lowest[commit] = lowest[parents[i]];
	}
}

static uint32_t size_class(uint32_t commits)
{
	return commits ? 32 - (uint32_t)__builtin_clz(commits) : 0;
}

/* Of how many commits a floor must be the lowest for all such to have room. */
static uint32_t choose_class(const uint32_t *commits, uint32_t count)
{
	uint32_t classes[SIZES + 1] = {0}, chosen = 0, class = SIZES + 1;

	for (uint32_t commit = 0; commit < count; commit++)
		classes[size_class(commits[commit])]++;
	while (class > 1 && chosen + classes[class - 1] < FP_REACH_FLOORS)
		chosen += classes[--class];
	return class;
}

int fp_reach_choose_floors(const struct fp_graph_view *view, struct fp_reach *reach)
{
	FP_CLEANUP_FREE uint32_t *lowest = malloc((size_t)view->count * sizeof(*lowest));
	FP_CLEANUP_FREE uint32_t *commits = calloc(view->count, sizeof(*commits));
	uint32_t class;

	if (!lowest || !commits)
		return -FP_ERROR_MEMORY;
	find_lowest(view, reach, lowest);
	for (uint32_t commit = 0; commit < view->count; commit++)
		if (!fp_reach_has(reach, commit))
			commits[lowest[commit]]++;
	class = choose_class(commits, view->count);
	reach->floors[0] = 0;
	reach->floor_count = 1;
	for (uint32_t commit = 1; commit < view->count; commit++)
		if (size_class(commits[commit]) >= class)
			reach->floors[reach->floor_count++] = commit;
	return 0;
}
