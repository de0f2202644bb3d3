/* Who tried wrong tokens, and how long he waits. */
#include "guard.h"

#include "forkpoint/base/hash.h"
#include "forkpoint/base/time.h"

#include <pthread.h>
#include <stdlib.h>

enum { CLIENTS_MAX = 4096, PROBES = 8, DOUBLINGS_MAX = 6 };

#define FIRST_DELAY_US (100 * FP_US_PER_MS)
#define LONGEST_WAIT_US (20 * FP_US_PER_S)
#define FORGIVEN_US (10 * 60 * FP_US_PER_S)
#define TOLD_EVERY_US (60 * FP_US_PER_S)

struct suspect {
	uint64_t client; /* a hash; 0 = free */
	unsigned failures;
	int64_t last_us;
	int64_t free_us; /* when the answers given so far are out */
	int64_t told_us;
};

struct fp_guard {
	pthread_mutex_t lock;
	uint64_t seed, failures;
	struct suspect suspects[CLIENTS_MAX];
};

struct fp_guard *fp_guard_new(void)
{
	struct fp_guard *guard = calloc(1, sizeof(*guard));

	if (!guard)
		return NULL;
	pthread_mutex_init(&guard->lock, NULL);
	guard->seed = (uint64_t)fp_clock_real_us();
	return guard;
}

void fp_guard_free(struct fp_guard *guard)
{
	if (!guard)
		return;
	pthread_mutex_destroy(&guard->lock);
	free(guard);
}

/* His place, or that of the one among a few who was quiet longest. */
static struct suspect *find(struct fp_guard *guard, uint64_t client)
{
	struct suspect *oldest = NULL;

	for (unsigned i = 0; i < PROBES; i++) {
		struct suspect *at = &guard->suspects[(client + i) % CLIENTS_MAX];

		if (at->client == client)
			return at;
		if (!oldest || at->last_us < oldest->last_us)
			oldest = at;
	}
	*oldest = (struct suspect){.client = client, .told_us = -TOLD_EVERY_US};
	return oldest;
}

int64_t fp_guard_fail_us(struct fp_guard *guard, struct fp_str client, int64_t now_us, bool *tell)
{
	uint64_t hash = fp_hash64(client.ptr, client.len, guard->seed) | 1;
	struct suspect *suspect;
	int64_t wait_us;

	pthread_mutex_lock(&guard->lock);
	guard->failures++;
	suspect = find(guard, hash);
	if (now_us - suspect->last_us > FORGIVEN_US)
		suspect->failures = 0;
	if (suspect->free_us < now_us)
		suspect->free_us = now_us;
	*tell = now_us - suspect->told_us >= TOLD_EVERY_US;
	if (*tell)
		suspect->told_us = now_us;
	wait_us = suspect->free_us - now_us +
		  (FIRST_DELAY_US << (suspect->failures < DOUBLINGS_MAX ? suspect->failures
									: DOUBLINGS_MAX));
	suspect->failures++;
	suspect->last_us = now_us;
	if (wait_us > LONGEST_WAIT_US)
		wait_us = -1;
	else
		suspect->free_us = now_us + wait_us;
	pthread_mutex_unlock(&guard->lock);
	return wait_us;
}

uint64_t fp_guard_failures(struct fp_guard *guard)
{
	uint64_t failures;

	pthread_mutex_lock(&guard->lock);
	failures = guard->failures;
	pthread_mutex_unlock(&guard->lock);
	return failures;
}
