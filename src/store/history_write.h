#pragma once
/* Writing records whose documents need not come with them: the journal's way into the database. */
#include "forkpoint/store/history.h"

struct fp_logged_record {
	struct fp_record record;
	struct fp_hash128 hash; /* of the document */
	bool has_document;	/* else only the request's part of the record is there */
};

/* In one transaction; a record that is there already is passed over. */
int fp_store_write_logged(struct fp_store *store, const struct fp_logged_record *records,
	size_t count, struct fp_error *error);

/* What a connection interned a moment ago, so that most records cost one insert. */
struct fp_recent;
void fp_recent_free(struct fp_recent *recent);
