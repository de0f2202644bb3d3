#pragma once
/* Which of our commits to tell a server of. */
#include "ref_table.h"

struct fp_oid_list {
	struct fp_oid *items;
	size_t count;
};

void fp_oid_list_release(struct fp_oid_list *list);

/* The commits of our refs: first those of refs that upstream moved or dropped, then the rest, both
 * newest first; at most max. */
int fp_haves_choose(git_odb *odb, const struct fp_ref_table *ours,
	const struct fp_ref_table *theirs, size_t max, struct fp_oid_list *haves,
	struct fp_error *error);
/* Upstream's refs' objects that are not here, each once. */
int fp_wants_choose(git_odb *odb, const struct fp_ref_table *theirs, struct fp_oid_list *wants,
	struct fp_error *error);
