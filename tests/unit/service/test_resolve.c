/* /resolve end to end over a snapshot in memory: every outcome, every warning, every sentence. */
#include "winui.h"

#include "forkpoint/base/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define BIT(name) (1u << FP_WARNING_##name)

/* What questions are written with: a commit's name, or text as it is when it begins with =. */
struct asked {
	const char *repo, *commit, *ref, *branch, *release, *package;
};

static struct fp_str or_empty(const char *text)
{
	return text ? fp_str(text) : (struct fp_str){0};
}

static const struct fp_answer *ask_at(
	struct winui *winui, const struct asked *asked, int64_t now_us)
{
	static char hex[FP_OID_HEX + 1];
	struct fp_question question = {
		.repo = fp_str(asked->repo ? asked->repo : "winui"),
		.ref = or_empty(asked->ref),
		.branch = or_empty(asked->branch),
		.release = or_empty(asked->release),
		.package = or_empty(asked->package),
	};

	if (asked->commit)
		question.sha = fp_str(asked->commit[0] == '=' ? asked->commit + 1
							      : world_sha(asked->commit, hex));
	fp_service_resolve(winui->worker, winui->snapshot, &question, now_us, &winui->answer);
	return &winui->answer;
}

/* Until the next call. */
static const char *version_of(const struct fp_answer *answer)
{
	static char text[256];
	const struct fp_catalog_version *version =
		fp_answer_version(answer, answer->selection.chosen);

	snprintf(text, sizeof(text), "%.*s", version ? (int)version->row.text.len : 0,
		version ? version->row.text.ptr : "");
	return text;
}

/* ---- outcomes and warnings ---- */

