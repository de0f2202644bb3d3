#pragma once
/* The history as lists: past requests by what they asked and got. */
#include "forkpoint/store/history.h"

/* Every condition that is set must hold; empty texts and -1 are not set. */
struct fp_history_query {
	struct fp_str repo, branch, version, outcome, build, client;
	struct fp_str sha;	    /* full, or a prefix */
	int64_t since_us, until_us; /* since included, until not; -1 */
	uint64_t before; /* the cursor: only requests with a lower id; 0 = from the newest on */
	unsigned limit;
	bool documents; /* whether rows bring the answer's document (holes blank) */
};

/* Newest first; slices live until the callback returns. A negative value from it ends the list and
 * is returned. Reading is bounded by time: *next gets the id to go on before, 0 when there is
 * nothing older. */
typedef int fp_history_fn(void *context, const struct fp_record *record);
int fp_store_list_history(struct fp_store *store, const struct fp_history_query *query,
	fp_history_fn *row, void *context, uint64_t *next, struct fp_error *error);
