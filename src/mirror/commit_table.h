#pragma once
/*
 * The commits of one walk: a table from id to number, and what was read of each. A parent has its
 * number as soon as a child named it; it counts as read once its own object was added.
 */
#include "forkpoint/core/commit.h"
#include "forkpoint/mirror/commit_object.h"

#include <stdbool.h>

enum fp_commit_flag {
	FP_COMMIT_READ = 1,    /* the columns are filled in */
	FP_COMMIT_VISITED = 2, /* reached from a tip */
	FP_COMMIT_KNOWN = 4,   /* the caller has it, and all below it */
	FP_COMMIT_EMITTED = 8,
	FP_COMMIT_MISSING = 16, /* listed as wanted */
};

struct fp_commit_entry {
	struct fp_oid oid, tree;
	int64_t author_s, committer_s;
	uint64_t first_parent; /* into the table's parents */
	uint32_t parent_count;
	uint32_t next_parent; /* the emission's place in the parents */
	uint32_t flags;
};

struct fp_commit_table {
	struct fp_commit_entry *entries;
	size_t count, capacity;
	uint32_t *slots; /* number + 1; 0 = free */
	size_t slot_count;
	uint32_t *parents; /* numbers */
	size_t parent_count, parent_capacity;
};

void fp_commit_table_release(struct fp_commit_table *table);
/* The commit's number, making an unread entry when there is none. 0 or -FP_ERROR_MEMORY / LIMIT. */
int fp_commit_table_intern(struct fp_commit_table *table, const struct fp_oid *oid,
	uint32_t *number, struct fp_error *error);
/* Fills in a commit; nothing happens when it was read before. */
int fp_commit_table_add(struct fp_commit_table *table, const struct fp_oid *oid,
	const struct fp_commit_header *header, struct fp_error *error);
/* The same with the parents as ids; header's own are not looked at. */
int fp_commit_table_add_row(
	struct fp_commit_table *table, const struct fp_commit_row *row, struct fp_error *error);
