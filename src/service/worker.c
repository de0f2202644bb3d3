/* A calling thread's side of the service. */
#include "worker.h"

#include <stdlib.h>

/* Ready is who can record an answer, and a few more. */
enum { JOURNAL_ROOM_MIN_BYTES = 64 << 10 };

int fp_worker_new(
	const struct fp_service *service, struct fp_worker **worker, struct fp_error *error)
{
	struct fp_worker *made = calloc(1, sizeof(*made));

	if (!made)
		return fp_error_memory(error);
	made->service = service;
	made->reader = fp_reader_new(service->publisher);
	if (!made->reader) {
		free(made);
		return fp_error_set(
			error, FP_ERROR_LIMIT, "more than %d reading threads", FP_READERS_MAX);
	}
	*worker = made;
	return 0;
}

void fp_worker_free(struct fp_worker *worker)
{
	if (!worker)
		return;
	fp_reader_free(worker->reader);
	fp_scratch_release(&worker->scratch);
	fp_store_close(worker->store);
	free(worker);
}

int fp_worker_open_store(struct fp_worker *worker, struct fp_error *error)
{
	if (worker->store)
		return 0;
	return fp_store_open(worker->service->data_dir, true, &worker->store, error);
}

const struct fp_snapshot *fp_worker_enter(struct fp_worker *worker)
{
	return fp_reader_enter(worker->reader);
}

const struct fp_snapshot *fp_worker_enter_at(struct fp_worker *worker, int64_t *now_us)
{
	return fp_reader_enter_at(worker->reader, now_us);
}

void fp_worker_leave(struct fp_worker *worker)
{
	fp_reader_leave(worker->reader);
}

void fp_service_readiness(struct fp_worker *worker, const struct fp_snapshot *snapshot,
	struct fp_readiness *readiness)
{
	*readiness = (struct fp_readiness){.repositories = snapshot->settings->repository_count};
	for (size_t i = 0; i < readiness->repositories; i++) {
		const struct fp_snapshot_repository *repository = &snapshot->repositories[i];

		readiness->repositories_ready += repository->branches != NULL;
		for (size_t k = 0; k < repository->settings->package_count; k++) {
			readiness->packages++;
			readiness->packages_ready += repository->packages[k].state != NULL;
		}
	}
	fp_journal_measure(
		worker->service->journal, &readiness->journal_waiting, &readiness->journal_room);
	readiness->journal_full = readiness->journal_room < JOURNAL_ROOM_MIN_BYTES;
	if (worker->service->recorder)
		fp_recorder_measure(worker->service->recorder, &readiness->recorder);
	if (worker->service->unrecorded)
		readiness->unrecorded = atomic_load(&worker->service->unrecorded->count);
	readiness->ready = readiness->repositories_ready == readiness->repositories &&
			   readiness->packages_ready == readiness->packages &&
			   !readiness->journal_full;
}
