#pragma once
/* A document of a static feed that lies in a local file. */
#include "forkpoint/feed/fetch.h"

/* Reads the file of a file URL as a fetch: the same body handling, outcomes and errors. Only
 * regular files are read. */
int fp_local_file_fetch(
	struct fp_fetch *fetch, uint64_t max_bytes, uint64_t *bytes, struct fp_error *error);
