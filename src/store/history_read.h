#pragma once
/* Reading requests, within the layer. */
#include "forkpoint/store/history.h"

/* As fp_store_read_record without the document, which may be long. */
int fp_store_read_record_head(struct fp_store *store, uint64_t id, struct fp_stored_record *stored,
	struct fp_error *error);

/* The number of the first request that the answer was given to, as far as they are kept; 1 = none.
 */
int fp_store_first_request(
	struct fp_store *store, int64_t answer, uint64_t *request, struct fp_error *error);
