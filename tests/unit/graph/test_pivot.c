/* Questions by way of a pivot against brute force and against walks. */
#include "dag.h"
#include "forkpoint/graph/pivot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct dag dag;
static struct fp_scratch scratch;

/* What shapes of questions there were: a check that none of them went unasked. */
struct met {
	uint32_t several, outside, mixed, inside;
};

static void check_pair(const struct fp_reach *pivot, uint32_t tip, uint32_t commit, struct met *met)
{
	bool tip_in = fp_reach_has(pivot, tip), commit_in = fp_reach_has(pivot, commit);
	struct fp_bases bases, walked;
	uint32_t count = UINT32_MAX;

	assert_int_equal(
		fp_pivot_merge_bases(&dag.view, pivot, &scratch, tip, commit, &bases, NULL), 0);
	assert_true(dag_has_bases(&dag, tip, commit, &bases));
	assert_int_equal(fp_walk_merge_bases(&dag.view, &scratch, tip, commit, &walked, NULL), 0);
	assert_true(dag_same_bases(&bases, &walked));
	assert_int_equal(fp_pivot_is_ancestor(&dag.view, pivot, &scratch, commit, tip, NULL),
		dag_reaches(&dag, tip, commit));
	if (dag_reaches(&dag, tip, commit)) {
		assert_int_equal(fp_pivot_count_between(
					 &dag.view, pivot, &scratch, commit, tip, &count, NULL),
			0);
		assert_int_equal(count, dag_count_between(&dag, commit, tip));
	}
	met->several += bases.count > 1;
	met->outside += !tip_in && !commit_in;
	met->mixed += tip_in != commit_in;
	met->inside += tip_in && commit_in;
}

static void agrees_with_brute_force_and_walks(void **state)
{
	struct met met = {0};

	(void)state;
	for (enum dag_shape shape = 0; shape < DAG_SHAPES; shape++)
		for (enum dag_clock clock = 0; clock < DAG_CLOCKS; clock++) {
			dag_make(&dag, shape, clock, pick(6) ? DAG_MAX : 1 + pick(12));
			dag_load(&dag);
			for (int pivots = 0; pivots < 4; pivots++) {
				struct fp_reach *pivot =
					fp_reach_build(&dag.view, pick(dag.count), NULL, &scratch);

				assert_non_null(pivot);
				for (int pairs = 0; pairs < 600; pairs++)
					check_pair(pivot, pick(dag.count), pick(dag.count), &met);
				fp_reach_unref(pivot);
			}
			dag_release(&dag);
		}
	assert_true(met.several > 100); /* or the hard part went untested */
	assert_true(met.outside > 1000);
	assert_true(met.mixed > 1000);
	assert_true(met.inside > 1000);
	fp_scratch_release(&scratch);
}

/* Without a pivot it walks. */
static void needs_no_pivot(void **state)
{
	struct fp_bases bases, walked;
	uint32_t count;

	(void)state;
	dag_make(&dag, DAG_TOPICS, DAG_TICKING, DAG_MAX);
	dag_load(&dag);
	assert_int_equal(
		fp_pivot_merge_bases(&dag.view, NULL, &scratch, DAG_MAX - 1, 40, &bases, NULL), 0);
	assert_int_equal(
		fp_walk_merge_bases(&dag.view, &scratch, DAG_MAX - 1, 40, &walked, NULL), 0);
	assert_true(dag_same_bases(&bases, &walked));
	assert_int_equal(fp_pivot_is_ancestor(&dag.view, NULL, &scratch, 0, DAG_MAX - 1, NULL),
		dag_reaches(&dag, DAG_MAX - 1, 0));
	assert_int_equal(
		fp_pivot_count_between(&dag.view, NULL, &scratch, 7, DAG_MAX - 1, &count, NULL), 0);
	assert_int_equal(count, dag_count_between(&dag, 7, DAG_MAX - 1));
	dag_release(&dag);
	fp_scratch_release(&scratch);
}

static uint32_t append(struct fp_graph *graph, const uint32_t *parents, uint32_t count)
{
	uint32_t commit = fp_graph_count(graph);
	struct fp_oid oid = pick_oid();

	assert_int_equal(
		fp_graph_append_indexed(graph, &oid, commit, commit, parents, count, 0, NULL), 0);
	return commit;
}

enum { TOPICS = 400, LASTS = 100 };

/* A main line that a topic of two commits leaves at each of its commits, which merges it LASTS
 * commits later. Returns its tip. */
static uint32_t append_topics(
	struct fp_graph *graph, uint32_t topics[TOPICS], uint32_t forks[TOPICS])
{
	uint32_t tip = append(graph, NULL, 0);

