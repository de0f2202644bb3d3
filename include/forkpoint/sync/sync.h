#pragma once
/*
 * Synchronisation: one source per repository and per feed, each looked at when it is due, a few at
 * a time. A job writes what it learns to the store, builds the next snapshot from the last one, and
 * publishes it. This is the layer that logs what went wrong with the world outside.
 */
#include "forkpoint/config/config.h"
#include "forkpoint/core/outside.h"
#include "forkpoint/store/snapshot.h"

struct fp_sync;

struct fp_sync_options {
	const char *data_dir;
	const char *program; /* path of this binary, for the mirror's worker process */
	/* Called on a job's thread whenever tickets were settled or a snapshot was published. */
	void (*woken)(void *context);
	void *context;
};

/* What answers depend on, out of a configuration; NULL when out of memory. */
struct fp_settings *fp_settings_from_config(const struct fp_config *config);
/* The same out of a configuration as fp_config_print wrote it; NULL when it is none. */
struct fp_settings *fp_settings_from_text(struct fp_str text);

/*
 * Loads what the store has and publishes it, so that serving begins with the state of the last run;
 * then starts looking. config must outlive the sync (or the reload that replaces it).
 */
int fp_sync_start(const struct fp_sync_options *options, const struct fp_config *config,
	struct fp_publisher *publisher, struct fp_sync **sync, struct fp_error *error);
/* Cancels what is under way, settles all tickets, and waits for the threads. */
void fp_sync_stop(struct fp_sync *sync);
/* Goes on with another configuration; serving is not interrupted. On failure the old one stays in
 * force. */
int fp_sync_reload(struct fp_sync *sync, const struct fp_config *config, struct fp_error *error);

/* What the service asks of us. */
struct fp_outside fp_sync_outside(struct fp_sync *sync);
