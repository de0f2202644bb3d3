#pragma once
/*
 * The watch: a thread that tells what happened. Whenever a snapshot was published it reads the
 * facts that are new, asks what the tips of tracked branches get now, and keeps the events, in the
 * database for those who come back and in memory for those who listen.
 */
#include "forkpoint/service/service.h"
#include "forkpoint/store/events.h"

struct fp_watch;

struct fp_watch_options {
	const struct fp_service *service; /* must outlive the watch */
	/* On the watch's thread: there are new events. */
	void (*told)(void *context);
	/* When it cannot read or keep them, and once when it can again (error NULL). */
	void (*trouble)(void *context, const struct fp_error *error);
	void *context;
};

int fp_watch_start(
	const struct fp_watch_options *options, struct fp_watch **watch, struct fp_error *error);
void fp_watch_stop(struct fp_watch *watch);
/* A snapshot was published. Any thread; returns at once. */
void fp_watch_look(struct fp_watch *watch);

/* ---- for listeners; any thread, memory only ---- */

enum { FP_WATCH_LISTENERS_MAX = 1000 };

/* Counts a listener; false when there are too many. */
bool fp_watch_join(struct fp_watch *watch);
void fp_watch_leave(struct fp_watch *watch);

/* The number of the newest event, 0 = none. */
int64_t fp_watch_last_event(const struct fp_watch *watch);
/*
 * Calls `row` for the events behind *after, oldest first, until it returns something else than 0,
 * and moves *after on. 1 when events behind *after are not in memory any more: read the database.
 */
int fp_watch_read(const struct fp_watch *watch, int64_t *after, fp_event_fn *row, void *context);
/* Events behind `after` from the database, oldest first. Not for event loops. */
int fp_service_list_events(struct fp_worker *worker, int64_t after, unsigned limit,
	fp_event_fn *row, void *context, struct fp_error *error);
