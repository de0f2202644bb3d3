#pragma once
/* Random histories and a brute-force model of them: every commit's ancestors as a set of bits. */
#include "forkpoint/graph/walk.h"

enum { DAG_MAX = 192, DAG_WORDS = DAG_MAX / 64, DAG_PARENTS_MAX = 9 };

enum dag_shape {
	DAG_LINEAR,
	DAG_TOPICS,	 /* a main line, and topics that merge it and are merged */
	DAG_OCTOPUS,	 /* merges of up to nine parents */
	DAG_CRISS_CROSS, /* two lines that merge each other: several best ancestors */
	DAG_LAYERS,	 /* every layer's commits merge the layer below: dozens of them */
	DAG_ROOTS,	 /* several roots, some of whose histories never meet */
	DAG_WILD,	 /* any commit may have any parents */
	DAG_SHAPES,
};

enum dag_clock {
	DAG_TICKING,  /* each commit is newer than its parents */
	DAG_STANDING, /* all at one second */
	DAG_COARSE,   /* a handful of times, ascending */
	DAG_JUMPING,  /* children may be older than their parents */
	DAG_CLOCKS,
};

struct dag_commit {
	struct fp_oid oid;
	int64_t author_s, committer_s;
	uint32_t parents[DAG_PARENTS_MAX];
	uint32_t parent_count;
};

struct dag {
	struct dag_commit commits[DAG_MAX];
	uint32_t count;
	uint64_t ancestors[DAG_MAX][DAG_WORDS]; /* each commit among its own */
	struct fp_graph *graph;
	struct fp_graph_view view;
};

/* The state of pick(); from FP_SEED where that is set, else from the clock. Printed. */
void dag_seed(void);
uint32_t pick(uint32_t below);
struct fp_oid pick_oid(void);

/* Without a graph; dag_load() makes it, from the first `count` commits on. */
void dag_make(struct dag *dag, enum dag_shape shape, enum dag_clock clock, uint32_t count);
void dag_load(struct dag *dag);
/* Puts the commits up to `count` into the graph. */
void dag_append(struct dag *dag, uint32_t count);
void dag_release(struct dag *dag);

bool dag_reaches(const struct dag *dag, uint32_t commit, uint32_t ancestor);
/* Commits reachable from `to` and not from `from` (FP_NO_COMMIT: nothing). */
uint32_t dag_count_between(const struct dag *dag, uint32_t from, uint32_t to);
/* The best common ancestors in ascending order; their number. */
uint32_t dag_bases(const struct dag *dag, uint32_t a, uint32_t b, uint32_t found[DAG_MAX]);
/* Whether these are the model's bases, in any order. */
bool dag_has_bases(const struct dag *dag, uint32_t a, uint32_t b, const struct fp_bases *bases);
/* The same bases in the same order. */
bool dag_same_bases(const struct fp_bases *one, const struct fp_bases *other);
