/*
 * The scheduler and its pool: every thread takes the source that has been due longest, looks at it,
 * and notes when it is due next. There is a thread per source, up to a limit, so that a source that
 * hangs until its deadline delays no other.
 */
#include "sources.h"

#include "forkpoint/base/log.h"
#include "forkpoint/base/time.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

enum { THREADS_MAX = 512 };

/* Snapshots that a slow reader kept are looked for now and then. */
#define COLLECT_US (1 * FP_US_PER_S)

#define BUSY_RETRY_US (1 * FP_US_PER_S)

static const char *name_of(const struct fp_source *source)
{
	return source->repository ? source->repository->config->name : source->feed->config->name;
}

/* With the lock held: the idle source that is due first, and when. */
static struct fp_source *next_source(struct fp_sync *sync, int64_t now_us, int64_t *due_us)
{
	struct fp_source *first = NULL;

	for (size_t i = 0; i < sync->source_count; i++) {
		struct fp_source *source = &sync->sources[i];
		int64_t due;

		if (source->running)
			continue;
		due = fp_schedule_next_us(&source->schedule, now_us);
		if (!first || due < *due_us) {
			first = source;
			*due_us = due;
		}
	}
	return first;
}

/* With the lock held: waits until something changes or the span is over, whatever the clock on the
 * wall is set to meanwhile. */
static void wait_for_span(struct fp_sync *sync, int64_t span_us)
{
	int64_t moment_us = fp_clock_monotonic_us() + span_us;
	struct timespec moment = {
		.tv_sec = moment_us / FP_US_PER_S,
		.tv_nsec = moment_us % FP_US_PER_S * 1000,
	};

	pthread_cond_timedwait(&sync->changed, &sync->lock, &moment);
}

/* Whether a look came to no end, good or bad: it is made again, and who waits goes on waiting. */
static bool is_put_off(int r)
{
	return r == -FP_ERROR_BUSY || r == -FP_ERROR_CANCELLED;
}

static void log_result(const struct fp_source *source, unsigned failures_before, int r,
	const struct fp_error *error)
{
	const char *kind = source->repository ? "repo" : "feed";

	if (r == -FP_ERROR_BUSY)
		fp_log_error(FP_LOG_INFO, "sync.put_off", error, "%s=%s", kind, name_of(source));
	else if (r < 0 && r != -FP_ERROR_CANCELLED)
		fp_log_error(FP_LOG_WARNING, "sync.failed", error, "%s=%s failures=%u", kind,
			name_of(source), failures_before + 1);
	else if (r >= 0 && failures_before)
		fp_log(FP_LOG_INFO, "sync.recovered", "%s=%s after_failures=%u", kind,
			name_of(source), failures_before);
}

/*
 * With the lock held. A mirror that was busy is tried again in a second. One that was set aside as
 * damaged is cloned again at once, but only after a first failure: when the clone is found damaged
 * too, the damage is the upstream's.
 */
static void plan_next(struct fp_source *source, int r, int64_t retry_after_us)
{
	struct fp_schedule *schedule = &source->schedule;

	schedule->last_attempt_us = fp_clock_real_us();
	schedule->retry_after_us = r == -FP_ERROR_BUSY ? BUSY_RETRY_US : retry_after_us;
	if (!is_put_off(r))
		schedule->failures = r < 0 ? schedule->failures + 1 : 0;
	schedule->hinted =
		source->waiting.count > 0 || is_put_off(r) ||
		(source->repository && r == -FP_ERROR_CORRUPT && schedule->failures == 1);
}

/* With the lock held. */
static void note_result(
	struct fp_source *source, int r, int64_t retry_after_us, const struct fp_error *error)
{
	struct fp_schedule *schedule = &source->schedule;

