/* Keeping hold of libgit2's subtransports, and listening to the server's capabilities. */
#include "wire.h"

#include "local.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { ADVERTISEMENT_BYTES = 8192 }; /* the capabilities stand at the first ref */

/* The stream on which refs are listed: libgit2 reads it, we read over its shoulder. */
struct listening {
	git_smart_subtransport_stream parent;
	git_smart_subtransport_stream *real;
	struct fp_wire *wire;
};

void fp_wire_init(struct fp_wire *wire)
{
	*wire = (struct fp_wire){0};
	fp_buf_init(&wire->advertisement, ADVERTISEMENT_BYTES);
}

void fp_wire_release(struct fp_wire *wire)
{
	fp_buf_release(&wire->advertisement);
	free(wire->url);
	wire->url = NULL;
}

static int listening_read(
	git_smart_subtransport_stream *stream, char *buffer, size_t size, size_t *bytes)
{
	struct listening *listening = (struct listening *)stream;
	struct fp_buf *kept = &listening->wire->advertisement;
	int rc = listening->real->read(listening->real, buffer, size, bytes);

	if (rc >= 0 && kept->len < kept->max)
		fp_buf_add(kept, buffer,
			*bytes < kept->max - kept->len ? *bytes : kept->max - kept->len);
	return rc;
}

static int listening_write(git_smart_subtransport_stream *stream, const char *buffer, size_t len)
{
	struct listening *listening = (struct listening *)stream;

	return listening->real->write(listening->real, buffer, len);
}

static void listening_free(git_smart_subtransport_stream *stream)
{
	struct listening *listening = (struct listening *)stream;

	listening->real->free(listening->real);
	free(listening);
}

static int wire_action(git_smart_subtransport_stream **out, git_smart_subtransport *transport,
	const char *url, git_smart_service_t action)
{
	struct fp_wire *wire = (struct fp_wire *)transport;
	struct listening *listening;
	int rc = wire->real->action(out, wire->real, url, action);

	if (rc < 0 || action != GIT_SERVICE_UPLOADPACK_LS)
		return rc;
	free(wire->url);
	wire->url = strdup(url);
	listening = calloc(1, sizeof(*listening));
	if (!wire->url || !listening) {
		(*out)->free(*out);
		free(listening);
		git_error_set_oom();
		return -1;
	}
	listening->parent = (git_smart_subtransport_stream){
		transport, listening_read, listening_write, listening_free};
	listening->real = *out;
	listening->wire = wire;
	fp_buf_clear(&wire->advertisement);
	*out = &listening->parent;
	return 0;
}

static int wire_close(git_smart_subtransport *transport)
{
	struct fp_wire *wire = (struct fp_wire *)transport;

	return wire->real->close(wire->real);
}

/* The wire itself is the caller's. */
static void wire_free(git_smart_subtransport *transport)
{
	struct fp_wire *wire = (struct fp_wire *)transport;

	if (wire->real)
		wire->real->free(wire->real);
	wire->real = NULL;
}

static int adopt(struct fp_wire *wire, git_smart_subtransport **out, int rc)
{
	if (rc < 0)
		return rc;
	wire->parent = (git_smart_subtransport){wire_action, wire_close, wire_free};
	wire->spoken = false;
	*out = &wire->parent;
	return 0;
}

static int make_http(git_smart_subtransport **out, git_transport *owner, void *context)
{
	struct fp_wire *wire = context;

	wire->stateless = true;
	return adopt(wire, out, git_smart_subtransport_http(&wire->real, owner, NULL));
}

static int make_git(git_smart_subtransport **out, git_transport *owner, void *context)
{
	struct fp_wire *wire = context;

	return adopt(wire, out, git_smart_subtransport_git(&wire->real, owner, NULL));
}

static int make_ssh(git_smart_subtransport **out, git_transport *owner, void *context)
{
	struct fp_wire *wire = context;

	return adopt(wire, out, git_smart_subtransport_ssh(&wire->real, owner, NULL));
}

/* `host:path` and `user@host:path`, as git takes them: a colon before the first slash. */
static bool is_scp_like(const char *url)
{
	size_t len = strcspn(url, ":/");

	return url[len] == ':' && strncmp(url + len, "://", 3) != 0;
}

static int make_local(git_smart_subtransport **out, git_transport *owner, void *context)
{
	struct fp_wire *wire = context;

	return adopt(wire, out, fp_local_subtransport(&wire->real, wire->path));
}

int fp_wire_transport(git_transport **out, git_remote *remote, struct fp_wire *wire)
{
	static const struct {
		const char *scheme;
		git_smart_subtransport_cb make;
		unsigned stateless;
	} rows[] = {
		{"http://", make_http, 1},
		{"https://", make_http, 1},
		{"git://", make_git, 0},
		{"ssh://", make_ssh, 0},
		{"git+ssh://", make_ssh, 0},
		{"ssh+git://", make_ssh, 0},
	};
	const char *url = git_remote_url(remote);

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		git_smart_subtransport_definition definition = {
			rows[i].make, rows[i].stateless, wire};

		if (strncasecmp(url, rows[i].scheme, strlen(rows[i].scheme)) == 0)
			return git_transport_smart(out, remote, &definition);
	}
	if (fp_local_path(url, wire->path)) {
		git_smart_subtransport_definition definition = {make_local, 0, wire};

		return git_transport_smart(out, remote, &definition);
	}
	if (is_scp_like(url)) {
		git_smart_subtransport_definition definition = {make_ssh, 0, wire};

		return git_transport_smart(out, remote, &definition);
	}
	return git_transport_new(out, remote, url);
}

bool fp_wire_offers(const struct fp_wire *wire, const char *capability)
{
	struct fp_str all = fp_buf_str(&wire->advertisement);
	const char *at = all.len ? memchr(all.ptr, '\0', all.len) : NULL;
	const char *end = at ? memchr(at, '\n', all.len - (size_t)(at - all.ptr)) : NULL;
	size_t len = strlen(capability);

	if (!wire->real || !end)
		return false;
	while (at < end) {
		const char *word = ++at;

		while (at < end && *at != ' ')
			at++;
		if ((size_t)(at - word) == len && memcmp(word, capability, len) == 0)
			return true;
	}
	return false;
}

int fp_wire_open(struct fp_wire *wire, git_smart_subtransport_stream **stream)
{
	wire->spoken = true;
	return wire->real->action(stream, wire->real, wire->url, GIT_SERVICE_UPLOADPACK);
}

/* A stateful connection has one stream, which libgit2 frees with the listening one. */
void fp_wire_close(struct fp_wire *wire, git_smart_subtransport_stream *stream)
{
	if (wire->stateless)
		stream->free(stream);
}
