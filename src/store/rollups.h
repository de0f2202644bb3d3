#pragma once
/* Sums of requests by time and by what was asked; see migrations/0002_history.sql. */
#include "forkpoint/store/store.h"

enum fp_rollup_kind {
	FP_ROLLUP_REPO_HOUR = 1,
	FP_ROLLUP_TOPIC_HOUR,
	FP_ROLLUP_REPO_DAY,
	FP_ROLLUP_TOPIC_DAY,
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

/* One request, as sums have it. */
struct fp_rolled {
	int64_t hour; /* since 1970 */
	int64_t topic, repo_topic, client;
	uint32_t duration_us;
};

/* The hour of a moment. */
int64_t fp_rollup_hour(int64_t at_us);
/* Adds requests to the sums, within the caller's transaction. Puts items into another order. */
int fp_rollups_add(
	struct fp_store *store, struct fp_rolled *items, size_t count, struct fp_error *error);
/* Adds some of the requests that came before there were sums; *done when none is left. Within the
 * caller's transaction. */
int fp_rollups_catch_up(struct fp_store *store, bool *done, struct fp_error *error);