	for (uint32_t i = 0; i < TOPICS + LASTS; i++) {
		uint32_t merged[2] = {tip, i < LASTS ? 0 : topics[i - LASTS]};

		tip = append(graph, merged, i < LASTS ? 1 : 2);
		if (i >= TOPICS)
			continue;
		forks[i] = tip;
		topics[i] = append(graph, &tip, 1);
		topics[i] = append(graph, &topics[i], 1);
	}
	return tip;
}

/* However much of the history lies between two commits, only what leads from them to the main line
 * is looked at. */
static void looks_at_side_parts_alone(void **state)
{
	struct fp_graph *graph = fp_graph_new();
	uint32_t topics[TOPICS], forks[TOPICS], tip = append_topics(graph, topics, forks);
	struct fp_graph_view view = fp_graph_view(graph);
	struct fp_reach *pivot = fp_reach_build(&view, tip, NULL, &scratch);

	(void)state;
	assert_non_null(pivot);
	for (uint32_t i = 0; i < 1000; i++) {
		uint32_t one = pick(TOPICS), other = one + pick(TOPICS - one);
		struct fp_bases bases;

		fp_scratch_clear(&scratch);
		assert_int_equal(fp_pivot_merge_bases(&view, pivot, &scratch, topics[one],
					 topics[other], &bases, NULL),
			0);
		assert_int_equal(bases.count, 1);
		assert_int_equal(bases.commits[0],
			other > one && other < one + LASTS ? forks[one] : topics[one]);
		assert_true(scratch.used <= 6); /* two topics and their forks */
	}
	fp_reach_unref(pivot);
	fp_graph_view_release(&view);
	fp_graph_unref(graph);
	fp_scratch_release(&scratch);
}

/* One history was merged, the other was not and has nothing of it. */
static void passes_over_what_has_nothing_in_common(void **state)
{
	struct fp_graph *graph = fp_graph_new();
	uint32_t lone = append(graph, NULL, 0), merged = append(graph, NULL, 0);
	uint32_t tips[2] = {append(graph, NULL, 0), append(graph, &merged, 1)};
	struct fp_graph_view view;
	struct fp_reach *pivot;
	struct fp_bases bases;

	(void)state;
	append(graph, tips, 2);
	view = fp_graph_view(graph);
	pivot = fp_reach_build(&view, view.count - 1, NULL, &scratch);
	assert_non_null(pivot);
	fp_scratch_clear(&scratch);
	assert_int_equal(
		fp_pivot_merge_bases(&view, pivot, &scratch, lone, tips[1], &bases, NULL), 0);
	assert_int_equal(bases.count, 0);
	assert_int_equal(scratch.used, 0);
	fp_reach_unref(pivot);
	fp_graph_view_release(&view);
	fp_graph_unref(graph);
	fp_scratch_release(&scratch);
}

/* Two long branches that leave the main line at one commit and share nothing else. Floors are
 * coarse, so there are more of its commits between them. */
static void passes_over_branches_that_share_nothing(void **state)
{
	enum { LENGTH = 3000, BETWEEN = 100 };
	struct fp_graph *graph = fp_graph_new();
	uint32_t fork = append(graph, NULL, 0), tip = fork, ends[2];
	struct fp_graph_view view;
	struct fp_reach *pivot;
	struct fp_bases bases;

	(void)state;
	for (uint32_t i = 0; i < 2; i++) {
		ends[i] = fork;
		for (uint32_t length = 0; length < LENGTH; length++)
			ends[i] = append(graph, &ends[i], 1);
		for (uint32_t length = 0; length < BETWEEN; length++)
			tip = append(graph, &tip, 1);
	}
	view = fp_graph_view(graph);
	pivot = fp_reach_build(&view, tip, NULL, &scratch);
	assert_non_null(pivot);
	for (uint32_t i = 0; i < 2; i++) {
		fp_scratch_clear(&scratch);
		assert_int_equal(fp_pivot_merge_bases(&view, pivot, &scratch, ends[i], ends[1 - i],
					 &bases, NULL),
			0);
		assert_int_equal(bases.count, 1);
		assert_int_equal(bases.commits[0], fork);
		assert_int_equal(scratch.used, 0);
		assert_int_equal(
			fp_pivot_is_ancestor(&view, pivot, &scratch, ends[i] - 1, ends[1], NULL),
			i);
	}
	assert_true(scratch.used <= 3);
	fp_reach_unref(pivot);
	fp_graph_view_release(&view);
	fp_graph_unref(graph);
	fp_scratch_release(&scratch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_brute_force_and_walks),
		cmocka_unit_test(needs_no_pivot),
		cmocka_unit_test(looks_at_side_parts_alone),
		cmocka_unit_test(passes_over_branches_that_share_nothing),
		cmocka_unit_test(passes_over_what_has_nothing_in_common),
	};

	dag_seed();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