static void test_outcomes(void **state)
{
	static const struct {
		struct asked asked;
		enum fp_outcome outcome;
		const char *version; /* of an answer; else a part of its sentence */
		uint32_t warnings;
	} rows[] = {
		/* plain: the commit is its own fork point */
		{{.commit = "d"}, FP_OUTCOME_OK, "2.4.2001310300-main", 0},
		/* forked from c; c's own is unlisted, d's is after it */
		{{.commit = "t"}, FP_OUTCOME_OK, "2.4.2001310100-main", 0},
		{{.ref = "refs/heads/topic"}, FP_OUTCOME_OK, "2.4.2001310100-main", 0},
		/* another branch, another package; on an untracked branch, too */
		{{.commit = "t", .branch = "topic"}, FP_OUTCOME_OK, "2.4.2001310230-topic", 0},
		{{.commit = "t", .branch = "refs/heads/topic"}, FP_OUTCOME_OK,
			"2.4.2001310230-topic", 0},
		/* the branch's former name, as asked and as published */
		{{.commit = "d", .branch = "master", .release = "2.8.0-prerelease"}, FP_OUTCOME_OK,
			"2.8.0-prerelease-2001310100-MASTER", 0},
		{{.commit = "w"}, FP_OUTCOME_OK, "2.4.2001310100-main", 0},
		{{.commit = "=6464"}, FP_OUTCOME_OK, "2.4.2001310300-main", BIT(ABBREVIATED_SHA)},
		/* trained on f, which is after d though its author time is before */
		{{.commit = "d", .release = "2.5"}, FP_OUTCOME_OK, "2.5.2001310130-main",
			BIT(TRAINED_AFTER_FORK_POINT) | BIT(ANCESTRY_DISAGREES)},
		{{.commit = "g", .release = "2.5"}, FP_OUTCOME_OK, "2.5.2001310130-main", 0},
		{{.commit = "d", .release = "2.6"}, FP_OUTCOME_OK, "2.6.2001310115-main",
			BIT(TRAINING_COMMIT_UNKNOWN) | BIT(ANCESTRY_DISAGREES)},
		{{.commit = "d", .release = "2.7"}, FP_OUTCOME_OK, "2.7.2001310200-main",
			BIT(TRAINING_COMMIT_AMBIGUOUS)},
		{{.commit = "d", .branch = "release/1.10", .release = "1.10"}, FP_OUTCOME_OK,
			"1.10.2001310100-release_1_10", BIT(AMBIGUOUS_LABEL)},
		{{.commit = "y", .branch = "cross", .release = "3.0"}, FP_OUTCOME_OK,
			"3.0.2001310110-cross",
			BIT(SEVERAL_MERGE_BASES) | BIT(TRAINED_AFTER_FORK_POINT) |
				BIT(ANCESTRY_DISAGREES)},
		{{.commit = "d", .package = "mibc", .release = "2.4.0-alpha"}, FP_OUTCOME_OK,
			"2.4.0-alpha.20081.2", BIT(DAY_GRANULAR)},
		/* and every way to fail */
		{{.repo = "winiu", .commit = "d"}, FP_OUTCOME_UNKNOWN_REPOSITORY,
			"no repository named \"winiu\"", 0},
		{{.repo = "empty", .commit = "d"}, FP_OUTCOME_NOT_READY, "not been mirrored yet",
			0},
		{{.commit = "d", .package = "Late"}, FP_OUTCOME_NOT_READY, "has not been read", 0},
		{{.commit = "d", .package = "Muks"}, FP_OUTCOME_UNKNOWN_PACKAGE,
			"no package \"Muks\"", 0},
		{{.commit = "z"}, FP_OUTCOME_UNKNOWN_COMMIT, "no commit 7a7a", 0},
		{{.commit = "=7a7a7a"}, FP_OUTCOME_UNKNOWN_COMMIT, "no commit 7a7a7a", 0},
		{{.ref = "refs/heads/mian"}, FP_OUTCOME_UNKNOWN_COMMIT, "no ref", 0},
		{{.ref = "refs/tags/gone"}, FP_OUTCOME_UNKNOWN_COMMIT, "not lead to a commit", 0},
		{{.commit = "=7777"}, FP_OUTCOME_AMBIGUOUS_COMMIT, "several commits", 0},
		{{.commit = "d", .branch = "mian"}, FP_OUTCOME_UNKNOWN_BRANCH, "no branch \"mian\"",
			0},
		{{.commit = "k"}, FP_OUTCOME_UNKNOWN_BRANCH, "which the commit's config.ps1 names",
			0},
		{{.commit = "n"}, FP_OUTCOME_RELEASE_UNKNOWN,
			"version.props has no MUXVersionMinor; add release=", 0},
		{{.commit = "d", .release = "two"}, FP_OUTCOME_BAD_REQUEST, "such as 2.4", 0},
		{{.commit = "o"}, FP_OUTCOME_NO_FORK_POINT, "no common ancestor", 0},
		{{.commit = "d", .release = "2.9"}, FP_OUTCOME_NO_DATABASE, "2.9.2001310400-main",
			0},
	};
	struct winui *winui = *state;

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		const struct fp_answer *answer = ask_at(winui, &rows[i].asked, WORLD_NOW_US);
		const char *said = rows[i].outcome ? answer->detail.data : version_of(answer);

		if (answer->outcome != rows[i].outcome || answer->warnings != rows[i].warnings ||
			!said || !strstr(said, rows[i].version) ||
			(!rows[i].outcome && strcmp(said, rows[i].version) != 0))
			fail_msg("row %zu: %s, \"%s\", warnings %x", i,
				fp_outcome_code(answer->outcome), said ? said : "",
				answer->warnings);
		assert_int_equal(
			answer->retry_after_us > 0, answer->outcome == FP_OUTCOME_NOT_READY);
	}
}

/* Who mistypes is shown what was meant. */
static void test_nearest(void **state)
{
	static const struct {
		struct asked asked;
		const char *nearest;
	} rows[] = {
		{{.repo = "winiu", .commit = "d"}, "winui"},
		{{.commit = "d", .package = "Muks"}, "Mux"},
		{{.commit = "d", .branch = "mian"}, "main"},
		{{.ref = "refs/heads/topci"}, "refs/heads/topic"},
	};
	struct winui *winui = *state;

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		const struct fp_answer *answer = ask_at(winui, &rows[i].asked, WORLD_NOW_US);

		assert_true(answer->nearest_count > 0);
		assert_true(fp_str_equal(answer->nearest[0], fp_str(rows[i].nearest)));
	}
}

