/* Numbers about past answers. */
#include "forkpoint/service/history.h"

#include "worker.h"

int fp_service_stats(struct fp_worker *worker, const struct fp_stats_query *query, fp_stats_fn *row,
	void *context, bool *more, struct fp_error *error)
{
	int r = fp_worker_open_store(worker, error);

	return r < 0 ? r : fp_store_list_stats(worker->store, query, row, context, more, error);
}
