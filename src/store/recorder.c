/*
 * The recorder: one thread drains the journal, another one checkpoints the database.
 *
 * Appenders do not wake the recorder, for that would cost more than the append: it looks by itself,
 * often while there is something to drain, seldom while there is not, and at once when it is asked.
 */
#include "forkpoint/store/recorder.h"

#include "forkpoint/base/time.h"

#include <pthread.h>
#include <sys/statvfs.h>
#include <time.h>

enum {
	/* Between two drains while records come, unless so many bytes wait before, or so much of
	 * the journal: what is written together costs less, for their sums are written once. Who
	 * reads the history does not wait for it, but hurries the recorder. */
	BUSY_MS = 500,
	BUSY_BYTES = 4 * 1024 * 1024,
	BUSY_SHARE = 8,
	LOOK_MS = 4,	/* how often it is looked whether they do */
	IDLE_MS = 50,	/* while none come */
	RETAIN_MS = 10, /* between two steps of deleting */
	TROUBLE_MS = 500,
	CHECKPOINT_MS = 1000,
	/* What a full journal may need in the database: its rows, its documents and the log. */
	DISK_PER_JOURNAL = 4,
	DISK_WANTED_MIN_BYTES = 64 << 20,
	LOG_HELD_BYTES = 256 << 20,
};

#define RETAIN_TROUBLE_US (60 * FP_US_PER_S)

struct fp_recorder {
	struct fp_journal *journal;
	struct fp_store *store, *checkpoint_store;
	struct fp_recorder_listener listener;
	char *data_dir;
	pthread_mutex_t mutex;
	pthread_cond_t wake_drain, wake_checkpoint;
	pthread_t drain_thread, checkpoint_thread;
	bool has_drain_thread, has_checkpoint_thread;
	/* Under the mutex. */
	bool hurry, stopping;
	struct fp_recorder_state state;
	struct fp_retention_limits limits;
	/* The drain thread's. */
	bool in_trouble;
	struct fp_retention *retention;
	int64_t retain_again_us; /* after a failure, not before */
};

/* Waits, with the mutex held, until woken or for that long. */
static void wait_ms(struct fp_recorder *recorder, pthread_cond_t *condition, int ms)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += ms % 1000 * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000L;
	}
	pthread_cond_timedwait(condition, &recorder->mutex, &until);
}

static int64_t drain(struct fp_recorder *recorder)
{
	struct fp_error error = {0};
	int64_t drained = fp_journal_drain(recorder->journal, recorder->store, &error);

	if (recorder->listener.trouble && (drained < 0 || recorder->in_trouble))
		recorder->listener.trouble(recorder->listener.context, drained < 0 ? &error : NULL);
	recorder->in_trouble = drained < 0;
	return drained;
}

/* A step of deleting; true when the next one should follow soon. */
static bool retain(struct fp_recorder *recorder)
{
	struct fp_retention_limits limits;
	struct fp_error error = {0};
	int64_t now_us = fp_clock_real_us();
	int r;

	pthread_mutex_lock(&recorder->mutex);
	limits = recorder->limits;
	pthread_mutex_unlock(&recorder->mutex);
	if ((!limits.keep_us && !limits.max_bytes) || now_us < recorder->retain_again_us)
		return false;
	r = fp_retention_step(
		recorder->retention, recorder->store, recorder->journal, &limits, now_us, &error);
	if (r >= 0)
		return r > 0;
	recorder->retain_again_us = now_us + RETAIN_TROUBLE_US;
	if (recorder->listener.trouble)
		recorder->listener.trouble(recorder->listener.context, &error);
	return false;
}

/* With the mutex held, until there is enough to drain, or it is asked for, or time is up. */
static void rest(struct fp_recorder *recorder, int ms)
{
	uint64_t waiting, room;

	for (; ms > 0 && !recorder->hurry && !recorder->stopping; ms -= LOOK_MS) {
		wait_ms(recorder, &recorder->wake_drain, ms < LOOK_MS ? ms : LOOK_MS);
		fp_journal_measure(recorder->journal, &waiting, &room);
		if (waiting >= BUSY_BYTES || waiting >= (waiting + room) / BUSY_SHARE)
			return;
	}
}

static void *drain_loop(void *context)
{
	struct fp_recorder *recorder = context;

	pthread_mutex_lock(&recorder->mutex);
	while (!recorder->stopping) {
		int64_t drained;
		bool more;

		recorder->hurry = false;
		pthread_mutex_unlock(&recorder->mutex);
		drained = drain(recorder);
		more = drained >= 0 && retain(recorder);
		pthread_mutex_lock(&recorder->mutex);
		recorder->state.failing = drained < 0;
		if (recorder->hurry || recorder->stopping)
			continue;
		if (drained < 0)
			wait_ms(recorder, &recorder->wake_drain, TROUBLE_MS);
		else if (drained == 0 && !more)
			wait_ms(recorder, &recorder->wake_drain, IDLE_MS);
		else
			rest(recorder, more ? RETAIN_MS : BUSY_MS);
	}
	pthread_mutex_unlock(&recorder->mutex);
	drain(recorder);
	/* What was drained leaves the journal with the process. */
	fp_store_sync(recorder->store, NULL);
	return NULL;
}

/* ---- checkpoints, and how things are ---- */

static void look_at_disk(const struct fp_recorder *recorder, struct fp_recorder_state *state)
{
	uint64_t waiting, room;
	struct statvfs info;

	fp_journal_measure(recorder->journal, &waiting, &room);
	state->disk_wanted_bytes = DISK_PER_JOURNAL * (waiting + room);
	if (state->disk_wanted_bytes < DISK_WANTED_MIN_BYTES)
		state->disk_wanted_bytes = DISK_WANTED_MIN_BYTES;
	if (statvfs(recorder->data_dir, &info) < 0)
		return;
	state->disk_free_bytes = (uint64_t)info.f_bavail * info.f_frsize;
	state->disk_low = state->disk_free_bytes < state->disk_wanted_bytes;
}

