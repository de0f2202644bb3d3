/*
 * Handing out a table of commits, parents before children: depth first from each tip, first parents
 * first, so that the commits of a line stand together; with a stack of its own, for histories are
 * far deeper than any thread's.
 */
#include "walk_emit.h"

#include "forkpoint/base/array.h"

#include <stdlib.h>

enum { PROGRESS_EVERY = 8192 };

struct emission {
	struct fp_commit_table *table;
	const struct fp_mirror_walk *params;
	uint32_t *stack;
	size_t depth, capacity;
	struct fp_oid *parents; /* of the row that is being handed out */
	size_t parent_capacity;
	uint64_t emitted, total;
};

static void emission_release(struct emission *emission)
{
	free(emission->stack);
	free(emission->parents);
}

static int push(struct emission *emission, uint32_t number, struct fp_error *error)
{
	if (emission->table->entries[number].flags & (FP_COMMIT_EMITTED | FP_COMMIT_KNOWN))
		return 0;
	if (fp_array_reserve((void **)&emission->stack, &emission->capacity, emission->depth + 1,
		    sizeof(*emission->stack)) < 0)
		return fp_error_memory(error);
	emission->stack[emission->depth++] = number;
	return 0;
}

static int hand_out(
	struct emission *emission, struct fp_commit_entry *entry, struct fp_error *error)
{
	const uint32_t *numbers = emission->table->parents + entry->first_parent;
	struct fp_commit_row row = {
		.oid = entry->oid,
		.tree = entry->tree,
		.author_s = entry->author_s,
		.committer_s = entry->committer_s,
		.parent_count = entry->parent_count,
	};

	if (fp_array_reserve((void **)&emission->parents, &emission->parent_capacity,
		    (size_t)entry->parent_count + 1, sizeof(*emission->parents)) < 0)
		return fp_error_memory(error);
	for (uint32_t i = 0; i < entry->parent_count; i++)
		emission->parents[i] = emission->table->entries[numbers[i]].oid;
	row.parents = emission->parents;
	entry->flags |= FP_COMMIT_EMITTED;
	emission->emitted++;
	return emission->params->emit(emission->params->context, &row, error);
}

static int check(struct emission *emission, struct fp_error *error)
{
	const struct fp_mirror_walk *params = emission->params;

	if (params->progress)
		params->progress(
			params->context, emission->total, emission->emitted, emission->total);
	if (params->cancelled && atomic_load_explicit(params->cancelled, memory_order_relaxed))
		return fp_error_set(error, FP_ERROR_CANCELLED, "the walk was cancelled");
	return 0;
}

/* The top of the stack: its next parent goes on top of it, or it is handed out. */
static int step(struct emission *emission, struct fp_error *error)
{
	struct fp_commit_entry *entry =
		&emission->table->entries[emission->stack[emission->depth - 1]];

	if (!(entry->flags & FP_COMMIT_EMITTED) && entry->next_parent < entry->parent_count)
		return push(emission,
			emission->table->parents[entry->first_parent + entry->next_parent++],
			error);
	emission->depth--;
	if (entry->flags & FP_COMMIT_EMITTED)
		return 0;
	if (emission->emitted % PROGRESS_EVERY == 0) {
		int rc = check(emission, error);

		if (rc)
			return rc;
	}
	return hand_out(emission, entry, error);
}

static int emit_below(struct emission *emission, const struct fp_oid *tip, struct fp_error *error)
{
	uint32_t number;
	int rc = fp_commit_table_intern(emission->table, tip, &number, error);

	if (!rc)
		rc = push(emission, number, error);
	while (!rc && emission->depth)
		rc = step(emission, error);
	return rc;
}

int fp_walk_emit(
	struct fp_commit_table *table, const struct fp_mirror_walk *params, struct fp_error *error)
{
	FP_CLEANUP(emission_release)
	struct emission emission = {.table = table, .params = params};
	int rc = 0;

	for (size_t i = 0; i < table->count; i++)
		if ((table->entries[i].flags & (FP_COMMIT_VISITED | FP_COMMIT_KNOWN)) ==
			FP_COMMIT_VISITED)
			emission.total++;
	for (size_t i = 0; i < params->tip_count && !rc; i++)
		rc = emit_below(&emission, &params->tips[i], error);
	return rc ? rc : check(&emission, error);
}
