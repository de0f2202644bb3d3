/* Selection: the worked example of RULES.md, and each sentence of section 3 as a row. */
#include "catalog_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define NAMES(...) ((const char *const[]){__VA_ARGS__, NULL})

static void test_worked_example(void **state)
{
	static const struct fixture_row rows[] = {
		{"2.4.2001312227-main"},
		{"2.4.2001312205-main"},
		{"2.4.2001312054-release_2_4"},
		{"2.4.2001312033-main"},
		{"2.4.2001312028-main"},
	};
	static const struct {
		const char *stamp, *branch, *answer; /* NULL: no database */
	} table[] = {
		{"2002010411", "main", "2.4.2001312227-main"},
		{"2001312205", "main", "2.4.2001312205-main"}, /* an equal stamp is eligible */
		{"2001312149", "main", "2.4.2001312033-main"},
		{"2001312033", "main", "2.4.2001312033-main"},
		{"2001312046", "release/2.4", NULL},
		{"2001312111", "release/2.4", "2.4.2001312054-release_2_4"},
	};
	FP_CLEANUP(fp_catalog_free_cleanup)
	struct fp_catalog *catalog = fixture_catalog(rows, FP_ARRAY_SIZE(rows), false);

	for (size_t i = 0; i < FP_ARRAY_SIZE(table); i++) {
		struct fp_select_query query =
			fixture_query("2.4", table[i].stamp, NAMES(table[i].branch));
		struct fp_selection selection;

		fp_select(catalog, &query, &selection);
		assert_true(fixture_is(catalog, selection.chosen, table[i].answer));
		assert_int_equal(selection.total, FP_ARRAY_SIZE(rows));
	}
}

static void test_numbers(void **state)
{
	static const struct fixture_row rows[] = {
		{"2.4.2001312227-main"},	      /* after */
		{"2.4.2001312205-main"},	      /* chosen */
		{"2.4.2001312204-main", QUARANTINED}, /* not better */
		{"2.4.2001312033-main"},	      /* runner-up */
		{"2.4.2001312028-main", UNAVAILABLE}, {"2.4.2001312029-main", INCOMPLETE},
		{"2.4.2001312054-release_2_4"}, {"2.5.2001312054-main"},
		{"2.4.2001312100-main", UNLISTED}, {"2.4.2001312101-main", VANISHED}, {"2.0.0"},
		{"2.4.2001312300-main", QUARANTINED}, /* after, whatever else */
	};
	FP_CLEANUP(fp_catalog_free_cleanup)
	struct fp_catalog *catalog = fixture_catalog(rows, FP_ARRAY_SIZE(rows), false);
	struct fp_select_query query = fixture_query("2.4", "2001312206", NAMES("main"));
	struct fp_selection selection;

	fp_select(catalog, &query, &selection);
	assert_true(fixture_is(catalog, selection.chosen, "2.4.2001312205-main"));
	assert_true(fixture_is(catalog, selection.runner_up, "2.4.2001312033-main"));
	assert_true(fixture_is(catalog, selection.nearest_newer, "2.4.2001312227-main"));
	assert_true(fixture_is(catalog, selection.quarantined_better, NULL));
	assert_int_equal(selection.total, 11);
	assert_int_equal(selection.eligible, 2);
	assert_int_equal(selection.rejected[FP_REJECTION_UNRECOGNISED], 1);
	assert_int_equal(selection.rejected[FP_REJECTION_UNLISTED], 1);
	assert_int_equal(selection.rejected[FP_REJECTION_OTHER_RELEASE], 1);
	assert_int_equal(selection.rejected[FP_REJECTION_OTHER_BRANCH], 1);
	assert_int_equal(selection.rejected[FP_REJECTION_AFTER_FORK_POINT], 2);
	assert_int_equal(selection.rejected[FP_REJECTION_QUARANTINED], 1);
	assert_int_equal(selection.rejected[FP_REJECTION_UNAVAILABLE], 1);
	assert_int_equal(selection.rejected[FP_REJECTION_INCOMPLETE_SET], 1);
	assert_int_equal(selection.rejected[FP_REJECTION_NOT_YET_SEEN], 0);
	assert_false(selection.day_granular);
}

enum { ROWS_MAX = 8 };

