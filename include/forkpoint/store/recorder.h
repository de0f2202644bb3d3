#pragma once
/*
 * The recorder: the thread that drains the journal into the database every few milliseconds while
 * there is something to drain, and checkpoints the database from a second thread and connection.
 */
#include "forkpoint/store/journal.h"
#include "forkpoint/store/retention.h"

struct fp_recorder;

/* How the recorder is, as of its last look, once a second. */
struct fp_recorder_state {
	uint64_t disk_free_bytes, disk_wanted_bytes; /* where the database is */
	bool disk_low; /* fewer than wanted: what the journal holds may not fit */
	struct fp_checkpoint log;
	bool log_held; /* a reader that goes on and on makes the database's log grow */
	bool failing;  /* the last drain failed */
};

/* What is told to whoever started it; members may be NULL. */
struct fp_recorder_listener {
	/* On the draining thread: when draining or deleting fails, and once when draining works
	 * again (error NULL). */
	void (*trouble)(void *context, const struct fp_error *error);
	/* On the other thread: when disk_low or log_held has turned. */
	void (*turned)(void *context, const struct fp_recorder_state *state,
		const struct fp_recorder_state *before);
	void *context;
};

/* Drains what is there, then starts the threads. */
int fp_recorder_start(struct fp_journal *journal, const char *data_dir,
	const struct fp_recorder_listener *listener, struct fp_recorder **recorder,
	struct fp_error *error);
/* From now on answers that are older, or more than that many bytes, are deleted, between drains;
 * nothing is before the first call. Any thread. */
void fp_recorder_set_limits(struct fp_recorder *recorder, int64_t keep_us, uint64_t max_bytes);
/* Any thread. */
void fp_recorder_measure(struct fp_recorder *recorder, struct fp_recorder_state *state);
/* Drains the rest and stops. */
void fp_recorder_stop(struct fp_recorder *recorder);
/* Asks for a drain now; returns at once. Any thread. */
void fp_recorder_hurry(struct fp_recorder *recorder);
