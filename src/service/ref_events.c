/* How a repository's refs moved, for whoever wonders why an answer changed. */
#include "worker.h"

#include <stdlib.h>

int fp_service_ref_events(struct fp_worker *worker, const struct fp_snapshot_repository *repository,
	unsigned limit, fp_ref_event_fn *row, void *context, struct fp_error *error)
{
	FP_CLEANUP_FREE char *name = fp_str_dup(repository->settings->name);
	int64_t id;
	int r = name ? fp_worker_open_store(worker, error) : fp_error_memory(error);

	if (r >= 0)
		r = fp_store_repository_id(worker->store, name, &id, error);
	if (r >= 0)
		r = fp_store_list_ref_events(
			worker->store, id, INT64_MAX, limit, row, context, error);
	return r;
}