/* One catalog, one query, one answer. */
struct choice_case {
	const char *about;
	struct fixture_row rows[ROWS_MAX];
	const char *release, *stamp;
	const char *branches[4];
	bool takes_unlabelled, keep_unlisted;
	const char *chosen, *runner_up;
	const char *quarantined_better;
	bool day_granular;
};

static const struct choice_case choices[] = {
	{
		.about = "the same stamp twice: the higher version in NuGet order",
		.rows = {{"2.4.0-2001312227-main"}, {"2.4.2001312227-main"}},
		.release = "2.4",
		.stamp = "2001312227",
		.branches = {"main"},
		.chosen = "2.4.2001312227-main",
		.runner_up = "2.4.0-2001312227-main",
	},
	{
		.about = "an underscore stands above a hyphen",
		.rows = {{"2.4.2001312227-release-2-4"}, {"2.4.2001312227-release_2_4"}},
		.release = "2.4",
		.stamp = "2001312227",
		.branches = {"release/2.4"},
		.chosen = "2.4.2001312227-release_2_4",
		.runner_up = "2.4.2001312227-release-2-4",
	},
	{
		.about = "the newest stamp wins across grammars, whatever NuGet's order says",
		.rows = {{"2.4.2001312227-main"}, {"2.4.0-2001312228-main"}},
		.release = "2.4",
		.stamp = "2002010000",
		.branches = {"main"},
		.chosen = "2.4.0-2001312228-main",
		.runner_up = "2.4.2001312227-main",
	},
	{
		.about = "and across aliases",
		.rows = {{"2.4.2001312227-main"}, {"2.4.2001312228-master"}},
		.release = "2.4",
		.stamp = "2002010000",
		.branches = {"main", "master"},
		.chosen = "2.4.2001312228-master",
		.runner_up = "2.4.2001312227-main",
	},
	{
		.about = "without the alias its label is another branch's",
		.rows = {{"2.4.2001312227-main"}, {"2.4.2001312228-master"}},
		.release = "2.4",
		.stamp = "2002010000",
		.branches = {"main"},
		.chosen = "2.4.2001312227-main",
	},
	{
		.about = "an alias that makes the same label counts once",
		.rows = {{"2.4.2001312227-release-1"}, {"2.4.2001312226-release-1"}},
		.release = "2.4",
		.stamp = "2002010000",
		.branches = {"release/1", "release.1", "RELEASE-1"},
		.chosen = "2.4.2001312227-release-1",
		.runner_up = "2.4.2001312226-release-1",
	},
	{
		.about = "prerelease-stamp knows hyphens only",
		.rows = {{"2.4.0-2001312227-release_2_4"}, {"2.4.0-2001312226-release-2-4"}},
		.release = "2.4",
		.stamp = "2002010000",
		.branches = {"release/2.4"},
		.chosen = "2.4.0-2001312226-release-2-4",
	},
	{
		.about = "labels compare without regard to case",
		.rows = {{"2.4.0-2001312227-MAIN"}},
		.release = "2.4",
		.stamp = "2002010000",
		.branches = {"Main"},
		.chosen = "2.4.0-2001312227-MAIN",
	},
	{
		.about = "a prerelease label is part of the release",
		.rows = {{"2.8.0-PreRelease-2203082245-main"}, {"2.8.0-2203082246-main"}},
		.release = "2.8.0-prerelease",
		.stamp = "2204010000",
		.branches = {"main"},
		.chosen = "2.8.0-PreRelease-2203082245-main",
	},
	{
		.about = "patch-stamp is no prerelease, and no patch 1",
		.rows = {{"2.4.2001312227-main"}, {"2.4.1-2001312226-main"}},
		.release = "2.4.1",
		.stamp = "2002010000",
		.branches = {"main"},
		.chosen = "2.4.1-2001312226-main",
	},
	{
		.about = "foreign versions stop nothing",
		.rows = {{"2.4.2001312227-main"}, {"9.9.9"}, {"3.0.2201010000-main"}, {"x"}},
		.release = "2.4",
		.stamp = "2002010000",
		.branches = {"main"},
		.chosen = "2.4.2001312227-main",
	},
	{
		.about = "no other release or branch is a substitute",
		.rows = {{"2.5.2001312227-main"}, {"2.4.2001312227-dev"}},
		.release = "2.4",
		.stamp = "2002010000",
		.branches = {"main"},
		.chosen = NULL,
	},
	{
		.about = "unlisted and vanished ones are not taken",
		.rows = {{"2.4.2001312227-main", UNLISTED}, {"2.4.2001312226-main", VANISHED},
			{"2.4.2001312225-main"}},
		.release = "2.4",
		.stamp = "2002010000",
		.branches = {"main"},
		.chosen = "2.4.2001312225-main",
	},
	{
		.about = "unlisted ones are, where they are kept",
		.rows = {{"2.4.2001312227-main", UNLISTED}, {"2.4.2001312226-main"}},
		.release = "2.4",
		.stamp = "2002010000",
		.branches = {"main"},
		.keep_unlisted = true,
		.chosen = "2.4.2001312227-main",
		.runner_up = "2.4.2001312226-main",
	},
	{
		.about = "a quarantined one that would have won is named",
		.rows = {{"2.4.2001312227-main", QUARANTINED}, {"2.4.2001312226-main"},
			{"2.4.2001312228-main", QUARANTINED | UNAVAILABLE},
			{"2.4.2001312229-main", QUARANTINED | INCOMPLETE},
			{"2.4.2002010001-main", QUARANTINED}},
		.release = "2.4",
		.stamp = "2002010000",
		.branches = {"main"},
		.chosen = "2.4.2001312226-main",
		.quarantined_better = "2.4.2001312227-main",
	},
	{
		.about = "also where nothing else is left",
		.rows = {{"2.4.2001312227-main", QUARANTINED}},
		.release = "2.4",
		.stamp = "2002010000",
		.branches = {"main"},
		.chosen = NULL,
		.quarantined_better = "2.4.2001312227-main",
	},
	{
		.about = "arcade: the newest day, then the highest revision as a number",
		.rows = {{"1.0.0-prerelease.24409.2"}, {"1.0.0-prerelease.24409.10"},
			{"1.0.0-prerelease.24408.99"}},
		.release = "1.0.0-prerelease",
		.stamp = "2408100000",
		.branches = {"main"},
		.takes_unlabelled = true,
		.chosen = "1.0.0-prerelease.24409.10",
		.runner_up = "1.0.0-prerelease.24409.2",
	},
	{
		.about = "arcade: the fork point's own day is eligible from its first minute",
		.rows = {{"1.0.0-prerelease.24409.2"}, {"1.0.0-prerelease.24408.1"}},
		.release = "1.0.0-prerelease",
		.stamp = "2408090000",
		.branches = {"main"},
		.takes_unlabelled = true,
		.chosen = "1.0.0-prerelease.24409.2",
		.runner_up = "1.0.0-prerelease.24408.1",
		.day_granular = true,
	},
	{
		.about = "arcade: the day after is not, until its last minute",
		.rows = {{"1.0.0-prerelease.24409.2"}, {"1.0.0-prerelease.24408.1"}},
		.release = "1.0.0-prerelease",
		.stamp = "2408082359",
		.branches = {"main"},
		.takes_unlabelled = true,
		.chosen = "1.0.0-prerelease.24408.1",
		.day_granular = true,
	},
	{
		.about = "arcade: branches that the configuration does not list get nothing",
		.rows = {{"1.0.0-prerelease.24409.2"}},
		.release = "1.0.0-prerelease",
		.stamp = "2409010000",
		.branches = {"dev"},
		.chosen = NULL,
	},
	{
		.about = "arcade: a request without prerelease label takes the newest of any",
		.rows = {{"1.0.0-prerelease.24409.2"}, {"1.0.0-rtm.24410.1"}, {"1.0.0-a.24411.1"},
			{"1.0.1-a.24411.5"}},
		.release = "1.0",
		.stamp = "2408100000",
		.branches = {"main"},
		.takes_unlabelled = true,
		.chosen = "1.0.0-rtm.24410.1",
		.runner_up = "1.0.0-prerelease.24409.2",
		.day_granular = true,
	},
	{
		.about = "arcade beside stamps: compared by its day's midnight",
		.rows = {{"1.0.0-2408090001-main"}, {"1.0.0-rc.24409.2"},
			{"1.0.0-2408082359-main"}},
		.release = "1.0",
		.stamp = "2408091200",
		.branches = {"main"},
		.takes_unlabelled = true,
		.chosen = "1.0.0-2408090001-main",
		.runner_up = "1.0.0-rc.24409.2",
	},
};

