/* /decode and /versions. */
#include "winui.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

/* ---- decode ---- */

static void test_decode(void **state)
{
	static const struct {
		const char *version;
		bool is_version, is_nuget;
		unsigned taken; /* bits 1 << enum fp_grammar */
		uint32_t branches, commits;
		bool listed;
	} rows[] = {
		{"2.4.2001310300-main", true, true, 1 << FP_GRAMMAR_PATCH_STAMP, 1, 1, true},
		/* another case is the same version */
		{"2.4.2001310300-MAIN", true, true, 1 << FP_GRAMMAR_PATCH_STAMP, 1, 1, true},
		/* two branches share the label; underscores are no NuGet client's; b's minute */
		{"1.10.2001310100-release_1_10", true, false, 1 << FP_GRAMMAR_PATCH_STAMP, 2, 1,
			true},
		/* a former name is main's; c and g have that minute */
		{"2.8.0-2001310200-master", true, true, 1 << FP_GRAMMAR_PRERELEASE_STAMP, 1, 2,
			false},
		{"2.4.2001310300-nowhere", true, true, 1 << FP_GRAMMAR_PATCH_STAMP, 0, 1, false},
		{"2.4.0-alpha.20081.2", true, true, 1 << FP_GRAMMAR_ARCADE, 0, 0, true},
		{"2.0.0", true, true, 0, 0, 0, true},
		{"2.4.2013310300-main", true, true, 0, 0, 0, false}, /* month 13 */
		{"one", false, false, 0, 0, 0, false},
	};
	struct winui *winui = *state;

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		struct fp_decode_answer answer;
		uint32_t branches = 0, commits = 0;
		unsigned taken = 0;

		fp_service_decode(winui->worker, winui->snapshot, fp_str(rows[i].version),
			FP_STR_LITERAL("winui"), &answer);
		for (int k = 0; k < FP_GRAMMAR_COUNT; k++) {
			taken |= (unsigned)answer.readings[k].taken << k;
			branches += answer.readings[k].branch_count;
			commits += answer.readings[k].commit_count;
			if (!answer.readings[k].taken)
				assert_non_null(answer.readings[k].why);
		}
		if (answer.outcome != FP_OUTCOME_OK || answer.is_version != rows[i].is_version ||
			answer.is_nuget != rows[i].is_nuget || taken != rows[i].taken ||
			branches != rows[i].branches || commits != rows[i].commits ||
			!answer.listed == rows[i].listed)
			fail_msg("%s: version %d, NuGet's %d, taken %x, %u branches, %u commits, "
				 "listed %d",
				rows[i].version, answer.is_version, answer.is_nuget, taken,
				branches, commits, answer.listed != NULL);
	}
}

static void test_decode_without_repository(void **state)
{
	struct winui *winui = *state;
	struct fp_decode_answer answer;

	fp_service_decode(winui->worker, winui->snapshot, FP_STR_LITERAL("2.4.2001310300-main"),
		(struct fp_str){0}, &answer);
	assert_int_equal(answer.outcome, FP_OUTCOME_OK);
	assert_true(answer.readings[FP_GRAMMAR_PATCH_STAMP].taken);
	assert_int_equal(answer.readings[FP_GRAMMAR_PATCH_STAMP].commit_count, 0);
	assert_null(answer.listed);
	fp_service_decode(winui->worker, winui->snapshot, FP_STR_LITERAL("2.0.0"),
		FP_STR_LITERAL("winuj"), &answer);
	assert_int_equal(answer.outcome, FP_OUTCOME_UNKNOWN_REPOSITORY);
	assert_true(fp_str_equal(answer.nearest[0], FP_STR_LITERAL("winui")));
	/* not mirrored yet: what needs no commits is told */
	fp_service_decode(winui->worker, winui->snapshot, FP_STR_LITERAL("2.4.2001310300-main"),
		FP_STR_LITERAL("empty"), &answer);
	assert_int_equal(answer.outcome, FP_OUTCOME_OK);
	assert_true(answer.readings[FP_GRAMMAR_PATCH_STAMP].taken);
}

/* ---- versions ---- */

static void ask(
	struct winui *winui, struct fp_versions_query query, struct fp_versions_answer *answer)
{
	if (!query.repo.len)
		query.repo = FP_STR_LITERAL("winui");
	if (!query.limit)
		query.limit = 1000;
	fp_service_versions(winui->worker, winui->snapshot, &query, answer);
}

