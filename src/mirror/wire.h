#pragma once
/*
 * The wire below an upstream: libgit2 makes the connections (TLS, credentials, ssh, redirects) and
 * lists the refs; what is said after that, we say ourselves (upload_pack.h). This file keeps hold
 * of libgit2's subtransport for that, and listens to which capabilities the server offers.
 */
#include "forkpoint/base/buf.h"
#include "forkpoint/base/error.h"

#include <git2.h>
#include <git2/sys/transport.h>
#include <limits.h>

struct fp_wire {
	git_smart_subtransport parent; /* must stand first: libgit2 hands us this one back */
	git_smart_subtransport *real;  /* owned by parent; NULL = libgit2's local transport */
	bool stateless;		       /* http: a request of its own for every question */
	bool spoken;		       /* a stateful connection that was used up */
	struct fp_buf advertisement;   /* its beginning, as far as the capabilities */
	char *url;
	char path[PATH_MAX]; /* of an upstream on this machine */
};

void fp_wire_init(struct fp_wire *wire);
void fp_wire_release(struct fp_wire *wire);

/* libgit2's transport callback; payload is found by the caller (see upstream.c). */
int fp_wire_transport(git_transport **out, git_remote *remote, struct fp_wire *wire);

/* Whether the server offers the capability. */
bool fp_wire_offers(const struct fp_wire *wire, const char *capability);

/* A stream to say something on, after the refs were listed. Release with fp_wire_close. */
int fp_wire_open(struct fp_wire *wire, git_smart_subtransport_stream **stream);
void fp_wire_close(struct fp_wire *wire, git_smart_subtransport_stream *stream);