static size_t count_rows(const struct choice_case *choice)
{
	size_t count = 0;

	while (count < ROWS_MAX && choice->rows[count].version)
		count++;
	return count;
}

/* What the walk yields is what the selection says: first the chosen, then the runner-up. */
static void assert_walk(const struct fp_catalog *catalog, const struct fp_select_query *query,
	const struct fp_selection *selection)
{
	struct fp_select_cursor cursor = {0};
	uint32_t walked = 0, version;

	assert_int_equal(fp_select_next(catalog, query, &cursor), selection->chosen);
	assert_int_equal(fp_select_next(catalog, query, &cursor), selection->runner_up);
	cursor = (struct fp_select_cursor){0};
	while ((version = fp_select_next(catalog, query, &cursor)) != FP_SELECT_NO_VERSION) {
		assert_int_equal(fp_select_judge(catalog, &catalog->versions[version], query),
			FP_REJECTION_NONE);
		walked++;
	}
	assert_int_equal(walked, selection->eligible);
	/* the end stays the end */
	assert_int_equal(fp_select_next(catalog, query, &cursor), FP_SELECT_NO_VERSION);
}

static void test_choices(void **state)
{
	for (size_t i = 0; i < FP_ARRAY_SIZE(choices); i++) {
		const struct choice_case *row = &choices[i];
		FP_CLEANUP(fp_catalog_free_cleanup)
		struct fp_catalog *catalog =
			fixture_catalog(row->rows, count_rows(row), row->keep_unlisted);
		struct fp_select_query query =
			fixture_query(row->release, row->stamp, row->branches);
		struct fp_selection selection;

		print_message("%s\n", row->about);
		query.takes_unlabelled = row->takes_unlabelled;
		fp_select(catalog, &query, &selection);
		assert_true(fixture_is(catalog, selection.chosen, row->chosen));
		assert_true(fixture_is(catalog, selection.runner_up, row->runner_up));
		assert_true(
			fixture_is(catalog, selection.quarantined_better, row->quarantined_better));
		assert_int_equal(selection.day_granular, row->day_granular);
		assert_walk(catalog, &query, &selection);
	}
}

