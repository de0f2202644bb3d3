#pragma once
/*
 * What happens to a reply's bytes on their way to a reader: unpacking of gzip that no header
 * announces, counting against the maximum, hashing, holding back, and a look at the first bytes,
 * for a sign-in page is no list of versions. Pure: no I/O.
 */
#include "forkpoint/feed/fetch.h"

struct fp_body;

struct fp_body_options {
	uint64_t max_bytes;
	enum fp_body_kind kind;
	const struct fp_validators *last; /* may be NULL */
	int (*body)(void *context, const char *data, size_t len, struct fp_error *error);
	int (*done)(void *context, struct fp_error *error);
	void *context;
	/* May be NULL. Asked again and again while bytes are unpacked and handed on, for a few that
	 * came can become very many; an error ends it. */
	int (*check)(void *check_context, struct fp_error *error);
	void *check_context;
};

/* NULL when out of memory. */
struct fp_body *fp_body_new(const struct fp_body_options *options);
void fp_body_free(struct fp_body *body);
FP_DEFINE_CLEANUP(struct fp_body *, fp_body_free)
int fp_body_feed(struct fp_body *body, const char *data, size_t len, struct fp_error *error);
/* The body is whole: 0, FP_FETCH_UNCHANGED, or an error. */
int fp_body_finish(struct fp_body *body, struct fp_error *error);
/* After finish. */
struct fp_hash128 fp_body_hash(const struct fp_body *body);
uint64_t fp_body_bytes(const struct fp_body *body); /* decoded so far */
/* A sign-in page can come as a 200 (NUGET.md): whether a body that starts so can be of the kind.
 * 0, -FP_ERROR_DENIED for a sign-in page, -FP_ERROR_INVALID. */
int fp_body_sniff(enum fp_body_kind kind, struct fp_str start, struct fp_error *error);
