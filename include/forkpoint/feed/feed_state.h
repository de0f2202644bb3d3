#pragma once
/* The inside of a struct fp_feed; private to feed.c, discover.c and probe.c. */
#include "forkpoint/feed/fetch.h"
#include "forkpoint/feed/v3.h"

struct fp_feed {
	struct fp_feed_options options; /* url is the feed's own copy; defaults filled in */
	char *url;
	enum fp_feed_kind kind; /* AUTO until it is found out */
	struct fp_fetcher *fetcher;
	struct fp_v3 *v3;
};
