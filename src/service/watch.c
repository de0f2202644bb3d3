/* The watch: its thread, and the newest events in memory. */
#include "forkpoint/service/watch.h"

#include "forkpoint/base/time.h"
#include "forkpoint/service/overrides.h"

#include "news.h"
#include "worker.h"

#include <pthread.h>
#include <stdlib.h>
#include <time.h>

enum {
	RING_EVENTS = 1024,
	KEPT_EVENTS = 100000,
	PRUNED_PER_ROUND = 1000,
};

#define RETRY_US FP_US_PER_S
#define IDLE_US (60 * FP_US_PER_S)

struct fp_watch {
	struct fp_watch_options options;
	pthread_t thread;
	bool started;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	/* Under the lock. */
	bool look, stopping;
	struct fp_event
		ring[RING_EVENTS]; /* event n at n modulo RING_EVENTS; repo and document ours */
	unsigned listeners;
	int64_t newest, oldest; /* newest < oldest: none */
	/* The thread's. */
	struct fp_worker *worker;
	struct fp_store *store;
	struct fp_snapshot *last;
	struct fp_kept_tips tips;
	struct fp_answer answer;
	int64_t version_facts, ref_facts; /* told up to there */
	bool in_trouble;
};

/* ---- the ring ---- */

static void drop_event(struct fp_event *event)
{
	free((char *)event->repo.ptr);
	free((char *)event->document.ptr);
	*event = (struct fp_event){0};
}

/* Takes the events over. */
static void push_events(struct fp_watch *watch, struct fp_news *news)
{
	pthread_mutex_lock(&watch->lock);
	for (size_t i = 0; i < news->count; i++) {
		struct fp_event *event = &news->events[i];
		struct fp_event *place = &watch->ring[event->id % RING_EVENTS];

		/* A gap in the numbers: what is before it is not told from memory. */
		if (event->id != watch->newest + 1)
			watch->oldest = event->id;
		else if (place->id == watch->oldest)
			watch->oldest++;
		drop_event(place);
		*place = *event;
		watch->newest = event->id;
	}
	news->count = 0;
	pthread_mutex_unlock(&watch->lock);
}

bool fp_watch_join(struct fp_watch *watch)
{
	bool joined;

	pthread_mutex_lock(&watch->lock);
	joined = watch->listeners < FP_WATCH_LISTENERS_MAX;
	watch->listeners += joined;
	pthread_mutex_unlock(&watch->lock);
	return joined;
}

void fp_watch_leave(struct fp_watch *watch)
{
	pthread_mutex_lock(&watch->lock);
	watch->listeners--;
	pthread_mutex_unlock(&watch->lock);
}

int64_t fp_watch_last_event(const struct fp_watch *watch)
{
	pthread_mutex_t *lock = (pthread_mutex_t *)&watch->lock;
	int64_t newest;

	pthread_mutex_lock(lock);
	newest = watch->newest;
	pthread_mutex_unlock(lock);
	return newest;
}

int fp_watch_read(const struct fp_watch *watch, int64_t *after, fp_event_fn *row, void *context)
{
	pthread_mutex_t *lock = (pthread_mutex_t *)&watch->lock;
	int r = 0;

	pthread_mutex_lock(lock);
	if (*after < watch->newest && *after + 1 < watch->oldest)
		r = 1;
	while (r == 0 && *after < watch->newest) {
		if (row(context, &watch->ring[(*after + 1) % RING_EVENTS]) != 0)
			break;
		++*after;
	}
	pthread_mutex_unlock(lock);
	return r;
}

int fp_service_list_events(struct fp_worker *worker, int64_t after, unsigned limit,
	fp_event_fn *row, void *context, struct fp_error *error)
{
	int r = fp_worker_open_store(worker, error);

	return r < 0 ? r : fp_store_list_events(worker->store, after, limit, row, context, error);
}

/* ---- a round ---- */

