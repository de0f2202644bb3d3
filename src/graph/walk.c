/*
 * Walks between two commits.
 *
 * Both sides paint their ancestors; a commit that has both paints when its turn comes, and no
 * paint from a base above it, is a best common ancestor. A walk is over when nothing is queued that
 * could still be one.
 */
#include "forkpoint/graph/walk.h"

#include "git_order.h"

enum { PAINT_FIRST = 1, PAINT_SECOND = 2, PAINT_BOTH = 3, PAINT_STALE = 4 };

/* What still matters to a painting walk: the queued commits of which `matters` is true. */
struct painting {
	const struct fp_graph_view *view;
	struct fp_scratch *scratch;
	bool (*matters)(uint32_t paint);
	uint32_t queued_that_matter;
};

static int paint(struct painting *painting, uint32_t commit, uint32_t added)
{
	uint32_t *value = fp_scratch_value(painting->scratch, commit);
	uint32_t before, after;

	if (!value)
		return -FP_ERROR_MEMORY;
	before = *value;
	after = before | added;
	*value = after;
	if (before && painting->matters(before))
		painting->queued_that_matter--;
	if (painting->matters(after))
		painting->queued_that_matter++;
	return before ? 0 : fp_scratch_heap_put(painting->scratch, commit);
}

static int paint_parents(struct painting *painting, uint32_t commit, uint32_t added)
{
	uint32_t room[2];
	const uint32_t *parents;
	uint32_t count = fp_graph_parents(painting->view, commit, &parents, room);

	for (uint32_t i = 0; i < count; i++) {
		int r = paint(painting, parents[i], added);

		if (r < 0)
			return r;
	}
	return 0;
}

/* The next commit with its final paint; false when nothing that matters is left. */
static bool take(struct painting *painting, uint32_t *commit, uint32_t *final)
{
	if (painting->queued_that_matter == 0 || !fp_scratch_heap_take(painting->scratch, commit))
		return false;
	*final = *fp_scratch_value(painting->scratch, *commit);
	if (painting->matters(*final))
		painting->queued_that_matter--;
	return true;
}

static int painting_start(struct painting *painting, uint32_t first, uint32_t second)
{
	int r;

	fp_scratch_clear(painting->scratch);
	r = paint(painting, first, PAINT_FIRST);
	return r < 0 ? r : paint(painting, second, PAINT_SECOND);
}

static bool matters_to_bases(uint32_t paint)
{
	return !(paint & PAINT_STALE);
}

int fp_walk_merge_bases(const struct fp_graph_view *view, struct fp_scratch *scratch, uint32_t tip,
	uint32_t commit, struct fp_bases *bases, struct fp_error *error)
{
	struct painting painting = {.view = view, .scratch = scratch, .matters = matters_to_bases};
	uint32_t at, found;
	int r = painting_start(&painting, tip, commit);

	bases->count = 0;
	bases->more = false;
	while (r >= 0 && take(&painting, &at, &found)) {
		if (found == PAINT_BOTH) {
			if (bases->count < FP_BASES_MAX)
				bases->commits[bases->count++] = at;
			else
				bases->more = true;
			found |= PAINT_STALE;
		}
		r = paint_parents(&painting, at, found);
	}
	if (r < 0)
		return fp_error_memory(error);
	return fp_walk_order_bases(view, scratch, tip, commit, bases, error);
}

static void sort_by_committer_time(const struct fp_graph_view *view, struct fp_bases *bases)
{
	for (uint32_t i = 1; i < bases->count; i++) {
		uint32_t commit = bases->commits[i], at = i;
		int64_t time = fp_graph_committer_s(view, commit);

		while (at > 0 && fp_graph_committer_s(view, bases->commits[at - 1]) < time) {
			bases->commits[at] = bases->commits[at - 1];
			at--;
		}
		bases->commits[at] = commit;
	}
}

static bool has_equal_times(const struct fp_graph_view *view, const struct fp_bases *sorted)
{
	for (uint32_t i = 1; i < sorted->count; i++)
		if (fp_graph_committer_s(view, sorted->commits[i - 1]) ==
			fp_graph_committer_s(view, sorted->commits[i]))
			return true;
	return false;
}

int fp_walk_order_bases(const struct fp_graph_view *view, struct fp_scratch *scratch, uint32_t tip,
	uint32_t commit, struct fp_bases *bases, struct fp_error *error)
{
	int r;

	sort_by_committer_time(view, bases);
	if (!has_equal_times(view, bases))
		return 0;
	r = fp_git_order_bases(view, scratch, tip, commit, bases);
	if (r < 0)
		return fp_error_memory(error);
	sort_by_committer_time(view, bases); /* stable: keeps git's order among equals */
	return 0;
}

int fp_walk_is_ancestor(const struct fp_graph_view *view, struct fp_scratch *scratch,
	uint32_t ancestor, uint32_t commit, struct fp_error *error)
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
		for (uint32_t i = 0; i < count && r >= 0; i++) {
			if (parents[i] < ancestor)
				continue; /* an ancestor's descendants have higher indices */
			r = fp_scratch_visit(scratch, parents[i]);
			if (r > 0)
				r = fp_scratch_push(scratch, parents[i]);
		}
	}
	return r < 0 ? fp_error_memory(error) : 0;
}

static bool matters_to_count(uint32_t paint)
{
	return paint == PAINT_SECOND;
}

int fp_walk_count_between(const struct fp_graph_view *view, struct fp_scratch *scratch,
	uint32_t from, uint32_t to, uint32_t *count, struct fp_error *error)
{
	struct painting painting = {.view = view, .scratch = scratch, .matters = matters_to_count};
	uint32_t at, found, counted = 0;
	int r = painting_start(&painting, from, to);

	while (r >= 0 && take(&painting, &at, &found)) {
		counted += found == PAINT_SECOND;
		r = paint_parents(&painting, at, found);
	}
	if (r < 0)
		return fp_error_memory(error);
	*count = counted;
	return 0;
}
