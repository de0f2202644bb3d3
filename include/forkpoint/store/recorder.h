#pragma once
/*
 * The recorder: the thread that drains the journal into the database every few milliseconds while
 * there is something to drain, and checkpoints the database from a second thread and connection.
 */
#include "forkpoint/store/journal.h"

struct fp_recorder;

/* Called on the recorder's thread when draining fails, and once when it works again (error NULL).
 */
typedef void fp_recorder_trouble_fn(void *context, const struct fp_error *error);

/* Drains what is there, then starts the threads. */
int fp_recorder_start(struct fp_journal *journal, const char *data_dir,
	fp_recorder_trouble_fn *trouble, void *context, struct fp_recorder **recorder,
	struct fp_error *error);
/* Drains the rest and stops. */
void fp_recorder_stop(struct fp_recorder *recorder);
/* Asks for a drain now; returns at once. Any thread. */
void fp_recorder_hurry(struct fp_recorder *recorder);