/* More stages of one release than any table of groups holds. */
static void test_many_stages(void **state)
{
	enum { STAGES = 500 };
	static char texts[STAGES][40];
	static struct fixture_row rows[STAGES];
	struct fp_select_query query = fixture_query("1.0", "2409010000", NAMES("main"));
	struct fp_selection selection;

	for (int i = 0; i < STAGES; i++) {
		snprintf(texts[i], sizeof(texts[i]), "1.0.0-s%d.24409.%d", i, STAGES - i);
		rows[i].version = texts[i];
	}
	FP_CLEANUP(fp_catalog_free_cleanup)
	struct fp_catalog *catalog = fixture_catalog(rows, STAGES, false);

	query.takes_unlabelled = true;
	fp_select(catalog, &query, &selection);
	assert_int_equal(selection.eligible, STAGES);
	assert_true(fixture_is(catalog, selection.chosen, "1.0.0-s0.24409.500"));
	assert_walk(catalog, &query, &selection);
}

/* A commit from before 2000 and one from after 2100 have no stamp, but a place in time. */
static void test_outside_century(void **state)
{
	static const struct fixture_row rows[] = {
		{"1.0.0-0001010000-main"}, {"1.0.0-9912312359-main"}};
	FP_CLEANUP(fp_catalog_free_cleanup)
	struct fp_catalog *catalog = fixture_catalog(rows, FP_ARRAY_SIZE(rows), false);
	struct fp_select_query query = fixture_query("1.0", "0001010000", NAMES("main"));
	struct fp_selection selection;

	query.minute = -1;
	fp_select(catalog, &query, &selection);
	assert_true(fixture_is(catalog, selection.chosen, NULL));
	assert_true(fixture_is(catalog, selection.nearest_newer, "1.0.0-0001010000-main"));
	query.minute = INT64_MAX;
	fp_select(catalog, &query, &selection);
	assert_true(fixture_is(catalog, selection.chosen, "1.0.0-9912312359-main"));
	assert_true(fixture_is(catalog, selection.nearest_newer, NULL));
}

