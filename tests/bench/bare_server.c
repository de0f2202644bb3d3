/*
 * The yardstick: a libmicrohttpd server that does nothing but answer a fixed body, with event loops
 * like Forkpoint's (one per core around MHD_run, the listening socket in each loop's epoll set).
 *
 * usage: bare-server PORT BODY_BYTES THREADS     runs until it is killed
 */
#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS_PER_TURN = 16, ACCEPTS_PER_TURN = 32, THREADS_MAX = 64, BODY_MAX = 1 << 20 };

struct loop {
	struct MHD_Daemon *daemon;
	struct MHD_Response *response;
	int listening;
	int epoll_fd;
	pthread_t thread;
};

static enum MHD_Result answer(void *context, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *upload, size_t *upload_size,
	void **request)
{
	const struct loop *loop = context;

	if (!*request) { /* an answer in the first call would cost keep-alive */
		*request = context;
		return MHD_YES;
	}
	return MHD_queue_response(connection, MHD_HTTP_OK, loop->response);
}

static void accept_some(struct loop *loop)
{
	for (int i = 0; i < ACCEPTS_PER_TURN; i++) {
		struct sockaddr_in address;
		socklen_t len = sizeof(address);
		int fd = accept4(loop->listening, (struct sockaddr *)&address, &len,
			SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0)
			return;
		MHD_add_connection(loop->daemon, fd, (struct sockaddr *)&address, len);
	}
}

static void *run(void *context)
{
	struct loop *loop = context;

	for (;;) {
		struct epoll_event events[EVENTS_PER_TURN];
		MHD_UNSIGNED_LONG_LONG daemon_ms = 1000;
		int count;

		if (MHD_get_timeout(loop->daemon, &daemon_ms) != MHD_YES || daemon_ms > 1000)
			daemon_ms = 1000;
		count = epoll_wait(loop->epoll_fd, events, EVENTS_PER_TURN, (int)daemon_ms);
		for (int i = 0; i < count; i++)
			if (events[i].data.fd == loop->listening)
				accept_some(loop);
		MHD_run(loop->daemon);
	}
	return NULL;
}

static int listen_on(in_port_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
		bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 1024) < 0)
		return -1;
	return fd;
}

static int watch(int epoll_fd, int fd, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.fd = fd};

	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event);
}

static int start_loop(struct loop *loop, int listening, struct MHD_Response *response)
{
	const union MHD_DaemonInfo *info;

	loop->listening = listening;
	loop->response = response;
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	loop->daemon = MHD_start_daemon(MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET, 0, NULL, NULL,
		answer, loop, MHD_OPTION_CONNECTION_LIMIT, 4096u,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)(32 * 1024), MHD_OPTION_END);
	if (!loop->daemon || loop->epoll_fd < 0)
		return -1;
	info = MHD_get_daemon_info(loop->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	if (watch(loop->epoll_fd, info->epoll_fd, EPOLLIN) < 0 ||
		watch(loop->epoll_fd, listening, EPOLLIN | EPOLLEXCLUSIVE) < 0)
		return -1;
	return pthread_create(&loop->thread, NULL, run, loop);
}

static struct MHD_Response *make_response(size_t bytes)
{
	static char body[BODY_MAX];
	struct MHD_Response *response;

	memset(body, 'x', bytes);
	response = MHD_create_response_from_buffer(bytes, body, MHD_RESPMEM_PERSISTENT);
	if (response)
		MHD_add_response_header(response, "Content-Type", "application/json");
	return response;
}

int main(int argc, char **argv)
{
	static struct loop loops[THREADS_MAX];
	long port = argc == 4 ? strtol(argv[1], NULL, 10) : 0;
	long bytes = argc == 4 ? strtol(argv[2], NULL, 10) : -1;
	long threads = argc == 4 ? strtol(argv[3], NULL, 10) : 0;
	struct MHD_Response *response;
	int listening;

	if (port < 1 || port > 65535 || bytes < 0 || bytes > BODY_MAX || threads < 1 ||
		threads > THREADS_MAX) {
		fprintf(stderr, "usage: %s PORT BODY_BYTES THREADS\n", argv[0]);
		return 2;
	}
	listening = listen_on((in_port_t)port);
	response = make_response((size_t)bytes);
	if (listening < 0 || !response) {
		perror("bare-server");
		return 1;
	}
	for (long i = 0; i < threads; i++)
		if (start_loop(&loops[i], listening, response) != 0) {
			perror("bare-server: a loop does not start");
			return 1;
		}
	pause();
	return 0;
}
