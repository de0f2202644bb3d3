#pragma once
/*
 * Retention: requests that are too old, or more than there is to be room for, are deleted, oldest
 * first, and distinct answers that no request refers to any more after them. What is deleted leaves
 * room in the database's file that new records take; the file does not become shorter. Sums are
 * kept, and so are requests that a sticky answer refers to.
 */
#include "forkpoint/store/journal.h"

struct fp_retention_limits {
	int64_t keep_us;    /* requests older than this go; 0 = none */
	uint64_t max_bytes; /* what the database may hold; 0 = no bound */
};

struct fp_retention;
/* NULL when out of memory. */
struct fp_retention *fp_retention_new(void);
void fp_retention_free(struct fp_retention *retention);

/*
 * A small step, some milliseconds, between two drains on the recorder's thread and connection; the
 * last drain must have succeeded. 1 when the next step should follow soon, 0 when there is nothing
 * to do for a while.
 */
int fp_retention_step(struct fp_retention *retention, struct fp_store *store,
	struct fp_journal *journal, const struct fp_retention_limits *limits, int64_t now_us,
	struct fp_error *error);
