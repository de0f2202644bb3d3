#pragma once
/* A commit as a row: what the mirror reads, the graph holds and the store keeps. */
#include "forkpoint/base/oid.h"

#include <stddef.h>
#include <stdint.h>

struct fp_commit_row {
	struct fp_oid oid;
	struct fp_oid tree;
	int64_t author_s; /* seconds since 1970, UTC; as git reads them */
	int64_t committer_s;
	const struct fp_oid *parents; /* in the commit's order; borrowed */
	uint32_t parent_count;
};