static void look(struct fp_recorder *recorder)
{
	struct fp_recorder_state state, before;

	fp_recorder_measure(recorder, &before);
	state = before;
	/* What stops a checkpoint stops the drain sooner or later, which reports it. */
	fp_store_checkpoint(recorder->checkpoint_store, &state.log, NULL);
	state.log_held = state.log.held_bytes > LOG_HELD_BYTES;
	look_at_disk(recorder, &state);
	pthread_mutex_lock(&recorder->mutex);
	state.failing = recorder->state.failing;
	recorder->state = state;
	pthread_mutex_unlock(&recorder->mutex);
	if (recorder->listener.turned &&
		(state.disk_low != before.disk_low || state.log_held != before.log_held))
		recorder->listener.turned(recorder->listener.context, &state, &before);
}

void fp_recorder_set_limits(struct fp_recorder *recorder, int64_t keep_us, uint64_t max_bytes)
{
	pthread_mutex_lock(&recorder->mutex);
	recorder->limits = (struct fp_retention_limits){keep_us, max_bytes};
	pthread_mutex_unlock(&recorder->mutex);
}

void fp_recorder_measure(struct fp_recorder *recorder, struct fp_recorder_state *state)
{
	pthread_mutex_lock(&recorder->mutex);
	*state = recorder->state;
	pthread_mutex_unlock(&recorder->mutex);
}

static void *checkpoint_loop(void *context)
{
	struct fp_recorder *recorder = context;

	pthread_mutex_lock(&recorder->mutex);
	while (!recorder->stopping) {
		pthread_mutex_unlock(&recorder->mutex);
		look(recorder);
		pthread_mutex_lock(&recorder->mutex);
		if (!recorder->stopping)
			wait_ms(recorder, &recorder->wake_checkpoint, CHECKPOINT_MS);
	}
	pthread_mutex_unlock(&recorder->mutex);
	return NULL;
}

static void wake_all(struct fp_recorder *recorder, bool stop)
{
	pthread_mutex_lock(&recorder->mutex);
	recorder->hurry = true;
	recorder->stopping |= stop;
	pthread_cond_signal(&recorder->wake_drain);
	if (stop)
		pthread_cond_signal(&recorder->wake_checkpoint);
	pthread_mutex_unlock(&recorder->mutex);
}

void fp_recorder_hurry(struct fp_recorder *recorder)
{
	wake_all(recorder, false);
}

void fp_recorder_stop(struct fp_recorder *recorder)
{
	if (!recorder)
		return;
	wake_all(recorder, true);
	if (recorder->has_drain_thread)
		pthread_join(recorder->drain_thread, NULL);
	if (recorder->has_checkpoint_thread)
		pthread_join(recorder->checkpoint_thread, NULL);
	fp_store_close(recorder->checkpoint_store);
	fp_store_close(recorder->store);
	fp_retention_free(recorder->retention);
	pthread_cond_destroy(&recorder->wake_drain);
	pthread_cond_destroy(&recorder->wake_checkpoint);
	pthread_mutex_destroy(&recorder->mutex);
	free(recorder->data_dir);
	free(recorder);
}
FP_DEFINE_CLEANUP(struct fp_recorder *, fp_recorder_stop)

/* Conditions wait on the clock that nobody sets. */
static void init_conditions(struct fp_recorder *recorder)
{
	pthread_condattr_t attributes;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&recorder->wake_drain, &attributes);
	pthread_cond_init(&recorder->wake_checkpoint, &attributes);
	pthread_condattr_destroy(&attributes);
	pthread_mutex_init(&recorder->mutex, NULL);
}

static int start_threads(struct fp_recorder *recorder, struct fp_error *error)
{
	recorder->has_drain_thread =
		pthread_create(&recorder->drain_thread, NULL, drain_loop, recorder) == 0;
	recorder->has_checkpoint_thread =
		recorder->has_drain_thread &&
		pthread_create(&recorder->checkpoint_thread, NULL, checkpoint_loop, recorder) == 0;
	if (recorder->has_checkpoint_thread)
		return 0;
	return fp_error_set(error, FP_ERROR_UNAVAILABLE, "cannot start the recorder's threads");
}

int fp_recorder_start(struct fp_journal *journal, const char *data_dir,
	const struct fp_recorder_listener *listener, struct fp_recorder **recorder,
	struct fp_error *error)
{
	FP_CLEANUP(fp_recorder_stop_cleanup) struct fp_recorder *started = NULL;
	int64_t r;

	started = calloc(1, sizeof(*started));
	if (!started)
		return fp_error_memory(error);
	init_conditions(started);
	started->journal = journal;
	started->listener = *listener;
	started->data_dir = fp_str_dup(fp_str(data_dir));
	started->retention = fp_retention_new();
	if (!started->data_dir || !started->retention)
		return fp_error_memory(error);
	r = fp_store_open(data_dir, false, &started->store, error);
	if (r >= 0)
		r = fp_store_leave_checkpoints(started->store, error);
	if (r >= 0)
		r = fp_store_open(data_dir, false, &started->checkpoint_store, error);
	if (r >= 0)
		r = fp_journal_drain(journal, started->store, error);
	if (r >= 0)
		r = start_threads(started, error);
	if (r < 0)
		return (int)r;
	*recorder = started;
	started = NULL;
	return 0;
}
