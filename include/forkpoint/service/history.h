#pragma once
/* The record of answers as dashboards read it. Functions here read the database and may wait. */
#include "forkpoint/service/service.h"
#include "forkpoint/store/history_list.h"
#include "forkpoint/store/stats.h"

/* Waits until what was answered before the call is in the database, so that it is found by what is
 * read next; at most a second, for a recorder in trouble says so elsewhere. */
void fp_service_history_wait(struct fp_worker *worker);

/* As fp_store_has_records. */
int fp_service_has_records(
	struct fp_worker *worker, struct fp_str repo, bool *found, struct fp_error *error);

/* As fp_store_list_history. */
int fp_service_history_list(struct fp_worker *worker, const struct fp_history_query *query,
	fp_history_fn *row, void *context, uint64_t *next, struct fp_error *error);

/* As fp_store_list_stats. */
int fp_service_stats(struct fp_worker *worker, const struct fp_stats_query *query, fp_stats_fn *row,
	void *context, bool *more, struct fp_error *error);
