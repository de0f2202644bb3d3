#pragma once
/* One event loop of the server; shared by the files that know libmicrohttpd. */
#include "forkpoint/http/request.h"
#include "forkpoint/http/server.h"

#include <microhttpd.h>
#include <pthread.h>

struct fp_http_loop;

/* A request, and what libmicrohttpd's side of it needs. The request comes last: its end is not
 * cleared when an exchange is used again. */
struct fp_exchange {
	struct fp_http_loop *loop;
	struct MHD_Connection *connection;
	struct fp_exchange *next; /* free, or waiting */
	bool too_large;
	struct fp_str method, path; /* libmicrohttpd's, as long as the request lasts */
	struct fp_request request;
};

struct fp_http_loop {
	struct fp_http_server *server;
	pthread_t thread;
	bool started;
	struct MHD_Daemon *daemon;
	int epoll_fd, wake_fd;
	struct fp_http_context context;
	struct fp_exchange *free;
	struct fp_exchange *waiting;
	unsigned active; /* requests between first call and completion */
	uint64_t id_seed, id_count;
};

struct fp_http_server {
	const struct fp_service *service;
	unsigned connections_per_loop;
	int *sockets;
	size_t socket_count;
	struct fp_http_loop *loops;
	size_t loop_count;
	atomic_bool stopping;
};

/* ---- receive.c: libmicrohttpd's callbacks ---- */

enum MHD_Result fp_receive(void *loop, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *upload, size_t *upload_size,
	void **exchange);
void fp_completed(void *loop, struct MHD_Connection *connection, void **exchange,
	enum MHD_RequestTerminationCode why);
/* Whether what a waiting exchange waits for has come, or cannot come any more. */
bool fp_exchange_is_ready(struct fp_exchange *exchange, int64_t now_us);
void fp_exchange_free(struct fp_exchange *exchange);

/* ---- loop.c ---- */

int fp_http_loop_start(
	struct fp_http_server *server, struct fp_http_loop *loop, struct fp_error *error);
/* Ends the thread and the daemon; waking goes on to be harmless until the release. */
void fp_http_loop_stop(struct fp_http_loop *loop);
void fp_http_loop_release(struct fp_http_loop *loop);
