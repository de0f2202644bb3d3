#pragma once
/*
 * Time travel: the snapshot that this server had at another moment, made again from the facts: refs
 * where they pointed, versions seen, listed and not yet vanished, overrides and configuration as
 * they were in force then. Reads the database: not for event loops.
 */
#include "forkpoint/service/service.h"

enum fp_as_of_result {
	FP_AS_OF_OK,
	FP_AS_OF_BEFORE_RECORDS, /* nothing was known of the repository, or of its package, then */
	FP_AS_OF_UNKNOWN_REPOSITORY, /* it is not tracked now, so its commits are not at hand */
	FP_AS_OF_NOT_READY,	     /* its commits are being read */
	FP_AS_OF_OTHER_SOURCES,	     /* then, other settings said how commits' trees are read */
};

/*
 * The repository's world at that moment; to be asked like any snapshot, with that moment as the
 * time, and given back with fp_as_of_leave, while the worker stays in `now`. Worlds are remembered:
 * asking again is cheap. The time is exact to the microsecond. *first_us gets the first moment that
 * can be asked about, -1 = none. Versions that were seen only later are in it as not-yet-seen.
 */
int fp_as_of_enter(struct fp_worker *worker, const struct fp_snapshot *now, struct fp_str repo,
	int64_t at_us, enum fp_as_of_result *result, const struct fp_snapshot **world,
	int64_t *first_us, struct fp_error *error);
/* The same without versions that were seen later: answers come out as they did then. */
int fp_as_of_enter_then(struct fp_worker *worker, const struct fp_snapshot *now, struct fp_str repo,
	int64_t at_us, enum fp_as_of_result *result, const struct fp_snapshot **world,
	int64_t *first_us, struct fp_error *error);
void fp_as_of_leave(struct fp_worker *worker, const struct fp_snapshot *world);

/* ---- worlds that are remembered, shared by all workers ---- */

struct fp_worlds;
struct fp_worlds *fp_worlds_new(void);
void fp_worlds_free(struct fp_worlds *worlds);

struct fp_worlds_count {
	uint64_t found, made;
	size_t held;
};

void fp_worlds_measure(struct fp_worlds *worlds, struct fp_worlds_count *count);
