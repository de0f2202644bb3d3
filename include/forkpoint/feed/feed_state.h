#pragma once
/* The inside of a struct fp_feed; private to feed.c, discover.c, available.c and probe.c. */
#include "forkpoint/feed/fetch.h"
#include "forkpoint/feed/folder.h"
#include "forkpoint/feed/v2.h"
#include "forkpoint/feed/v3.h"

/* What the last listing of one id said beside its versions. */
struct fp_feed_remembered {
	char *id;
	char *download; /* URL template, NULL = none */
	char note[256]; /* holds as long as the listing is unchanged */
};

struct fp_feed {
	struct fp_feed_options options; /* url is the feed's own copy; defaults filled in */
	char *url;			/* absolute: http, https or file */
	enum fp_feed_kind kind;		/* AUTO until it is found out */
	struct fp_fetcher *fetcher;
	/* of the protocol that was found out */
	struct fp_v3 *v3;
	struct fp_v2 *v2; /* also for a v3 feed that only has a LegacyGallery */
	char *v2_url;	  /* v2's base */
	struct fp_folder *folder;
	struct fp_feed_remembered *remembered;
	size_t remembered_count, remembered_capacity;
};

/*
 * Finds out the protocol where it is not known yet, and makes the protocol's part. package_id,
 * which may be NULL, lets a v2 feed be asked that has nothing at its root. -FP_ERROR_INVALID when
 * nothing there speaks a protocol of NuGet's.
 */
int fp_feed_discover(struct fp_feed *feed, const char *package_id, struct fp_error *error);
/* -FP_ERROR_INVALID: a v3 feed without any resource that lists versions. */
int fp_feed_offers_nothing(const struct fp_feed *feed, struct fp_error *error);
/* What is remembered of the package, NULL = nothing. */
struct fp_feed_remembered *fp_feed_recall(const struct fp_feed *feed, const char *package_id);
