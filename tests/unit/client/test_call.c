/* Command lines and the requests that they mean; what is wrong with the others. */
#include "call.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

enum { WORDS_MAX = 12 };

static int read_line(const char *const *words, struct fp_call *call, struct fp_error *error)
{
	const struct fp_client_command *command = fp_client_find(words[0]);
	char *arguments[WORDS_MAX];
	int count = 0;

	assert_non_null(command);
	while (words[count + 1]) {
		arguments[count] = (char *)words[count + 1];
		count++;
	}
	return fp_call_read(command, count, arguments, call, error);
}

static void test_requests(void **state)
{
	static const struct {
		const char *words[WORDS_MAX];
		const char *method, *target, *body;
	} rows[] = {
		{{"resolve", "winui", "abcd"}, "GET", "/resolve?repo=winui&sha=abcd&format=text",
			""},
		/* a ref in the place of a commit; values are escaped */
		{{"resolve", "winui", "refs/heads/main", "--branch", "a&b c"}, "GET",
			"/resolve?repo=winui&ref=refs%2Fheads%2Fmain&branch=a%26b%20c&format=text",
			""},
		/* places by their options, in any order; `=` or a word of its own */
		{{"resolve", "--sha=abcd", "--repo", "winui", "--json"}, "GET",
			"/resolve?repo=winui&sha=abcd&format=json", ""},
		{{"resolve", "abcd", "--repo", "winui", "--format", "version"}, "GET",
			"/resolve?repo=winui&sha=abcd&format=version", ""},
		{{"diagnose", "winui", "abcd", "2.4.2001310100-main", "--at", "2026-01-01"}, "GET",
			"/diagnose?repo=winui&sha=abcd&used=2.4.2001310100-main&at=2026-01-01&"
			"format=text",
			""},
		{{"timeline", "winui"}, "GET", "/timeline?repo=winui&format=text", ""},
		{{"timeline", "winui", "release/2.4", "--limit", "5"}, "GET",
			"/timeline?repo=winui&branch=release%2F2.4&limit=5&format=text", ""},
		{{"history"}, "GET", "/history?format=text", ""},
		{{"history", "--branch", "main", "--since", "2026-01-01"}, "GET",
			"/history?branch=main&since=2026-01-01&format=text", ""},
		/* behind -- everything is a word; an equals sign alone makes an empty value */
		{{"decode", "--repo=winui", "--", "--odd"}, "GET",
			"/decode?version=--odd&repo=winui&format=text", ""},
		{{"decode", "1.0", "--repo="}, "GET", "/decode?version=1.0&repo=&format=text", ""},
		/* a path that takes a place, and has a query */
		{{"lint", "win ui"}, "GET", "/repos/win%20ui?lint&format=text", ""},
		{{"quarantine"}, "GET", "/quarantine?format=text", ""},
		{{"quarantine", "winui"}, "GET", "/quarantine?repo=winui&format=text", ""},
		{{"quarantine", "winui", "1.0-a/b", "--reason", "say \"no\"", "--owner", "me"},
			"PUT", "/quarantine/winui/1.0-a%2Fb?format=text",
			"{\"reason\":\"say \\\"no\\\"\",\"owner\":\"me\"}"},
		{{"quarantine", "winui", "1.0", "--remove", "--package", "Mux"}, "DELETE",
			"/quarantine/winui/1.0?package=Mux&format=text", ""},
		{{"pin", "winui", "release/2.4", "1.0", "--expires=2026-02-01"}, "PUT",
			"/pins/winui/release%2F2.4?format=text",
			"{\"version\":\"1.0\",\"expires\":\"2026-02-01\"}"},
		{{"pin", "winui", "release/2.4", "--remove"}, "DELETE",
			"/pins/winui/release%2F2.4?format=text", ""},
		{{"pin", "winui"}, "GET", "/pins?repo=winui&format=text", ""},
		{{"what-if", "winui", "--publish", "1.0", "--last", "9"}, "GET",
			"/what-if?repo=winui&last=9&publish=1.0&format=text", ""},
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		struct fp_error error = {0};
		struct fp_wish wish;
		struct fp_call call;
		int r = read_line(rows[i].words, &call, &error);

		fp_wish_init(&wish);
		if (r == 0)
			r = fp_call_wish(&call, &wish, &error);
		if (r < 0)
			fail_msg("row %zu: %s", i, error.text);
		assert_string_equal(wish.method, rows[i].method);
		assert_string_equal(wish.target.data, rows[i].target);
		assert_string_equal(wish.body.data ? wish.body.data : "", rows[i].body);
		fp_wish_release(&wish);
	}
}