static int collect(struct fp_watch *watch, struct fp_news *news, struct fp_snapshot **seen,
	struct fp_error *error)
{
	const struct fp_snapshot *snapshot = fp_worker_enter(watch->worker);
	int64_t now_us = fp_clock_real_us();
	int r = fp_news_add_facts(news, watch->store, snapshot, error);

	if (r >= 0)
		r = fp_news_add_answers(news, watch->worker, &watch->tips, watch->last, snapshot,
			&watch->answer, now_us);
	if (r >= 0)
		r = fp_news_add_sync(news, watch->last, snapshot, now_us);
	*seen = r >= 0 ? fp_snapshot_copy(snapshot) : NULL;
	fp_worker_leave(watch->worker);
	if (r == -FP_ERROR_MEMORY || (r >= 0 && !*seen))
		return fp_error_memory(error);
	return r;
}

static int keep(struct fp_watch *watch, struct fp_news *news, struct fp_error *error)
{
	struct fp_telling telling = {
		.events = news->events,
		.event_count = news->count,
		.tip_count = news->new_tips.count,
		.version_facts = news->version_facts,
		.ref_facts = news->ref_facts,
	};
	bool nothing = news->count == 0 && news->new_tips.count == 0 &&
		       news->version_facts == watch->version_facts &&
		       news->ref_facts == watch->ref_facts;

	if (nothing)
		return 0;
	news->tips = calloc(news->new_tips.count + 1, sizeof(*news->tips));
	if (!news->tips)
		return fp_error_memory(error);
	for (size_t i = 0; i < news->new_tips.count; i++)
		news->tips[i] = news->new_tips.items[i].tip;
	telling.tips = news->tips;
	return fp_store_tell(watch->store, &telling, error);
}

/* What was kept is known from here on. */
static int remember(struct fp_watch *watch, struct fp_news *news, struct fp_snapshot *seen)
{
	int r = 0;

	watch->version_facts = news->version_facts;
	watch->ref_facts = news->ref_facts;
	for (size_t i = 0; r >= 0 && i < news->new_tips.count; i++)
		r = fp_kept_tips_put(&watch->tips, &news->new_tips.items[i].tip);
	fp_snapshot_free(watch->last);
	watch->last = seen;
	return r;
}

/* 1 when there is more to tell at once. */
static int look_once(struct fp_watch *watch, struct fp_error *error)
{
	struct fp_snapshot *seen = NULL;
	struct fp_news news;
	bool told;
	int r;

	fp_news_init(&news);
	news.version_facts = watch->version_facts;
	news.ref_facts = watch->ref_facts;
	r = collect(watch, &news, &seen, error);
	if (r >= 0)
		r = keep(watch, &news, error);
	if (r >= 0 && remember(watch, &news, seen) < 0)
		r = fp_error_memory(error);
	else if (r < 0)
		fp_snapshot_free(seen);
	told = r >= 0 && news.count > 0;
	if (told)
		push_events(watch, &news);
	if (told)
		watch->options.told(watch->options.context);
	if (told)
		fp_store_prune_events(watch->store, KEPT_EVENTS, PRUNED_PER_ROUND, NULL);
	if (r >= 0)
		r = news.more;
	fp_news_release(&news);
	return r;
}

/* Ends the overrides whose time has come. */
static int expire(struct fp_watch *watch, struct fp_error *error)
{
	const struct fp_overrides *overrides = watch->last ? watch->last->overrides : NULL;

	if (!overrides || overrides->next_expiry_us < 0 ||
		overrides->next_expiry_us > fp_clock_real_us())
		return 0;
	return fp_service_expire_overrides(watch->options.service, watch->store, error);
}

static int look(struct fp_watch *watch)
{
	struct fp_error error = {0};
	int r = expire(watch, &error);

	if (r >= 0)
		r = look_once(watch, &error);

	if (r < 0)
		watch->options.trouble(watch->options.context, &error);
	else if (watch->in_trouble)
		watch->options.trouble(watch->options.context, NULL);
	watch->in_trouble = r < 0;
	return r;
}

/* ---- the thread ---- */

