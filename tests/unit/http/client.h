#pragma once
/* A client of raw sockets: it sees every byte, and can leave anything undone. */
#include "forkpoint/base/buf.h"

#include <stdbool.h>
#include <stdint.h>

struct client {
	int fd;
	struct fp_buf in; /* received and not yet taken */
};

struct reply {
	int status; /* 0: the connection ended, or nothing came in time */
	struct fp_buf head, body;
};

void client_open(struct client *client, uint16_t port);
/* Whether anybody listens there. */
bool client_can_open(uint16_t port);
void client_close(struct client *client);
void client_send(struct client *client, const char *bytes);
/* `GET TARGET` and further header lines, each with its CRLF; "" for none. */
void client_get(struct client *client, const char *target, const char *headers);
/* The next reply, within so many milliseconds. no_body: of a HEAD request. */
void client_read(struct client *client, struct reply *reply, int ms, bool no_body);
/* Whether the server ends the connection within so many milliseconds. */
bool client_is_closed(struct client *client, int ms);

/* All of the above for one request on a connection of its own; "Connection: close" is added. */
void client_ask(uint16_t port, const char *method, const char *target, const char *headers,
	const char *body, struct reply *reply);

void reply_release(struct reply *reply);
/* The header's value; NULL where there is none. In a buffer that the next call uses again. */
const char *reply_header(const struct reply *reply, const char *name);
/* Whether the body holds the text. */
bool reply_has(const struct reply *reply, const char *text);
