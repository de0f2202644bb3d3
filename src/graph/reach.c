/* A branch's reach; the vocabulary stands in the header. */
#include "forkpoint/graph/reach.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

/* Values of commits: an entry position, or one of these. */
#define OUTSIDE UINT32_C(0x80000000)
#define NO_BASE UINT32_C(0xffffffff)	   /* outside, nothing in common */
#define SEVERAL_BASES UINT32_C(0xfffffffe) /* outside, more than one maximal base */

enum {
	BEYOND_UNKNOWN = UINT16_MAX, /* more commits than the column holds, or than were walked */
	BEYOND_WALK_MAX = 4096,	     /* commits that building looks at for one merge */
};

struct fp_reach {
	atomic_uint references;
	uint32_t tip;
	uint32_t count;	   /* commits with a value; the writer's */
	uint32_t capacity; /* room of the two columns */
	uint32_t *value;
	uint16_t *beyond; /* of outside commits: how many outside commits they reach, themselves
			   * included */
	uint32_t chain_length;
	uint32_t *chain;      /* position → commit */
	uint32_t *cumulative; /* position → commits whose entry is at most that */
};

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
	free(reach->beyond);
	free(reach->chain);
	free(reach->cumulative);
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

static bool is_on_chain(const struct fp_reach *reach, uint32_t commit)
{
	return reach->chain[reach->value[commit]] == commit;
}

static int push_if_new(struct fp_scratch *scratch, uint32_t commit)
{
	int r = fp_scratch_visit(scratch, commit);

	return r > 0 ? fp_scratch_push(scratch, commit) : r;
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
			if (parent == ancestor || is_on_chain(reach, parent))
				return 1;
			r = push_if_new(scratch, parent);
		}
	}
	return r < 0 ? r : 0;
}

static int is_ancestor(const struct fp_graph_view *view, const struct fp_reach *reach,
	struct fp_scratch *scratch, uint32_t ancestor, uint32_t commit)
{
	if (ancestor == commit)
		return 1;
	if (ancestor > commit || reach->value[ancestor] > reach->value[commit])
		return 0;
	if (is_on_chain(reach, commit))
		return 1;
	return side_reaches(view, reach, scratch, ancestor, commit);
}

int fp_reach_is_ancestor(const struct fp_graph_view *view, const struct fp_reach *reach,
	struct fp_scratch *scratch, uint32_t ancestor, uint32_t commit, struct fp_error *error)
{
	int r = is_ancestor(view, reach, scratch, ancestor, commit);

	return r < 0 ? fp_error_memory(error) : r;
}

/* ---- building ---- */

static int list_chain(const struct fp_graph_view *view, struct fp_reach *reach)
{
	uint32_t length = 0;

	for (uint32_t at = reach->tip; at != FP_NO_COMMIT; at = fp_graph_first_parent(view, at))
		length++;
	reach->chain = malloc(length * sizeof(*reach->chain));
	reach->cumulative = malloc(length * sizeof(*reach->cumulative));
	if (!reach->chain || !reach->cumulative)
		return -FP_ERROR_MEMORY;
	reach->chain_length = length;
	for (uint32_t at = reach->tip; at != FP_NO_COMMIT; at = fp_graph_first_parent(view, at))
		reach->chain[--length] = at;
	return 0;
}

/* Gives the commits that are reachable from the chain commit at `position`, and from none before
 * it, that entry. Returns how many, or a negative error. */
static int64_t enter_from(const struct fp_graph_view *view, struct fp_reach *reach,
	struct fp_scratch *scratch, uint32_t position)
{
	uint32_t commit = reach->chain[position];
	int64_t entered = 1;
	int r;

	fp_scratch_clear(scratch);
	reach->value[commit] = position;
	r = fp_scratch_push(scratch, commit);
	while (r >= 0 && fp_scratch_pop(scratch, &commit)) {
		uint32_t room[2];
		const uint32_t *parents;
		uint32_t count = fp_graph_parents(view, commit, &parents, room);

		for (uint32_t i = 0; i < count && r >= 0; i++) {
			if (fp_reach_has(reach, parents[i]))
				continue;
			reach->value[parents[i]] = position;
			entered++;
			r = fp_scratch_push(scratch, parents[i]);
		}
	}
	return r < 0 ? r : entered;
}

static int enter_history(
	const struct fp_graph_view *view, struct fp_reach *reach, struct fp_scratch *scratch)
{
	int64_t total = 0;

	for (uint32_t position = 0; position < reach->chain_length; position++) {
		int64_t entered = enter_from(view, reach, scratch, position);

		if (entered < 0)
			return (int)entered;
		total += entered;
		reach->cumulative[position] = (uint32_t)total;
	}
	return 0;
}

