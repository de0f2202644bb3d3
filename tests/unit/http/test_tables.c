/* The tables of routes and problems, entity tags, decoding: what needs no server. */
#include "fixture.h"
#include "loop.h"
#include "page.h"

#include <string.h>

/* ---- routes ---- */

static const struct {
	const char *path, *route, *argument;
} paths[] = {
	{"/", "/", ""},
	{"/resolve", "/resolve", ""},
	{"/resolve/", NULL, NULL},
	{"//resolve", NULL, NULL},
	{"/Resolve", NULL, NULL},
	{"", NULL, NULL},
	{"/repos", "/repos", ""},
	{"/repos/winui", "/repos/{repo}", "winui"},
	{"/repos/", NULL, NULL}, /* a placeholder is never empty */
	{"/repos/a/b", NULL, NULL},
	{"/history/00ff", "/history/{id}", "00ff"},
	{"/quarantine/winui/1.0.0", "/quarantine/{repo}/{version}", "winui"},
	{"/quarantine/winui/a/b", NULL, NULL},
	{"/quarantine/winui/", NULL, NULL},
	{"/pins/winui/release/2.4", "/pins/{repo}/{branch...}", "winui"}, /* all the rest */
	{"/pins/winui", NULL, NULL},
	{"/problems/no-database", "/problems/{code}", "no-database"},
};

static void test_paths(void **state)
{
	for (size_t i = 0; i < FP_ARRAY_SIZE(paths); i++) {
		struct fp_str arguments[FP_ARGUMENTS_MAX];
		const struct fp_route *route = fp_route_find(fp_str(paths[i].path), arguments);

		if (!route || !paths[i].route) {
			if (route || paths[i].route)
				fail_msg("path %s", paths[i].path);
			continue;
		}
		assert_string_equal(route->path, paths[i].route);
		assert_true(fp_str_equal(arguments[0], fp_str(paths[i].argument)));
	}
}

/* Every row is whole: what it requires it knows, it has a form, and format= chooses it. */
static void test_rows(void **state)
{
	for (size_t i = 0; i < fp_route_count(); i++) {
		const struct fp_route *route = &fp_routes[i];

		assert_int_equal(route->required & ~route->params, 0);
		if (!(route->params >> FP_PARAM_FORMAT & 1))
			fail_msg("%s does not take format", route->path);
		assert_true(route->forms != 0 && route->methods != 0);
		assert_non_null(route->handler);
		assert_true(strlen(route->help) > 8);
	}
}

/* ---- problems ---- */

/* API.md's list */
static const struct {
	const char *code;
	unsigned status;
	bool retryable;
} problems[] = {
	{"bad-request", 400, false},
	{"unauthorised", 401, false},
	{"forbidden", 403, false},
	{"unknown-repository", 404, false},
	{"unknown-commit", 404, true}, /* it may be pushed in a moment */
	{"unknown-branch", 404, false},
	{"unknown-package", 404, false},
	{"no-database", 404, true}, /* training takes hours */
	{"before-records", 404, false},
	{"not-found", 404, false},
	{"method-not-allowed", 405, false},
	{"ambiguous-commit", 409, false},
	{"no-fork-point", 422, false},
	{"release-unknown", 422, false},
	{"branch-not-packageable", 422, false},
	{"too-large", 413, false},
	{"too-many-requests", 429, true},
	{"internal", 500, true},
	{"not-ready", 503, true},
};

static void test_problems(void **state)
{
	for (size_t i = 0; i < FP_ARRAY_SIZE(problems); i++) {
		const struct fp_problem_row *row = fp_problem_find(fp_str(problems[i].code));

		assert_non_null(row);
		assert_int_equal(row->status, problems[i].status);
		assert_int_equal(row->retryable, problems[i].retryable);
		assert_true(strlen(row->explanation) > 30);
		assert_null(strchr(row->explanation, '<')); /* plain text */
	}
	assert_non_null(fp_problem_at(FP_ARRAY_SIZE(problems) - 1));
	assert_null(fp_problem_at(FP_ARRAY_SIZE(problems)));
}

