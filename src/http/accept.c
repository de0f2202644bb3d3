/*
 * Connections come and go. All loops together hold at most so many; one more is told so (503) and
 * closed. When the process has no descriptor left, a spare one is given up for a moment to take
 * the connection and refuse it: left in the queue, it would wake the loop again and again.
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

/* ---- accepting ---- */

void fp_accept_some(struct fp_http_loop *loop, int listening)
{
	struct fp_http_server *server = loop->server;

	for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
		struct sockaddr_storage address;
		socklen_t len = sizeof(address);
		int fd = accept4(
			listening, (struct sockaddr *)&address, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0) {
			if (errno == EMFILE || errno == ENFILE)
				refuse_without_descriptors(loop, listening);
			return;
		}
		if (atomic_load(&server->connections) >= server->max_connections)
			refuse(fd);
		else /* closes it on failure */
			MHD_add_connection(loop->daemon, fd, (struct sockaddr *)&address, len);
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
	struct fp_http_loop *loop = context;
	const union MHD_ConnectionInfo *info;

	if (what == MHD_CONNECTION_NOTIFY_CLOSED) {
		atomic_fetch_sub(&loop->server->connections, 1);
		free(*peer);
		*peer = NULL;
		return;
	}
	atomic_fetch_add(&loop->server->connections, 1);
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
