/* /timeline: rows of hand-made histories, spans, pages. */
#include "winui.h"

#include "forkpoint/service/timeline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static void ask(struct winui *winui, struct fp_line_query query, struct fp_timeline *timeline)
{
	if (!query.repo.len)
		query.repo = FP_STR_LITERAL("winui");
	if (!query.limit)
		query.limit = 1000;
	fp_service_timeline(winui->worker, winui->snapshot, &query, timeline);
}

static bool is_commit(const struct fp_timeline *timeline, uint32_t commit, const char *name)
{
	struct fp_oid oid;

	if (!name || commit == FP_NO_COMMIT)
		return !name && commit == FP_NO_COMMIT;
	oid = world_oid(name);
	return fp_oid_equal(
		fp_graph_oid(&timeline->answer.repository->branches->view, commit), &oid);
}

struct expected {
	const char *commit;
	const char *version; /* NULL: no database */
	uint32_t packages;   /* trained on it, whatever became of them */
	const char *behind;
	int64_t behind_minutes;
	uint32_t merged;
};

static void compare(const struct fp_timeline *timeline, const struct expected *rows, size_t count)
{
	assert_int_equal(timeline->answer.outcome, FP_OUTCOME_OK);
	assert_int_equal(timeline->row_count, count);
	for (size_t i = 0; i < count; i++) {
		const struct fp_timeline_row *row = &timeline->rows[i];
		const struct fp_catalog_version *version =
			fp_answer_version(&timeline->answer, row->point.version);
		struct fp_str text = version ? version->row.text : (struct fp_str){0};

		if (!is_commit(timeline, row->point.commit, rows[i].commit) ||
			!fp_str_equal(text, fp_str(rows[i].version)) ||
			fp_point_is_hole(&row->point) != !rows[i].version ||
			row->package_count != rows[i].packages || row->merged != rows[i].merged ||
			row->behind_minutes != rows[i].behind_minutes ||
			!is_commit(timeline, row->behind, rows[i].behind))
			fail_msg("%s: %.*s, %u packages, %lld minutes behind, %u merged",
				rows[i].commit, FP_STR_ARG(text), row->package_count,
				(long long)row->behind_minutes, row->merged);
	}
}

static void test_main(void **state)
{
	static const struct expected rows[] = {
		/* c's minute, so c's packages may be its own: one is unlisted, one of 2.7 */
		{"g", "2.4.2001310100-main", 2, "e", 120, 0},
		/* rebased; what was trained on it is of 2.5 */
		{"f", "2.4.2001310100-main", 1, "e", 150, 0},
		{"e", "2.4.2001310300-main", 1, NULL, 0, 0},
		{"d", "2.4.2001310300-main", 1, NULL, 0, 0},
		{"c", "2.4.2001310100-main", 2, NULL, 0, 0},
		/* of 2.4 and 2.5, and of 2.8 under the former name */
		{"b", "2.4.2001310100-main", 3, NULL, 0, 0},
		{"a", NULL, 0, NULL, 0, 0},
	};
	struct winui *winui = *state;
	struct fp_timeline timeline;

	fp_timeline_init(&timeline);
	ask(winui, (struct fp_line_query){.branch = FP_STR_LITERAL("main")}, &timeline);
	compare(&timeline, rows, FP_ARRAY_SIZE(rows));
	ask(winui, (struct fp_line_query){0}, &timeline); /* the default branch */
	compare(&timeline, rows, FP_ARRAY_SIZE(rows));
	ask(winui, (struct fp_line_query){.branch = FP_STR_LITERAL("master")}, &timeline);
	compare(&timeline, rows, FP_ARRAY_SIZE(rows)); /* its former name */
	fp_timeline_release(&timeline);
}

/* A branch that is not tracked has no reach: the same by walking. */
static void test_untracked_with_a_merge(void **state)
{
	static const struct expected rows[] = {
		{"x", "3.0.2001310110-cross", 0, NULL, 0, 1}, /* merges q */
		{"p", "3.0.2001310110-cross", 1, NULL, 0, 0},
		{"b", NULL, 0, NULL, 0, 0},
		{"a", NULL, 0, NULL, 0, 0},
	};
	struct winui *winui = *state;
	struct fp_timeline timeline;

	fp_timeline_init(&timeline);
	ask(winui,
		(struct fp_line_query){
			.branch = FP_STR_LITERAL("cross"), .release = FP_STR_LITERAL("3.0.0")},
		&timeline);
	compare(&timeline, rows, FP_ARRAY_SIZE(rows));
	fp_timeline_release(&timeline);
}

