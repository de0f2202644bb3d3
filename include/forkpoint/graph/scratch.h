#pragma once
/*
 * Working memory of graph walks: a set of visited commits, a stack, and a heap. One per
 * thread, kept between calls, so that walks allocate only when one is larger than all before.
 */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fp_scratch_slot {
	uint32_t commit;
	uint32_t round; /* of the walk that wrote the slot; others are empty */
	uint32_t value;
};

struct fp_scratch {
	/* Tables of 256, 512, ... slots, each at its own size. A walk starts with the first and
	 * moves to the next when one is half full: so a small walk stays in the processor's caches
	 * though there was a large one before. */
	struct fp_scratch_slot *slots;
	size_t slot_count;    /* of the table in use: 0 or a power of two */
	size_t slot_capacity; /* the largest table's */
	size_t used;
	uint32_t round;
	uint32_t *stack;
	size_t stack_len, stack_capacity;
	uint32_t *heap;
	size_t heap_len, heap_capacity;
};

/* A zeroed struct is ready for use. */
void fp_scratch_release(struct fp_scratch *scratch);
/* Empties all three. */
void fp_scratch_clear(struct fp_scratch *scratch);

/* The value of a commit, made 0 where it is new; NULL when out of memory. The pointer holds until
 * the next call. */
uint32_t *fp_scratch_value(struct fp_scratch *scratch, uint32_t commit);
/* Marks a commit as visited: 1 when it is new, 0 when it was there, negative: out of memory. */
int fp_scratch_visit(struct fp_scratch *scratch, uint32_t commit);

/* 0 or -FP_ERROR_MEMORY. */
int fp_scratch_push(struct fp_scratch *scratch, uint32_t commit);
/* False when the stack is empty. */
bool fp_scratch_pop(struct fp_scratch *scratch, uint32_t *commit);

/* The highest index comes out first: every commit after all of its descendants. */
int fp_scratch_heap_put(struct fp_scratch *scratch, uint32_t commit);
bool fp_scratch_heap_take(struct fp_scratch *scratch, uint32_t *commit);