static void test_filters(void **state)
{
#define S(text)                                                                                    \
	{                                                                                          \
		text, sizeof(text) - 1                                                             \
	}
	static const struct {
		struct fp_versions_query query;
		enum fp_outcome outcome;
		size_t total;
		const char *first;
	} rows[] = {
		/* newest stamp first; all there ever were */
		{{.limit = 0}, FP_OUTCOME_OK, 14, "2.9.2001310400-main"},
		{{.branch = S("main")}, FP_OUTCOME_OK, 10, "2.9.2001310400-main"},
		{{.branch = S("refs/heads/main")}, FP_OUTCOME_OK, 10, "2.9.2001310400-main"},
		/* a branch that only the feed knows by now */
		{{.branch = S("release-1.10")}, FP_OUTCOME_OK, 1, "1.10.2001310100-release_1_10"},
		{{.branch = S("nowhere")}, FP_OUTCOME_UNKNOWN_BRANCH, 0, NULL},
		{{.release = S("2.4")}, FP_OUTCOME_OK, 5, "2.4.2001310300-main"},
		{{.release = S("2.4"), .branch = S("topic")}, FP_OUTCOME_OK, 1,
			"2.4.2001310230-topic"},
		{{.release = S("two")}, FP_OUTCOME_BAD_REQUEST, 0, NULL},
		{{.status = FP_VERSION_STATUS_LISTED}, FP_OUTCOME_OK, 11, "2.9.2001310400-main"},
		{{.status = FP_VERSION_STATUS_UNLISTED}, FP_OUTCOME_OK, 1, "2.4.2001310200-main"},
		{{.status = FP_VERSION_STATUS_VANISHED}, FP_OUTCOME_OK, 1, "2.4.2001310245-main"},
		{{.status = FP_VERSION_STATUS_UNRECOGNISED}, FP_OUTCOME_OK, 1, "2.0.0"},
		{{.package = S("MIBC")}, FP_OUTCOME_OK, 3, "2.4.0-alpha.20101.1"},
		{{.package = S("Newer")}, FP_OUTCOME_OK, 0,
			NULL}, /* an empty feed is none the less read */
		{{.package = S("Late")}, FP_OUTCOME_NOT_READY, 0, NULL},
		{{.package = S("Muks")}, FP_OUTCOME_UNKNOWN_PACKAGE, 0, NULL},
		{{.repo = S("winuj")}, FP_OUTCOME_UNKNOWN_REPOSITORY, 0, NULL},
	};
	struct winui *winui = *state;
	struct fp_versions_answer answer;

	fp_versions_answer_init(&answer);
	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		struct fp_str first = {0};

		ask(winui, rows[i].query, &answer);
		if (answer.outcome == FP_OUTCOME_OK && answer.count)
			first = answer.package->state->catalog->versions[answer.items[0]].row.text;
		if (answer.outcome != rows[i].outcome || answer.total != rows[i].total ||
			!fp_str_equal(first, fp_str(rows[i].first)))
			fail_msg("row %zu: %s, %zu versions, first %.*s", i,
				fp_outcome_code(answer.outcome), answer.total, FP_STR_ARG(first));
		assert_int_equal(answer.detail.len > 0, answer.outcome != FP_OUTCOME_OK);
	}
	fp_versions_answer_release(&answer);
}

/* Pages of any size put together are the whole list, each version once. */
static void test_pages(void **state)
{
	struct winui *winui = *state;
	struct fp_versions_answer whole, page;

	fp_versions_answer_init(&whole);
	fp_versions_answer_init(&page);
	ask(winui, (struct fp_versions_query){0}, &whole);
	assert_int_equal(whole.count, whole.total);
	for (uint32_t limit = 1; limit <= whole.total + 1; limit++) {
		for (uint32_t offset = 0; offset <= whole.total + limit; offset += limit) {
			size_t left = offset < whole.total ? whole.total - offset : 0;

			ask(winui, (struct fp_versions_query){.offset = offset, .limit = limit},
				&page);
			assert_int_equal(page.total, whole.total);
			assert_int_equal(page.count, left < limit ? left : limit);
			for (size_t i = 0; i < page.count; i++)
				assert_int_equal(page.items[i], whole.items[offset + i]);
		}
	}
	/* what no grammar reads comes last */
	assert_true(fp_str_equal(whole.package->state->catalog->versions[whole.items[13]].row.text,
		FP_STR_LITERAL("2.0.0")));
	fp_versions_answer_release(&whole);
	fp_versions_answer_release(&page);
}

/* A branch is none of the package's whatever became of the feed that another one is from. */
static void test_unknown_branch_of_second_package(void **state)
{
	struct winui *winui = *state;
	struct fp_snapshot *next = winui_change(winui);
	struct fp_versions_answer answer;

	fp_snapshot_set_state(&next->repositories[0].packages[0], NULL);
	winui_publish(winui, next);
	fp_versions_answer_init(&answer);
	ask(winui,
		(struct fp_versions_query){
			.package = FP_STR_LITERAL("Mibc"), .branch = FP_STR_LITERAL("mian")},
		&answer);
	assert_int_equal(answer.outcome, FP_OUTCOME_UNKNOWN_BRANCH);
	assert_true(fp_str_equal(answer.nearest[0], FP_STR_LITERAL("main")));
	fp_versions_answer_release(&answer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_decode, winui_set_up, winui_tear_down),
		cmocka_unit_test_setup_teardown(
			test_decode_without_repository, winui_set_up, winui_tear_down),
		cmocka_unit_test_setup_teardown(test_filters, winui_set_up, winui_tear_down),
		cmocka_unit_test_setup_teardown(test_pages, winui_set_up, winui_tear_down),
		cmocka_unit_test_setup_teardown(
			test_unknown_branch_of_second_package, winui_set_up, winui_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
