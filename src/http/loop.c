/*
 * An event loop: a thread that waits on one epoll set for new connections, for its daemon's
 * sockets, and to be woken.
 *
 * libmicrohttpd's own epoll thread freezes when a multiple of 128 connections is ready at once
 * (0.9.75), so each loop drives a daemon without a thread through MHD_run. The listening sockets
 * are in every loop's set with EPOLLEXCLUSIVE: an idle loop takes the next connection. Waiting
 * requests are suspended and belong to their loop, which resumes them itself.
 */
#include "loop.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	EVENTS_PER_TURN = 16,
	IDLE_TIMEOUT_S = 120,
	CONNECTION_MEMORY_BYTES = 32 * 1024,
	LONGEST_SLEEP_MS = 1000,
	STOPPING_SLEEP_MS = 10,
};

#define STOP_PATIENCE_US (1500 * FP_US_PER_MS)

/* ---- waiting requests ---- */

void fp_http_loop_wait(struct fp_http_loop *loop, struct fp_exchange *exchange)
{
	exchange->next = loop->waiting;
	loop->waiting = exchange;
	/* What it waits for may have come before it was in the list. */
	atomic_store_explicit(&loop->look, true, memory_order_relaxed);
	MHD_suspend_connection(exchange->connection);
}

void fp_http_loop_hold(struct fp_http_loop *loop, struct fp_exchange *exchange)
{
	exchange->next = loop->waiting;
	loop->waiting = exchange;
	if (exchange->request.wait_until_us < loop->earliest_us)
		loop->earliest_us = exchange->request.wait_until_us;
	MHD_suspend_connection(exchange->connection);
}

/* Resumes the waiting requests that are ready; the others stay in the list. */
static void resume_ready(struct fp_http_loop *loop, int64_t now_us)
{
	struct fp_exchange **at = &loop->waiting;

	loop->earliest_us = INT64_MAX;
	while (*at) {
		struct fp_exchange *exchange = *at;

		bool under_way = atomic_load_explicit(&exchange->job.state, memory_order_acquire) ==
				 FP_JOB_UNDER_WAY;

		if (under_way) {
			at = &exchange->next;
			continue;
		}
		/* A reply that is ready but for its sync is not given up: the sync comes. */
		if ((!loop->context.stopping || exchange->held) &&
			!fp_exchange_is_ready(exchange, now_us)) {
			if (exchange->request.wait_until_us < loop->earliest_us)
				loop->earliest_us = exchange->request.wait_until_us;
			at = &exchange->next;
			continue;
		}
		*at = exchange->next;
		exchange->next = NULL;
		MHD_resume_connection(exchange->connection);
	}
}

/* Thousands may wait: they are looked at when something happened, not at every turn. */
static void look_at_waiting(struct fp_http_loop *loop)
{
	int64_t now_us;

	if (!loop->waiting)
		return;
	now_us = fp_clock_monotonic_us();
	if (atomic_exchange_explicit(&loop->look, false, memory_order_acquire) ||
		loop->context.stopping || now_us >= loop->earliest_us)
		resume_ready(loop, now_us);
}

/* ---- turns ---- */

/* Milliseconds until something must be done though nothing happens. */
static int sleep_ms(struct fp_http_loop *loop)
{
	MHD_UNSIGNED_LONG_LONG daemon_ms;
	int64_t ms = loop->context.stopping ? STOPPING_SLEEP_MS : LONGEST_SLEEP_MS;

	if (MHD_get_timeout(loop->daemon, &daemon_ms) == MHD_YES && (int64_t)daemon_ms < ms)
		ms = (int64_t)daemon_ms;
	if (loop->waiting && atomic_load_explicit(&loop->look, memory_order_relaxed))
		return 0;
	if (loop->waiting) {
		int64_t left_us = loop->earliest_us - fp_clock_monotonic_us();
		int64_t left = left_us > 0 ? (left_us - 1) / FP_US_PER_MS + 1 : 0;

		ms = left < ms ? left : ms;
	}
	return (int)ms;
}

void fp_http_loop_wake(struct fp_http_loop *loop)
{
	const uint64_t one = 1;

	/* When the counter is full, the loop is awake. */
	if (write(loop->wake_fd, &one, sizeof(one)) < 0)
		return;
}

static void drain_wakes(int fd)
{
	uint64_t count;

	/* Only the fact matters; a read that finds nothing was a wake that was seen before. */
	if (read(fd, &count, sizeof(count)) < 0)
		return;
}

static void turn(struct fp_http_loop *loop)
{
	struct epoll_event events[EVENTS_PER_TURN];
	int count = epoll_wait(loop->epoll_fd, events, EVENTS_PER_TURN, sleep_ms(loop));

	for (int i = 0; i < count; i++) {
		if (events[i].data.fd == loop->wake_fd)
			drain_wakes(loop->wake_fd);
		else if (events[i].data.fd >= 0 && !loop->context.stopping)
			fp_accept_some(loop, events[i].data.fd);
	}
	fp_accept_arrivals(loop);
	look_at_waiting(loop);
	MHD_run(loop->daemon);
	fp_connections_count(loop);
}

