#pragma once
/*
 * Sums of requests by time and by what was asked; see migrations/0002_history.sql and
 * 0006_coarser_sums.sql.
 *
 * What comes is counted by topic and hour, told apart by client: these are the *first* sums. All
 * others are made of them when their hour is over; up to where is kept beside them, so that
 * whoever reads them adds the first sums from there on.
 */
#include "forkpoint/store/store.h"

enum fp_rollup_kind {
	FP_ROLLUP_REPO_HOUR = 1,
	FP_ROLLUP_TOPIC_HOUR, /* told apart by client: the first sums */
	FP_ROLLUP_REPO_DAY,
	FP_ROLLUP_TOPIC_DAY,
	FP_ROLLUP_BRANCH_HOUR, /* of a repository's branch and an outcome: all versions together */
	FP_ROLLUP_BRANCH_DAY,
};

enum { FP_ROLLUP_BUCKET_BITS = 24, FP_ROLLUP_TOPIC_BITS = 35 };

/* Buckets before 1970 are that of its first hour or day. */
static inline int64_t fp_rollup_key(enum fp_rollup_kind kind, int64_t bucket, int64_t topic)
{
	int64_t last = (INT64_C(1) << FP_ROLLUP_BUCKET_BITS) - 1;

	bucket = bucket < 0 ? 0 : bucket > last ? last : bucket;
	return ((int64_t)kind << FP_ROLLUP_BUCKET_BITS | bucket) << FP_ROLLUP_TOPIC_BITS | topic;
}

static inline int64_t fp_rollup_bucket(int64_t key)
{
	return key >> FP_ROLLUP_TOPIC_BITS & ((INT64_C(1) << FP_ROLLUP_BUCKET_BITS) - 1);
}

static inline int64_t fp_rollup_topic(int64_t key)
{
	return key & ((INT64_C(1) << FP_ROLLUP_TOPIC_BITS) - 1);
}

/* The next client of a row and its histogram; false at the end, or where the row is damaged: then
 * *clients is not empty. */
bool fp_rollup_next_client(struct fp_str *clients, int64_t *client, struct fp_str *latencies);

enum { FP_HOUR_S = 3600, FP_DAY_S = 86400, FP_DAY_HOURS = 24 };

/* So many requests of one sum and client whose durations lie in one bucket of the histogram. */
struct fp_rollup_cell {
	int64_t key; /* of the sum */
	int64_t client;
	uint32_t bucket, count;
};

/* A request, as the first sums have it. */
struct fp_rollup_cell fp_rollup_cell_of(
	int64_t at_us, int64_t topic, int64_t client, uint32_t duration_us);

/* Which of a sum's rows are meant. */
enum { FP_ROLLUP_WHOLE = 1, FP_ROLLUP_CLIENTS = 2 };

/* Adds to sums of any kind and makes those that are not there; sorts the cells, by key first. */
int fp_rollup_rows_add(struct fp_store *store, unsigned rows, struct fp_rollup_cell *cells,
	size_t count, struct fp_error *error);

/* All within the caller's transaction. */

/* Adds requests to the first sums, and to those that were made of these too early; makes some more
 * of those whose hour is over. Sorts the cells. */
int fp_rollups_add(
	struct fp_store *store, struct fp_rollup_cell *cells, size_t count, struct fp_error *error);
/* Adds some of the requests that came before there were sums; *done when none is left. */
int fp_rollups_catch_up(struct fp_store *store, bool *done, struct fp_error *error);
/* *below: what the first sums with lower keys count is in the sums of that kind, the rest is not.
 */
int fp_rollups_made(
	struct fp_store *store, enum fp_rollup_kind kind, int64_t *below, struct fp_error *error);
