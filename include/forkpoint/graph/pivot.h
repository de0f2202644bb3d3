#pragma once
/*
 * Questions about any two commits, answered with the help of one branch's reach, the *pivot*: what
 * lies in the pivot's history is read off there, and only commits outside of it are walked over.
 * So one reach, the default branch's, serves all branches, and costs 8 bytes a commit once instead
 * of once for each.
 */
#include "forkpoint/graph/reach.h"

/* As fp_walk_merge_bases. pivot may be NULL: then it walks. */
int fp_pivot_merge_bases(const struct fp_graph_view *view, const struct fp_reach *pivot,
	struct fp_scratch *scratch, uint32_t tip, uint32_t commit, struct fp_bases *bases,
	struct fp_error *error);

/* As fp_walk_is_ancestor. */
int fp_pivot_is_ancestor(const struct fp_graph_view *view, const struct fp_reach *pivot,
	struct fp_scratch *scratch, uint32_t ancestor, uint32_t commit, struct fp_error *error);

/* As fp_walk_count_between, where `from` is `to` or one of its ancestors. */
int fp_pivot_count_between(const struct fp_graph_view *view, const struct fp_reach *pivot,
	struct fp_scratch *scratch, uint32_t from, uint32_t to, uint32_t *count,
	struct fp_error *error);
