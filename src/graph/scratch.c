/* Working memory of graph walks. */
#include "forkpoint/graph/scratch.h"

#include "forkpoint/base/array.h"
#include "forkpoint/base/error.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_SLOTS = 256 };

void fp_scratch_release(struct fp_scratch *scratch)
{
	free(scratch->slots);
	free(scratch->stack);
	free(scratch->heap);
	*scratch = (struct fp_scratch){0};
}

void fp_scratch_clear(struct fp_scratch *scratch)
{
	scratch->used = 0;
	scratch->slot_count = scratch->slot_capacity ? FIRST_SLOTS : 0;
	scratch->stack_len = 0;
	scratch->heap_len = 0;
	scratch->round++;
	if (scratch->round == 0) { /* wrapped: old rounds would look like this one */
		if (scratch->slots)
			memset(scratch->slots, 0,
				2 * scratch->slot_capacity * sizeof(*scratch->slots));
		scratch->round = 1;
	}
}

/* Fibonacci hashing: indices of one walk lie close together. */
static size_t slot_of(uint32_t commit, size_t slot_count)
{
	return (commit * UINT64_C(0x9E3779B97F4A7C15) >> 32) & (slot_count - 1);
}

static struct fp_scratch_slot *find_slot(struct fp_scratch *scratch, uint32_t commit)
{
	struct fp_scratch_slot *table = scratch->slots + scratch->slot_count;
	size_t at = slot_of(commit, scratch->slot_count);

	while (table[at].round == scratch->round && table[at].commit != commit)
		at = (at + 1) & (scratch->slot_count - 1);
	return &table[at];
}

static int reserve_slots(struct fp_scratch *scratch, size_t capacity)
{
	struct fp_scratch_slot *slots;

	if (capacity <= scratch->slot_capacity)
		return 0;
	slots = calloc(2 * capacity, sizeof(*slots));
	if (!slots)
		return -FP_ERROR_MEMORY;
	if (scratch->slots)
		memcpy(slots + scratch->slot_count, scratch->slots + scratch->slot_count,
			scratch->slot_count * sizeof(*slots));
	free(scratch->slots);
	scratch->slots = slots;
	scratch->slot_capacity = capacity;
	return 0;
}

static int grow_slots(struct fp_scratch *scratch)
{
	size_t old_count = scratch->slot_count;
	size_t slot_count = old_count ? old_count * 2 : FIRST_SLOTS;

	if (reserve_slots(scratch, slot_count) < 0)
		return -FP_ERROR_MEMORY;
	scratch->slot_count = slot_count;
	if (scratch->round == 0)
		scratch->round = 1;
	for (size_t i = 0; i < old_count; i++) {
		const struct fp_scratch_slot *old = &scratch->slots[old_count + i];

		if (old->round == scratch->round)
			*find_slot(scratch, old->commit) = *old;
	}
	return 0;
}

uint32_t *fp_scratch_value(struct fp_scratch *scratch, uint32_t commit)
{
	struct fp_scratch_slot *slot;

	if (scratch->used * 2 >= scratch->slot_count && grow_slots(scratch) < 0)
		return NULL;
	slot = find_slot(scratch, commit);
	if (slot->round != scratch->round) {
		*slot = (struct fp_scratch_slot){.commit = commit, .round = scratch->round};
		scratch->used++;
	}
	return &slot->value;
}

int fp_scratch_visit(struct fp_scratch *scratch, uint32_t commit)
{
	uint32_t *value = fp_scratch_value(scratch, commit);

	if (!value)
		return -FP_ERROR_MEMORY;
	if (*value)
		return 0;
	*value = 1;
	return 1;
}

int fp_scratch_push(struct fp_scratch *scratch, uint32_t commit)
{
	int r = fp_array_reserve((void **)&scratch->stack, &scratch->stack_capacity,
		scratch->stack_len + 1, sizeof(*scratch->stack));

	if (r < 0)
		return r;
	scratch->stack[scratch->stack_len++] = commit;
	return 0;
}

bool fp_scratch_pop(struct fp_scratch *scratch, uint32_t *commit)
{
	if (scratch->stack_len == 0)
		return false;
	*commit = scratch->stack[--scratch->stack_len];
	return true;
}

int fp_scratch_heap_put(struct fp_scratch *scratch, uint32_t commit)
{
	size_t at;
	int r = fp_array_reserve((void **)&scratch->heap, &scratch->heap_capacity,
		scratch->heap_len + 1, sizeof(*scratch->heap));

	if (r < 0)
		return r;
	at = scratch->heap_len++;
	while (at > 0 && scratch->heap[(at - 1) / 2] < commit) {
		scratch->heap[at] = scratch->heap[(at - 1) / 2];
		at = (at - 1) / 2;
	}
	scratch->heap[at] = commit;
	return 0;
}

bool fp_scratch_heap_take(struct fp_scratch *scratch, uint32_t *commit)
{
	uint32_t last;
	size_t at = 0;

	if (scratch->heap_len == 0)
		return false;
	*commit = scratch->heap[0];
	last = scratch->heap[--scratch->heap_len];
	for (;;) {
		size_t child = at * 2 + 1;

		if (child >= scratch->heap_len)
			break;
		if (child + 1 < scratch->heap_len &&
			scratch->heap[child + 1] > scratch->heap[child])
			child++;
		if (scratch->heap[child] <= last)
			break;
		scratch->heap[at] = scratch->heap[child];
		at = child;
	}
	if (scratch->heap_len)
		scratch->heap[at] = last;
	return true;
}
