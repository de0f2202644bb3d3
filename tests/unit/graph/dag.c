/* Random histories and a brute-force model of them. */
#include "dag.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static uint64_t random_state;

void dag_seed(void)
{
	const char *seed = getenv("FP_SEED");

	random_state = seed ? strtoull(seed, NULL, 10) : (uint64_t)time(NULL) * 2654435761u;
	random_state |= 1;
	printf("FP_SEED=%llu\n", (unsigned long long)random_state);
}

uint32_t pick(uint32_t below)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (uint32_t)(random_state >> 33) % below;
}

struct fp_oid pick_oid(void)
{
	struct fp_oid oid;

	for (size_t i = 0; i < sizeof(oid.bytes); i++)
		oid.bytes[i] = (uint8_t)pick(256);
	return oid;
}

/* One of the `width` commits before `at`. */
static uint32_t recent(uint32_t at, uint32_t width)
{
	return at - 1 - pick(width < at ? width : at);
}

static void add_parent(struct dag_commit *commit, uint32_t parent)
{
	for (uint32_t i = 0; i < commit->parent_count; i++)
		if (commit->parents[i] == parent)
			return;
	if (commit->parent_count < DAG_PARENTS_MAX)
		commit->parents[commit->parent_count++] = parent;
}

/* Topics of commits `at` that are no multiple of four; the main line is those that are. */
static void add_topic_parents(struct dag_commit *commit, uint32_t at)
{
	if (at % 4 == 0) {
		add_parent(commit, at - 4);
		if (pick(3) == 0)
			add_parent(commit, recent(at, 12));
	} else {
		add_parent(commit, pick(3) ? recent(at, 9) : (at - 1) / 4 * 4);
		if (pick(4) == 0)
			add_parent(commit, (at - 1) / 4 * 4);
	}
}

static void add_layer_parents(struct dag_commit *commit, uint32_t at)
{
	enum { WIDTH = 6 };
	uint32_t below = at < WIDTH ? 0 : (at / WIDTH - 1) * WIDTH;

	if (at < WIDTH) {
		add_parent(commit, 0);
		return;
	}
	for (uint32_t i = 0; i < WIDTH; i++)
		if (pick(8))
			add_parent(commit, below + (at + i) % WIDTH);
	if (commit->parent_count == 0)
		add_parent(commit, below);
}

static void add_parents(struct dag_commit *commit, enum dag_shape shape, uint32_t at)
{
	uint32_t wanted = 1;

	switch (shape) {
	case DAG_LINEAR: add_parent(commit, at - 1); return;
	case DAG_TOPICS: add_topic_parents(commit, at); return;
	case DAG_CRISS_CROSS: /* even and odd commits are the two lines */
		add_parent(commit, at >= 2 ? at - 2 : 0);
		if (at >= 3 && pick(2))
			add_parent(commit, (at - 2) ^ 1);
		return;
	case DAG_LAYERS: add_layer_parents(commit, at); return;
	case DAG_OCTOPUS: wanted = pick(4) == 0 ? 3 + pick(DAG_PARENTS_MAX - 2) : 1; break;
	case DAG_ROOTS: wanted = pick(10) == 0 ? 0 : 1 + (pick(6) == 0); break;
	case DAG_WILD:
	case DAG_SHAPES: wanted = 1 + pick(3);
	}
	for (uint32_t i = 0; i < wanted; i++)
		add_parent(commit, recent(at, shape == DAG_ROOTS ? 10 : 24));
}

static int64_t clock_of(const struct dag *dag, enum dag_clock clock, uint32_t at)
{
	enum { BASE = 1500000000 };

	(void)dag;
	switch (clock) {
	case DAG_STANDING: return BASE;
	case DAG_COARSE: return BASE + at / 40;
	case DAG_JUMPING: return BASE + pick(64);
	case DAG_TICKING:
	case DAG_CLOCKS: break;
	}
	return BASE + (int64_t)at * 60;
}

