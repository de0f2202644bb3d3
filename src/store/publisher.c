/*
 * Publishing snapshots and reading them without locks.
 *
 * A reader announces the snapshot that it is about to read in its slot and then looks whether that
 * is still the current one; a publisher first swaps the current one and then looks at the slots.
 * Both in sequentially consistent order, so at least one of them sees the other: either the reader
 * notices and tries again, or the publisher keeps the snapshot.
 *
 * Moments. Whoever sees a snapshot published first, a reader or its publisher, gives it its
 * published_us: one microsecond after the clock and after the last one's. A reader takes the moment
 * of its answer between announcing the snapshot and looking whether it is still current; so that
 * moment was read before the next one was swapped in, and the next one's published_us is after it.
 */
#include "forkpoint/base/array.h"
#include "forkpoint/base/time.h"
#include "forkpoint/store/snapshot.h"

#include <pthread.h>
#include <stdlib.h>

struct fp_reader {
	_Alignas(64) _Atomic(const struct fp_snapshot *) reading;
	atomic_bool taken;
	struct fp_publisher *publisher;
};

struct fp_publisher {
	_Atomic(const struct fp_snapshot *) current;
	pthread_mutex_t lock;	       /* of writers */
	struct fp_snapshot **replaced; /* and perhaps still read */
	size_t replaced_count, replaced_capacity;
	struct fp_reader readers[FP_READERS_MAX];
};

/* Of snapshots that are published only, which are constant but for this. */
static int64_t publish_moment(const struct fp_snapshot *published)
{
	_Atomic int64_t *at_us = &((struct fp_snapshot *)published)->published_us;
	int64_t set_us = atomic_load(at_us);
	int64_t now_us;

	if (set_us)
		return set_us;
	now_us = fp_clock_real_us();
	now_us = 1 + (now_us > published->after_us ? now_us : published->after_us);
	return atomic_compare_exchange_strong(at_us, &set_us, now_us) ? now_us : set_us;
}

int64_t fp_snapshot_published_us(const struct fp_snapshot *snapshot)
{
	return publish_moment(snapshot);
}

int64_t fp_snapshot_since(const struct fp_snapshot *snapshot, int64_t part_us)
{
	return part_us ? part_us : publish_moment(snapshot);
}

struct fp_publisher *fp_publisher_new(struct fp_snapshot *first)
{
	struct fp_publisher *publisher = aligned_alloc(64, sizeof(*publisher));

	if (!publisher)
		return NULL;
	memset(publisher, 0, sizeof(*publisher));
	if (pthread_mutex_init(&publisher->lock, NULL) != 0) {
		free(publisher);
		return NULL;
	}
	for (size_t i = 0; i < FP_READERS_MAX; i++)
		publisher->readers[i].publisher = publisher;
	first->number = 1;
	atomic_store(&first->published_us, fp_clock_real_us());
	atomic_init(&publisher->current, first);
	return publisher;
}

static bool is_being_read(const struct fp_publisher *publisher, const struct fp_snapshot *snapshot)
{
	for (size_t i = 0; i < FP_READERS_MAX; i++)
		if (atomic_load(&publisher->readers[i].reading) == snapshot)
			return true;
	return false;
}

static void collect(struct fp_publisher *publisher)
{
	size_t kept = 0;

	for (size_t i = 0; i < publisher->replaced_count; i++) {
		struct fp_snapshot *snapshot = publisher->replaced[i];

		if (is_being_read(publisher, snapshot))
			publisher->replaced[kept++] = snapshot;
		else
			fp_snapshot_free(snapshot);
	}
	publisher->replaced_count = kept;
}

void fp_publisher_free(struct fp_publisher *publisher)
{
	if (!publisher)
		return;
	collect(publisher);
	fp_snapshot_free((struct fp_snapshot *)atomic_load(&publisher->current));
	free(publisher->replaced);
	pthread_mutex_destroy(&publisher->lock);
	free(publisher);
}

const struct fp_snapshot *fp_publisher_lock(struct fp_publisher *publisher)
{
	pthread_mutex_lock(&publisher->lock);
	return atomic_load(&publisher->current);
}

int64_t fp_publisher_unlock(struct fp_publisher *publisher, struct fp_snapshot *next)
{
	int64_t published_us = 0;

	if (next) {
		struct fp_snapshot *last = (struct fp_snapshot *)atomic_load(&publisher->current);

		next->number = last->number + 1;
		next->after_us = publish_moment(last);
		atomic_store(&publisher->current, next);
		published_us = publish_moment(next);
		/* Without memory to remember it, the old snapshot is leaked rather than freed
		 * under a reader. */
		if (fp_array_reserve((void **)&publisher->replaced, &publisher->replaced_capacity,
			    publisher->replaced_count + 1, sizeof(*publisher->replaced)) == 0)
			publisher->replaced[publisher->replaced_count++] = last;
		collect(publisher);
	}
	pthread_mutex_unlock(&publisher->lock);
	return published_us;
}

void fp_publisher_collect(struct fp_publisher *publisher)
{
	pthread_mutex_lock(&publisher->lock);
	collect(publisher);
	pthread_mutex_unlock(&publisher->lock);
}

struct fp_reader *fp_reader_new(struct fp_publisher *publisher)
{
	for (size_t i = 0; i < FP_READERS_MAX; i++) {
		bool expected = false;

		if (atomic_compare_exchange_strong(&publisher->readers[i].taken, &expected, true))
			return &publisher->readers[i];
	}
	return NULL;
}

void fp_reader_free(struct fp_reader *reader)
{
	if (reader)
		atomic_store(&reader->taken, false);
}

const struct fp_snapshot *fp_reader_enter_at(struct fp_reader *reader, int64_t *now_us)
{
	const struct fp_snapshot *snapshot = atomic_load(&reader->publisher->current);

	for (;;) {
		const struct fp_snapshot *now;
		int64_t clock_us;

		atomic_store(&reader->reading, snapshot);
		clock_us = fp_clock_real_us();
		now = atomic_load(&reader->publisher->current);
		if (now == snapshot) {
			int64_t published_us = publish_moment(snapshot);

			*now_us = clock_us > published_us ? clock_us : published_us;
			return snapshot;
		}
		snapshot = now;
	}
}

const struct fp_snapshot *fp_reader_enter(struct fp_reader *reader)
{
	int64_t ignored;

	return fp_reader_enter_at(reader, &ignored);
}

void fp_reader_leave(struct fp_reader *reader)
{
	atomic_store(&reader->reading, NULL);
}
