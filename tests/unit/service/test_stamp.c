/* /stamp: what a training run of a commit publishes under, and what is wrong with that. */
#include "winui.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_stamps(void **state)
{
	static const struct {
		const char *commit, *branch, *release, *package;
		enum fp_outcome outcome;
		const char *requested; /* or a part of the detail */
		const char *problem;
		bool published;
		uint32_t same_stamp, revision;
	} rows[] = {
		/* nobody has published it, nobody shares its minute */
		{"e", "main", "2.4", "Mux", FP_OUTCOME_OK, "2.4.2001310400-main", NULL, false, 0,
			0},
		/* out already */
		{"d", "main", "2.4", "Mux", FP_OUTCOME_OK, "2.4.2001310300-main", NULL, true, 0, 0},
		/* unlisted counts as out: the feed does not take it twice */
		{"c", "main", "2.4", "Mux", FP_OUTCOME_OK, "2.4.2001310200-main", NULL, true, 1, 0},
		/* its own stamp, not its fork point's */
		{"t", "main", "2.4", "Mux", FP_OUTCOME_OK, "2.4.2001310230-main", NULL, false, 0,
			0},
		/* the default grammar's label, in its style */
		{"d", "release/1.10", "1.10", "Mux", FP_OUTCOME_OK, "1.10.2001310300-release_1_10",
			NULL, false, 0, 0},
		{"d", "main", "2.8.0-prerelease", "Newer", FP_OUTCOME_OK,
			"2.8.0-prerelease-2001310300-main", NULL, false, 0, 0},
		/* a prerelease label has no place in the older grammar */
		{"d", "main", "2.8.0-prerelease", "Mux", FP_OUTCOME_OK, "", "release-unfit", false,
			0, 0},
		{"t", "feature+x", "2.4", "Newer", FP_OUTCOME_BRANCH_NOT_PACKAGEABLE,
			"\"feature+x\" makes no legal label", "branch-not-packageable", false, 0,
			0},
		/* the next free revision of the day */
		{"d", "main", "2.4.0-alpha", "Mibc", FP_OUTCOME_OK, "2.4.0-alpha.20081.3", NULL,
			false, 0, 3},
		{"z", "main", "2.4", "Mux", FP_OUTCOME_UNKNOWN_COMMIT, "no commit 7a7a", NULL,
			false, 0, 0},
	};
	struct winui *winui = *state;
	struct fp_stamp_answer stamp;

	fp_stamp_answer_init(&stamp);
	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		char hex[FP_OID_HEX + 1];
		const struct fp_question question = {
			.repo = FP_STR_LITERAL("winui"),
			.sha = fp_str(world_sha(rows[i].commit, hex)),
			.branch = fp_str(rows[i].branch),
			.release = fp_str(rows[i].release),
			.package = fp_str(rows[i].package),
		};
		const struct fp_answer *answer = &stamp.answer;
		const char *problem, *said;

		fp_service_stamp(winui->worker, winui->snapshot, &question, WORLD_NOW_US, &stamp);
		said = answer->outcome ? answer->detail.data : answer->requested.data;
		problem = fp_requested_problem_code(answer->requested_problem);
		if (answer->outcome != rows[i].outcome || !strstr(said, rows[i].requested) ||
			strcmp(problem ? problem : "", rows[i].problem ? rows[i].problem : "") ||
			stamp.published != rows[i].published ||
			stamp.same_stamp_count != rows[i].same_stamp ||
			stamp.revision != rows[i].revision)
			fail_msg("row %zu: %s \"%s\", %s, published %d, %u with the same stamp", i,
				fp_outcome_code(answer->outcome), said, problem ? problem : "fine",
				stamp.published, stamp.same_stamp_count);
		if (stamp.same_stamp_count)
			assert_int_equal(stamp.same_stamp[0], 6); /* g */
	}
	fp_stamp_answer_release(&stamp);
}

/* Every problem has a code and says more than it. */
static void test_problems(void **state)
{
	struct winui *winui = *state;
	struct fp_stamp_answer stamp = {0};
	struct fp_buf FP_CLEANUP_BUF said = {0};

	fp_buf_init(&said, 4096);
	stamp.answer.package = &winui->snapshot->repositories[0].packages[0];
	stamp.answer.branch_name = FP_STR_LITERAL("b+d");
	assert_true(fp_release_parse(FP_STR_LITERAL("2.8.0-x"), &stamp.answer.release));
	assert_null(fp_requested_problem_code(FP_REQUESTED_FINE));
	for (int i = FP_REQUESTED_FINE + 1; i <= (int)FP_REQUESTED_RELEASE_UNFIT; i++) {
		fp_buf_clear(&said);
		stamp.answer.requested_problem = (enum fp_requested_problem)i;
		fp_stamp_write_problem(&stamp, &said);
		assert_non_null(fp_requested_problem_code(stamp.answer.requested_problem));
		assert_true(said.len > 30);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_stamps, winui_set_up, winui_tear_down),
		cmocka_unit_test_setup_teardown(test_problems, winui_set_up, winui_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