void dag_make(struct dag *dag, enum dag_shape shape, enum dag_clock clock, uint32_t count)
{
	memset(dag, 0, sizeof(*dag));
	dag->count = count;
	for (uint32_t at = 0; at < count; at++) {
		struct dag_commit *commit = &dag->commits[at];

		commit->oid = pick_oid();
		commit->committer_s = clock_of(dag, clock, at);
		commit->author_s = commit->committer_s - pick(600);
		if (at > 0)
			add_parents(commit, shape, at);
		dag->ancestors[at][at / 64] |= UINT64_C(1) << at % 64;
		for (uint32_t i = 0; i < commit->parent_count; i++)
			for (uint32_t word = 0; word < DAG_WORDS; word++)
				dag->ancestors[at][word] |=
					dag->ancestors[commit->parents[i]][word];
	}
}

void dag_append(struct dag *dag, uint32_t count)
{
	for (uint32_t at = fp_graph_count(dag->graph); at < count; at++) {
		const struct dag_commit *commit = &dag->commits[at];
		struct fp_oid parents[DAG_PARENTS_MAX];
		struct fp_commit_row row = {.oid = commit->oid,
			.author_s = commit->author_s,
			.committer_s = commit->committer_s,
			.parents = parents,
			.parent_count = commit->parent_count};
		uint32_t index;

		for (uint32_t i = 0; i < commit->parent_count; i++)
			parents[i] = dag->commits[commit->parents[i]].oid;
		assert_int_equal(fp_graph_append(dag->graph, &row, at, &index, NULL), 0);
		assert_int_equal(index, at);
	}
}

void dag_load(struct dag *dag)
{
	dag->graph = fp_graph_new();
	assert_non_null(dag->graph);
	dag_append(dag, dag->count);
	dag->view = fp_graph_view(dag->graph);
}

void dag_release(struct dag *dag)
{
	if (dag->view.graph)
		fp_graph_view_release(&dag->view);
	fp_graph_unref(dag->graph);
	dag->graph = NULL;
}

static bool has(const uint64_t *bits, uint32_t commit)
{
	return bits[commit / 64] >> commit % 64 & 1;
}

bool dag_reaches(const struct dag *dag, uint32_t commit, uint32_t ancestor)
{
	return has(dag->ancestors[commit], ancestor);
}

uint32_t dag_count_between(const struct dag *dag, uint32_t from, uint32_t to)
{
	uint32_t count = 0;

	for (uint32_t i = 0; i < dag->count; i++)
		count += dag_reaches(dag, to, i) &&
			 (from == FP_NO_COMMIT || !dag_reaches(dag, from, i));
	return count;
}

uint32_t dag_bases(const struct dag *dag, uint32_t a, uint32_t b, uint32_t found[DAG_MAX])
{
	uint64_t common[DAG_WORDS];
	uint32_t count = 0;

	for (uint32_t word = 0; word < DAG_WORDS; word++)
		common[word] = dag->ancestors[a][word] & dag->ancestors[b][word];
	for (uint32_t i = 0; i < dag->count; i++) {
		bool best = has(common, i);

		for (uint32_t k = i + 1; k < dag->count && best; k++)
			best = !has(common, k) || !dag_reaches(dag, k, i);
		if (best)
			found[count++] = i;
	}
	return count;
}

bool dag_has_bases(const struct dag *dag, uint32_t a, uint32_t b, const struct fp_bases *bases)
{
	uint32_t expected[DAG_MAX], count = dag_bases(dag, a, b, expected);

	if (bases->count != count || bases->more)
		return false;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t k = 0;

		while (k < count && bases->commits[k] != expected[i])
			k++;
		if (k == count)
			return false;
	}
	return true;
}

bool dag_same_bases(const struct fp_bases *one, const struct fp_bases *other)
{
	return one->count == other->count && one->more == other->more &&
	       memcmp(one->commits, other->commits, one->count * sizeof(one->commits[0])) == 0;
}
