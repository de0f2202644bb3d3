/* The table of sticky builds: in parts with a lock each, so that loops rarely meet at one. */
#include "forkpoint/service/sticky.h"

#include "forkpoint/store/sticky.h"

#include <pthread.h>
#include <stdlib.h>

enum {
	SHARDS = 64,
	SHARD_MAX = FP_STICKY_MAX / SHARDS,
	SHARD_FIRST = 16,
	PRUNE_AT_ONCE = 10000,
};

#define NOBODY UINT32_MAX

struct entry {
	struct fp_hash128 key;
	int64_t at_us;
	char *version;
	uint32_t next; /* in its bucket */
};

/* Entries in a ring, in the order in which they came; a bucket for each. */
struct shard {
	pthread_mutex_t lock;
	struct entry *entries;
	uint32_t *buckets;
	uint32_t capacity, count; /* powers of two; what is filled */
	uint32_t oldest;	  /* when all are filled */
};

struct fp_sticky {
	_Atomic int64_t keep_us;
	struct shard shards[SHARDS];
};

struct fp_sticky *fp_sticky_new(int64_t keep_us)
{
	struct fp_sticky *sticky = calloc(1, sizeof(*sticky));

	if (!sticky)
		return NULL;
	atomic_init(&sticky->keep_us, keep_us);
	for (size_t i = 0; i < SHARDS; i++)
		pthread_mutex_init(&sticky->shards[i].lock, NULL);
	return sticky;
}

void fp_sticky_free(struct fp_sticky *sticky)
{
	if (!sticky)
		return;
	for (size_t i = 0; i < SHARDS; i++) {
		struct shard *shard = &sticky->shards[i];

		for (uint32_t k = 0; k < shard->count; k++)
			free(shard->entries[k].version);
		free(shard->entries);
		free(shard->buckets);
		pthread_mutex_destroy(&shard->lock);
	}
	free(sticky);
}

void fp_sticky_set_keep(struct fp_sticky *sticky, int64_t keep_us)
{
	atomic_store(&sticky->keep_us, keep_us);
}

/* ---- a shard, with its lock held ---- */

static uint32_t *bucket_of(const struct shard *shard, struct fp_hash128 key)
{
	return &shard->buckets[key.low & (shard->capacity - 1)];
}

static struct entry *find(const struct shard *shard, struct fp_hash128 key)
{
	uint32_t at = shard->capacity ? *bucket_of(shard, key) : NOBODY;

	while (at != NOBODY &&
		(shard->entries[at].key.high != key.high || shard->entries[at].key.low != key.low))
		at = shard->entries[at].next;
	return at == NOBODY ? NULL : &shard->entries[at];
}

static void link_entry(struct shard *shard, uint32_t at)
{
	uint32_t *bucket = bucket_of(shard, shard->entries[at].key);

	shard->entries[at].next = *bucket;
	*bucket = at;
}

static void unlink_entry(struct shard *shard, uint32_t at)
{
	uint32_t *place = bucket_of(shard, shard->entries[at].key);

	while (*place != at)
		place = &shard->entries[*place].next;
	*place = shard->entries[at].next;
}

static bool grow(struct shard *shard)
{
	uint32_t capacity = shard->capacity ? shard->capacity * 2 : SHARD_FIRST;
	struct entry *entries = realloc(shard->entries, capacity * sizeof(*entries));
	uint32_t *buckets;

	if (!entries)
		return false;
	shard->entries = entries;
	buckets = realloc(shard->buckets, capacity * sizeof(*buckets));
	if (!buckets)
		return false;
	shard->buckets = buckets;
	shard->capacity = capacity;
	memset(buckets, 0xff, capacity * sizeof(*buckets)); /* NOBODY */
	for (uint32_t i = 0; i < shard->count; i++)
		link_entry(shard, i);
	return true;
}

static bool add(struct shard *shard, struct fp_hash128 key, struct fp_str version, int64_t at_us)
{
	char *copy = fp_str_dup(version);
	uint32_t at = shard->count;

	if (!copy)
		return false;
	if (at == shard->capacity && (at == SHARD_MAX || !grow(shard))) {
		if (at == 0) {
			free(copy);
			return false;
		}
		at = shard->oldest++ % shard->capacity;
		unlink_entry(shard, at);
		free(shard->entries[at].version);
	} else {
		shard->count++;
	}
	shard->entries[at] = (struct entry){.key = key, .at_us = at_us, .version = copy};
	link_entry(shard, at);
	return true;
}

/* In the place of one that is too old. */
static bool renew(struct entry *entry, struct fp_str version, int64_t at_us)
{
	char *copy = fp_str_dup(version);

	if (!copy)
		return false;
	free(entry->version);
	entry->version = copy;
	entry->at_us = at_us;
	return true;
}

/* ---- all of them ---- */

char *fp_sticky_settle(
	struct fp_sticky *sticky, struct fp_hash128 key, struct fp_str version, int64_t now_us)
{
	struct shard *shard = &sticky->shards[key.high % SHARDS];
	int64_t keep_us = atomic_load(&sticky->keep_us);
	struct fp_str given = version;
	struct entry *entry;
	bool settled = true;
	char *copy;

	pthread_mutex_lock(&shard->lock);
	entry = find(shard, key);
	if (entry && now_us - entry->at_us <= keep_us)
		given = fp_str(entry->version);
	else if (version.len)
		settled = entry ? renew(entry, version, now_us) : add(shard, key, version, now_us);
	copy = settled && given.len ? fp_str_dup(given) : NULL;
	pthread_mutex_unlock(&shard->lock);
	return copy;
}

static int take_row(void *context, struct fp_hash128 key, struct fp_str version, int64_t at_us)
{
	struct fp_sticky *sticky = context;
	struct shard *shard = &sticky->shards[key.high % SHARDS];
	bool added;

	pthread_mutex_lock(&shard->lock);
	added = find(shard, key) || add(shard, key, version, at_us);
	pthread_mutex_unlock(&shard->lock);
	return added ? 0 : -FP_ERROR_MEMORY;
}

int fp_sticky_load(
	struct fp_sticky *sticky, const char *data_dir, int64_t now_us, struct fp_error *error)
{
	FP_CLEANUP(fp_store_close_cleanup) struct fp_store *store = NULL;
	int64_t since_us = now_us - atomic_load(&sticky->keep_us), count = PRUNE_AT_ONCE;
	int r = fp_store_open(data_dir, false, &store, error);

	while (r >= 0 && count == PRUNE_AT_ONCE)
		r = fp_store_prune_sticky(store, since_us, PRUNE_AT_ONCE, &count, error);
	if (r >= 0)
		r = fp_store_list_sticky(store, since_us, take_row, sticky, error);
	return r;
}
