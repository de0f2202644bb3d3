/*
 * Connections come and go.
 *
 * The kernel wakes the same idle loop for every connection of a burst, so that one loop would end
 * up with all clients: a loop that has more than another hands the connection over, through a
 * bounded inbox.
 *
 * All loops together hold at most so many; one more is told so (503) and closed. When the process
 * has no descriptor left, a spare one is given up for a moment to take the connection and refuse
 * it: left in the queue, it would wake the loop again and again.
 */
#include "loop.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ACCEPTS_PER_TURN = 32 };

struct peer {
	size_t len;
	char text[INET6_ADDRSTRLEN];
};

/* ---- refusing ---- */

static void refuse(int fd)
{
	static const char reply[] = "HTTP/1.1 503 Service Unavailable\r\n"
				    "Content-Type: application/problem+json\r\n"
				    "X-Problem-Code: not-ready\r\n"
				    "Retry-After: 1\r\nConnection: close\r\n\r\n"
				    "{\"type\":\"/problems/not-ready\",\"title\":\"Not ready\","
				    "\"status\":503,\"detail\":\"the server holds as many "
				    "connections as it may; ask again in a moment\","
				    "\"code\":\"not-ready\",\"retryable\":true}\n";
	char ignored[4096];

	/* A request that is there already would make the close a reset that takes the reply along.
	 */
	if (recv(fd, ignored, sizeof(ignored), MSG_DONTWAIT) >= 0 || errno == EAGAIN)
		send(fd, reply, sizeof(reply) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	close(fd);
}

static void refuse_without_descriptors(struct fp_http_loop *loop, int listening)
{
	int fd;

	if (loop->spare_fd < 0)
		return;
	close(loop->spare_fd);
	fd = accept4(listening, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0)
		refuse(fd);
	loop->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* ---- sharing among the loops ---- */

static unsigned load_of(const struct fp_http_loop *loop)
{
	return atomic_load_explicit(&loop->connections, memory_order_relaxed) +
	       atomic_load_explicit(&loop->inbox.count, memory_order_relaxed);
}

static bool push(struct fp_inbox *inbox, const struct fp_arrival *arrival)
{
	unsigned count;

	pthread_mutex_lock(&inbox->lock);
	count = atomic_load_explicit(&inbox->count, memory_order_relaxed);
	if (count < FP_INBOX_MAX) {
		inbox->items[count] = *arrival;
		atomic_store_explicit(&inbox->count, count + 1, memory_order_relaxed);
	}
	pthread_mutex_unlock(&inbox->lock);
	return count < FP_INBOX_MAX;
}

static void add(struct fp_http_loop *loop, const struct fp_arrival *arrival)
{
	/* On failure it closes the descriptor. */
	MHD_add_connection(loop->daemon, arrival->fd,
		(const struct sockaddr *)(const void *)&arrival->address, arrival->len);
	fp_connections_count(loop);
}

void fp_accept_arrivals(struct fp_http_loop *loop)
{
	struct fp_arrival arrivals[FP_INBOX_MAX];
	unsigned count;

	if (atomic_load_explicit(&loop->inbox.count, memory_order_relaxed) == 0)
		return;
	pthread_mutex_lock(&loop->inbox.lock);
	count = atomic_load_explicit(&loop->inbox.count, memory_order_relaxed);
	memcpy(arrivals, loop->inbox.items, count * sizeof(arrivals[0]));
	atomic_store_explicit(&loop->inbox.count, 0, memory_order_relaxed);
	pthread_mutex_unlock(&loop->inbox.lock);
	for (unsigned i = 0; i < count; i++)
		add(loop, &arrivals[i]);
}

void fp_inbox_release(struct fp_inbox *inbox)
{
	unsigned count = atomic_load(&inbox->count);

	for (unsigned i = 0; i < count; i++)
		close(inbox->items[i].fd);
	atomic_store(&inbox->count, 0);
}

void fp_connections_count(struct fp_http_loop *loop)
{
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(loop->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);

	atomic_store_explicit(&loop->connections, info->num_connections, memory_order_relaxed);
}

/* ---- accepting ---- */

/* Where the connection goes; NULL when all loops together have as many as they may. */
static struct fp_http_loop *choose(struct fp_http_loop *own)
{
	struct fp_http_server *server = own->server;
	struct fp_http_loop *least = own;
	unsigned total = 0;

	for (size_t i = 0; i < server->loop_count; i++) {
		struct fp_http_loop *loop = &server->loops[i];

		total += load_of(loop);
		if (load_of(loop) < load_of(least))
			least = loop;
	}
	if (total >= server->max_connections)
		return NULL;
	/* Handing over costs the other loop a wake-up: not for a difference of one. */
	return load_of(least) + 1 < load_of(own) ? least : own;
}

static void place(struct fp_http_loop *own, const struct fp_arrival *arrival)
{
	struct fp_http_loop *loop = choose(own);

	if (!loop)
		refuse(arrival->fd);
	else if (loop != own && push(&loop->inbox, arrival))
		fp_http_loop_wake(loop);
	else
		add(own, arrival);
}

void fp_accept_some(struct fp_http_loop *loop, int listening)
{
	for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
		struct fp_arrival arrival = {.len = sizeof(arrival.address)};

		arrival.fd = accept4(listening, (struct sockaddr *)(void *)&arrival.address,
			&arrival.len, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (arrival.fd < 0) {
			if (errno == EMFILE || errno == ENFILE)
				refuse_without_descriptors(loop, listening);
			return;
		}
		place(loop, &arrival);
	}
}

/* ---- who is there ---- */

static struct peer *peer_new(const struct sockaddr *address)
{
	struct peer *peer = calloc(1, sizeof(*peer));
	const char *text = NULL;

	if (!peer)
		return NULL;
	if (address && address->sa_family == AF_INET6)
		text = inet_ntop(AF_INET6,
			&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr,
			peer->text, sizeof(peer->text));
	else if (address && address->sa_family == AF_INET)
		text = inet_ntop(AF_INET,
			&((const struct sockaddr_in *)(const void *)address)->sin_addr, peer->text,
			sizeof(peer->text));
	peer->len = text ? strlen(text) : 0;
	return peer;
}

void fp_connection_noted(void *context, struct MHD_Connection *connection, void **peer,
	enum MHD_ConnectionNotificationCode what)
{
	const union MHD_ConnectionInfo *info;

	if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
		free(*peer);
		*peer = NULL;
		return;
	}
	info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	*peer = peer_new(info ? info->client_addr : NULL);
}

struct fp_str fp_connection_client(struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	const struct peer *peer = info ? info->socket_context : NULL;

	return peer ? fp_str_n(peer->text, peer->len) : fp_str_n("", 0);
}
