#pragma once
/*
 * Fetching documents, over curl's multi interface (http, https) and plain reads (file).
 *
 * - Credentials go, preemptively, to the configured origin and nowhere else: redirects are followed
 *   by hand, and each hop decides anew.
 * - Every body has a maximum, counted as sent and as decoded; every transfer has deadlines on
 *   connect, first byte, stall and, with all others of its look, the total.
 * - A body up to FP_FETCH_HOLD_BYTES is held back until it is whole, so that an unchanged one (same
 *   hash: some feeds send no validators) is never parsed; a longer one streams to its reader.
 */
#include "forkpoint/base/error.h"
#include "forkpoint/base/hash.h"
#include "forkpoint/feed/feed.h"

enum { FP_FETCH_HOLD_BYTES = 8 << 20, FP_FETCH_SIDE_BY_SIDE = 6, FP_FETCH_REDIRECTS_MAX = 8 };

/* What a document's last body had. Validators are the server's bytes, sent back as they came. */
struct fp_validators {
	char *etag, *last_modified; /* NULL where absent */
	struct fp_hash128 hash;	    /* of the decoded body */
	uint64_t bytes;		    /* decoded */
	bool known;
};

void fp_validators_release(struct fp_validators *validators);
/* Whether the server gave something to ask conditionally with. */
bool fp_validators_can_ask(const struct fp_validators *validators);

enum fp_body_kind { FP_BODY_ANY, FP_BODY_JSON, FP_BODY_XML };

/* Outcomes of one fetch. */
enum {
	FP_FETCH_UNCHANGED =
		1, /* 304, or the same hash: whatever reached the reader is to be dropped */
	FP_FETCH_NOT_FOUND = 2, /* 404, 410; a file that is not there */
	FP_FETCH_EMPTY = 3,	/* 204 */
};

struct fp_fetch {
	/* in */
	const char *url;
	const struct fp_validators *last; /* NULL = ask unconditionally */
	enum fp_body_kind kind;		  /* what the body must look like */
	bool head;
	/* The body, in pieces; then `done` once, when it is whole and is not the last one. Negative
	 * results end the fetch and are its result. */
	int (*body)(void *context, const char *data, size_t len, struct fp_error *error);
	int (*done)(void *context, struct fp_error *error);
	void *context;
	/* out */
	int result; /* 0, an outcome, or a negative error code */
	struct fp_error error;
	struct fp_validators fresh; /* of a body that was read whole; the caller's to release */
	char *final_url;	    /* after redirects; the caller's to free */
	long status;		    /* HTTP status, 0 = none came */
	int64_t elapsed_us;
};

void fp_fetch_release(struct fp_fetch *fetch);

struct fp_fetcher;

/* options must outlive the fetcher. */
int fp_fetcher_new(
	const struct fp_feed_options *options, struct fp_fetcher **fetcher, struct fp_error *error);
void fp_fetcher_free(struct fp_fetcher *fetcher);
FP_DEFINE_CLEANUP(struct fp_fetcher *, fp_fetcher_free)
/* fp_feed_ask_anew's. */
void fp_fetcher_ask_anew(struct fp_fetcher *fetcher, bool anew);
bool fp_fetcher_asks_anew(const struct fp_fetcher *fetcher);
/* Starts the total deadline of a look and clears the counts. */
void fp_fetcher_start(struct fp_fetcher *fetcher);
/*
 * Fetches all, side by side with a bound. 0 when each has its answer (look at each result); the
 * first unexpected error ends the others and is returned.
 */
int fp_fetcher_run(
	struct fp_fetcher *fetcher, struct fp_fetch *fetches, size_t count, struct fp_error *error);
/* Whether a transfer may go on: -FP_ERROR_CANCELLED, -FP_ERROR_TIMEOUT, or 0. */
int fp_fetcher_check(const struct fp_fetcher *fetcher, struct fp_error *error);
unsigned fp_fetcher_requests(const struct fp_fetcher *fetcher);
uint64_t fp_fetcher_bytes(const struct fp_fetcher *fetcher);
int64_t fp_fetcher_retry_after_us(const struct fp_fetcher *fetcher);
