/* Sets of merge bases, each held once. */
#include "base_sets.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_SLOTS = 64 };

void fp_base_sets_release(struct fp_base_sets *sets)
{
	for (uint32_t i = 0; i < sets->count; i++)
		free(sets->blocks[i / FP_BASE_SET_BLOCK][i % FP_BASE_SET_BLOCK]);
	for (uint32_t i = 0; i < FP_BASE_SET_BLOCKS; i++)
		free(sets->blocks[i]);
	free(sets->slots);
	*sets = (struct fp_base_sets){0};
}

const struct fp_base_set *fp_base_sets_get(const struct fp_base_sets *sets, uint32_t number)
{
	return sets->blocks[number / FP_BASE_SET_BLOCK][number % FP_BASE_SET_BLOCK];
}

static uint32_t hash_of(const uint32_t *commits, uint32_t count)
{
	uint64_t hash = count;

	for (uint32_t i = 0; i < count; i++)
		hash = (hash ^ commits[i]) * UINT64_C(0x9e3779b97f4a7c15);
	return (uint32_t)(hash >> 32);
}

static bool is_same(const struct fp_base_set *set, const uint32_t *commits, uint32_t count)
{
	return set->count == count && memcmp(set->commits, commits, count * sizeof(*commits)) == 0;
}

/* The slot that holds the set, or the free one where it belongs. */
static uint32_t *find_slot(const struct fp_base_sets *sets, const uint32_t *commits, uint32_t count)
{
	uint32_t mask = sets->slot_count - 1, at = hash_of(commits, count) & mask;

	while (sets->slots[at] &&
		!is_same(fp_base_sets_get(sets, sets->slots[at] - 1), commits, count))
		at = (at + 1) & mask;
	return &sets->slots[at];
}

static int grow_slots(struct fp_base_sets *sets)
{
	uint32_t *old = sets->slots;

	if (sets->slot_count && sets->count < sets->slot_count / 2)
		return 0;
	sets->slots = calloc(sets->slot_count ? sets->slot_count * 2 : FIRST_SLOTS, sizeof(*old));
	if (!sets->slots) {
		sets->slots = old;
		return -FP_ERROR_MEMORY;
	}
	sets->slot_count = sets->slot_count ? sets->slot_count * 2 : FIRST_SLOTS;
	for (uint32_t i = 0; i < sets->count; i++) {
		const struct fp_base_set *set = fp_base_sets_get(sets, i);

		*find_slot(sets, set->commits, set->count) = i + 1;
	}
	free(old);
	return 0;
}

static int add(struct fp_base_sets *sets, const uint32_t *commits, uint32_t count)
{
	struct fp_base_set ***block = &sets->blocks[sets->count / FP_BASE_SET_BLOCK];
	struct fp_base_set *set;

	if (!*block)
		*block = calloc(FP_BASE_SET_BLOCK, sizeof(**block));
	set = *block ? malloc(sizeof(*set) + count * sizeof(*commits)) : NULL;
	if (!set)
		return -FP_ERROR_MEMORY;
	set->count = count;
	memcpy(set->commits, commits, count * sizeof(*commits));
	(*block)[sets->count % FP_BASE_SET_BLOCK] = set;
	sets->count++;
	return 0;
}

int fp_base_sets_number(
	struct fp_base_sets *sets, const uint32_t *commits, uint32_t count, uint32_t *number)
{
	/* the set itself, its pointer, and two slots */
	uint64_t bytes = sizeof(struct fp_base_set) + count * sizeof(*commits) + sizeof(void *) +
			 2 * sizeof(*sets->slots);
	uint32_t *slot;
	int r = grow_slots(sets);

	if (r < 0)
		return r;
	slot = find_slot(sets, commits, count);
	if (*slot == 0) {
		if (sets->count == FP_BASE_SET_BLOCK * FP_BASE_SET_BLOCKS ||
			sets->bytes + bytes > sets->max_bytes)
			return 1;
		r = add(sets, commits, count);
		if (r < 0)
			return r;
		sets->bytes += bytes;
		*slot = sets->count;
	}
	*number = *slot - 1;
	return 0;
}