static void test_facts(void **state)
{
	const struct asked topic = {.commit = "t"}, cross = {.commit = "y", .branch = "cross"},
			   newer = {.commit = "e"};
	struct winui *winui = *state;
	const struct fp_answer *answer = ask_at(winui, &topic, WORLD_NOW_US);

	assert_int_equal(answer->fork_point, 2);
	assert_string_equal(answer->stamp, "2001310200");
	assert_string_equal(answer->requested.data, "2.4.2001310200-main");
	assert_int_equal(answer->commits_behind, 1);
	assert_int_equal(answer->age_minutes, 60);
	assert_int_equal(answer->age_commits, 1);
	assert_int_equal(answer->trained_count, 1);
	assert_int_equal(answer->trained[0], 1);
	assert_int_equal(answer->selection.total, 13); /* the vanished one is none */
	answer = ask_at(winui, &newer, WORLD_NOW_US);
	assert_int_equal(answer->age_minutes, 60);
	assert_int_equal(answer->age_commits, 1);
	answer = ask_at(winui, &cross, WORLD_NOW_US);
	assert_int_equal(answer->bases.count, 2);
	assert_string_equal(answer->stamp, "2001310120"); /* q's, the newer one's */
}

/* A failure leaves nothing of the answer before it. */
static void test_reuse(void **state)
{
	const struct asked good = {.commit = "d", .release = "2.5"}, bad = {.commit = "z"};
	struct winui *winui = *state;
	const struct fp_answer *answer;

	ask_at(winui, &good, WORLD_NOW_US);
	answer = ask_at(winui, &bad, WORLD_NOW_US);
	assert_int_equal(answer->warnings, 0);
	assert_int_equal(answer->requested.len, 0);
	assert_int_equal(answer->selection.chosen, FP_SELECT_NO_VERSION);
	assert_int_equal(answer->fork_point, FP_NO_COMMIT);
	assert_int_equal(answer->last_step, FP_STEP_COMMIT);
	ask_at(winui, &good, WORLD_NOW_US);
	assert_int_equal(answer->detail.len, 0);
	assert_string_equal(version_of(answer), "2.5.2001310130-main");
}

static void test_stale(void **state)
{
	static const struct {
		int64_t late_s;
		const char *feed_trouble, *refs_trouble;
		uint32_t warnings;
	} rows[] = {
		{0, NULL, NULL, 0},
		{600, NULL, NULL, 0}, /* to the second */
		{601, NULL, NULL, BIT(FEED_STALE) | BIT(REFS_STALE)},
		{0, "the feed answers 503", NULL, BIT(FEED_STALE)}, /* trouble at once */
		{0, NULL, "no route", BIT(REFS_STALE)},
	};
	const struct asked asked = {.commit = "d"};
	struct winui *winui = *state;

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		struct fp_snapshot *next = winui_change(winui);
		struct fp_snapshot_repository *repository = &next->repositories[0];

		fp_snapshot_set_trouble(
			&repository->packages[0].feed_trouble, rows[i].feed_trouble);
		fp_snapshot_set_trouble(&repository->refs_trouble, rows[i].refs_trouble);
		winui_publish(winui, next);
		assert_int_equal(ask_at(winui, &asked, WORLD_NOW_US + rows[i].late_s * FP_US_PER_S)
					 ->warnings,
			rows[i].warnings);
		assert_int_equal(winui->answer.outcome, FP_OUTCOME_OK);
	}
}

/* ---- sentences ---- */

static void check_text(const struct fp_buf *said, const char *expected)
{
	if (strcmp(said->data ? said->data : "", expected) != 0)
		fail_msg("said:\n%s\nnot:\n%s", said->data, expected);
}

static void check_steps(struct winui *winui, const struct asked *asked, const char *expected)
{
	const struct fp_answer *answer = ask_at(winui, asked, WORLD_NOW_US);
	struct fp_buf FP_CLEANUP_BUF said = {0};

	fp_buf_init(&said, 64 * 1024);
	for (int i = 0; i <= (int)answer->last_step; i++) {
		fp_answer_write_step(answer, (enum fp_step)i, &said);
		fp_buf_add_char(&said, '\n');
	}
	check_text(&said, expected);
}

static void check_warning(
	struct winui *winui, const struct asked *asked, enum fp_warning warning, const char *text)
{
	const struct fp_answer *answer = ask_at(winui, asked,
		WORLD_NOW_US + (warning <= FP_WARNING_REFS_STALE) * INT64_C(3600) * FP_US_PER_S);
	struct fp_buf FP_CLEANUP_BUF said = {0};

