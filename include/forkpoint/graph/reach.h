#pragma once
/*
 * A branch's reach: for a tracked branch, one remembered number per commit of the repository, from
 * which fork points are read instead of walked for.
 *
 * The vocabulary: the *chain* is the branch's first-parent history, position 0 its root. A commit
 * of the branch's history has as its *entry* the first position from which it is reachable; the
 * chain's own commits enter at their own position. So the ancestors of a chain commit at position p
 * are exactly the commits whose entry is at most p, and whether a commit is an ancestor of another
 * costs a comparison, or a short walk over side commits until the chain is met.
 *
 * A commit outside the history has as its value its merge base with the branch, worked out from
 * its parents' values: the maximal ones among them. Where several are maximal the value says so,
 * and a walk over the outside commits finds them all. No dates are involved, so this is exact.
 */
#include "forkpoint/base/buf.h"
#include "forkpoint/graph/walk.h"

struct fp_reach;

/*
 * The reach of `tip` over the view. previous (may be NULL) is the branch's last reach: with the
 * same tip and room behind it, it is extended in place (what readers of older views see does not
 * change) and returned with one more reference. NULL when out of memory. Writer's side.
 */
struct fp_reach *fp_reach_build(const struct fp_graph_view *view, uint32_t tip,
	struct fp_reach *previous, struct fp_scratch *scratch);
struct fp_reach *fp_reach_ref(struct fp_reach *reach);
void fp_reach_unref(struct fp_reach *reach);
FP_DEFINE_CLEANUP(struct fp_reach *, fp_reach_unref)

uint32_t fp_reach_tip(const struct fp_reach *reach);
/* Whether the commit is the tip or one of its ancestors. */
bool fp_reach_has(const struct fp_reach *reach, uint32_t commit);
/* The length of the chain, and its commit at a position (0 = root). */
uint32_t fp_reach_chain_length(const struct fp_reach *reach);
uint32_t fp_reach_chain_commit(const struct fp_reach *reach, uint32_t position);

/* As fp_walk_merge_bases with the reach's tip. */
int fp_reach_merge_bases(const struct fp_graph_view *view, const struct fp_reach *reach,
	struct fp_scratch *scratch, uint32_t commit, struct fp_bases *bases,
	struct fp_error *error);

/* As fp_walk_is_ancestor, for two commits of the branch's history. */
int fp_reach_is_ancestor(const struct fp_graph_view *view, const struct fp_reach *reach,
	struct fp_scratch *scratch, uint32_t ancestor, uint32_t commit, struct fp_error *error);

/* How many commits of the branch's history are ancestors of the commit, itself included; the
 * commit must be in the history. */
int fp_reach_count_ancestors(const struct fp_graph_view *view, const struct fp_reach *reach,
	struct fp_scratch *scratch, uint32_t commit, uint32_t *count, struct fp_error *error);

/* How many commits are reachable from the commit and not from `base`, which must be its only merge
 * base with the branch. */
int fp_reach_count_beyond(const struct fp_graph_view *view, const struct fp_reach *reach,
	struct fp_scratch *scratch, uint32_t base, uint32_t commit, uint32_t *count,
	struct fp_error *error);

/* Adds the reach as a page, for keeping it; as large as it is in memory. */
void fp_reach_write_page(const struct fp_reach *reach, struct fp_buf *page);
/* A page that was written of the same graph, or of its first commits. Give the reach to
 * fp_reach_build as previous. 1 when the page is none that could be; -FP_ERROR_MEMORY. */
int fp_reach_read_page(
	struct fp_str page, const struct fp_graph_view *view, struct fp_reach **reach);

uint64_t fp_reach_memory_bytes(const struct fp_reach *reach);