/* The value that a parent hands to its outside child. */
static uint32_t inherited(const struct fp_reach *reach, uint32_t parent)
{
	uint32_t value = reach->value[parent];

	return value & OUTSIDE ? value : OUTSIDE | parent;
}

/* The value of a commit two of whose parents hand it a and b. */
static int combine(const struct fp_graph_view *view, const struct fp_reach *reach,
	struct fp_scratch *scratch, uint32_t a, uint32_t b, uint32_t *combined)
{
	uint32_t first = a & ~OUTSIDE, second = b & ~OUTSIDE;
	uint32_t lower = first < second ? first : second;
	uint32_t upper = first < second ? second : first;
	int r;

	if (a == b || b == NO_BASE || a == NO_BASE) {
		*combined = a == NO_BASE ? b : a;
		return 0;
	}
	if (a == SEVERAL_BASES || b == SEVERAL_BASES) {
		*combined = SEVERAL_BASES;
		return 0;
	}
	r = is_ancestor(view, reach, scratch, lower, upper);
	if (r >= 0)
		*combined = r ? OUTSIDE | upper : SEVERAL_BASES;
	return r < 0 ? r : 0;
}

/* Counts the outside commits that an outside commit reaches; gives up past a limit. */
static int count_outside(const struct fp_graph_view *view, const struct fp_reach *reach,
	struct fp_scratch *scratch, uint32_t commit, uint32_t max, uint32_t *counted)
{
	uint32_t outside = 1;
	int r;

	fp_scratch_clear(scratch);
	r = fp_scratch_push(scratch, commit);
	while (r >= 0 && outside <= max && fp_scratch_pop(scratch, &commit)) {
		uint32_t room[2];
		const uint32_t *parents;
		uint32_t count = fp_graph_parents(view, commit, &parents, room);

		for (uint32_t i = 0; i < count && r >= 0; i++) {
			if (fp_reach_has(reach, parents[i]))
				continue;
			r = fp_scratch_visit(scratch, parents[i]);
			if (r > 0) {
				outside++;
				r = fp_scratch_push(scratch, parents[i]);
			}
		}
	}
	*counted = outside;
	return r < 0 ? r : 0;
}

static int set_beyond(const struct fp_graph_view *view, struct fp_reach *reach,
	struct fp_scratch *scratch, uint32_t commit, const uint32_t *parents, uint32_t count)
{
	uint32_t outside_parents = 0, last = 0, counted;
	int r;

	for (uint32_t i = 0; i < count; i++) {
		if (fp_reach_has(reach, parents[i]))
			continue;
		outside_parents++;
		last = parents[i];
	}
	if (outside_parents == 0) {
		reach->beyond[commit] = 1;
	} else if (outside_parents == 1) {
		uint16_t below = reach->beyond[last];

		reach->beyond[commit] = below == BEYOND_UNKNOWN ? below : (uint16_t)(below + 1);
	} else {
		r = count_outside(view, reach, scratch, commit, BEYOND_WALK_MAX, &counted);
		if (r < 0)
			return r;
		reach->beyond[commit] =
			counted > BEYOND_WALK_MAX ? BEYOND_UNKNOWN : (uint16_t)counted;
	}
	return 0;
}

static int set_outside(const struct fp_graph_view *view, struct fp_reach *reach,
	struct fp_scratch *scratch, uint32_t commit)
{
	uint32_t room[2];
	const uint32_t *parents;
	uint32_t count = fp_graph_parents(view, commit, &parents, room);
	uint32_t value = NO_BASE;

	for (uint32_t i = 0; i < count; i++) {
		int r = combine(view, reach, scratch, value, inherited(reach, parents[i]), &value);

		if (r < 0)
			return r;
	}
	reach->value[commit] = value;
	return set_beyond(view, reach, scratch, commit, parents, count);
}

/* Values for outside commits from `first` on: parents come first, so one pass is enough. */
static int set_outside_from(const struct fp_graph_view *view, struct fp_reach *reach,
	struct fp_scratch *scratch, uint32_t first)
{
	for (uint32_t commit = first; commit < view->count; commit++) {
		if (fp_reach_has(reach, commit))
			continue;
		if (set_outside(view, reach, scratch, commit) < 0)
			return -FP_ERROR_MEMORY;
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
	return set_outside_from(view, reach, scratch, first) < 0 ? NULL : fp_reach_ref(reach);
}

static struct fp_reach *reach_new(uint32_t tip, uint32_t count)
{
	struct fp_reach *reach = calloc(1, sizeof(*reach));
	uint32_t capacity = count + count / 16 + 1024; /* room for the commits of some pushes */

