#pragma once
/* A configured feed, opened: its options out of the settings, and its secrets. */
#include "forkpoint/config/config.h"
#include "forkpoint/feed/feed.h"
#include "forkpoint/feed/nuget_config.h"

struct fp_feed_connection {
	struct fp_feed *feed; /* NULL = closed */
	struct fp_feed_options options;
	struct fp_buf password;
	struct fp_nuget_source nuget; /* of nuget_config; empty otherwise */
};

/*
 * Reads the feed's secrets and makes the feed; nothing if it is open. config must outlive the
 * connection; cancelled may be NULL. Does not touch the network. After an error, too, it is the
 * caller's to close. -FP_ERROR_DENIED, -FP_ERROR_INVALID.
 */
int fp_feed_connection_open(struct fp_feed_connection *connection,
	const struct fp_config_feed *config, const atomic_bool *cancelled, struct fp_error *error);
/* Also of one that starts zeroed. The password is wiped. */
void fp_feed_connection_close(struct fp_feed_connection *connection);
