/* A branch's reach: reading it. The vocabulary stands in the header. */
#include "reach_parts.h"

#include <stdlib.h>

struct fp_reach *fp_reach_ref(struct fp_reach *reach)
{
	atomic_fetch_add_explicit(&reach->references, 1, memory_order_relaxed);
	return reach;
}

void fp_reach_unref(struct fp_reach *reach)
{
	if (!reach || atomic_fetch_sub_explicit(&reach->references, 1, memory_order_acq_rel) != 1)
		return;
	free(reach->value);
	free(reach->reached);
	free(reach->chain);
	fp_base_sets_release(&reach->sets);
	free(reach);
}

uint32_t fp_reach_tip(const struct fp_reach *reach)
{
	return reach->tip;
}

bool fp_reach_has(const struct fp_reach *reach, uint32_t commit)
{
	return !(reach->value[commit] & OUTSIDE);
}

uint32_t fp_reach_chain_length(const struct fp_reach *reach)
{
	return reach->chain_length;
}

uint32_t fp_reach_chain_commit(const struct fp_reach *reach, uint32_t position)
{
	return reach->chain[position];
}

/* The part of fp_reach_is_ancestor that cannot be read off: from a side commit down to the chain.
 * A parent that entered before the ancestor did cannot lead to it. */
static int side_reaches(const struct fp_graph_view *view, const struct fp_reach *reach,
	struct fp_scratch *scratch, uint32_t ancestor, uint32_t commit)
{
	uint32_t entry = reach->value[ancestor];
	int r;

	fp_scratch_clear(scratch);
	r = fp_scratch_push(scratch, commit);
	while (r >= 0 && fp_scratch_pop(scratch, &commit)) {
		uint32_t room[2];
		const uint32_t *parents;
		uint32_t count = fp_graph_parents(view, commit, &parents, room);

		for (uint32_t i = 0; i < count && r >= 0; i++) {
			uint32_t parent = parents[i];

			if (parent < ancestor || reach->value[parent] < entry)
				continue;
			if (parent == ancestor || fp_reach_is_on_chain(reach, parent))
				return 1;
			r = fp_scratch_push_if_new(scratch, parent);
		}
	}
	return r < 0 ? r : 0;
}

int fp_reach_leads_to(const struct fp_graph_view *view, const struct fp_reach *reach,
	struct fp_scratch *scratch, uint32_t ancestor, uint32_t commit)
{
	if (ancestor == commit)
		return 1;
	if (ancestor > commit || reach->value[ancestor] > reach->value[commit])
		return 0;
	if (fp_reach_is_on_chain(reach, commit))
		return 1;
	return side_reaches(view, reach, scratch, ancestor, commit);
}

int fp_reach_is_ancestor(const struct fp_graph_view *view, const struct fp_reach *reach,
	struct fp_scratch *scratch, uint32_t ancestor, uint32_t commit, struct fp_error *error)
{
	int r = fp_reach_leads_to(view, reach, scratch, ancestor, commit);

	return r < 0 ? fp_error_memory(error) : r;
}

bool fp_reach_add_bases(const struct fp_reach *reach, uint32_t value, struct fp_bases *bases)
{
	const uint32_t *commits;
	uint32_t one, count = fp_reach_bases_of_value(reach, value, &commits, &one);

	for (uint32_t i = 0; i < count; i++)
		if (!fp_bases_add(bases, commits[i]))
			return false;
	return true;
}

int fp_reach_collect_bases(const struct fp_graph_view *view, const struct fp_reach *reach,
	struct fp_scratch *scratch, uint32_t commit, struct fp_bases *bases)
{
	int r;