	fp_buf_init(&said, 64 * 1024);
	assert_true(fp_answer_warns(answer, warning));
	fp_answer_write_warning(answer, warning, &said);
	check_text(&said, text);
}

static void test_sentences(void **state)
{
	static const struct {
		struct asked asked;
		const char *text;
	} rows[] = {
		{{.commit = "t"},
			"The commit being built is 747474747474, authored 2020-01-31T02:30:59Z.\n"
			"The PGO branch is main, the configured default; its tip is 676767676767.\n"
			"The release is 2.4, from version.props in the commit's tree.\n"
			"The commit forked from main at 636363636363, 1 commit before it.\n"
			"The fork point's author time, to the minute, is 2020-01-31T02:00:00Z: "
			"stamp 2001310200.\n"
			"That asks for 2.4.2001310200-main, or the newest one before it.\n"
			"The feed lists 13 versions of Mux; 1 is eligible. The others: 1 in no "
			"grammar of this package, 1 unlisted, 8 of another release, 1 of another "
			"branch, 1 newer than the fork point.\n"
			"The newest eligible one is 2.4.2001310100-main, stamped 1 h before the "
			"fork point.\n"
			"It was trained on 626262626262, 1 commit before the fork point.\n"},
		{{.commit = "d", .branch = "master", .release = "2.5"},
			"The commit being built is 646464646464, authored 2020-01-31T03:00:59Z.\n"
			"The PGO branch is main, as the request says (master is its former name); "
			"its tip is 676767676767.\n"
			"The release is 2.5, as the request says.\n"
			"The commit is in the history of main, so it is its own fork point.\n"
			"The fork point's author time, to the minute, is 2020-01-31T03:00:00Z: "
			"stamp 2001310300.\n"
			"That asks for 2.5.2001310300-main, or the newest one before it.\n"
			"The feed lists 13 versions of Mux; 2 are eligible. The others: 1 in no "
			"grammar of this package, 1 unlisted, 9 of another release.\n"
			"The newest eligible one is 2.5.2001310130-main, stamped 1 h 30 min before "
			"the fork point.\n"
			"But the newest that was trained on the fork point or an ancestor of it is "
			"2.5.2001310100-main.\n"},
		{{.commit = "w"},
			"The commit being built is 777777777777, authored 2020-01-31T02:33:59Z.\n"
			"The PGO branch is main, as the commit's config.ps1 says; its tip is "
			"676767676767.\n"
			"The release is 2.4, fixed by the configuration.\n"
			"The commit forked from main at 636363636363, 1 commit before it.\n"
			"The fork point's author time, to the minute, is 2020-01-31T02:00:00Z: "
			"stamp 2001310200.\n"
			"That asks for 2.4.2001310200-main, or the newest one before it.\n"
			"The feed lists 13 versions of Mux; 1 is eligible. The others: 1 in no "
			"grammar of this package, 1 unlisted, 8 of another release, 1 of another "
			"branch, 1 newer than the fork point.\n"
			"The newest eligible one is 2.4.2001310100-main, stamped 1 h before the "
			"fork point.\n"
			"It was trained on 626262626262, 1 commit before the fork point.\n"},
		{{.commit = "d", .package = "Mibc", .release = "2.4.0-alpha"},
			"The commit being built is 646464646464, authored 2020-01-31T03:00:59Z.\n"
			"The PGO branch is main, the configured default; its tip is 676767676767.\n"
			"The release is 2.4.0-alpha, as the request says.\n"
			"The commit is in the history of main, so it is its own fork point.\n"
			"The fork point's author time, to the minute, is 2020-01-31T03:00:00Z: "
			"stamp 2001310300.\n"
			"That asks for 2.4.0-alpha.20081, or the newest one before it.\n"
			"The feed lists 3 versions of Mibc; 2 are eligible. The others: 1 newer "
			"than the fork point.\n"
			"The newest eligible one is 2.4.0-alpha.20081.2, made on the fork point's "
			"own day.\n"
			"The version names a day and no minute, so nobody can tell which commit it "
			"was trained on.\n"},
		{{.commit = "d", .release = "2.9"},
			"The commit being built is 646464646464, authored 2020-01-31T03:00:59Z.\n"
			"The PGO branch is main, the configured default; its tip is 676767676767.\n"
			"The release is 2.9, as the request says.\n"
			"The commit is in the history of main, so it is its own fork point.\n"
			"The fork point's author time, to the minute, is 2020-01-31T03:00:00Z: "
			"stamp 2001310300.\n"
			"That asks for 2.9.2001310300-main, or the newest one before it.\n"
			"The feed lists 13 versions of Mux; none is eligible. The others: 1 in no "
			"grammar of this package, 1 unlisted, 10 of another release, 1 newer than "
			"the fork point.\n"
			"no database of release 2.9 and branch main is as old as the fork point or "
			"older; the oldest after it is 2.9.2001310400-main; the newest of another "
			"release is 2.4.2001310300-main\n"},
		{{.commit = "o"},
			"The commit being built is 6f6f6f6f6f6f, authored 2020-01-31T00:00:59Z.\n"
			"The PGO branch is main, the configured default; its tip is 676767676767.\n"
			"The release is 2.4, from version.props in the commit's tree.\n"
			"the commit and branch \"main\" have no common ancestor: their histories "
			"are unrelated\n"},
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++)
		check_steps(*state, &rows[i].asked, rows[i].text);
}