static void test_wrong_lines(void **state)
{
	static const struct {
		const char *words[WORDS_MAX];
		const char *said;
	} rows[] = {
		{{"resolve"}, "REPO is missing"},
		{{"resolve", "winui"}, "SHA|REF is missing"},
		{{"resolve", "--sha", "abcd"}, "REPO is missing"},
		{{"resolve", "winui", "abcd", "more"}, "there is no place for \"more\""},
		{{"resolve", "winui", "a", "b", "c"}, "there is no place for \"c\""},
		{{"resolve", "", "abcd"}, "an argument of resolve is empty"},
		/* what people try first */
		{{"resolve", "winui", "main"}, "\"main\" is no commit id; a branch or a tag goes "
					       "by its full name, such as "
					       "refs/heads/main"},
		{{"diagnose", "winui", "1.0-main", "abcd"},
			"\"1.0-main\" is no commit id; a branch or a tag goes by its full name, "
			"such as "
			"refs/heads/main"},
		{{"resolve", "winui", "abcd", "--brnch", "x"},
			"resolve takes no option --brnch; did you mean --branch?"},
		{{"resolve", "winui", "abcd", "--zzzzzzzz"}, "resolve takes no option --zzzzzzzz"},
		{{"resolve", "winui", "abcd", "--branch"}, "option --branch takes BRANCH"},
		{{"resolve", "winui", "abcd", "--branch", "a", "--branch=b"},
			"option --branch is given more than once"},
		{{"resolve", "winui", "abcd", "--json=1"}, "option --json takes nothing"},
		{{"resolve", "winui", "abcd", "--json", "--format", "csv"},
			"--json and --format exclude each other"},
		{{"resolve", "winui", "abcd", "-x"}, "there is no option -x"},
		/* another subcommand's option */
		{{"decode", "1.0", "--reason", "x"}, "decode takes no option --reason"},
		{{"pin", "winui", "main"}, "VERSION is missing"},
		{{"pin", "winui", "main", "1.0", "--remove"}, "--remove takes no VERSION"},
		{{"pin", "winui", "--remove"}, "BRANCH is missing"},
		{{"quarantine", "winui", "--reason", "x"}, "VERSION is missing"},
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		struct fp_error error = {0};
		struct fp_wish wish;
		struct fp_call call;
		int r = read_line(rows[i].words, &call, &error);

		fp_wish_init(&wish);
		if (r == 0)
			r = fp_call_wish(&call, &wish, &error);
		assert_int_equal(r, -FP_ERROR_INVALID);
		assert_string_equal(error.text, rows[i].said);
		fp_wish_release(&wish);
	}
}

/* Every row of the options has a name and a help, every option some subcommand. */
static void test_tables(void **state)
{
	struct fp_buf FP_CLEANUP_BUF table = {0};

	fp_buf_init(&table, 1 << 20);
	fp_client_write_table(&table);
	for (int i = 0; i < FP_OPTION_COUNT; i++) {
		char option[64];

		assert_non_null(fp_options[i].name);
		assert_non_null(fp_options[i].help);
		snprintf(option, sizeof(option), " --%s", fp_options[i].name);
		assert_non_null(strstr(table.data, option));
	}
	assert_null(fp_client_find("serve"));
	assert_null(fp_client_find(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_wrong_lines),
		cmocka_unit_test(test_tables),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