static void test_misses(void **state)
{
	static const struct fixture_row rows[] = {
		{"2.4.2001312227-main"},			  /* the oldest after */
		{"2.4.2001312228-main"}, {"2.3.2001310000-main"}, /* of another release, before */
		{"2.5.2001310001-main"},			  /* newer: the nearest */
		{"2.5.2002010000-main"},			  /* after the fork point */
		{"2.5.2001312000-dev"},				  /* other release and branch */
		{"2.4.2001310500-dev"}, {"2.4.0-2001310600-DEV"}, /* the same label, newer, once */
		{"2.4.2001310700-release_2_4"},			  /* newest */
		{"2.4.2001310000-old"}, {"2.4.2001312300-gone", UNLISTED}, /* no package at all */
		{"2.4.0-rc.20081.1"},					   /* names no branch */
	};
	static const char *const branches[] = {"release_2_4", "DEV", "old"};
	FP_CLEANUP(fp_catalog_free_cleanup)
	struct fp_catalog *catalog = fixture_catalog(rows, FP_ARRAY_SIZE(rows), false);
	struct fp_select_query query = fixture_query("2.4", "2001311200", NAMES("main"));
	struct fp_select_misses misses;

	fp_select_misses(catalog, &query, &misses);
	assert_true(fixture_is(catalog, misses.oldest_after, "2.4.2001312227-main"));
	assert_true(fixture_is(catalog, misses.newest_other_release, "2.5.2001310001-main"));
	assert_int_equal(misses.other_branch_group_count, FP_ARRAY_SIZE(branches));
	for (size_t i = 0; i < FP_ARRAY_SIZE(branches); i++)
		assert_true(fp_str_equal(
			catalog->groups[misses.other_branch_groups[i]].label, fp_str(branches[i])));
	/* nothing of another release at or before: then the newest there is */
	assert_true(fp_stamp_parse(FP_STR_LITERAL("1901010000"), &query.minute));
	fp_select_misses(catalog, &query, &misses);
	assert_true(fixture_is(catalog, misses.newest_other_release, "2.5.2002010000-main"));
}

/* The newest eight of many branches, in order. */
static void test_many_branches(void **state)
{
	static char texts[30][40];
	static struct fixture_row rows[30];
	struct fp_select_query query = fixture_query("2.4", "2001311200", NAMES("main"));
	struct fp_select_misses misses;

	for (int i = 0; i < 30; i++) {
		/* 7 and 30 have no common divisor: every day of the month once, mixed */
		snprintf(texts[i], sizeof(texts[i]), "2.4.0-2004%02d0000-b%02d", i * 7 % 30 + 1, i);
		rows[i].version = texts[i];
	}
	FP_CLEANUP(fp_catalog_free_cleanup)
	struct fp_catalog *catalog = fixture_catalog(rows, 30, false);

	fp_select_misses(catalog, &query, &misses);
	assert_int_equal(misses.other_branch_group_count, 8);
	for (size_t i = 0; i < 8; i++) {
		const struct fp_catalog_group *group =
			&catalog->groups[misses.other_branch_groups[i]];
		char day[16];

		snprintf(day, sizeof(day), "2004%02zu0000", 30 - i);
		assert_non_null(
			strstr(fixture_text(catalog, catalog->order[group->first[0]]), day));
	}
}

static void test_rejection_names(void **state)
{
	static const char *const names[FP_REJECTION_COUNT] = {"eligible", "unrecognised",
		"unlisted", "other-release", "other-branch", "after-fork-point", "quarantined",
		"unavailable", "incomplete-set", "not-yet-seen"};

	for (int i = 0; i < FP_REJECTION_COUNT; i++) {
		assert_string_equal(fp_rejection_name((enum fp_rejection)i), names[i]);
		assert_true(strlen(fp_rejection_phrase((enum fp_rejection)i)) > 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_worked_example),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_choices),
		cmocka_unit_test(test_many_stages),
		cmocka_unit_test(test_outside_century),
		cmocka_unit_test(test_misses),
		cmocka_unit_test(test_many_branches),
		cmocka_unit_test(test_rejection_names),
	};

	return cmocka_run_group_tests_name("select", tests, NULL, NULL);
}
