#pragma once
/* Reading requests, within the layer. */
#include "forkpoint/store/history.h"

/* As fp_store_read_record without the document, which may be long. */
int fp_store_read_record_head(struct fp_store *store, uint64_t id, struct fp_stored_record *stored,
	struct fp_error *error);
