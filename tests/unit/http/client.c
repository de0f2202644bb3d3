/* Raw HTTP over loopback. */
#include "client.h"

#include "fixture.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { REPLY_MAX_BYTES = 8 * 1024 * 1024 };

static bool open_socket(int *fd, uint16_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	*fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(*fd >= 0);
	return connect(*fd, (struct sockaddr *)&address, sizeof(address)) == 0;
}

void client_open(struct client *client, uint16_t port)
{
	fp_buf_init(&client->in, REPLY_MAX_BYTES);
	assert_true(open_socket(&client->fd, port));
}

bool client_can_open(uint16_t port)
{
	int fd;
	bool opened = open_socket(&fd, port);

	close(fd);
	return opened;
}

void client_close(struct client *client)
{
	close(client->fd);
	client->fd = -1;
	fp_buf_release(&client->in);
}

void client_send(struct client *client, const char *bytes)
{
	size_t left = strlen(bytes);

	while (left) {
		ssize_t sent = send(client->fd, bytes, left, MSG_NOSIGNAL);

		if (sent < 0)
			return; /* the server closed: the reply, or its lack, tells */
		bytes += sent;
		left -= (size_t)sent;
	}
}

void client_get(struct client *client, const char *target, const char *headers)
{
	struct fp_buf FP_CLEANUP_BUF text = {0};

	fp_buf_init(&text, 256 * 1024);
	fp_buf_addf(&text, "GET %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n", target, headers);
	client_send(client, text.data);
}

/* More bytes: false at the end or when none came in time. */
static bool receive(struct client *client, int64_t deadline_us)
{
	struct pollfd poller = {.fd = client->fd, .events = POLLIN};
	char bytes[16384];
	ssize_t got;

	for (;;) {
		int64_t left_us = deadline_us - fp_clock_monotonic_us();
		int ready = poll(&poller, 1, left_us > 0 ? (int)(left_us / FP_US_PER_MS) + 1 : 0);

		if (ready == 0)
			return false;
		got = ready < 0 ? -1 : recv(client->fd, bytes, sizeof(bytes), 0);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		fp_buf_add(&client->in, bytes, (size_t)got);
		return true;
	}
}

static void take(struct client *client, size_t len, struct fp_buf *to)
{
	fp_buf_add(to, client->in.data, len);
	memmove(client->in.data, client->in.data + len, client->in.len - len + 1);
	client->in.len -= len;
}

void client_read(struct client *client, struct reply *reply, int ms, bool no_body)
{
	int64_t deadline_us = fp_clock_monotonic_us() + ms * FP_US_PER_MS;
	const char *end = NULL, *length;
	size_t len;

	*reply = (struct reply){0};
	fp_buf_init(&reply->head, REPLY_MAX_BYTES);
	fp_buf_init(&reply->body, REPLY_MAX_BYTES);
	while (!client->in.data || !(end = strstr(client->in.data, "\r\n\r\n")))
		if (!receive(client, deadline_us))
			return;
	take(client, (size_t)(end - client->in.data) + 4, &reply->head);
	length = reply_header(reply, "Content-Length");
	len = no_body || !length ? 0 : strtoul(length, NULL, 10);
	while (client->in.len < len)
		if (!receive(client, deadline_us))
			return;
	take(client, len, &reply->body);
	/* Without a length, the body ends with the connection. */
	if (!length && !no_body && strstr(reply->head.data, "Connection: close")) {
		while (receive(client, deadline_us))
			;
		take(client, client->in.len, &reply->body);
	}
	reply->status = atoi(reply->head.data + strlen("HTTP/1.1 "));
}

bool client_is_closed(struct client *client, int ms)
{
	struct pollfd poller = {.fd = client->fd, .events = POLLIN};
	char byte;

	return poll(&poller, 1, ms) == 1 && recv(client->fd, &byte, 1, MSG_PEEK) <= 0;
}

void client_ask(uint16_t port, const char *method, const char *target, const char *headers,
	const char *body, struct reply *reply)
{
	struct fp_buf FP_CLEANUP_BUF text = {0};
	struct client client;

	fp_buf_init(&text, REPLY_MAX_BYTES);
	fp_buf_addf(&text, "%s %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n%s", method,
		target, headers);
	if (body[0])
		fp_buf_addf(&text, "Content-Length: %zu\r\n", strlen(body));
	fp_buf_add_text(&text, "\r\n");
	fp_buf_add_text(&text, body);
	client_open(&client, port);
	client_send(&client, text.data);
	client_read(&client, reply, 10000, strcmp(method, "HEAD") == 0);
	client_close(&client);
}

void reply_release(struct reply *reply)
{
	fp_buf_release(&reply->head);
	fp_buf_release(&reply->body);
}

const char *reply_header(const struct reply *reply, const char *name)
{
	static _Thread_local char value[1024];
	char line[128];
	const char *found;
	size_t len;

	snprintf(line, sizeof(line), "\r\n%s: ", name);
	found = reply->head.data ? strcasestr(reply->head.data, line) : NULL;
	if (!found)
		return NULL;
	found += strlen(line);
	len = strcspn(found, "\r");
	assert_true(len < sizeof(value));
	memcpy(value, found, len);
	value[len] = '\0';
	return value;
}

bool reply_has(const struct reply *reply, const char *text)
{
	return reply->body.data && strstr(reply->body.data, text);
}
