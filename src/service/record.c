/* The record of answers: towards the journal, and back from the database. */
#include "worker.h"

uint64_t fp_service_next_id(const struct fp_service *service)
{
	return fp_journal_next_id(service->journal);
}

int fp_service_record(const struct fp_service *service, const struct fp_record *record,
	struct fp_hash128 *hash, struct fp_error *error)
{
	return fp_journal_append(service->journal, record, hash, error);
}

uint64_t fp_service_ask_sync(const struct fp_service *service)
{
	return fp_journal_sync_ask(service->journal);
}

bool fp_service_is_synced(const struct fp_service *service, uint64_t sync)
{
	return fp_journal_is_synced(service->journal, sync);
}

static void hurry(struct fp_worker *worker)
{
	if (worker->service->recorder)
		fp_recorder_hurry(worker->service->recorder);
}

int fp_service_history_get(struct fp_worker *worker, uint64_t id, struct fp_stored_record *stored,
	struct fp_error *error)
{
	/* Asked before reading: what is drained by now is found by the read that follows. */
	bool drained = fp_journal_is_drained(worker->service->journal, id);
	int r = fp_worker_open_store(worker, error);

	if (r >= 0)
		r = fp_store_read_record(worker->store, id, stored, error);
	if (r == 1 && !drained) {
		hurry(worker);
		return 2;
	}
	return r;
}

int fp_service_answer_get(struct fp_worker *worker, struct fp_hash128 hash,
	struct fp_stored_record *stored, struct fp_error *error)
{
	uint64_t waiting, room;
	int r = fp_worker_open_store(worker, error);

	fp_journal_measure(worker->service->journal, &waiting, &room);
	if (r >= 0)
		r = fp_store_read_answer(worker->store, hash, stored, error);
	if (r == 1 && waiting > 0) {
		hurry(worker);
		return 2;
	}
	return r;
}
