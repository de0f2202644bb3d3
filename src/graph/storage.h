#pragma once
/* The graph's storage, shared by the files of this layer alone. */
#include "forkpoint/graph/graph.h"

#include <stdatomic.h>

/* A second parent with this bit is the offset of an octopus merge's list in `octopus`. */
#define FP_OCTOPUS_BIT UINT32_C(0x80000000)

enum { FP_GRAPH_CHUNKS = FP_GRAPH_MAX_COMMITS >> FP_GRAPH_CHUNK_BITS };

/* Columns of 4096 commits. Times are 40-bit two's complement: 32 low bits and 8 high bits. */
struct fp_graph_chunk {
	struct fp_oid oid[FP_GRAPH_CHUNK];
	uint32_t first_parent[FP_GRAPH_CHUNK];
	uint32_t second_parent[FP_GRAPH_CHUNK];
	uint32_t facts[FP_GRAPH_CHUNK];
	uint32_t author_low[FP_GRAPH_CHUNK];
	uint32_t committer_low[FP_GRAPH_CHUNK];
	int8_t author_high[FP_GRAPH_CHUNK];
	int8_t committer_high[FP_GRAPH_CHUNK];
};

/* All parents of an octopus merge. Lists are never moved: each has an allocation of its own. */
struct fp_octopus {
	uint32_t count;
	uint32_t parents[];
};

enum { FP_OCTOPUS_BLOCK = 1024, FP_OCTOPUS_BLOCKS = 4096 };

struct fp_graph {
	atomic_uint references;
	uint32_t count; /* the writer's; readers go by their view's */
	struct fp_graph_chunk *chunks[FP_GRAPH_CHUNKS];
	struct fp_octopus **octopus[FP_OCTOPUS_BLOCKS]; /* blocks of FP_OCTOPUS_BLOCK lists */
	uint32_t octopus_count;
	struct fp_graph_lookup *lookup; /* the newest; older views hold older ones */
};

/*
 * Finding ids: open addressing, slots in the order of the ids' leading bits, so that an
 * abbreviation is a run of slots. A slot holds index + 1. The writer adds to the newest table while
 * readers search it; a reader passes over indices that its view does not have. A full table is
 * replaced by one of twice the size.
 */
struct fp_graph_lookup {
	atomic_uint references;
	unsigned bits; /* 1 << bits slots */
	_Atomic uint32_t slots[];
};

struct fp_graph_lookup *fp_graph_lookup_new(unsigned bits);
struct fp_graph_lookup *fp_graph_lookup_ref(struct fp_graph_lookup *lookup);
void fp_graph_lookup_unref(struct fp_graph_lookup *lookup);
/* Makes room for one more commit and enters it; its column must be written. */
int fp_graph_lookup_add(struct fp_graph *graph, uint32_t commit);
uint32_t fp_graph_lookup_find(const struct fp_graph *graph, const struct fp_graph_lookup *lookup,
	uint32_t count, const struct fp_oid *oid);

/* Enters so many commits, from one on, whose columns are written. */
int fp_graph_lookup_add_many(struct fp_graph *graph, uint32_t first, uint32_t count);

/* The chunk of the commit that comes next, made if need be. */
int fp_graph_reserve_row(struct fp_graph *graph, struct fp_error *error);
int fp_graph_add_octopus(struct fp_graph *graph, const uint32_t *parents, uint32_t count,
	uint32_t *number, struct fp_error *error);

static inline struct fp_octopus **fp_graph_octopus_slot(
	const struct fp_graph *graph, uint32_t number)
{
	return &graph->octopus[number / FP_OCTOPUS_BLOCK][number % FP_OCTOPUS_BLOCK];
}

static inline bool fp_graph_is_octopus(uint32_t second_parent)
{
	return second_parent != FP_NO_COMMIT && second_parent & FP_OCTOPUS_BIT;
}

/* Of such a second parent. */
static inline const struct fp_octopus *fp_graph_octopus_of(
	const struct fp_graph *graph, uint32_t second_parent)
{
	return *fp_graph_octopus_slot(graph, second_parent & ~FP_OCTOPUS_BIT);
}

static inline const struct fp_graph_chunk *fp_graph_chunk_of(
	const struct fp_graph *graph, uint32_t commit)
{
	return graph->chunks[commit >> FP_GRAPH_CHUNK_BITS];
}

static inline uint32_t fp_graph_row_of(uint32_t commit)
{
	return commit & (FP_GRAPH_CHUNK - 1);
}