	fp_scratch_clear(scratch);
	r = fp_scratch_push(scratch, commit);
	while (r >= 0 && fp_scratch_pop(scratch, &commit)) {
		uint32_t room[2];
		const uint32_t *parents;
		uint32_t count = fp_graph_parents(view, commit, &parents, room);

		for (uint32_t i = 0; i < count && r >= 0; i++) {
			uint32_t value = fp_reach_inherited(reach, parents[i]);

			if (value == NO_BASE)
				continue;
			if (value == SEVERAL_BASES)
				r = fp_scratch_push_if_new(scratch, parents[i]);
			else if (!fp_reach_add_bases(reach, value, bases))
				return 1;
		}
	}
	return r < 0 ? r : 0;
}

/* Drops candidates that are ancestors of others. */
static int keep_maximal(const struct fp_graph_view *view, const struct fp_reach *reach,
	struct fp_scratch *scratch, struct fp_bases *bases)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < bases->count; i++) {
		int below_another = 0;

		for (uint32_t k = 0; k < bases->count && below_another == 0; k++)
			if (k != i)
				below_another = fp_reach_leads_to(
					view, reach, scratch, bases->commits[i], bases->commits[k]);
		if (below_another < 0)
			return below_another;
		if (!below_another) {
			uint32_t commit = bases->commits[i];

			/* swap, so that the dropped ones stay for comparing with */
			bases->commits[i] = bases->commits[kept];
			bases->commits[kept++] = commit;
		}
	}
	bases->count = kept;
	return 0;
}

static int several_bases(const struct fp_graph_view *view, const struct fp_reach *reach,
	struct fp_scratch *scratch, uint32_t commit, struct fp_bases *bases, struct fp_error *error)
{
	int r = fp_reach_collect_bases(view, reach, scratch, commit, bases);

	if (r > 0)
		return fp_walk_merge_bases(view, scratch, reach->tip, commit, bases, error);
	if (r >= 0)
		r = keep_maximal(view, reach, scratch, bases);
	if (r < 0)
		return fp_error_memory(error);
	return fp_walk_order_bases(view, scratch, reach->tip, commit, bases, error);
}

int fp_reach_merge_bases(const struct fp_graph_view *view, const struct fp_reach *reach,
	struct fp_scratch *scratch, uint32_t commit, struct fp_bases *bases, struct fp_error *error)
{
	uint32_t value = fp_reach_inherited(reach, commit);

	bases->count = 0;
	bases->more = false;
	if (value == NO_BASE)
		return 0;
	if (value == SEVERAL_BASES)
		return several_bases(view, reach, scratch, commit, bases, error);
	fp_reach_add_bases(reach, value, bases);
	return bases->count == 1
		       ? 0
		       : fp_walk_order_bases(view, scratch, reach->tip, commit, bases, error);
}

int fp_reach_count_ancestors(const struct fp_graph_view *view, const struct fp_reach *reach,
	struct fp_scratch *scratch, uint32_t commit, uint32_t *count, struct fp_error *error)
{
	int64_t steps = INT64_MAX;
	uint32_t counted = reach->reached[commit];

	if (counted == 0 && fp_reach_count_side(view, reach, scratch, commit, &steps, &counted) < 0)
		return fp_error_memory(error);
	*count = counted;
	return 0;
}

int fp_reach_count_beyond(const struct fp_graph_view *view, const struct fp_reach *reach,
	struct fp_scratch *scratch, uint32_t base, uint32_t commit, uint32_t *count,
	struct fp_error *error)
{
	if (base == commit) {
		*count = 0;
		return 0;
	}
	if (reach->value[commit] & BASE_SET || fp_reach_counted(reach, commit) == 0)
		return fp_walk_count_between(view, scratch, base, commit, count, error);
	*count = fp_reach_counted(reach, commit);
	return 0;
}

uint64_t fp_reach_memory_bytes(const struct fp_reach *reach)
{
	return sizeof(*reach) +
	       reach->capacity * (sizeof(*reach->value) + sizeof(*reach->reached)) +
	       (uint64_t)reach->chain_length * sizeof(*reach->chain) + reach->sets.bytes;
}