static void test_warnings(void **state)
{
	static const struct {
		struct asked asked;
		enum fp_warning warning;
		const char *text;
	} rows[] = {
		{{.commit = "d"}, FP_WARNING_FEED_STALE,
			"Feed mux was last read in full at 2020-09-13T12:26:40Z."},
		{{.commit = "d"}, FP_WARNING_REFS_STALE,
			"Upstream of winui was last read in full at 2020-09-13T12:26:40Z."},
		{{.commit = "d", .release = "2.5"}, FP_WARNING_ANCESTRY_DISAGREES,
			"By time the answer is 2.5.2001310130-main; by ancestry it would be "
			"2.5.2001310100-main."},
		{{.commit = "d", .release = "2.6"}, FP_WARNING_ANCESTRY_DISAGREES,
			"By time the answer is 2.6.2001310115-main; by ancestry there is none."},
		{{.commit = "d", .release = "2.5"}, FP_WARNING_TRAINED_AFTER_FORK_POINT,
			"2.5.2001310130-main was trained on 666666666666, which is not in the fork "
			"point's history."},
		{{.commit = "d", .release = "2.6"}, FP_WARNING_TRAINING_COMMIT_UNKNOWN,
			"No commit of main has the stamp of 2.6.2001310115-main, so what it was "
			"trained on is not known."},
		{{.commit = "d", .release = "2.7"}, FP_WARNING_TRAINING_COMMIT_AMBIGUOUS,
			"Any of several commits with one stamp can be what 2.7.2001310200-main was "
			"trained on: 676767676767, 636363636363."},
		{{.commit = "d", .branch = "release/1.10", .release = "1.10"},
			FP_WARNING_AMBIGUOUS_LABEL,
			"In a version, branch release/1.10 looks like release-1-10, so the "
			"database may be another branch's."},
		{{.commit = "y", .branch = "cross", .release = "3.0"},
			FP_WARNING_SEVERAL_MERGE_BASES,
			"There are 2 best common ancestors; as git does, the newest was taken: "
			"717171717171."},
		{{.commit = "d", .package = "Mibc", .release = "2.4.0-alpha"},
			FP_WARNING_DAY_GRANULAR,
			"2.4.0-alpha.20081.2 was made on the fork point's own day, perhaps after "
			"that commit."},
		{{.commit = "=6464"}, FP_WARNING_ABBREVIATED_SHA,
			"The request abbreviates the commit; another commit can take the same "
			"digits one day, so give all 40."},
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++)
		check_warning(*state, &rows[i].asked, rows[i].warning, rows[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_outcomes, winui_set_up, winui_tear_down),
		cmocka_unit_test_setup_teardown(test_nearest, winui_set_up, winui_tear_down),
		cmocka_unit_test_setup_teardown(test_facts, winui_set_up, winui_tear_down),
		cmocka_unit_test_setup_teardown(test_reuse, winui_set_up, winui_tear_down),
		cmocka_unit_test_setup_teardown(test_stale, winui_set_up, winui_tear_down),
		cmocka_unit_test_setup_teardown(test_sentences, winui_set_up, winui_tear_down),
		cmocka_unit_test_setup_teardown(test_warnings, winui_set_up, winui_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
