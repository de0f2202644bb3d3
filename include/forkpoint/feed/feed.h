#pragma once
/*
 * A feed is where packages are listed: NuGet v3, v2, or a folder. This header is the layer's whole
 * face; what lies behind it (service indexes, registrations, Atom pages) never leaves the layer.
 *
 * A struct fp_feed belongs to one thread at a time. Looking blocks; it keeps to the deadlines of
 * its options and returns soon after *options.cancelled becomes true. The process must ignore
 * SIGPIPE: TLS writes to connections that peers have closed.
 */
#include "forkpoint/base/buf.h"
#include "forkpoint/base/error.h"
#include "forkpoint/base/str.h"
#include "forkpoint/base/texts.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The deepest that options may let a document be. */
enum { FP_FEED_DEPTH_MAX = 1000 };

enum fp_feed_kind { FP_FEED_AUTO, FP_FEED_V3, FP_FEED_V2, FP_FEED_FOLDER };

/* Strings are borrowed for the feed's life; NULL where absent. */
struct fp_feed_options {
	const char *name; /* for error texts */
	const char *url;
	enum fp_feed_kind kind;
	const char *username, *password; /* sent at once, only to url's own origin */
	const char *ca_file, *proxy;
	int64_t connect_timeout_us, first_byte_timeout_us, stall_timeout_us, total_timeout_us;
	uint64_t max_document_bytes;
	uint64_t max_versions;
	uint64_t max_pages;
	uint64_t max_depth;	      /* of a document's nesting; at most FP_FEED_DEPTH_MAX */
	const atomic_bool *cancelled; /* may be NULL */
};

enum fp_listed { FP_LISTED_UNKNOWN, FP_LISTED_YES, FP_LISTED_NO };

struct fp_listed_version {
	struct fp_str text; /* as the feed writes it, letter for letter */
	enum fp_listed listed;
	int64_t published_us; /* -1 = the feed does not say */
};

/* What one look found. */
struct fp_listing {
	struct fp_listed_version
		*versions; /* one per NuGet version (same key: see
			    * fp_version_key), in fp_version_text_compare's order */
	size_t count;
	bool complete;		 /* every page was read: what is missing is really not listed */
	char *download;		 /* URL template with {id-lower} and {version-lower}, or NULL */
	const char *source;	 /* "flat-container", "registration", "v2", "folder", … static */
	struct fp_texts *memory; /* private: what the slices point into */
};

void fp_listing_release(struct fp_listing *listing);

/* Outcomes of fp_feed_look. */
enum {
	FP_FEED_UNCHANGED = 1,	/* as at the last look; listing untouched */
	FP_FEED_NO_PACKAGE = 2, /* the feed answered, and knows no such package */
};

struct fp_feed_report {
	unsigned requests;
	uint64_t bytes;
	int64_t retry_after_us; /* span that the feed asked us to wait, 0 = it did not; also set on
				 * failure */
	char protocol[24];	/* "v3", "v2", "folder": what was found out; "" = not yet known */
	char note[256]; /* what an operator should know: resources disagree, …; or empty */
};

struct fp_feed;

/* -FP_ERROR_INVALID for a URL that no protocol takes. Does not touch the network. */
int fp_feed_new(
	const struct fp_feed_options *options, struct fp_feed **feed, struct fp_error *error);
void fp_feed_free(struct fp_feed *feed);
FP_DEFINE_CLEANUP(struct fp_feed *, fp_feed_free)

/* Whether looks ask every resource, and without validators, past caches on the way: what somebody
 * wants who doubts what he is shown. An unchanged body is none the less no change. */
void fp_feed_ask_anew(struct fp_feed *feed, bool anew);

/*
 * Looks at one package. 0 with *listing (release it), an outcome above, or an error:
 * -FP_ERROR_DENIED credentials, -FP_ERROR_TIMEOUT, -FP_ERROR_UNAVAILABLE network or 5xx or 429,
 * -FP_ERROR_INVALID not what the protocol says, -FP_ERROR_LIMIT, -FP_ERROR_CANCELLED.
 * Validators and body hashes are kept in *feed between looks; a fresh fp_feed asks unconditionally.
 */
int fp_feed_look(struct fp_feed *feed, const char *package_id, struct fp_listing *listing,
	struct fp_feed_report *report, struct fp_error *error);

/* HEAD on a package file. 0 = can be downloaded; 1 = the feed says it is not there; negative: the
 * feed could not be asked. */
int fp_feed_check_download(struct fp_feed *feed, const char *package_id, struct fp_str version,
	struct fp_error *error);

/* Appends what the feed offers, in lines for an operator: `forkpoint probe-feed`. package_id may
 * be NULL. */
int fp_feed_probe(
	struct fp_feed *feed, const char *package_id, struct fp_buf *out, struct fp_error *error);
