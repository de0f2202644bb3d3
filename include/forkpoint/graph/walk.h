#pragma once
/*
 * Walks: merge bases, ancestry and counts between any two commits, exact, in time bounded by the
 * history between them. Parents have lower indices than their children, so a walk that takes the
 * highest index first looks at a commit only after every descendant that it can reach it from: what
 * the commit is then known to be is final.
 */
#include "forkpoint/graph/graph.h"
#include "forkpoint/graph/scratch.h"

/* Best common ancestors of one question; git's own history has pairs with 61. */
enum { FP_BASES_MAX = 256 };

struct fp_bases {
	uint32_t commits[FP_BASES_MAX]; /* git's choice first, then by committer time, newest first
					 */
	uint32_t count;			/* 0: no common ancestor */
	bool more;			/* there were more than FP_BASES_MAX */
};

/*
 * All best common ancestors of tip and commit, in the order in which `git merge-base --all TIP
 * COMMIT` prints them: newest committer time first; on equal times in the order in which git's own
 * walk, which goes by committer time, meets them. 0 or -FP_ERROR_MEMORY.
 */
int fp_walk_merge_bases(const struct fp_graph_view *view, struct fp_scratch *scratch, uint32_t tip,
	uint32_t commit, struct fp_bases *bases, struct fp_error *error);

/* Puts bases that were found otherwise into git's order. */
int fp_walk_order_bases(const struct fp_graph_view *view, struct fp_scratch *scratch, uint32_t tip,
	uint32_t commit, struct fp_bases *bases, struct fp_error *error);

/* 1 when ancestor is commit or one of its ancestors, 0 when not, -FP_ERROR_MEMORY. */
int fp_walk_is_ancestor(const struct fp_graph_view *view, struct fp_scratch *scratch,
	uint32_t ancestor, uint32_t commit, struct fp_error *error);

/* How many commits are reachable from `to` and not from `from`: git rev-list --count FROM..TO. */
int fp_walk_count_between(const struct fp_graph_view *view, struct fp_scratch *scratch,
	uint32_t from, uint32_t to, uint32_t *count, struct fp_error *error);
