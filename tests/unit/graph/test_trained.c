/* Training commits by stamp against a search through all commits. */
#include "dag.h"
#include "forkpoint/graph/trained.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static struct dag dag;

static fp_minute minute_of(uint32_t commit, bool committer)
{
	return fp_minute_from_s(
		committer ? dag.commits[commit].committer_s : dag.commits[commit].author_s);
}

/* About every other minute around the history's own. */
static size_t pick_minutes(fp_minute first, size_t span, fp_minute *minutes)
{
	size_t count = 0;

	for (size_t i = 0; i < span; i++)
		if (pick(2))
			minutes[count++] = first + (fp_minute)i;
	return count;
}

static bool is_wanted(const fp_minute *minutes, size_t count, fp_minute minute)
{
	for (size_t i = 0; i < count; i++)
		if (minutes[i] == minute)
			return true;
	return false;
}

static void check_minute(const struct fp_trained *trained, fp_minute minute, bool wanted,
	bool committer, uint32_t *seen)
{
	const uint32_t *commits = NULL;
	uint32_t count = fp_trained_commits(trained, minute, &commits), at = 0;

	for (uint32_t i = dag.count; i-- > 0;)
		if (wanted && minute_of(i, committer) == minute) {
			assert_true(at < count);
			assert_int_equal(commits[at++], i); /* newest index first */
		}
	assert_int_equal(at, count);
	*seen += count;
}

/* From minute to minute: the newest so far that has commits. */
static void check_newest(const struct fp_trained *trained, fp_minute first, fp_minute end)
{
	const uint32_t *commits;
	fp_minute newest = 0, known = 0;

	for (fp_minute minute = first; minute < end; minute++) {
		if (fp_trained_commits(trained, minute, &commits) > 0)
			newest = minute;
		assert_int_equal(fp_trained_newest(trained, minute, &known), newest != 0);
		assert_int_equal(known, newest);
	}
}

static void finds_the_commits_of_each_minute(void **state)
{
	enum { SPAN = 400 };
	fp_minute minutes[SPAN];
	uint32_t seen = 0;

	(void)state;
	for (int round = 0; round < 40; round++) {
		enum dag_clock clock = (enum dag_clock)(round % DAG_CLOCKS);
		bool committer = pick(2);
		struct fp_trained *trained;
		fp_minute first;
		size_t count;

		dag_make(&dag, DAG_TOPICS, clock, DAG_MAX);
		dag_load(&dag);
		first = minute_of(0, true) - 20;
		count = pick_minutes(first, SPAN, minutes);
		trained = fp_trained_build(&dag.view, minutes, count, committer);
		assert_non_null(trained);
		for (fp_minute minute = first - 2; minute < first + SPAN + 2; minute++)
			check_minute(trained, minute, is_wanted(minutes, count, minute), committer,
				&seen);
		check_newest(trained, first - 2, first + SPAN + 2);
		fp_trained_unref(trained);
		dag_release(&dag);
	}
	assert_true(seen > 1000);
}

/* What was extended is what had been built with all minutes at once. */
static void extends_by_some_minutes(void **state)
{
	enum { SPAN = 400 };
	fp_minute minutes[SPAN], more[SPAN];
	uint32_t seen = 0;

	(void)state;
	for (int round = 0; round < 40; round++) {
		struct fp_trained *trained, *extended;
		size_t count, more_count;
		fp_minute first;

		dag_make(&dag, DAG_TOPICS, (enum dag_clock)(round % DAG_CLOCKS), DAG_MAX);
		dag_load(&dag);
		first = minute_of(0, true) - 20;
		count = pick_minutes(first, SPAN, minutes);
		more_count = pick_minutes(first, SPAN, more) / (1 + pick(200));
		trained = fp_trained_build(&dag.view, minutes, count, true);
		extended = fp_trained_extend(trained, &dag.view, more, more_count, true);
		assert_non_null(extended);
		fp_trained_unref(trained);
		for (fp_minute minute = first - 2; minute < first + SPAN + 2; minute++)
			check_minute(extended, minute,
				is_wanted(minutes, count, minute) ||
					is_wanted(more, more_count, minute),
				true, &seen);
		fp_trained_unref(extended);
		dag_release(&dag);
	}
	assert_true(seen > 1000);
}

static void takes_no_minutes_and_no_commits(void **state)
{
	struct fp_graph *graph = fp_graph_new();
	struct fp_graph_view view = fp_graph_view(graph);
	struct fp_trained *trained = fp_trained_build(&view, NULL, 0, false);
	const uint32_t *commits;
	fp_minute known;

	(void)state;
	assert_non_null(trained);
	assert_int_equal(fp_trained_commits(trained, 0, &commits), 0);
	assert_false(fp_trained_newest(trained, 0, &known));
	fp_trained_unref(trained);
	fp_graph_view_release(&view);
	fp_graph_unref(graph);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_the_commits_of_each_minute),
		cmocka_unit_test(extends_by_some_minutes),
		cmocka_unit_test(takes_no_minutes_and_no_commits),
	};

	dag_seed();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
