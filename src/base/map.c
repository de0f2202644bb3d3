/* A hash map from byte strings to numbers. */
#include "forkpoint/base/map.h"

#include "forkpoint/base/error.h"
#include "forkpoint/base/hash.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/random.h>

enum { FIRST_SLOTS = 16 };

struct fp_map_slot {
	char *key; /* NULL: empty */
	size_t len;
	uint64_t hash;
	uint32_t value;
};

static uint64_t seed;
static pthread_once_t seed_once = PTHREAD_ONCE_INIT;

static void make_seed(void)
{
	/* Without entropy the seed stays 0: slower under attack, but not wrong. */
	if (getrandom(&seed, sizeof(seed), 0) != (ssize_t)sizeof(seed))
		seed = 0;
}

static uint64_t hash_of(struct fp_str key)
{
	pthread_once(&seed_once, make_seed);
	return fp_hash64(key.ptr, key.len, seed);
}

void fp_map_release(struct fp_map *map)
{
	for (size_t i = 0; i < map->slot_count; i++)
		free(map->slots[i].key);
	free(map->slots);
	*map = (struct fp_map){0};
}

static struct fp_map_slot *find_slot(const struct fp_map *map, struct fp_str key, uint64_t hash)
{
	size_t at = hash & (map->slot_count - 1);

	for (;; at = (at + 1) & (map->slot_count - 1)) {
		struct fp_map_slot *slot = &map->slots[at];

		if (!slot->key ||
			(slot->hash == hash && fp_str_equal(fp_str_n(slot->key, slot->len), key)))
			return slot;
	}
}

static int grow(struct fp_map *map)
{
	struct fp_map old = *map;
	size_t slot_count = old.slot_count ? old.slot_count * 2 : FIRST_SLOTS;
	struct fp_map_slot *slots = calloc(slot_count, sizeof(*slots));

	if (!slots)
		return -FP_ERROR_MEMORY;
	map->slots = slots;
	map->slot_count = slot_count;
	for (size_t i = 0; i < old.slot_count; i++)
		if (old.slots[i].key)
			*find_slot(map, fp_str_n(old.slots[i].key, old.slots[i].len),
				old.slots[i].hash) = old.slots[i];
	free(old.slots);
	return 0;
}

int fp_map_set(struct fp_map *map, struct fp_str key, uint32_t value)
{
	uint64_t hash = hash_of(key);
	struct fp_map_slot *slot;

	if ((map->count + 1) * 3 > map->slot_count * 2 && grow(map) < 0)
		return -FP_ERROR_MEMORY;
	slot = find_slot(map, key, hash);
	if (!slot->key) {
		slot->key = fp_str_dup(key);
		if (!slot->key)
			return -FP_ERROR_MEMORY;
		slot->len = key.len;
		slot->hash = hash;
		map->count++;
	}
	slot->value = value;
	return 0;
}

bool fp_map_get(const struct fp_map *map, struct fp_str key, uint32_t *value)
{
	const struct fp_map_slot *slot;

	if (map->count == 0)
		return false;
	slot = find_slot(map, key, hash_of(key));
	if (!slot->key)
		return false;
	*value = slot->value;
	return true;
}