/* A socket that does not listen any more would be reported at every turn. */
static void stop_accepting(struct fp_http_loop *loop)
{
	loop->context.stopping = true;
	for (size_t i = 0; i < loop->server->socket_count; i++)
		epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, loop->server->sockets[i], NULL);
}

static void *run(void *context)
{
	struct fp_http_loop *loop = context;
	int64_t deadline_us;

	while (!atomic_load_explicit(&loop->server->stopping, memory_order_relaxed))
		turn(loop);
	stop_accepting(loop);
	deadline_us = fp_clock_monotonic_us() + STOP_PATIENCE_US;
	/* What waits is answered at the first turn, but for those whose job is under way. No turn
	 * follows the last one: it could take another request of a connection that is kept alive,
	 * and suspend it, and a daemon with a suspended connection cannot be stopped. */
	while (loop->active > 0 && (loop->waiting || fp_clock_monotonic_us() < deadline_us))
		turn(loop);
	return NULL;
}

/* ---- starting and stopping ---- */

static int watch(struct fp_http_loop *loop, int fd, int tag, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.fd = tag};

	return epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

static int watch_all(struct fp_http_loop *loop)
{
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(loop->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	int r = watch(loop, info->epoll_fd, -1, EPOLLIN);

	if (r == 0)
		r = watch(loop, loop->wake_fd, loop->wake_fd, EPOLLIN);
	for (size_t i = 0; r == 0 && i < loop->server->socket_count; i++)
		r = watch(loop, loop->server->sockets[i], loop->server->sockets[i],
			EPOLLIN | EPOLLEXCLUSIVE);
	return r;
}

static int open_loop(struct fp_http_loop *loop, struct fp_error *error)
{
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	loop->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (loop->epoll_fd < 0 || loop->wake_fd < 0)
		return fp_error_set(
			error, FP_ERROR_IO, "cannot make an event loop: %s", strerror(errno));
	loop->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET |
						MHD_ALLOW_SUSPEND_RESUME | MHD_USE_PEDANTIC_CHECKS,
		0, NULL, NULL, fp_receive, loop, MHD_OPTION_NOTIFY_COMPLETED, fp_completed, loop,
		MHD_OPTION_NOTIFY_CONNECTION, fp_connection_noted, loop,
		MHD_OPTION_UNESCAPE_CALLBACK, fp_query_unescape, loop, MHD_OPTION_CONNECTION_LIMIT,
		loop->server->max_connections, MHD_OPTION_CONNECTION_TIMEOUT,
		(unsigned)IDLE_TIMEOUT_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)CONNECTION_MEMORY_BYTES, MHD_OPTION_END);
	if (!loop->daemon)
		return fp_error_set(error, FP_ERROR_INTERNAL, "libmicrohttpd does not start");
	if (watch_all(loop) < 0)
		return fp_error_set(
			error, FP_ERROR_IO, "cannot watch a socket: %s", strerror(errno));
	return 0;
}

int fp_http_loop_open(
	struct fp_http_server *server, struct fp_http_loop *loop, struct fp_error *error)
{
	int r;

	loop->server = server;
	loop->context.service = server->service;
	loop->epoll_fd = loop->wake_fd = loop->spare_fd = -1;
	fp_answer_init(&loop->context.answer);
	fp_buf_init(&loop->context.text, FP_CONTEXT_TEXT_MAX_BYTES);
	loop->id_seed = fp_hash64(&loop, sizeof(loop), (uint64_t)fp_clock_real_us());
	if (pthread_mutex_init(&loop->inbox.lock, NULL) != 0)
		return fp_error_memory(error);
	r = fp_worker_new(server->service, &loop->context.worker, error);
	if (r >= 0)
		r = open_loop(loop, error);
	return r;
}

int fp_http_loop_start(struct fp_http_loop *loop, struct fp_error *error)
{
	if (pthread_create(&loop->thread, NULL, run, loop) != 0)
		return fp_error_set(error, FP_ERROR_LIMIT, "cannot start a thread");
	loop->started = true;
	return 0;
}

void fp_http_loop_stop(struct fp_http_loop *loop)
{
	if (loop->started)
		pthread_join(loop->thread, NULL);
	loop->started = false;
	if (loop->daemon)
		MHD_stop_daemon(loop->daemon);
	loop->daemon = NULL;
}

void fp_http_loop_release(struct fp_http_loop *loop)
{
	fp_http_loop_stop(loop);
	fp_inbox_release(&loop->inbox);
	pthread_mutex_destroy(&loop->inbox.lock);
	while (loop->free) {
		struct fp_exchange *next = loop->free->next;

		fp_exchange_free(loop->free);
		loop->free = next;
	}
	if (loop->epoll_fd >= 0)
		close(loop->epoll_fd);
	if (loop->wake_fd >= 0)
		close(loop->wake_fd);
	if (loop->spare_fd >= 0)
		close(loop->spare_fd);
	fp_worker_free(loop->context.worker);
	fp_answer_release(&loop->context.answer);
	fp_buf_release(&loop->context.text);
}
