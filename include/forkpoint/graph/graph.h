#pragma once
/*
 * The commit graph of one repository in memory.
 *
 * Commits have dense indices, parents before children, and never change: the graph only grows. Its
 * one writer appends behind the count that readers know, so that every snapshot shares the same
 * storage and appending copies nothing. A reader works on a struct fp_graph_view, which says how
 * many commits it may see.
 *
 * Memory per commit: 20 (id) + 8 (parents) + 4 (facts) + 10 (two times of 40 bits) bytes, and 4.6
 * to 9.2 for finding ids: at most 52. A branch's reach (see reach.h) takes 8.5, and at most 4 for
 * chain and sets of bases: with one, which answers for all branches (see pivot.h), that is 64.
 */
#include "forkpoint/base/error.h"
#include "forkpoint/core/commit.h"
#include "forkpoint/core/stamp.h"

#include <stdbool.h>
#include <stdint.h>

#define FP_NO_COMMIT UINT32_MAX

enum {
	FP_GRAPH_CHUNK_BITS = 12,
	FP_GRAPH_CHUNK = 1 << FP_GRAPH_CHUNK_BITS,
	FP_GRAPH_MAX_COMMITS = 1 << 24, /* per repository; ten times the largest known */
};

struct fp_graph;
struct fp_graph_lookup;

struct fp_graph_view {
	struct fp_graph *graph;
	struct fp_graph_lookup *lookup;
	uint32_t count;
};

/* One reference, the caller's. NULL when out of memory. */
struct fp_graph *fp_graph_new(void);
struct fp_graph *fp_graph_ref(struct fp_graph *graph);
void fp_graph_unref(struct fp_graph *graph);
FP_DEFINE_CLEANUP(struct fp_graph *, fp_graph_unref)

/*
 * Appends a commit; its parents must be there. facts is a number of the caller's (what the
 * commit's tree says). Times are clamped to ±17,000 years. *index, if not NULL, gets the new index.
 * 0; 1 when the commit is there already (*index is filled in); -FP_ERROR_MEMORY; -FP_ERROR_LIMIT;
 * -FP_ERROR_CORRUPT when a parent is missing. One writer at a time.
 */
int fp_graph_append(struct fp_graph *graph, const struct fp_commit_row *row, uint32_t facts,
	uint32_t *index, struct fp_error *error);
/* The same with the parents as indices, which must be smaller than the new commit's. */
int fp_graph_append_indexed(struct fp_graph *graph, const struct fp_oid *oid, int64_t author_s,
	int64_t committer_s, const uint32_t *parents, uint32_t parent_count, uint32_t facts,
	struct fp_error *error);
/* Makes room for finding so many commits at once instead of growing step by step: loading. 0 or
 * -FP_ERROR_MEMORY. */
int fp_graph_expect(struct fp_graph *graph, uint32_t commits);
uint32_t fp_graph_count(const struct fp_graph *graph);

/* A view of all commits so far. Takes references; writer's side. */
struct fp_graph_view fp_graph_view(struct fp_graph *graph);
struct fp_graph_view fp_graph_view_copy(const struct fp_graph_view *view);
void fp_graph_view_release(struct fp_graph_view *view);

/* FP_NO_COMMIT when the view has no such commit. */
uint32_t fp_graph_find(const struct fp_graph_view *view, const struct fp_oid *oid);

/* Abbreviations: 4 to 40 hex digits, either case. The number of commits that match, counted up to
 * max; the first max go to `found`. */
enum { FP_GRAPH_PREFIX_MIN = 4 };
size_t fp_graph_find_prefix(
	const struct fp_graph_view *view, struct fp_str hex, uint32_t *found, size_t max);

/* Commits' columns; the index must be one of the view's. */
const struct fp_oid *fp_graph_oid(const struct fp_graph_view *view, uint32_t commit);
int64_t fp_graph_author_s(const struct fp_graph_view *view, uint32_t commit);
int64_t fp_graph_committer_s(const struct fp_graph_view *view, uint32_t commit);
uint32_t fp_graph_facts(const struct fp_graph_view *view, uint32_t commit);

/* The parents in the commit's order: *parents points into the graph, or to *inline_room for the
 * usual one or two. Returns their number. */
uint32_t fp_graph_parents(const struct fp_graph_view *view, uint32_t commit,
	const uint32_t **parents, uint32_t inline_room[2]);
/* FP_NO_COMMIT for a root. */
uint32_t fp_graph_first_parent(const struct fp_graph_view *view, uint32_t commit);

/* Bytes that the graph holds, for /repos and the benchmarks. */
uint64_t fp_graph_memory_bytes(const struct fp_graph *graph);
