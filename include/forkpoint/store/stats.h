#pragma once
/* Numbers about past answers, from the sums that the recorder keeps: no request is read. */
#include "forkpoint/store/store.h"

enum fp_stats_by {
	FP_STATS_BY_REPO = 1,
	FP_STATS_BY_BRANCH = 2,
	FP_STATS_BY_VERSION = 4,
	FP_STATS_BY_OUTCOME = 8,
	FP_STATS_BY_CLIENT = 16,
};

struct fp_stats_query {
	struct fp_str repo; /* empty: all together */
	unsigned by;	    /* bits of enum fp_stats_by: what is told apart */
	bool daily;	    /* buckets of a day, else of an hour; whole ones, in UTC */
	int64_t since_us;   /* the bucket that holds it is the first */
	int64_t until_us;   /* buckets that begin then or later are left out */
	uint64_t offset;    /* rows to pass over */
	uint32_t limit;
};

struct fp_stats_row {
	int64_t bucket_s; /* its begin */
	/* Empty where they are not told apart. */
	struct fp_str repo, branch, version, outcome, client;
	uint64_t requests;
	uint32_t p50_us, p90_us, p99_us; /* of the answers' durations, within seven per cent */
};

/* Oldest first; slices live until the callback returns. A negative value from it ends the list and
 * is returned. *more: there are rows behind the limit. -FP_ERROR_LIMIT: one bucket has more rows
 * than can be told apart. */
typedef int fp_stats_fn(void *context, const struct fp_stats_row *row);
int fp_store_list_stats(struct fp_store *store, const struct fp_stats_query *query,
	fp_stats_fn *row, void *context, bool *more, struct fp_error *error);
