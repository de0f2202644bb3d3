/* The record of answers as dashboards read it. */
#include "forkpoint/service/history.h"

#include "forkpoint/base/time.h"

#include "worker.h"

#include <time.h>

#define PATIENCE_US FP_US_PER_S

void fp_service_history_wait(struct fp_worker *worker)
{
	const struct timespec moment = {.tv_nsec = 500 * 1000};
	struct fp_journal *journal = worker->service->journal;
	uint64_t mark = fp_journal_mark(journal);
	int64_t until_us = fp_clock_monotonic_us() + PATIENCE_US;

	while (!fp_journal_is_past(journal, mark) && worker->service->recorder &&
		fp_clock_monotonic_us() < until_us) {
		fp_recorder_hurry(worker->service->recorder);
		nanosleep(&moment, NULL);
	}
}

int fp_service_has_records(
	struct fp_worker *worker, struct fp_str repo, bool *found, struct fp_error *error)
{
	int r = fp_worker_open_store(worker, error);

	return r < 0 ? r : fp_store_has_records(worker->store, repo, found, error);
}

int fp_service_history_list(struct fp_worker *worker, const struct fp_history_query *query,
	fp_history_fn *row, void *context, uint64_t *next, struct fp_error *error)
{
	int r = fp_worker_open_store(worker, error);

	return r < 0 ? r : fp_store_list_history(worker->store, query, row, context, next, error);
}
