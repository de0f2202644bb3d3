#pragma once
/* Sums of requests by time and by what was asked; see migrations/0002_history.sql. */
#include "forkpoint/store/store.h"

/* Kinds by the hour; FP_ROLLUP_DAYS more is the same by the day. */
enum fp_rollup_kind {
	FP_ROLLUP_REPO = 1,
	FP_ROLLUP_REPO_CLIENT,
	FP_ROLLUP_TOPIC,
	FP_ROLLUP_TOPIC_CLIENT,
	FP_ROLLUP_DAYS = 4,
};

enum { FP_HOUR_S = 3600, FP_DAY_S = 86400, FP_DAY_HOURS = 24 };

/* One request, as sums have it. */
struct fp_rolled {
	int64_t hour; /* since 1970 */
	int64_t topic, repo_topic, client;
	uint32_t duration_us;
};

/* The hour of a moment; before 1970 too. */
int64_t fp_rollup_hour(int64_t at_us);
/* Adds requests to the sums, within the caller's transaction. Puts items into another order. */
int fp_rollups_add(
	struct fp_store *store, struct fp_rolled *items, size_t count, struct fp_error *error);
/* Adds some of the requests that came before there were sums; *done when none is left. Within the
 * caller's transaction. */
int fp_rollups_catch_up(struct fp_store *store, bool *done, struct fp_error *error);