/* When the watch is to act though nobody asks: to try again, or because an override expires. */
static int64_t next_turn_us(const struct fp_watch *watch, int64_t now_us)
{
	const struct fp_overrides *overrides = watch->last ? watch->last->overrides : NULL;
	int64_t turn_us = now_us + IDLE_US;

	if (watch->in_trouble)
		return now_us + RETRY_US;
	if (overrides && overrides->next_expiry_us >= 0 && overrides->next_expiry_us < turn_us)
		turn_us = overrides->next_expiry_us;
	return turn_us;
}

/* With the lock held: until there is something to look at. */
static void wait_for_look(struct fp_watch *watch)
{
	int64_t now_us = fp_clock_real_us(), turn_us = next_turn_us(watch, now_us);
	struct timespec until = {turn_us / FP_US_PER_S, turn_us % FP_US_PER_S * 1000};

	if (!watch->look && !watch->stopping && turn_us > now_us)
		pthread_cond_timedwait(&watch->changed, &watch->lock, &until);
}

static void *run(void *context)
{
	struct fp_watch *watch = context;
	int r = 0;

	pthread_mutex_lock(&watch->lock);
	while (!watch->stopping) {
		watch->look = false;
		pthread_mutex_unlock(&watch->lock);
		r = look(watch);
		pthread_mutex_lock(&watch->lock);
		if (r <= 0 && !watch->stopping)
			wait_for_look(watch);
	}
	pthread_mutex_unlock(&watch->lock);
	return NULL;
}

void fp_watch_look(struct fp_watch *watch)
{
	pthread_mutex_lock(&watch->lock);
	watch->look = true;
	pthread_cond_signal(&watch->changed);
	pthread_mutex_unlock(&watch->lock);
}

/* ---- starting and stopping ---- */

static int take_tip(void *context, const struct fp_tip_answer *tip)
{
	return fp_kept_tips_put(context, tip);
}

static int load(struct fp_watch *watch, struct fp_error *error)
{
	const struct fp_service *service = watch->options.service;
	int r = fp_worker_new(service, &watch->worker, error);

	if (r >= 0)
		r = fp_store_open(service->data_dir, false, &watch->store, error);
	if (r >= 0)
		r = fp_store_get_told(
			watch->store, &watch->version_facts, &watch->ref_facts, error);
	if (r >= 0)
		r = fp_store_last_event(watch->store, &watch->newest, error);
	if (r >= 0)
		r = fp_store_list_tip_answers(watch->store, take_tip, &watch->tips, error);
	watch->oldest = watch->newest + 1;
	return r;
}

int fp_watch_start(
	const struct fp_watch_options *options, struct fp_watch **watch, struct fp_error *error)
{
	struct fp_watch *made = calloc(1, sizeof(*made));
	int r;

	if (!made)
		return fp_error_memory(error);
	made->options = *options;
	pthread_mutex_init(&made->lock, NULL);
	pthread_cond_init(&made->changed, NULL);
	fp_answer_init(&made->answer);
	r = load(made, error);
	if (r >= 0) {
		made->started = pthread_create(&made->thread, NULL, run, made) == 0;
		if (!made->started)
			r = fp_error_set(error, FP_ERROR_LIMIT, "cannot start a thread");
	}
	if (r < 0) {
		fp_watch_stop(made);
		return r;
	}
	*watch = made;
	return 0;
}

void fp_watch_stop(struct fp_watch *watch)
{
	if (!watch)
		return;
	pthread_mutex_lock(&watch->lock);
	watch->stopping = true;
	pthread_cond_signal(&watch->changed);
	pthread_mutex_unlock(&watch->lock);
	if (watch->started)
		pthread_join(watch->thread, NULL);
	for (size_t i = 0; i < RING_EVENTS; i++)
		drop_event(&watch->ring[i]);
	fp_snapshot_free(watch->last);
	fp_kept_tips_release(&watch->tips);
	fp_answer_release(&watch->answer);
	fp_store_close(watch->store);
	fp_worker_free(watch->worker);
	pthread_cond_destroy(&watch->changed);
	pthread_mutex_destroy(&watch->lock);
	free(watch);
}
