/* Walks against brute force on random histories of every shape and clock. */
#include "dag.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

enum { PAIRS = 150 };

static struct dag dag;
static struct fp_scratch scratch;

/* Runs `check` on histories of all kinds and of sizes down to one commit. */
static void on_every_kind(void (*check)(void))
{
	for (enum dag_shape shape = 0; shape < DAG_SHAPES; shape++)
		for (enum dag_clock clock = 0; clock < DAG_CLOCKS; clock++) {
			dag_make(&dag, shape, clock, pick(6) ? DAG_MAX : 1 + pick(12));
			dag_load(&dag);
			check();
			dag_release(&dag);
		}
	fp_scratch_release(&scratch);
}

static void check_bases(void)
{
	for (int i = 0; i < PAIRS; i++) {
		uint32_t a = pick(dag.count), b = pick(dag.count);
		struct fp_bases bases;

		assert_int_equal(fp_walk_merge_bases(&dag.view, &scratch, a, b, &bases, NULL), 0);
		assert_true(dag_has_bases(&dag, a, b, &bases));
		for (uint32_t k = 1; k < bases.count; k++)
			assert_true(fp_graph_committer_s(&dag.view, bases.commits[k - 1]) >=
				    fp_graph_committer_s(&dag.view, bases.commits[k]));
	}
}

static void finds_the_best_common_ancestors(void **state)
{
	(void)state;
	on_every_kind(check_bases);
}

static void check_ancestry(void)
{
	for (int i = 0; i < PAIRS; i++) {
		uint32_t a = pick(dag.count), b = pick(dag.count);

		assert_int_equal(fp_walk_is_ancestor(&dag.view, &scratch, a, b, NULL),
			dag_reaches(&dag, b, a));
	}
}

static void tells_ancestors(void **state)
{
	(void)state;
	on_every_kind(check_ancestry);
}

static void check_counts(void)
{
	for (int i = 0; i < PAIRS; i++) {
		uint32_t a = pick(dag.count), b = pick(dag.count), count = UINT32_MAX;

		assert_int_equal(fp_walk_count_between(&dag.view, &scratch, a, b, &count, NULL), 0);
		assert_int_equal(count, dag_count_between(&dag, a, b));
	}
}

static void counts_between_two_commits(void **state)
{
	(void)state;
	on_every_kind(check_counts);
}

/* One more than FP_BASES_MAX roots with two children that merge them all. */
static void says_when_there_are_more_bases_than_room(void **state)
{
	enum { ROOTS = FP_BASES_MAX + 1 };
	struct fp_graph *graph = fp_graph_new();
	struct fp_graph_view view;
	struct fp_bases bases;
	uint32_t roots[ROOTS];

	(void)state;
	for (uint32_t i = 0; i < ROOTS + 2; i++) {
		struct fp_oid oid = pick_oid();

		if (i < ROOTS)
			roots[i] = i;
		assert_int_equal(fp_graph_append_indexed(
					 graph, &oid, i, i, roots, i < ROOTS ? 0 : ROOTS, 0, NULL),
			0);
	}
	view = fp_graph_view(graph);
	assert_int_equal(fp_walk_merge_bases(&view, &scratch, ROOTS, ROOTS + 1, &bases, NULL), 0);
	assert_true(bases.more);
	assert_int_equal(bases.count, FP_BASES_MAX);
	assert_int_equal(bases.commits[0], ROOTS - 1); /* the newest is git's choice */
	fp_graph_view_release(&view);
	fp_graph_unref(graph);
	fp_scratch_release(&scratch);
}

/* A scratch whose rounds run out must not take old marks for new ones. */
static void survives_the_last_round(void **state)
{
	struct fp_bases bases;

	(void)state;
	dag_make(&dag, DAG_WILD, DAG_TICKING, DAG_MAX);
	dag_load(&dag);
	for (uint32_t i = 0; i < 6; i++) {
		scratch.round = i ? scratch.round : UINT32_MAX - 2;
		assert_int_equal(fp_walk_merge_bases(&dag.view, &scratch, dag.count - 1,
					 dag.count - 2, &bases, NULL),
			0);
		assert_true(dag_has_bases(&dag, dag.count - 1, dag.count - 2, &bases));
	}
	assert_true(scratch.round < 100);
	dag_release(&dag);
	fp_scratch_release(&scratch);
}

/* The model itself on a history worked out by hand: 3 and 4 on 1; 5 merges 3 and 2, 6 merges 4 and
 * 2; 1 and 2 on the root 0. */
static void the_model_is_right(void **state)
{
	static const uint32_t parents[7][2] = {
		{0, 0}, {0, 0}, {0, 0}, {1, 1}, {1, 1}, {3, 2}, {4, 2}};
	uint32_t found[DAG_MAX];

	(void)state;
	dag = (struct dag){.count = 7};
	for (uint32_t i = 0; i < 7; i++) {
		dag.ancestors[i][0] = UINT64_C(1) << i;
		for (int k = 0; k < 2 && i > 0; k++)
			dag.ancestors[i][0] |= dag.ancestors[parents[i][k]][0];
	}
	assert_int_equal(dag_bases(&dag, 5, 6, found), 2);
	assert_int_equal(found[0], 1);
	assert_int_equal(found[1], 2);
	assert_int_equal(dag_bases(&dag, 3, 6, found), 1);
	assert_int_equal(found[0], 1);
	assert_int_equal(dag_count_between(&dag, 5, 6), 2);
	assert_int_equal(dag_count_between(&dag, FP_NO_COMMIT, 6), 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_model_is_right),
		cmocka_unit_test(finds_the_best_common_ancestors),
		cmocka_unit_test(tells_ancestors),
		cmocka_unit_test(counts_between_two_commits),
		cmocka_unit_test(says_when_there_are_more_bases_than_room),
		cmocka_unit_test(survives_the_last_round),
	};

	dag_seed();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
