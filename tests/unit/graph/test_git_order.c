/*
 * The order of bases against git's own, on real repositories without a commit-graph file: with
 * ticking, standing, coarse and jumping committer clocks.
 */
#include "dag.h"
#include "forkpoint/graph/reach.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { COMMITS = 96, PAIRS = 24 };

static struct dag dag;
static struct fp_scratch scratch;
static char folder[] = "/tmp/fp-graph-XXXXXX";

/* A commit per ref, for git's fast-import; its mark is its index and one. */
static void write_stream(FILE *stream)
{
	for (uint32_t i = 0; i < dag.count; i++) {
		const struct dag_commit *commit = &dag.commits[i];

		fprintf(stream, "commit refs/heads/c%u\nmark :%u\n", i, i + 1);
		fprintf(stream, "author a <a@example.invalid> %lld +0000\n",
			(long long)commit->author_s);
		fprintf(stream, "committer c <c@example.invalid> %lld +0000\n",
			(long long)commit->committer_s);
		fprintf(stream, "data <<END\n%u\nEND\n", i);
		for (uint32_t k = 0; k < commit->parent_count; k++)
			fprintf(stream, "%s :%u\n", k ? "merge" : "from", commit->parents[k] + 1);
		fprintf(stream, "\n");
	}
}

static void read_marks(const char *path)
{
	FILE *marks = fopen(path, "re");
	char hex[FP_OID_HEX + 1];
	unsigned mark, seen = 0;

	assert_non_null(marks);
	while (fscanf(marks, ":%u %40s ", &mark, hex) == 2) {
		assert_in_range(mark, 1, dag.count);
		assert_true(fp_oid_parse(fp_str(hex), &dag.commits[mark - 1].oid));
		seen++;
	}
	fclose(marks);
	assert_int_equal(seen, dag.count);
}

/* Makes the repository and gives the model its ids. */
static void import_into_git(void)
{
	char command[320], marks[64];
	FILE *stream;

	snprintf(marks, sizeof(marks), "%s/marks", folder);
	snprintf(command, sizeof(command),
		"rm -rf '%s/git' && git init -q --bare '%s/git' && "
		"git -C '%s/git' fast-import --quiet --force --export-marks='%s'",
		folder, folder, folder, marks);
	stream = popen(command, "we");
	assert_non_null(stream);
	write_stream(stream);
	assert_int_equal(pclose(stream), 0);
	read_marks(marks);
}

static void ask_git(uint32_t tip, uint32_t commit, struct fp_bases *bases)
{
	char command[256], hex[FP_OID_HEX + 1];
	FILE *answer;

	snprintf(command, sizeof(command),
		"git -C '%s/git' -c core.commitGraph=false merge-base --all c%u c%u", folder, tip,
		commit);
	answer = popen(command, "re");
	assert_non_null(answer);
	bases->count = 0;
	bases->more = false;
	while (fscanf(answer, "%40s ", hex) == 1) {
		struct fp_oid oid;

		assert_true(fp_oid_parse(fp_str(hex), &oid));
		assert_true(bases->count < FP_BASES_MAX);
		bases->commits[bases->count] = fp_graph_find(&dag.view, &oid);
		assert_int_not_equal(bases->commits[bases->count++], FP_NO_COMMIT);
	}
	/* git says 1 where there is none */
	assert_int_equal(pclose(answer), bases->count ? 0 : 1 << 8);
}

static bool has_tie(uint32_t a, uint32_t b)
{
	uint32_t found[DAG_MAX], count = dag_bases(&dag, a, b, found);

	for (uint32_t i = 0; i < count; i++)
		for (uint32_t k = 0; k < i; k++)
			if (dag.commits[found[i]].committer_s == dag.commits[found[k]].committer_s)
				return true;
	return false;
}

/* A random pair, one with a tie where some tries find one. */
static void pick_pair(uint32_t *a, uint32_t *b)
{
	int tries = 0;

	do {
		*a = pick(dag.count);
		*b = pick(dag.count);
	} while (!has_tie(*a, *b) && ++tries < 60);
}

/* Compares walk and reach with git; returns whether the question was one with a tie. */
static bool check_pair(uint32_t tip, uint32_t commit)
{
	struct fp_reach *reach = fp_reach_build(&dag.view, tip, NULL, &scratch);
	struct fp_bases git, walked, reached;

	ask_git(tip, commit, &git);
	assert_int_equal(fp_walk_merge_bases(&dag.view, &scratch, tip, commit, &walked, NULL), 0);
	assert_int_equal(
		fp_reach_merge_bases(&dag.view, reach, &scratch, commit, &reached, NULL), 0);
	fp_reach_unref(reach);
	if (!dag_same_bases(&git, &walked) || !dag_same_bases(&git, &reached)) {
		for (uint32_t i = 0; i < git.count && i < walked.count && i < reached.count; i++)
			print_message("git %u, walk %u, reach %u\n", git.commits[i],
				walked.commits[i], reached.commits[i]);
		fail_msg("c%u and c%u: git has %u, walk %u, reach %u", tip, commit, git.count,
			walked.count, reached.count);
	}
	return has_tie(tip, commit);
}

static void check_clock(enum dag_clock clock, unsigned ties_at_least)
{
	unsigned ties = 0;

	for (enum dag_shape shape = DAG_TOPICS; shape < DAG_SHAPES; shape++) {
		dag_make(&dag, shape, clock, COMMITS);
		import_into_git();
		dag_load(&dag);
		for (int i = 0; i < PAIRS; i++) {
			uint32_t a, b;

			pick_pair(&a, &b);
			ties += check_pair(a, b);
		}
		dag_release(&dag);
	}
	print_message("%u questions with ties\n", ties);
	assert_true(ties >= ties_at_least);
}

static void as_git_with_different_times(void **state)
{
	(void)state;
	check_clock(DAG_TICKING, 0);
}

static void as_git_with_equal_times(void **state)
{
	(void)state;
	check_clock(DAG_STANDING, PAIRS);
}

static void as_git_with_few_times(void **state)
{
	(void)state;
	check_clock(DAG_COARSE, PAIRS);
}

static void as_git_with_times_that_run_backwards(void **state)
{
	(void)state;
	check_clock(DAG_JUMPING, 0);
}

static int make_folder(void **state)
{
	(void)state;
	setenv("GIT_CONFIG_GLOBAL", "/dev/null", 1);
	setenv("GIT_CONFIG_SYSTEM", "/dev/null", 1);
	unsetenv("GIT_DIR");
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	char command[64];

	(void)state;
	fp_scratch_release(&scratch);
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_git_with_different_times),
		cmocka_unit_test(as_git_with_equal_times),
		cmocka_unit_test(as_git_with_few_times),
		cmocka_unit_test(as_git_with_times_that_run_backwards),
	};

	dag_seed();
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
