#pragma once
/* One event loop of the server; shared by the files that know libmicrohttpd. */
#include "forkpoint/http/request.h"
#include "forkpoint/http/server.h"

#include "background.h"
#include "guard.h"

#include <microhttpd.h>
#include <pthread.h>
#include <sys/socket.h>

struct fp_http_loop;
struct fp_sender;

/* What a background thread does for an exchange. Under way, all but `state` is that thread's. */
enum fp_job_state { FP_JOB_NONE, FP_JOB_UNDER_WAY, FP_JOB_DONE };

struct fp_job {
	atomic_int state; /* enum fp_job_state */
	fp_job_fn *run;
	struct fp_exchange *next; /* in the queue */
	/* Of a handler that ran: */
	struct fp_reply *reply;
	enum fp_handled handled;
};

/* A request, and what libmicrohttpd's side of it needs. The request comes last: its end is not
 * cleared when an exchange is used again. */
struct fp_exchange {
	struct fp_http_loop *loop;
	struct MHD_Connection *connection;
	struct fp_exchange *next; /* free, or waiting */
	bool too_large;
	size_t received_bytes;	    /* of the body, kept or not */
	struct fp_str method, path; /* libmicrohttpd's, as long as the request lasts */
	struct fp_job job;
	struct fp_reply *held;	  /* ready, but for the sync of its record; NULL otherwise */
	struct fp_sender *sender; /* of a body in parts; NULL otherwise */
	struct fp_request request;
};

/* A connection on its way into a loop. */
struct fp_arrival {
	int fd;
	socklen_t len;
	struct sockaddr_storage address;
};

enum { FP_INBOX_MAX = 64 };

/* Connections that another loop accepted for this one. */
struct fp_inbox {
	pthread_mutex_t lock;
	struct fp_arrival items[FP_INBOX_MAX];
	atomic_uint count; /* written under the lock */
};

struct fp_http_loop {
	struct fp_http_server *server;
	pthread_t thread;
	bool started;
	struct MHD_Daemon *daemon;
	int epoll_fd, wake_fd;
	int spare_fd; /* given up to take and refuse a connection when descriptors run out */
	struct fp_inbox inbox;
	atomic_uint connections; /* its own, as of its last turn */
	struct fp_http_context context;
	struct fp_exchange *free;
	struct fp_exchange *waiting;
	atomic_uint held;    /* replies of its that wait for a sync */
	atomic_bool look;    /* the waiting requests are to be looked at */
	int64_t earliest_us; /* the first deadline among them, monotonic */
	unsigned active;     /* requests between first call and completion */
	uint64_t id_seed, id_count;
};

struct fp_http_server {
	const struct fp_service *service;
	unsigned max_connections; /* of all loops together */
	int *sockets;
	size_t socket_count;
	struct fp_http_loop *loops;
	size_t loop_count;
	struct fp_background *background;
	struct fp_guard *guard;
	struct fp_http_counts counts;
	atomic_bool stopping;
};

/* ---- accept.c: connections come and go ---- */

/* Takes some of the connections that wait at a listening socket: for this loop or for one with
 * fewer. Refuses those beyond the limit. */
void fp_accept_some(struct fp_http_loop *loop, int listening);
/* Takes in what other loops accepted. */
void fp_accept_arrivals(struct fp_http_loop *loop);
/* Says how many connections the loop has. Its own thread. */
void fp_connections_count(struct fp_http_loop *loop);
/* Closes what nobody took in. */
void fp_inbox_release(struct fp_inbox *inbox);
/* Makes the loop's thread take a turn. Any thread. */
void fp_http_loop_wake(struct fp_http_loop *loop);
/* libmicrohttpd's: a connection began or ended. */
void fp_connection_noted(void *loop, struct MHD_Connection *connection, void **peer,
	enum MHD_ConnectionNotificationCode what);
/* The client's numeric address, as long as the connection lasts. */
struct fp_str fp_connection_client(struct MHD_Connection *connection);

/* ---- receive.c: libmicrohttpd's callbacks ---- */

enum MHD_Result fp_receive(void *loop, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *upload, size_t *upload_size,
	void **exchange);
void fp_completed(void *loop, struct MHD_Connection *connection, void **exchange,
	enum MHD_RequestTerminationCode why);
/* Whether what a waiting exchange waits for has come, or cannot come any more. */
bool fp_exchange_is_ready(struct fp_exchange *exchange, int64_t now_us);
void fp_exchange_free(struct fp_exchange *exchange);
/* A header's value; empty where there is none. */
struct fp_str fp_exchange_header(const struct fp_exchange *exchange, const char *name);

/* ---- hold.c: replies that wait until their records are on disk ---- */

/* Takes the reply, and suspends the exchange, if its record is not on disk yet. */
bool fp_hold(struct fp_exchange *exchange, struct fp_reply *reply);
bool fp_hold_is_over(const struct fp_exchange *exchange, int64_t now_us);
/* Gives the reply back, or a problem in its place. */
void fp_hold_end(struct fp_exchange *exchange, struct fp_reply *reply);

/* ---- query.c: from a query to checked parameters ---- */

/* libmicrohttpd's: decodes %XX in place. What is no byte of text (a NUL, a broken escape) becomes
 * the byte FF, which no check lets through. */
size_t fp_query_unescape(void *context, struct MHD_Connection *connection, char *text);
/* Takes the parameters into the request; false with a problem. */
bool fp_query_take(struct fp_exchange *exchange, struct fp_reply *reply);
/* The form for problems that arise before there is a route. */
enum fp_form fp_query_early_form(const struct fp_exchange *exchange);

/* ---- dispatch.c ---- */

/* Finds the route, checks the request against it, runs its handler, unless that belongs on a
 * background thread. */
enum fp_handled fp_dispatch(struct fp_exchange *exchange, struct fp_reply *reply);
/* Runs the handler of a request whose route is found. */
enum fp_handled fp_dispatch_handler(struct fp_request *request, struct fp_reply *reply);

/* ---- send.c ---- */

/* Hands the reply to libmicrohttpd; its body and stream are taken. */
enum MHD_Result fp_reply_send(struct fp_exchange *exchange, struct fp_reply *reply);

/* ---- stream.c: bodies in parts ---- */

/* A response that takes its body from the reply's stream; NULL without memory. */
struct MHD_Response *fp_stream_response(struct fp_exchange *exchange, struct fp_reply *reply);
/* Whether the exchange's stream has something to send. */
bool fp_stream_is_ready(const struct fp_exchange *exchange);

/* ---- loop.c ---- */

/* Makes everything but the thread. Release it also after a failure. */
int fp_http_loop_open(
	struct fp_http_server *server, struct fp_http_loop *loop, struct fp_error *error);
int fp_http_loop_start(struct fp_http_loop *loop, struct fp_error *error);
/* Suspends the exchange until it is ready: what its request waits for has come, or its job is done.
 */
void fp_http_loop_wait(struct fp_http_loop *loop, struct fp_exchange *exchange);
/* The same for a held reply, which is not looked at before the loop is woken. */
void fp_http_loop_hold(struct fp_http_loop *loop, struct fp_exchange *exchange);
/* Ends the thread and the daemon; waking goes on to be harmless until the release. */
void fp_http_loop_stop(struct fp_http_loop *loop);
void fp_http_loop_release(struct fp_http_loop *loop);
