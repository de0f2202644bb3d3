#pragma once
/* Reading a raw commit object, as git reads it. Pure. */
#include "forkpoint/base/error.h"
#include "forkpoint/base/str.h"
#include "forkpoint/core/commit.h"

/* What a commit's headers say; its own id is the caller's to know. */
struct fp_commit_header {
	struct fp_oid tree;
	int64_t author_s, committer_s; /* 0 where git finds none; huge ones are cut to INT64_MAX */
	const char *parents; /* in the object: parent_count lines of FP_COMMIT_PARENT_LINE */
	uint32_t parent_count;
};

enum { FP_COMMIT_PARENT_LINE = 48 }; /* "parent " + 40 digits + newline */

/*
 * The object may be cut after its header: `complete` is then set to whether the committer line was
 * there in full (or the header has ended without one), so that a reader can inflate a little and
 * ask again for more only if need be. It may be NULL when the whole object is given.
 * -FP_ERROR_INVALID when it does not begin as a commit does.
 */
int fp_commit_header_parse(struct fp_str object, struct fp_commit_header *header, bool *complete,
	struct fp_error *error);
/* The number-th parent; number < parent_count. */
struct fp_oid fp_commit_header_parent(const struct fp_commit_header *header, uint32_t number);