/* Every page of every size begins where the last said, and together they are the whole. */
static void test_pages(void **state)
{
	struct winui *winui = *state;
	struct fp_timeline whole, page;

	fp_timeline_init(&whole);
	fp_timeline_init(&page);
	ask(winui, (struct fp_line_query){0}, &whole);
	for (uint32_t limit = 1; limit <= whole.row_count + 1; limit++) {
		char cursor[FP_OID_HEX + 1];
		struct fp_line_query query = {.limit = limit};
		size_t seen = 0;

		do {
			ask(winui, query, &page);
			assert_int_equal(page.answer.outcome, FP_OUTCOME_OK);
			assert_true(page.row_count > 0 && page.row_count <= limit);
			for (size_t i = 0; i < page.row_count; i++, seen++) {
				assert_int_equal(
					page.rows[i].point.commit, whole.rows[seen].point.commit);
				assert_int_equal(page.rows[i].behind, whole.rows[seen].behind);
				assert_int_equal(
					page.rows[i].package_count, whole.rows[seen].package_count);
			}
			if (page.next == FP_NO_COMMIT)
				break;
			fp_oid_format(
				fp_graph_oid(&page.answer.repository->branches->view, page.next),
				cursor);
			query.cursor = fp_str(cursor);
		} while (seen < whole.row_count);
		assert_int_equal(seen, whole.row_count);
		assert_int_equal(page.next, FP_NO_COMMIT);
	}
	fp_timeline_release(&whole);
	fp_timeline_release(&page);
}

static void test_outcomes(void **state)
{
	char d[FP_OID_HEX + 1], f[FP_OID_HEX + 1], t[FP_OID_HEX + 1], unknown[FP_OID_HEX + 1];
	const struct {
		struct fp_line_query query;
		enum fp_outcome outcome;
		size_t rows;
	} rows[] = {
		{{.from = fp_str(world_sha("d", d))}, FP_OUTCOME_OK, 4},
		{{.to = fp_str(d)}, FP_OUTCOME_OK, 4},
		{{.from = fp_str(d), .to = fp_str(world_sha("f", f))}, FP_OUTCOME_OK, 3},
		{{.from = fp_str(d), .to = fp_str(d)}, FP_OUTCOME_OK, 1},
		{{.from = fp_str(f), .to = fp_str(d)}, FP_OUTCOME_BAD_REQUEST, 0},
		/* on a topic, not on main */
		{{.to = fp_str(world_sha("t", t))}, FP_OUTCOME_BAD_REQUEST, 0},
		{{.to = fp_str(t), .branch = FP_STR_LITERAL("topic")}, FP_OUTCOME_OK, 4},
		{{.to = fp_str(world_sha("Z", unknown))}, FP_OUTCOME_UNKNOWN_COMMIT, 0},
		{{.branch = FP_STR_LITERAL("mian")}, FP_OUTCOME_UNKNOWN_BRANCH, 0},
		{{.package = FP_STR_LITERAL("Late")}, FP_OUTCOME_NOT_READY, 0},
		{{.package = FP_STR_LITERAL("None")}, FP_OUTCOME_UNKNOWN_PACKAGE, 0},
		{{.release = FP_STR_LITERAL("two")}, FP_OUTCOME_BAD_REQUEST, 0},
		{{.repo = FP_STR_LITERAL("winuj")}, FP_OUTCOME_UNKNOWN_REPOSITORY, 0},
		{{.repo = FP_STR_LITERAL("empty")}, FP_OUTCOME_NOT_READY, 0},
	};
	struct winui *winui = *state;
	struct fp_timeline timeline;

	fp_timeline_init(&timeline);
	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		ask(winui, rows[i].query, &timeline);
		if (timeline.answer.outcome != rows[i].outcome ||
			timeline.row_count != rows[i].rows)
			fail_msg("row %zu: %s, %zu rows", i,
				fp_outcome_code(timeline.answer.outcome), timeline.row_count);
		assert_int_equal(timeline.answer.detail.len > 0, rows[i].outcome != FP_OUTCOME_OK);
	}
	fp_timeline_release(&timeline);
}

/* Each row is what /resolve says of that commit and branch. */
static void test_as_resolve(void **state)
{
	static const char *const branches[] = {"main", "cross", "topic", "release/1.10", "orphan"};
	struct winui *winui = *state;
	struct fp_timeline timeline;
	size_t seen = 0;

	fp_timeline_init(&timeline);
	for (size_t i = 0; i < FP_ARRAY_SIZE(branches); i++) {
		ask(winui, (struct fp_line_query){.branch = fp_str(branches[i])}, &timeline);
		for (size_t k = 0; k < timeline.row_count; k++, seen++) {
			const struct fp_point *point = &timeline.rows[k].point;
			char hex[FP_OID_HEX + 1];
			const struct fp_question question = {
				.repo = FP_STR_LITERAL("winui"),
				.branch = fp_str(branches[i]),
				.sha = fp_str_n(hex, FP_OID_HEX),
			};

			fp_oid_format(fp_graph_oid(&timeline.answer.repository->branches->view,
					      point->commit),
				hex);
			fp_service_resolve(winui->worker, winui->snapshot, &question, WORLD_NOW_US,
				&winui->answer);
			assert_int_equal(winui->answer.outcome, point->outcome);
			assert_int_equal(winui->answer.selection.chosen, point->version);
			assert_int_equal(winui->answer.minute, point->minute);
		}
	}
	assert_int_equal(seen, 7 + 4 + 4 + 4 + 1);
	fp_timeline_release(&timeline);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_main, winui_set_up, winui_tear_down),
		cmocka_unit_test_setup_teardown(
			test_untracked_with_a_merge, winui_set_up, winui_tear_down),
		cmocka_unit_test_setup_teardown(test_pages, winui_set_up, winui_tear_down),
		cmocka_unit_test_setup_teardown(test_outcomes, winui_set_up, winui_tear_down),
		cmocka_unit_test_setup_teardown(test_as_resolve, winui_set_up, winui_tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
