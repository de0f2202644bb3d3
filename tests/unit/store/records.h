#pragma once
/* Records that can be told from their id alone, for the tests of the journal and the history. */
#include "fixture.h"

#include "forkpoint/store/journal.h"

enum { RECORD_DOCUMENT_MAX = 8192 };

struct made_record {
	struct fp_record record;
	char document[RECORD_DOCUMENT_MAX];
	char sha[41];
};

/* The record of that id; its document is the `document`-th of all there are, of `bytes` bytes. */
void record_make(struct made_record *made, uint64_t id, unsigned document, size_t bytes);
/* The database has that record, as it was made. */
void record_assert_stored(struct fixture *fixture, uint64_t id, unsigned document, size_t bytes);
/* Records of that kind in the database. */
int64_t record_count(const struct fixture *fixture);
