#pragma once
/*
 * A hash map from byte strings to 32-bit numbers, the shape of every look-up table here: names to
 * indices of an array. Open addressing, keys copied. Hashing is seeded per process, so that names
 * from outside cannot be chosen to collide.
 */
#include "forkpoint/base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fp_map_slot;

struct fp_map {
	struct fp_map_slot *slots;
	size_t slot_count; /* 0 or a power of two */
	size_t count;
};

/* A zeroed struct is an empty map. */
void fp_map_release(struct fp_map *map);
/* Sets key to value, replacing. 0 or -FP_ERROR_MEMORY. */
int fp_map_set(struct fp_map *map, struct fp_str key, uint32_t value);
bool fp_map_get(const struct fp_map *map, struct fp_str key, uint32_t *value);
