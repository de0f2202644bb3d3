#pragma once
/* Reading through all that the data folder's databases and journal hold, changing nothing. */
#include "forkpoint/store/store.h"

/* What was found wrong: a sentence. */
typedef void fp_verify_problem_fn(void *context, const char *text);

struct fp_verified {
	uint64_t answers; /* whose documents fit their hashes */
	uint64_t lost;	  /* whose documents went with the machine; no problem, but a pity */
	uint64_t requests;
	uint64_t journal; /* records that only the journal holds */
	uint64_t sampled; /* answers that were put together again as they were given */
	uint64_t problems;
};

/*
 * facts.db: its pages, its references, each answer's document against its hash, and `sample` past
 * requests, spread over all there are, put together again and held against what is said of them.
 * derived.db: its pages and their checksums. The journal: whether it can be read. Beside a running
 * Forkpoint or without. 0 also when there are problems; they are told and counted.
 */
int fp_store_verify(const char *data_dir, uint64_t sample, fp_verify_problem_fn *problem,
	void *context, struct fp_verified *verified, struct fp_error *error);
