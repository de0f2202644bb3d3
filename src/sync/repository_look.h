#pragma once
/* What the files about one look at a repository share. */
#include "sources.h"

#include "forkpoint/mirror/fetch.h"

/* What one look carries along. */
struct fp_look {
	struct fp_sync *sync;
	struct fp_repository_source *source;
	struct fp_waiting_looks *waiting;
	struct fp_oid *wants; /* the whole commit ids among them, each once */
	size_t want_count;
	struct fp_mirror *mirror;      /* refs and commits */
	struct fp_mirror *blob_mirror; /* version files, while the other walks */
	struct fp_mirror_refs refs;
	struct fp_oid *tips; /* of all that is to be reachable behind this look */
	size_t tip_count;
	bool was_reachable;	 /* every commit that the graph had before this look */
	struct fp_oid *arrivals; /* of the wants: here now, and none of the tips leads to them */
	size_t arrival_count;
	int64_t started_us, logged_us;
};

/* ---- repository_commits.c ---- */

int fp_look_list_wants(struct fp_look *look, struct fp_error *error);
/* Appends to the graph what refs lead to, and what somebody waits for, and is not there yet. */
int fp_look_read_commits(struct fp_look *look, struct fp_error *error);
/* Keeps the arrivals for ever, and writes since when they are here. */
int fp_look_store_arrivals(struct fp_look *look, struct fp_error *error);

/* ---- repository_progress.c ---- */

void fp_look_set_progress(struct fp_look *look, enum fp_repository_phase phase, uint64_t done,
	uint64_t total, uint64_t bytes);
void fp_look_on_fetch(void *context, const struct fp_fetch_progress *progress);
void fp_look_on_read(void *context, uint64_t read, uint64_t emitted, uint64_t total);

/* ---- repository_rescue.c ---- */

/* What stands between a mirror's path and the time when it was set aside. */
#define FP_SET_ASIDE ".damaged-"

/* Removes those that were set aside but for the newest, or they would fill the disk. */
void fp_look_forget_asides(const struct fp_repository_source *source);
/* Brings what only a mirror that was set aside has. What cannot be had is no error. */
int fp_look_rescue(struct fp_look *look, struct fp_error *error);

/* ---- repository_refs.c ---- */

struct fp_ref_events {
	struct fp_ref_event *items; /* free() it; the names are the rows' and the mirror's */
	size_t count;
};

/* What happened to which ref since the last look that was written. */
int fp_look_compare_refs(
	struct fp_look *look, struct fp_ref_events *events, struct fp_error *error);
/* Keeps in the mirror what the events let go of; see there. */
int fp_look_keep_old_tips(
	struct fp_look *look, const struct fp_ref_events *events, struct fp_error *error);
int fp_look_store_refs(
	struct fp_look *look, const struct fp_ref_events *events, struct fp_error *error);