	if (!reach)
		return NULL;
	atomic_init(&reach->references, 1);
	reach->tip = tip;
	reach->capacity = capacity;
	reach->value = malloc(capacity * sizeof(*reach->value));
	reach->beyond = malloc(capacity * sizeof(*reach->beyond));
	if (!reach->value || !reach->beyond) {
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
	reach = reach_new(tip, view->count);
	if (!reach)
		return NULL;
	if (list_chain(view, reach) < 0 || enter_history(view, reach, scratch) < 0 ||
		set_outside_from(view, reach, scratch, 0) < 0) {
		fp_reach_unref(reach);
		return NULL;
	}
	return reach;
}

/* ---- reading ---- */

static bool add_candidate(struct fp_bases *bases, uint32_t commit)
{
	for (uint32_t i = 0; i < bases->count; i++)
		if (bases->commits[i] == commit)
			return true;
	if (bases->count == FP_BASES_MAX)
		return false;
	bases->commits[bases->count++] = commit;
	return true;
}

/* Where the outside commits below `commit` meet the history: candidates, not all of them maximal.
 * 1 when there are too many to hold. */
static int collect_candidates(const struct fp_graph_view *view, const struct fp_reach *reach,
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
			uint32_t value = inherited(reach, parents[i]);

			if (value == NO_BASE)
				continue;
			if (value == SEVERAL_BASES)
				r = push_if_new(scratch, parents[i]);
			else if (!add_candidate(bases, value & ~OUTSIDE))
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
				below_another = is_ancestor(
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
	int r = collect_candidates(view, reach, scratch, commit, bases);

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
	uint32_t value = inherited(reach, commit);

	bases->count = 0;
	bases->more = false;
	if (value == NO_BASE)
		return 0;
	if (value == SEVERAL_BASES)
		return several_bases(view, reach, scratch, commit, bases, error);
	bases->commits[bases->count++] = value & ~OUTSIDE;
	return 0;
}

/* The last chain position below a side commit, -1 where it leads to other roots alone. */
static int last_chain_position(const struct fp_graph_view *view, const struct fp_reach *reach,
	struct fp_scratch *scratch, uint32_t commit, int64_t *position)
{
	int64_t last = -1;
	int r;

	fp_scratch_clear(scratch);
	r = fp_scratch_push(scratch, commit);
	while (r >= 0 && fp_scratch_pop(scratch, &commit)) {
		uint32_t room[2];
		const uint32_t *parents;
		uint32_t count = fp_graph_parents(view, commit, &parents, room);

		for (uint32_t i = 0; i < count && r >= 0; i++) {
			int64_t entry = reach->value[parents[i]];

			if (entry <= last)
				continue;
			if (is_on_chain(reach, parents[i]))
				last = entry;
			else
				r = push_if_new(scratch, parents[i]);
		}
	}
	*position = last;
	return r < 0 ? r : 0;
}

/* Side commits below `commit`, itself included, that entered after a position. Whatever leads to
 * such a commit entered after the position as well, so nothing else need be walked. */
static int count_entered_after(const struct fp_graph_view *view, const struct fp_reach *reach,
	struct fp_scratch *scratch, uint32_t commit, int64_t position, uint32_t *counted)
{
	uint32_t total = 1;
	int r;

	fp_scratch_clear(scratch);
	r = fp_scratch_push(scratch, commit);
	while (r >= 0 && fp_scratch_pop(scratch, &commit)) {
		uint32_t room[2];
		const uint32_t *parents;
		uint32_t count = fp_graph_parents(view, commit, &parents, room);

		for (uint32_t i = 0; i < count && r >= 0; i++) {
			if ((int64_t)reach->value[parents[i]] <= position)
				continue;
			r = fp_scratch_visit(scratch, parents[i]);
			if (r > 0) {
				total++;
				r = fp_scratch_push(scratch, parents[i]);
			}
		}
	}
	*counted = total;
	return r < 0 ? r : 0;
}

int fp_reach_count_ancestors(const struct fp_graph_view *view, const struct fp_reach *reach,
	struct fp_scratch *scratch, uint32_t commit, uint32_t *count, struct fp_error *error)
{
	int64_t position;
	uint32_t side;

	if (is_on_chain(reach, commit)) {
		*count = reach->cumulative[reach->value[commit]];
		return 0;
	}
	if (last_chain_position(view, reach, scratch, commit, &position) < 0 ||
		count_entered_after(view, reach, scratch, commit, position, &side) < 0)
		return fp_error_memory(error);
	*count = side + (position >= 0 ? reach->cumulative[position] : 0);
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
	if (reach->value[commit] == SEVERAL_BASES || reach->beyond[commit] == BEYOND_UNKNOWN)
		return fp_walk_count_between(view, scratch, base, commit, count, error);
	*count = reach->beyond[commit];
	return 0;
}

uint64_t fp_reach_memory_bytes(const struct fp_reach *reach)
{
	return sizeof(*reach) + reach->capacity * (sizeof(*reach->value) + sizeof(*reach->beyond)) +
	       reach->chain_length * (sizeof(*reach->chain) + sizeof(*reach->cumulative));
}
