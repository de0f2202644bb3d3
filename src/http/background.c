/* A pool of threads for what reads or writes the database, or takes long. */
#include "background.h"

#include "loop.h"

#include <stdlib.h>

enum { THREADS_MAX = 16, QUEUE_MAX = 4096 };

struct background_thread {
	struct fp_background *background;
	pthread_t thread;
	bool started;
	struct fp_http_context context;
};

struct fp_background {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	/* Under the lock. */
	struct fp_exchange *first, *last;
	unsigned waiting;
	bool stopping;

	struct background_thread threads[THREADS_MAX];
	unsigned thread_count;
};

bool fp_background_submit(
	struct fp_background *background, struct fp_exchange *exchange, fp_job_fn *run)
{
	bool taken;

	pthread_mutex_lock(&background->lock);
	taken = background->waiting < QUEUE_MAX && !background->stopping;
	if (taken) {
		exchange->job.run = run;
		exchange->job.next = NULL;
		atomic_store_explicit(&exchange->job.state, FP_JOB_UNDER_WAY, memory_order_relaxed);
		if (background->last)
			background->last->job.next = exchange;
		else
			background->first = exchange;
		background->last = exchange;
		background->waiting++;
		pthread_cond_signal(&background->changed);
	}
	pthread_mutex_unlock(&background->lock);
	return taken;
}

/* With the lock held: the job that waits longest; NULL at the end. */
static struct fp_exchange *next_job(struct fp_background *background)
{
	struct fp_exchange *exchange;

	while (!background->first && !background->stopping)
		pthread_cond_wait(&background->changed, &background->lock);
	exchange = background->first;
	if (!exchange)
		return NULL;
	background->first = exchange->job.next;
	if (!background->first)
		background->last = NULL;
	background->waiting--;
	return exchange;
}

static void *run(void *argument)
{
	struct background_thread *thread = argument;
	struct fp_background *background = thread->background;
	struct fp_exchange *exchange;

	pthread_mutex_lock(&background->lock);
	while ((exchange = next_job(background))) {
		struct fp_http_loop *loop = exchange->loop;

		thread->context.stopping = background->stopping;
		pthread_mutex_unlock(&background->lock);
		exchange->job.run(exchange, &thread->context);
		/* From here on the exchange is its loop's. */
		atomic_store_explicit(&exchange->job.state, FP_JOB_DONE, memory_order_release);
		atomic_store_explicit(&loop->look, true, memory_order_release);
		fp_http_loop_wake(loop);
		pthread_mutex_lock(&background->lock);
	}
	pthread_mutex_unlock(&background->lock);
	return NULL;
}

static int start_thread(struct fp_background *background, const struct fp_service *service,
	const char *allow_origin, struct fp_error *error)
{
	struct background_thread *thread = &background->threads[background->thread_count];
	int r;

	background->thread_count++;
	thread->background = background;
	thread->context.service = service;
	thread->context.allow_origin = allow_origin;
	fp_answer_init(&thread->context.answer);
	fp_buf_init(&thread->context.text, FP_CONTEXT_TEXT_MAX_BYTES);
	r = fp_worker_new(service, &thread->context.worker, error);
	if (r < 0)
		return r;
	thread->started = pthread_create(&thread->thread, NULL, run, thread) == 0;
	if (thread->started)
		return 0;
	return fp_error_set(error, FP_ERROR_LIMIT, "cannot start a thread");
}

int fp_background_start(const struct fp_service *service, const char *allow_origin,
	unsigned threads, struct fp_background **background, struct fp_error *error)
{
	struct fp_background *made = calloc(1, sizeof(*made));
	unsigned wanted = threads < THREADS_MAX ? threads : THREADS_MAX;
	int r = 0;

	if (!made)
		return fp_error_memory(error);
	pthread_mutex_init(&made->lock, NULL);
	pthread_cond_init(&made->changed, NULL);
	while (r >= 0 && made->thread_count < wanted)
		r = start_thread(made, service, allow_origin, error);
	if (r < 0) {
		fp_background_free(made);
		return r;
	}
	*background = made;
	return 0;
}

void fp_background_stop(struct fp_background *background)
{
	if (!background)
		return;
	pthread_mutex_lock(&background->lock);
	background->stopping = true;
	pthread_cond_broadcast(&background->changed);
	pthread_mutex_unlock(&background->lock);
	for (unsigned i = 0; i < background->thread_count; i++) {
		if (background->threads[i].started)
			pthread_join(background->threads[i].thread, NULL);
		background->threads[i].started = false;
	}
}

void fp_background_free(struct fp_background *background)
{
	if (!background)
		return;
	fp_background_stop(background);
	for (unsigned i = 0; i < background->thread_count; i++) {
		fp_worker_free(background->threads[i].context.worker);
		fp_answer_release(&background->threads[i].context.answer);
		fp_buf_release(&background->threads[i].context.text);
	}
	pthread_cond_destroy(&background->changed);
	pthread_mutex_destroy(&background->lock);
	free(background);
}
