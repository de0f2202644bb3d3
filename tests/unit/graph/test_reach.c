/* A branch's reach against brute force and against walks, built at once and extended in place. */
#include "dag.h"
#include "forkpoint/graph/reach.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct dag dag;
static struct fp_scratch scratch;

static void check_chain(const struct fp_reach *reach)
{
	uint32_t at = fp_reach_tip(reach), length = fp_reach_chain_length(reach);

	for (uint32_t position = length; position-- > 0;) {
		assert_int_equal(fp_reach_chain_commit(reach, position), at);
		assert_int_equal(dag.commits[at].parent_count == 0, position == 0);
		at = dag.commits[at].parents[0];
	}
}

static void check_commit(const struct fp_graph_view *view, const struct fp_reach *reach,
	uint32_t commit, uint32_t *several)
{
	uint32_t tip = fp_reach_tip(reach), count = UINT32_MAX;
	struct fp_bases bases, walked;

	assert_int_equal(fp_reach_has(reach, commit), dag_reaches(&dag, tip, commit));
	assert_int_equal(fp_reach_merge_bases(view, reach, &scratch, commit, &bases, NULL), 0);
	assert_true(dag_has_bases(&dag, tip, commit, &bases));
	assert_int_equal(fp_walk_merge_bases(view, &scratch, tip, commit, &walked, NULL), 0);
	assert_true(dag_same_bases(&bases, &walked));
	*several += bases.count > 1;
	if (bases.count == 1) {
		assert_int_equal(fp_reach_count_beyond(view, reach, &scratch, bases.commits[0],
					 commit, &count, NULL),
			0);
		assert_int_equal(count, dag_count_between(&dag, bases.commits[0], commit));
	}
	if (fp_reach_has(reach, commit)) {
		assert_int_equal(
			fp_reach_count_ancestors(view, reach, &scratch, commit, &count, NULL), 0);
		assert_int_equal(count, dag_count_between(&dag, FP_NO_COMMIT, commit));
	}
}

static void check_ancestry(const struct fp_graph_view *view, const struct fp_reach *reach)
{
	for (int i = 0; i < 300; i++) {
		uint32_t a = pick(view->count), b = pick(view->count);

		if (fp_reach_has(reach, a) && fp_reach_has(reach, b))
			assert_int_equal(fp_reach_is_ancestor(view, reach, &scratch, a, b, NULL),
				dag_reaches(&dag, b, a));
	}
}

static uint32_t check_reach(const struct fp_graph_view *view, const struct fp_reach *reach)
{
	uint32_t several = 0;

	check_chain(reach);
	check_ancestry(view, reach);
	for (uint32_t commit = 0; commit < view->count; commit++)
		check_commit(view, reach, commit, &several);
	return several;
}

static void agrees_with_brute_force_and_walks(void **state)
{
	uint32_t several = 0;

	(void)state;
	for (enum dag_shape shape = 0; shape < DAG_SHAPES; shape++)
		for (enum dag_clock clock = 0; clock < DAG_CLOCKS; clock++) {
			dag_make(&dag, shape, clock, pick(6) ? DAG_MAX : 1 + pick(12));
			dag_load(&dag);
			for (int tips = 0; tips < 4; tips++) {
				struct fp_reach *reach =
					fp_reach_build(&dag.view, pick(dag.count), NULL, &scratch);

				assert_non_null(reach);
				several += check_reach(&dag.view, reach);
				fp_reach_unref(reach);
			}
			dag_release(&dag);
		}
	assert_true(several > 100); /* or the hard part went untested */
	fp_scratch_release(&scratch);
}

/* The commits come in some steps; views of all steps ask the extended reach. */
static void is_extended_in_place(void **state)
{
	enum { STEPS = 6 };

	(void)state;
	for (enum dag_shape shape = 0; shape < DAG_SHAPES; shape++) {
		struct fp_graph_view views[STEPS];
		struct fp_reach *reach = NULL;
		uint32_t tip = DAG_MAX / STEPS - 1 - pick(8);

		dag_make(&dag, shape, DAG_COARSE, DAG_MAX);
		dag.graph = fp_graph_new();
		for (uint32_t step = 0; step < STEPS; step++) {
			struct fp_reach *next;

			dag_append(&dag, DAG_MAX / STEPS * (step + 1));
			views[step] = fp_graph_view(dag.graph);
			next = fp_reach_build(&views[step], tip, reach, &scratch);
			assert_true(!reach || next == reach);
			fp_reach_unref(reach);
			reach = next;
			for (uint32_t old = 0; old <= step; old++)
				check_reach(&views[old], reach);
		}
		fp_reach_unref(reach);
		for (uint32_t step = 0; step < STEPS; step++)
			fp_graph_view_release(&views[step]);
		dag_release(&dag);
	}
	fp_scratch_release(&scratch);
}

