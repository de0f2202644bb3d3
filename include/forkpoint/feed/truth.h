#pragma once
/*
 * From listings to truth: what a look says about versions that were seen before. Pure. A version's
 * life is a series of events, never overwritten; a version vanishes only when two complete
 * listings in a row lack it, and never because of an empty list after a full one.
 */
#include "forkpoint/feed/feed.h"

enum fp_version_event_kind {
	FP_VERSION_SEEN = 1, /* for the first time */
	FP_VERSION_LISTED,   /* was unlisted, is listed again */
	FP_VERSION_UNLISTED,
	FP_VERSION_VANISHED,
	FP_VERSION_RETURNED, /* had vanished, is back (listed or not: a second event says unlisted)
			      */
};

const char *fp_version_event_name(enum fp_version_event_kind kind);

/* What is known of one version from its events so far. */
struct fp_known_version {
	struct fp_str text;
	bool unlisted;
	bool vanished;
	unsigned missed;      /* complete listings in a row that lacked it */
	int64_t published_us; /* -1 = not known */
};

struct fp_version_change {
	enum fp_version_event_kind kind;
	uint32_t known;	 /* index into known, UINT32_MAX for a version that is new: its
			  * FP_VERSION_SEEN, and the FP_VERSION_UNLISTED that can follow */
	uint32_t listed; /* index into the listing, UINT32_MAX for FP_VERSION_VANISHED */
};

struct fp_truth {
	struct fp_version_change *changes; /* in the listing's order, vanished ones last */
	size_t change_count;
	unsigned *missed; /* per known version: its new count */
	bool suspicious;  /* an empty or incomplete list after a full one: nothing was deleted,
			   * and the feed counts as stale */
	char reason[160]; /* of suspicious, one sentence */
};

/*
 * known: in fp_version_text_compare's order, one per NuGet version. listing: as fp_feed_look gave
 * it. Versions match by fp_version_key; a change of mere spelling is no event. -FP_ERROR_MEMORY.
 */
int fp_truth_apply(const struct fp_known_version *known, size_t known_count,
	const struct fp_listing *listing, struct fp_truth *truth, struct fp_error *error);
void fp_truth_release(struct fp_truth *truth);
