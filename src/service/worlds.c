/* Worlds of other moments, remembered: a few, the least recently asked for going first. */
#include "as_of_parts.h"

#include <pthread.h>
#include <stdlib.h>

enum { WORLDS_MAX = 32 };

/* What worlds hold that no snapshot of the present shares, roughly, may be so much. */
#define WORLDS_MAX_BYTES (UINT64_C(512) << 20)

struct remembered {
	struct fp_hash128 key;
	struct fp_snapshot *world; /* NULL = empty */
	uint64_t used, bytes;
};

struct fp_worlds {
	pthread_mutex_t lock;
	struct remembered items[WORLDS_MAX];
	uint64_t clock, bytes;
	uint64_t found, made;
};

struct fp_worlds *fp_worlds_new(void)
{
	struct fp_worlds *worlds = calloc(1, sizeof(*worlds));

	if (worlds && pthread_mutex_init(&worlds->lock, NULL) != 0) {
		free(worlds);
		return NULL;
	}
	return worlds;
}

static void forget(struct fp_worlds *worlds, struct remembered *item)
{
	fp_snapshot_free(item->world);
	worlds->bytes -= item->bytes;
	*item = (struct remembered){0};
}

void fp_worlds_free(struct fp_worlds *worlds)
{
	if (!worlds)
		return;
	for (size_t i = 0; i < WORLDS_MAX; i++)
		forget(worlds, &worlds->items[i]);
	pthread_mutex_destroy(&worlds->lock);
	free(worlds);
}

static uint64_t measure(const struct fp_snapshot *world)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < world->settings->repository_count; i++) {
		const struct fp_snapshot_repository *repository = &world->repositories[i];
		const struct fp_branches *branches = repository->branches;

		if (branches && branches->basis)
			bytes += branches->known.count / 8 +
				 (branches->pivot ? fp_reach_memory_bytes(branches->pivot) : 0) +
				 branches->refs.count * (sizeof(struct fp_ref_row) +
								sizeof(struct fp_branch) + 128);
		for (size_t k = 0; k < repository->settings->package_count; k++)
			if (repository->packages[k].state)
				bytes += repository->packages[k].state->rows.count *
					 (sizeof(struct fp_version_row) +
						 sizeof(struct fp_catalog_version) + 64);
	}
	return bytes;
}

struct fp_snapshot *fp_worlds_find(struct fp_worlds *worlds, struct fp_hash128 key)
{
	struct fp_snapshot *copy = NULL;

	if (!worlds)
		return NULL;
	pthread_mutex_lock(&worlds->lock);
	for (size_t i = 0; i < WORLDS_MAX && !copy; i++) {
		struct remembered *item = &worlds->items[i];

		if (!item->world || item->key.high != key.high || item->key.low != key.low)
			continue;
		item->used = ++worlds->clock;
		worlds->found++;
		copy = fp_snapshot_copy(item->world);
		break;
	}
	pthread_mutex_unlock(&worlds->lock);
	return copy;
}

/* An empty place, or the one that was not used for longest. */
static struct remembered *oldest(struct fp_worlds *worlds)
{
	struct remembered *found = &worlds->items[0];

	for (size_t i = 1; i < WORLDS_MAX; i++)
		if (worlds->items[i].used < found->used)
			found = &worlds->items[i];
	return found;
}

static struct remembered *oldest_held(struct fp_worlds *worlds)
{
	struct remembered *found = NULL;

	for (size_t i = 0; i < WORLDS_MAX; i++)
		if (worlds->items[i].world && (!found || worlds->items[i].used < found->used))
			found = &worlds->items[i];
	return found;
}

void fp_worlds_add(struct fp_worlds *worlds, struct fp_hash128 key, const struct fp_snapshot *world)
{
	struct fp_snapshot *copy = worlds ? fp_snapshot_copy(world) : NULL;
	struct remembered *place;

	if (!copy)
		return;
	pthread_mutex_lock(&worlds->lock);
	place = oldest(worlds);
	forget(worlds, place);
	*place = (struct remembered){
		.key = key, .world = copy, .used = ++worlds->clock, .bytes = measure(copy)};
	worlds->bytes += place->bytes;
	worlds->made++;
	for (struct remembered *held = oldest_held(worlds);
		worlds->bytes > WORLDS_MAX_BYTES && held && held != place;
		held = oldest_held(worlds))
		forget(worlds, held);
	pthread_mutex_unlock(&worlds->lock);
}

void fp_worlds_measure(struct fp_worlds *worlds, struct fp_worlds_count *count)
{
	*count = (struct fp_worlds_count){0};
	if (!worlds)
		return;
	pthread_mutex_lock(&worlds->lock);
	count->found = worlds->found;
	count->made = worlds->made;
	for (size_t i = 0; i < WORLDS_MAX; i++)
		count->held += worlds->items[i].world != NULL;
	pthread_mutex_unlock(&worlds->lock);
}