static void is_rebuilt_for_another_tip(void **state)
{
	struct fp_reach *old, *new;

	(void)state;
	dag_make(&dag, DAG_TOPICS, DAG_TICKING, DAG_MAX);
	dag_load(&dag);
	old = fp_reach_build(&dag.view, 100, NULL, &scratch);
	new = fp_reach_build(&dag.view, 101, old, &scratch);
	assert_ptr_not_equal(old, new);
	check_reach(&dag.view, old);
	check_reach(&dag.view, new);
	fp_reach_unref(old);
	fp_reach_unref(new);
	dag_release(&dag);
	fp_scratch_release(&scratch);
}

/* Written, read over a view that has grown since, and extended over it: the same reach. */
static void is_read_from_its_page(void **state)
{
	for (uint32_t i = 0; i < DAG_SHAPES * 4; i++) {
		struct fp_buf FP_CLEANUP_BUF page, FP_CLEANUP_BUF again;
		struct fp_reach *reach, *loaded = NULL, *extended;

		fp_buf_init(&page, 1 << 20);
		fp_buf_init(&again, 1 << 20);
		dag_make(&dag, i % DAG_SHAPES, DAG_TICKING, DAG_MAX);
		dag.graph = fp_graph_new();
		dag_append(&dag, 150);
		dag.view = fp_graph_view(dag.graph);
		reach = fp_reach_build(&dag.view, 100, NULL, &scratch);
		fp_reach_write_page(reach, &page);
		fp_graph_view_release(&dag.view);
		dag_append(&dag, DAG_MAX);
		dag.view = fp_graph_view(dag.graph);
		assert_int_equal(fp_reach_read_page(fp_buf_str(&page), &dag.view, &loaded), 0);
		fp_reach_write_page(loaded, &again);
		assert_true(fp_str_equal(fp_buf_str(&page), fp_buf_str(&again)));
		extended = fp_reach_build(&dag.view, 100, loaded, &scratch);
		assert_ptr_equal(extended, loaded);
		check_reach(&dag.view, extended);
		fp_reach_unref(extended);
		fp_reach_unref(loaded);
		fp_reach_unref(reach);
		dag_release(&dag);
	}
	fp_scratch_release(&scratch);
}

/* Whatever stands in a page: it is refused, or makes a reach that can be asked anything. */
static void refuses_wrong_pages(void **state)
{
	struct fp_buf FP_CLEANUP_BUF page;
	struct fp_reach *reach, *loaded;
	unsigned refused = 0, tries = 0;

	fp_buf_init(&page, 1 << 20);
	dag_make(&dag, DAG_LAYERS, DAG_TICKING, DAG_MAX);
	dag_load(&dag);
	reach = fp_reach_build(&dag.view, 100, NULL, &scratch);
	fp_reach_write_page(reach, &page);
	for (size_t len = 0; len < page.len; len++)
		assert_int_equal(
			fp_reach_read_page(fp_str_n(page.data, len), &dag.view, &loaded), 1);
	for (size_t at = 0; at < page.len; at++) {
		char was = page.data[at];

		page.data[at] ^= (char)(1 << pick(8));
		tries++;
		if (fp_reach_read_page(fp_buf_str(&page), &dag.view, &loaded) == 0) {
			struct fp_bases bases;
			struct fp_error error;

			for (uint32_t i = 0; i < dag.count; i++)
				assert_int_equal(fp_reach_merge_bases(&dag.view, loaded, &scratch,
							 i, &bases, &error),
					0);
			fp_reach_unref(loaded);
		} else {
			refused++;
		}
		page.data[at] = was;
	}
	assert_true(refused > tries / 4);
	fp_reach_unref(reach);
	dag_release(&dag);
	fp_scratch_release(&scratch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_brute_force_and_walks),
		cmocka_unit_test(is_extended_in_place),
		cmocka_unit_test(is_rebuilt_for_another_tip),
		cmocka_unit_test(is_read_from_its_page),
		cmocka_unit_test(refuses_wrong_pages),
	};

	dag_seed();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