	plan_next(source, r, retry_after_us);
	if (source->repository) {
		struct fp_repository_status *status = &source->repository->status;

		status->last_attempt_us = schedule->last_attempt_us;
		status->failures = schedule->failures;
		status->next_attempt_us = fp_schedule_next_us(schedule, schedule->last_attempt_us);
		status->last_error[0] = '\0';
		if (r < 0)
			snprintf(status->last_error, sizeof(status->last_error), "%.255s",
				error->text);
		else
			status->last_success_us = schedule->last_attempt_us;
		return;
	}
	for (size_t i = 0; i < source->feed->package_count; i++)
		source->feed->packages[i].status.next_attempt_us =
			fp_schedule_next_us(schedule, schedule->last_attempt_us);
}

/* Takes the lock off while looking. */
static void look_at(struct fp_sync *sync, struct fp_source *source)
{
	struct fp_waiting_looks waiting = source->waiting;
	unsigned failures = source->schedule.failures;
	bool anew = source->anew;
	int64_t retry_after_us = 0;
	struct fp_error error = {0};
	int r;

	source->waiting = (struct fp_waiting_looks){0};
	source->schedule.hinted = false;
	source->anew = false;
	source->running = true;
	pthread_mutex_unlock(&sync->lock);
	if (source->repository) {
		r = fp_repository_source_look(sync, source->repository, &waiting, &error);
	} else {
		r = fp_feed_source_look(sync, source->feed, anew, &retry_after_us, &error);
		if (!is_put_off(r))
			fp_waiting_looks_settle(&waiting, r < 0 ? FP_LOOK_FAILED : FP_LOOK_DONE);
	}
	log_result(source, failures, r, &error);
	pthread_mutex_lock(&sync->lock);
	if (source->repository && r >= 0)
		fp_repository_source_settle_known(source->repository, &source->waiting);
	fp_waiting_looks_move(&waiting, &source->waiting);
	note_result(source, r, retry_after_us, &error);
	source->running = false;
	pthread_cond_broadcast(&sync->changed);
	pthread_mutex_unlock(&sync->lock);
	if (sync->options.woken)
		sync->options.woken(sync->options.context);
	pthread_mutex_lock(&sync->lock);
}

/* nice(1) values; a first ingest with both cores busy must not be felt by who asks. */
enum { BEHIND_ANSWERS = 5 };

static void *run(void *context)
{
	struct fp_sync *sync = context;

	/* Behind the threads that answer; what this one starts, fetch workers too, is as well. */
	setpriority(PRIO_PROCESS, (id_t)gettid(), BEHIND_ANSWERS);
	pthread_mutex_lock(&sync->lock);
	while (!atomic_load(&sync->cancelled)) {
		int64_t now_us = fp_clock_real_us(), due_us = 0;
		struct fp_source *source = next_source(sync, now_us, &due_us);

		if (source && due_us <= now_us) {
			look_at(sync, source);
			continue;
		}
		fp_publisher_collect(sync->publisher);
		wait_for_span(sync,
			source && due_us < now_us + COLLECT_US ? due_us - now_us : COLLECT_US);
	}
	pthread_mutex_unlock(&sync->lock);
	return NULL;
}

static int start_threads(struct fp_sync *sync, struct fp_error *error)
{
	size_t wanted = sync->source_count < THREADS_MAX ? sync->source_count : THREADS_MAX;

	atomic_store(&sync->cancelled, false);
	sync->threads = calloc(wanted + 1, sizeof(*sync->threads));
	if (!sync->threads)
		return fp_error_memory(error);
	while (sync->thread_count < wanted) {
		if (pthread_create(&sync->threads[sync->thread_count], NULL, run, sync) != 0)
			return fp_error_set(error, FP_ERROR_LIMIT, "cannot start a thread");
		sync->thread_count++;
	}
	return 0;
}

