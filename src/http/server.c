/* The server: its sockets and its loops. */
#include "forkpoint/http/server.h"

#include "loop.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 4096, LOOPS_MAX = 64, BACKGROUND_THREADS = 4 };

static bool fill_address(
	const struct fp_http_listen *listen, struct sockaddr_storage *address, socklen_t *len)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)address;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)address;

	memset(address, 0, sizeof(*address));
	if (inet_pton(AF_INET, listen->address, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(listen->port);
		*len = sizeof(*v4);
		return true;
	}
	if (inet_pton(AF_INET6, listen->address, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(listen->port);
		*len = sizeof(*v6);
		return true;
	}
	return false;
}

static int bind_error(const struct fp_http_listen *at, struct fp_error *error)
{
	switch (errno) {
	case EADDRINUSE:
		return fp_error_set(error, FP_ERROR_BUSY,
			"%s port %u is in use by another process; stop it, or set \"listen\" to "
			"another address",
			at->address, at->port);
	case EACCES:
		return fp_error_set(error, FP_ERROR_DENIED,
			"%s port %u may not be listened on by this user; ports below 1024 need a "
			"privilege",
			at->address, at->port);
	default:
		return fp_error_set(error, FP_ERROR_INVALID, "cannot listen on %s port %u: %s",
			at->address, at->port, strerror(errno));
	}
}

static int open_socket(const struct fp_http_listen *at, int *opened, struct fp_error *error)
{
	struct sockaddr_storage address;
	socklen_t len;
	int yes = 1, fd, r;

	if (!fill_address(at, &address, &len))
		return fp_error_set(error, FP_ERROR_INVALID,
			"\"%s\" is no numeric IPv4 or IPv6 address", at->address);
	fd = socket(address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return bind_error(at, error);
	/* A port that a stopped server left behind is free; one that is listened on is not. */
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (address.ss_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &yes, sizeof(yes));
	if (bind(fd, (struct sockaddr *)&address, len) < 0 || listen(fd, BACKLOG) < 0) {
		r = bind_error(at, error);
		close(fd);
		return r;
	}
	*opened = fd;
	return 0;
}

static int open_sockets(struct fp_http_server *server, const struct fp_http_options *options,
	struct fp_error *error)
{
	server->sockets = calloc(options->listen_count + 1, sizeof(*server->sockets));
	if (!server->sockets)
		return fp_error_memory(error);
	for (size_t i = 0; i < options->listen_count; i++) {
		int r = open_socket(
			&options->listen[i], &server->sockets[server->socket_count], error);

		if (r < 0)
			return r;
		server->socket_count++;
	}
	return 0;
}

static unsigned count_loops(const struct fp_http_options *options)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);
	unsigned loops = options->threads ? options->threads : cores > 0 ? (unsigned)cores : 1;

	return loops < LOOPS_MAX ? loops : LOOPS_MAX;
}

static int make_loops(struct fp_http_server *server, const struct fp_http_options *options,
	struct fp_error *error)
{
	unsigned count = count_loops(options);
	int r = 0;

	server->max_connections = options->max_connections;
	server->loops = calloc(count, sizeof(*server->loops));
	if (!server->loops)
		return fp_error_memory(error);
	while (r >= 0 && server->loop_count < count) {
		struct fp_http_loop *loop = &server->loops[server->loop_count++];

		loop->context.allow_origin = options->allow_origin;
		loop->context.counts = &server->counts;
		loop->context.guard = server->guard;
		r = fp_http_loop_open(server, loop, error);
	}
	return r;
}

/* Once all are there: they hand connections to each other. */
static int start_loops(struct fp_http_server *server, struct fp_error *error)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < server->loop_count; i++)
		r = fp_http_loop_start(&server->loops[i], error);
	return r;
}

int fp_http_server_start(const struct fp_http_options *options, const struct fp_service *service,
	struct fp_http_server **server, struct fp_error *error)
{
	struct fp_http_server *made = calloc(1, sizeof(*made));
	int r;

	if (!made)
		return fp_error_memory(error);
	made->service = service;
	r = open_sockets(made, options, error);
	made->guard = fp_guard_new();
	if (r >= 0 && !made->guard)
		r = fp_error_memory(error);
	if (r >= 0)
		r = fp_background_start(service, options->allow_origin, BACKGROUND_THREADS,
			&made->background, error);
	if (r >= 0)
		r = make_loops(made, options, error);
	if (r >= 0)
		r = start_loops(made, error);
	if (r < 0) {
		fp_http_server_free(made);
		return r;
	}
	*server = made;
	return 0;
}

void fp_http_server_wake(struct fp_http_server *server)
{
	for (size_t i = 0; i < server->loop_count; i++) {
		atomic_store_explicit(&server->loops[i].look, true, memory_order_release);
		fp_http_loop_wake(&server->loops[i]);
	}
}

void fp_http_server_wake_held(struct fp_http_server *server)
{
	for (size_t i = 0; i < server->loop_count; i++) {
		struct fp_http_loop *loop = &server->loops[i];

		if (atomic_load(&loop->held) == 0)
			continue;
		atomic_store_explicit(&loop->look, true, memory_order_release);
		fp_http_loop_wake(loop);
	}
}

void fp_http_server_stop(struct fp_http_server *server)
{
	if (!server)
		return;
	atomic_store(&server->stopping, true);
	fp_http_server_wake(server);
	/* New clients are refused from here on. Closed later: a loop may still hold the number. */
	for (size_t i = 0; i < server->socket_count; i++)
		shutdown(server->sockets[i], SHUT_RDWR);
	/* The loops end when nothing is under way for them any more. */
	fp_background_stop(server->background);
	for (size_t i = 0; i < server->loop_count; i++)
		fp_http_loop_stop(&server->loops[i]);
}

void fp_http_server_free(struct fp_http_server *server)
{
	if (!server)
		return;
	fp_http_server_stop(server);
	for (size_t i = 0; i < server->loop_count; i++)
		fp_http_loop_release(&server->loops[i]);
	for (size_t i = 0; i < server->socket_count; i++)
		close(server->sockets[i]);
	fp_background_free(server->background);
	fp_guard_free(server->guard);
	fp_counts_release(&server->counts);
	free(server->sockets);
	free(server->loops);
	free(server);
}

uint16_t fp_http_server_port(const struct fp_http_server *server)
{
	struct sockaddr_storage address;
	socklen_t len = sizeof(address);

	if (server->socket_count == 0 ||
		getsockname(server->sockets[0], (struct sockaddr *)&address, &len) < 0)
		return 0;
	return ntohs(address.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&address)->sin6_port
						   : ((struct sockaddr_in *)&address)->sin_port);
}
