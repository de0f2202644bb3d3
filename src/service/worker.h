#pragma once
/* What a calling thread keeps between questions; this layer's files alone look inside. */
#include "forkpoint/service/service.h"

struct fp_worker {
	const struct fp_service *service;
	struct fp_reader *reader;
	struct fp_scratch scratch;
	struct fp_store *store; /* read-only, opened when first needed */
};

/* Opens worker->store if it is not open yet. */
int fp_worker_open_store(struct fp_worker *worker, struct fp_error *error);