static void stop_threads(struct fp_sync *sync)
{
	pthread_mutex_lock(&sync->lock);
	atomic_store(&sync->cancelled, true);
	pthread_cond_broadcast(&sync->changed);
	pthread_mutex_unlock(&sync->lock);
	for (size_t i = 0; i < sync->thread_count; i++)
		pthread_join(sync->threads[i], NULL);
	free(sync->threads);
	sync->threads = NULL;
	sync->thread_count = 0;
}

static void init_condition(pthread_cond_t *condition)
{
	pthread_condattr_t attributes;

	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(condition, &attributes);
	pthread_condattr_destroy(&attributes);
}

int fp_sync_start(const struct fp_sync_options *options, const struct fp_config *config,
	struct fp_publisher *publisher, struct fp_sync **sync, struct fp_error *error)
{
	struct fp_sync *made = calloc(1, sizeof(*made));
	int r;

	if (!made)
		return fp_error_memory(error);
	made->options = *options;
	made->config = config;
	made->publisher = publisher;
	pthread_mutex_init(&made->lock, NULL);
	init_condition(&made->changed);
	r = fp_sync_load(made, error);
	if (r >= 0)
		r = start_threads(made, error);
	if (r < 0) {
		fp_sync_stop(made);
		return r;
	}
	*sync = made;
	return 0;
}

void fp_sync_stop(struct fp_sync *sync)
{
	if (!sync)
		return;
	stop_threads(sync);
	fp_repository_sources_keep_reaches(sync);
	pthread_mutex_lock(&sync->lock);
	fp_sync_unload(sync);
	pthread_mutex_unlock(&sync->lock);
	if (sync->options.woken)
		sync->options.woken(sync->options.context);
	pthread_cond_destroy(&sync->changed);
	pthread_mutex_destroy(&sync->lock);
	free(sync);
}

/* With the lock held: who waits for a source of that kind and name. */
static struct fp_waiting_looks *waiting_at(struct fp_sync *sync, const struct fp_source *like)
{
	for (size_t i = 0; i < sync->source_count; i++) {
		struct fp_source *source = &sync->sources[i];

		if (!source->repository == !like->repository &&
			strcmp(name_of(source), name_of(like)) == 0)
			return &source->waiting;
	}
	return NULL;
}

/* Puts what was loaded in the place of what was there; who waits for a source goes on waiting for
 * the one of its name, and is told so when there is none. `fresh` is left with the old. */
static void exchange(struct fp_sync *sync, struct fp_sync *fresh)
{
	struct fp_sync old = *fresh;

	old.config = sync->config;
	old.settings = sync->settings;
	old.sources = sync->sources;
	old.source_count = sync->source_count;
	sync->config = fresh->config;
	sync->settings = fresh->settings;
	sync->sources = fresh->sources;
	sync->source_count = fresh->source_count;
	for (size_t i = 0; i < sync->source_count; i++)
		sync->sources[i].sync = sync;
	for (size_t i = 0; i < old.source_count; i++) {
		struct fp_waiting_looks *waiting = waiting_at(sync, &old.sources[i]);

		if (waiting)
			fp_waiting_looks_move(&old.sources[i].waiting, waiting);
	}
	*fresh = old;
}

/* The new sources are loaded beside the old ones and without the lock: requests that ask how a
 * source is do not wait meanwhile. */
int fp_sync_reload(struct fp_sync *sync, const struct fp_config *config, struct fp_error *error)
{
	struct fp_sync other = {
		.options = sync->options, .config = config, .publisher = sync->publisher};
	struct fp_error starting;
	int r;

	stop_threads(sync);
	r = fp_sync_load(&other, error);
	if (r >= 0) {
		pthread_mutex_lock(&sync->lock);
		exchange(sync, &other);
		pthread_mutex_unlock(&sync->lock);
	}
	fp_sync_unload(&other);
	if (sync->options.woken)
		sync->options.woken(sync->options.context);
	if (r < 0)
		return start_threads(sync, &starting) < 0 ? -FP_ERROR_LIMIT : r;
	return start_threads(sync, error);
}
