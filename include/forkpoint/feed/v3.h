#pragma once
/* A v3 feed: its service index, and a look at one package through its resources. */
#include "forkpoint/feed/fetch.h"
#include "forkpoint/feed/service_index.h"

struct fp_v3;

/* index_url is copied; options and fetcher must outlive the feed. NULL when out of memory. */
struct fp_v3 *fp_v3_new(
	const struct fp_feed_options *options, struct fp_fetcher *fetcher, const char *index_url);
/* A view of one resource alone of an index that was read before: for the probe. */
struct fp_v3 *fp_v3_new_single(const struct fp_feed_options *options, struct fp_fetcher *fetcher,
	const struct fp_service_index *index, enum fp_resource resource);
void fp_v3_free(struct fp_v3 *v3);
FP_DEFINE_CLEANUP(struct fp_v3 *, fp_v3_free)
/* Reads the service index if that has not happened for half an hour, or after a failed look. */
int fp_v3_open(struct fp_v3 *v3, struct fp_error *error);
/* After fp_v3_open. */
const struct fp_service_index *fp_v3_index(const struct fp_v3 *v3);
/* 0, FP_FEED_UNCHANGED, FP_FEED_NO_PACKAGE or an error; opened, and with a flat container or
 * registrations. */
int fp_v3_look(struct fp_v3 *v3, const char *package_id, struct fp_listing *listing,
	struct fp_feed_report *report, struct fp_error *error);
/* The URL template of packages in a flat container. malloc'ed, NULL when out of memory. */
char *fp_v3_download_template(const char *flat_container);
