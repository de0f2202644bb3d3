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
	FP_AS_OF_UNKNOWN_REPOSITORY,
};

/*
 * The repository's world at that moment; to be asked like any snapshot and given back with
 * fp_as_of_leave, while the worker stays in `now`. Worlds are remembered: asking again is cheap.
 * The time is exact to the microsecond. *first_us gets the first moment that can be asked about.
 */
int fp_as_of_enter(struct fp_worker *worker, const struct fp_snapshot *now, struct fp_str repo,
	int64_t at_us, enum fp_as_of_result *result, const struct fp_snapshot **world,
	int64_t *first_us, struct fp_error *error);
void fp_as_of_leave(struct fp_worker *worker, const struct fp_snapshot *world);
