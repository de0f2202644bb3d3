#pragma once
/* A v2 feed: FindPackagesById, page by page. */
#include "forkpoint/feed/fetch.h"

struct fp_v2;

/* base_url is copied; options and fetcher must outlive the feed. NULL when out of memory. */
struct fp_v2 *fp_v2_new(
	const struct fp_feed_options *options, struct fp_fetcher *fetcher, const char *base_url);
void fp_v2_free(struct fp_v2 *v2);
FP_DEFINE_CLEANUP(struct fp_v2 *, fp_v2_free)
/* 0, FP_FEED_UNCHANGED, FP_FEED_NO_PACKAGE or an error. */
int fp_v2_look(struct fp_v2 *v2, const char *package_id, struct fp_listing *listing,
	struct fp_feed_report *report, struct fp_error *error);
