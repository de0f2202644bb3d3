#pragma once
/*
 * The HTTP server: a few event loops, each a thread with a libmicrohttpd daemon of its own, that
 * share the listening sockets. This header is the layer's whole face.
 */
#include "forkpoint/service/service.h"

struct fp_http_listen {
	const char *address; /* numeric IPv4 or IPv6 */
	uint16_t port;	     /* 0: any free one; see fp_http_server_port */
};

struct fp_http_options {
	const struct fp_http_listen *listen;
	size_t listen_count;
	unsigned threads;	  /* 0 = one per core */
	unsigned max_connections; /* of all loops together */
	const char *allow_origin; /* Access-Control-Allow-Origin, NULL = not sent; borrowed */
};

struct fp_http_server;

/* Binds, starts the loops, serves. service must outlive the server. -FP_ERROR_BUSY when an address
 * is in use, -FP_ERROR_DENIED, -FP_ERROR_INVALID (no such address here). */
int fp_http_server_start(const struct fp_http_options *options, const struct fp_service *service,
	struct fp_http_server **server, struct fp_error *error);
/* Accepts nothing more, finishes the requests in flight, answers those that wait with 503; closes
 * what is left after a second and a half. Waking goes on to be harmless. */
void fp_http_server_stop(struct fp_http_server *server);
/* Nobody may wake it any more. */
void fp_http_server_free(struct fp_http_server *server);
/* Looks again at the requests that wait. Any thread; cheap. */
void fp_http_server_wake(struct fp_http_server *server);
/* The same for replies alone that wait for a sync of the journal. */
void fp_http_server_wake_held(struct fp_http_server *server);
/* The port of the first listening socket. */
uint16_t fp_http_server_port(const struct fp_http_server *server);