/* However a question ends, there is a row for it. */
static void test_outcomes(void **state)
{
	for (int i = FP_OUTCOME_OK + 1; i < FP_OUTCOME_COUNT; i++)
		assert_non_null(fp_problem_of((enum fp_outcome)i));
}

static const struct {
	enum fp_form form;
	const char *line, *written;
} lines[] = {
	{FP_FORM_TEXT, "no such branch", "no such branch\n"},
	{FP_FORM_TEXT, "a\r\nb", "a  b\n"},
	{FP_FORM_ENV, "no such branch", "# no such branch\n"},
	{FP_FORM_ENV, "x\nrm -rf ~", "# x rm -rf ~\n"}, /* one comment, no command */
	{FP_FORM_VSO, "##vso[task.complete]", "##vso(task.complete]\n"},
};

static void test_lines(void **state)
{
	for (size_t i = 0; i < FP_ARRAY_SIZE(lines); i++) {
		struct fp_buf FP_CLEANUP_BUF buf = {0};

		fp_buf_init(&buf, 1024);
		fp_problem_add_line(&buf, "", fp_str(lines[i].line), lines[i].form);
		assert_string_equal(buf.data, lines[i].written);
	}
}

/* ---- entity tags ---- */

static const struct {
	const char *list, *etag;
	bool matches;
} tags[] = {
	{"\"a\"", "\"a\"", true}, {"W/\"a\"", "\"a\"", true}, /* weak comparison, either way */
	{"\"a\"", "W/\"a\"", true}, {"\"b\", \"a\"", "\"a\"", true},
	{"\"b\",W/\"a\" ,\"c\"", "W/\"a\"", true}, {"*", "\"a\"", true}, {"\"b\"", "\"a\"", false},
	{"a", "\"a\"", false}, /* no quotes, no tag */
	{"", "\"a\"", false}, {",,", "\"a\"", false},
	{"*", "", false}, /* nothing to compare with */
};

static void test_etags(void **state)
{
	for (size_t i = 0; i < FP_ARRAY_SIZE(tags); i++)
		if (fp_etag_matches(fp_str(tags[i].list), tags[i].etag) != tags[i].matches)
			fail_msg("%s against %s", tags[i].list, tags[i].etag);
}

/* ---- decoding ---- */

static const struct {
	const char *raw, *decoded;
} escapes[] = {
	{"release/2.4", "release/2.4"},
	{"release%2F2.4", "release/2.4"},
	{"%2f%2F", "//"},
	{"%41%", "A\xff"}, /* a broken escape is no text any more */
	{"%4", "\xff"
	       "4"},
	{"%zz", "\xff"
		"zz"},
	{"a%00b", "a\xff"
		  "b"}, /* nor is a NUL; nothing behind it is lost */
	{"%25", "%"},
	{"%2541", "%41"}, /* once only */
	{"", ""},
};

static void test_escapes(void **state)
{
	for (size_t i = 0; i < FP_ARRAY_SIZE(escapes); i++) {
		char text[64];

		strcpy(text, escapes[i].raw);
		assert_int_equal(fp_query_unescape(NULL, NULL, text), strlen(escapes[i].decoded));
		assert_string_equal(text, escapes[i].decoded);
	}
}

/* ---- rows ---- */

static const struct {
	const char *field, *written;
} fields[] = {
	{"plain text", "plain text"},
	{"", ""},
	{"a,b", "\"a,b\""},
	{"say \"x\"", "\"say \"\"x\"\"\""},
	{"a\r\nb", "\"a\r\nb\""},
};

static void test_csv_fields(void **state)
{
	for (size_t i = 0; i < FP_ARRAY_SIZE(fields); i++) {
		struct fp_buf FP_CLEANUP_BUF buf = {0};

		fp_buf_init(&buf, 1024);
		fp_csv_add(&buf, true, FP_STR_LITERAL("0"));
		fp_csv_add(&buf, false, fp_str(fields[i].field));
		assert_int_equal(strncmp(buf.data, "0,", 2), 0);
		assert_string_equal(buf.data + 2, fields[i].written);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_problems),
		cmocka_unit_test(test_outcomes),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_etags),
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_csv_fields),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
