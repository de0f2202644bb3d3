/* What is wrong with a file: each problem with its place, its path and a sentence that helps. */
#include "parsing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

struct row {
	const char *text;
	const char *at;	     /* what stands where the problem is */
	const char *problem; /* its path and text, or what they begin with */
};

/* Of the only problem: the text at its place begins as `at` does, and its line as `problem`. */
static void check_row(const struct row *row, const char *lines)
{
	unsigned line = 0, column = 0;
	int begin = 0;
	const char *place = row->text;

	assert_int_equal(sscanf(lines, "%u:%u: %n", &line, &column, &begin), 2);
	while (line-- > 1 && place)
		place = strchr(place, '\n') + 1;
	place += column - 1;
	if (strncmp(place, row->at, strlen(row->at)) != 0 ||
		strncmp(lines + begin, row->problem, strlen(row->problem)) != 0 ||
		strchr(lines, '\n') != lines + strlen(lines) - 1)
		fail_msg("%s\nshould be at %s: %s\nbut has been at %.20s: %s", row->text, row->at,
			row->problem, place, lines);
}

static void check_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		char *lines = parse_bad(fp_str(rows[i].text));

		check_row(&rows[i], lines);
		free(lines);
	}
}

#define CHECK(rows) check_rows(rows, FP_ARRAY_SIZE(rows))

static void tells_what_a_setting_takes(void **state)
{
	static const struct row rows[] = {
		/* wrong types */
		{"[]", "[]", "a configuration is an object, not a list"},
		{"{\"data_dir\":7}", "7}", "data_dir: takes a folder, not a number"},
		{"{\"data_dir\":\"\"}", "\"\"", "data_dir: takes a string that is not empty"},
		{"{\"data_dir\":\"a\\nb\"}", "\"a\\n", "data_dir: takes a string without control"},
		{"{\"feeds\":[]}", "[]",
			"feeds: takes an object: a feed for each name, not a list"},
		{"{\"feeds\":{\"f\":1}}", "1}", "feeds.f: takes an object, not a number"},
		{"{\"http\":null}", "null", "http: takes an object, not null"},
		{"{" FEED(",\"max_pages\":\"20\"") "}", "\"20\"",
			"feeds.f.max_pages: takes a number, "
			"from 1 to 10000000, not a string"},
		/* durations, sizes, numbers: form and range */
		{"{\"stale_after\":\"soon\"}", "\"soon",
			"stale_after: takes a duration such as \"60s\", from 1s to 365d\n"},
		{"{\"stale_after\":60}", "60",
			"stale_after: takes a duration such as \"60s\", "
			"from 1s to 365d, not a "
			"number"},
		{"{\"stale_after\":\"999ms\"}", "\"999ms", "stale_after: takes a duration"},
		{"{\"stale_after\":\"366d\"}", "\"366d", "stale_after: takes a duration"},
		{"{\"history\":{\"journal\":\"1023KiB\"}}", "\"1023KiB",
			"history.journal: takes a size such as \"16MiB\", from 1MiB to "
			"16GiB"},
		{"{\"http\":{\"threads\":65}}", "65", "http.threads: takes a number, from 0 to 64"},
		{"{\"http\":{\"threads\":-1}}", "-1", "http.threads: takes a number, from 0 to 64"},
		{"{\"http\":{\"threads\":1.5}}", "1.5", "http.threads: takes a number"},
		{"{\"http\":{\"threads\":18446744073709551617}}", "18446",
			"http.threads: takes a number"},
		/* choices */
		{"{\"log_level\":\"loud\"}", "\"loud",
			"log_level: takes one of error, warning, info, debug, not \"loud\"\n"},
		{"{" FEED(",\"protocol\":\"V3\"") "}", "\"V3",
			"feeds.f.protocol: takes one of auto, v3, v2, folder, not \"V3\"\n"},
		{"{" FEED("") "," REPOSITORY_OF(PACKAGE(",\"grammars\":[\"semver\"]"), "") "}",
			"\"semver",
			"repositories.r.packages[0].grammars[0]: takes one of "
			"prerelease-stamp, patch-stamp, arcade, not semver\n"},
		/* lists */
		{"{\"listen\":[]}", "[]",
			"listen: takes at least one; leave the setting out where there is none\n"},
		{"{" FEED("") ",\"repositories\":{\"r\":{\"url\":\"/x\",\"packages\":[]}}}",
			"[]}}}", "repositories.r.packages: takes at least one\n"},
		{"{" FEED("") "," REPOSITORY(",\"refs\":[]") "}", "[]",
			"repositories.r.refs: takes at least one"},
		{"{" FEED("") "," REPOSITORY(",\"refs\":\"refs/*\"") "}", "\"refs/*\"",
			"repositories.r.refs: takes a list of full ref names, * for any "
			"run, "
			"not a string"},
		{"{" FEED("") "," REPOSITORY(",\"tracked\":[\"a\",7]") "}", "7]",
			"repositories.r.tracked[1]: takes strings"},
	};

	CHECK(rows);
}

static void names_the_nearest_key(void **state)
{
	static const struct row rows[] = {
		{"{\"lisen\":1}", "\"lisen",
			"lisen: there is no such setting; did you mean \"listen\"?"},
		{"{" FEED(",\"intervall\":1") "}", "\"intervall",
			"feeds.f.intervall: there is no such setting; did you mean "
			"\"interval\"?"},
		/* nothing is near: all are listed */
		{"{\"http\":{\"xyzzy\":1}}", "\"xyzzy",
			"http.xyzzy: there is no such setting; there are threads, "
			"max_connections, allow_origin\n"},
		/* twice */
		{"{\"data_dir\":\"a\",\n \"data_dir\":\"b\"}", "\"data_dir\":\"b",
			"data_dir: the setting is given twice"},
		/* keys that would break the line they are shown in */
		{"{\"a\\nb\\u0000\\u001b\":1}", "\"a\\nb", "a?b??: there is no such setting"},
	};

	CHECK(rows);
}

static void keeps_secrets_out(void **state)
{
	static const struct row rows[] = {
		{"{" FEED(",\"password\":\"hush\"") "}", "\"password",
			"feeds.f.password: a secret never stands in this file; give "
			"\"password_env\""},
		{"{\"Token\":\"hush\"}", "\"Token",
			"Token: a secret never stands in this file; name an"},
		{"{\"tokens\":[{\"name\":\"a\",\"sha256\":\"9f86d081884c7d659a2feaa0c55ad015"
		 "a3bf4f1b2b0b822cd15d6c15b0f00a08\",\"may\":[\"sync\"],\"token\":\"hush\"}]}",
			"\"token",
			"tokens[0].token: a secret never stands in this file; give "
			"\"sha256\""},
		{"{\"hooks\":{\"github\":{\"secret_env\":\"A\",\"secret\":\"hush\"}}}",
			"\"secret\"",
			"hooks.github.secret: a secret never stands in this file; give "
			"\"secret_env\""},
		/* names and passwords in URLs */
		{"{\"feeds\":{\"f\":{\"url\":\"https://me:hush@h/\"}}}", "\"https://me",
			"feeds.f.url: a URL here holds no name and no password"},
		{"{\"feeds\":{\"f\":{\"url\":\"https://hush@h/\"}}}", "\"https://hush",
			"feeds.f.url: a URL here holds no name and no password"},
		{"{\"feeds\":{\"f\":{\"url\":\"HTTP://a:hush@h@h/\"}}}", "\"HTTP://a",
			"feeds.f.url: a URL here holds no name and no password"},
		{"{" FEED(",\"proxy\":\"me:hush@h:1\"") "}", "\"me:hush",
			"feeds.f.proxy: a proxy's URL holds no name and no password"},
		/* the secret where its name belongs */
		{"{" FEED(",\"password_env\":\"hush-hush\"") "}", "\"hush-hush",
			"feeds.f.password_env: takes the name of an environment variable"},
		{"{" FEED(",\"password_env\":\"A\",\"password_file\":\"b\"") "}", "\"password_file",
			"feeds.f.password_file: \"password_env\" and \"password_file\" "
			"exclude "
			"each other"},
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		char *lines = parse_bad(fp_str(rows[i].text));

		assert_null(strstr(lines, "hush"));
		free(lines);
	}
	CHECK(rows);
}

static void looks_across_settings(void **state)
{
	static const struct row rows[] = {
		/* feeds */
		{"{\"feeds\":{\"f\":{}}}", "{}}", "feeds.f: takes \"url\" or \"nuget_config\""},
		{"{\"hooks\":{\"github\":{}}}", "{}}",
			"hooks.github: takes \"secret_env\" or \"secret_file\""},
		{"{\"hooks\":{\"bitbucket\":{\"secret_env\":\"A\"}}}", "{\"secret",
			"hooks.bitbucket: takes hooks of github, gitlab, gitea, azure-devops and "
			"generic"},
		{"{\"hooks\":{\"gitlab\":{\"secret_env\":\"A\",\"username\":\"b\"}}}", "{\"secret",
			"hooks.gitlab: \"username\" is for azure-devops; other senders show none"},
		{"{" FEED(",\"nuget_config\":{\"file\":\"a\",\"source\":\"b\"}") "}",
			"\"nuget_config",
			"feeds.f.nuget_config: \"url\" and \"nuget_config\" exclude each "
			"other"},
		{"{\"feeds\":{\"f\":{\"nuget_config\":{\"file\":\"a\"}}}}", "{\"file\":\"a\"}",
			"feeds.f.nuget_config: \"source\" is missing; it takes the key of"},
		{"{" FEED("") "," REPOSITORY_OF("{\"id\":\"P\",\"feed\":\"g\"}", "") "}", "\"g\"",
			"repositories.r.packages[0].feed: there is no feed \"g\"; \"feeds\" "
			"has f\n"},
		{"{" REPOSITORY("") "}", "\"f\"",
			"repositories.r.packages[0].feed: there is no feed \"f\"; \"feeds\" "
			"has none\n"},
		/* what is required */
		{"{\"repositories\":{\"r\":{\"url\":\"u\"}}}", "{\"url\":\"u\"}",
			"repositories.r: \"packages\" is missing; it takes a list of "
			"packages"},
		{"{" FEED("") "," REPOSITORY_OF("{\"feed\":\"f\"}", "") "}", "{\"feed\"",
			"repositories.r.packages[0]: \"id\" is missing; it takes a package "
			"id"},
		{"{" FEED("") "," REPOSITORY_OF("{\"id\":\"P\"}", "") "}", "{\"id\"",
			"repositories.r.packages[0]: \"feed\" is missing; it takes the "
			"name"},
		{"{\"tokens\":[{\"sha256\":\"9f86d081884c7d659a2feaa0c55ad015"
		 "a3bf4f1b2b0b822cd15d6c15b0f00a08\",\"may\":[\"sync\"]}]}",
			"{\"sha256", "tokens[0]: \"name\" is missing; it takes a name"},
		/* packages */
		{"{" FEED("") "," REPOSITORY_OF(PACKAGE(",\"grammars\":[\"arcade\"]"), "") "}",
			"[\"arcade",
			"repositories.r.packages[0].grammars: arcade versions name no "
			"branch"},
		{"{" FEED("") "," REPOSITORY_OF(PACKAGE(",\"set\":[\"Q\",\"p\"]"), "") "}",
			"[\"Q\",\"p",
			"repositories.r.packages[0].set: \"set\" takes further ids, each "
			"once; "
			"\"p\""},
		{"{" FEED("") "," REPOSITORY_OF(PACKAGE(",\"set\":[\"Q\",\"q\"]"), "") "}",
			"[\"Q\",\"q",
			"repositories.r.packages[0].set: \"set\" takes further ids, each "
			"once; "
			"\"q\""},
		{"{" FEED("") "," REPOSITORY_OF(
			 "{\"id\":\"p\",\"feed\":\"f\"}," PACKAGE(""), "") "}",
			"\"P\"",
			"repositories.r.packages[1].id: the repository has this package "
			"already"},
		/* where a release and a branch come from */
		{"{" FEED("") "," REPOSITORY(",\"release\":{\"patch\":\"P\"}") "}", "{\"patch",
			"repositories.r.release: takes \"fixed\" or \"file\""},
		{"{" FEED("") "," REPOSITORY(",\"release\":[{\"file\":\"a\",\"major\":\"M\"}]") "}",
			"{\"file", "repositories.r.release[0]: \"file\" needs \"minor\""},
		{"{" FEED("") "," REPOSITORY(",\"release\":{\"fixed\":\"1.0\",\"file\":\"a\","
					     "\"major\":\"M\",\"minor\":\"N\"}") "}",
			"\"file",
			"repositories.r.release.file: \"fixed\" and \"file\" exclude each "
			"other"},
		{"{" FEED("") "," REPOSITORY(",\"branch_source\":[{\"file\":\"a\"}]") "}",
			"{\"file",
			"repositories.r.branch_source[0]: takes \"variable\" or "
			"\"element\""},
	};

	CHECK(rows);
}

static void reports_every_problem_in_the_files_order(void **state)
{
	/* the cross check of line 3 is made after line 5 was read */
	char *lines =
		parse_bad(FP_STR_LITERAL("{\"lisen\": 1,\n"
					 "\"repositories\": {\"r\": {\"url\": \"ftp://h/\",\n"
					 "  \"packages\": [{\"id\": \"P\", \"feed\": \"g\"}]}},\n"
					 "\"log_level\": \"loud\",\n"
					 "\"data_dir\": 7}\n"));
	unsigned expected = 1;

	for (const char *at = lines; *at; at = strchr(at, '\n') + 1)
		assert_int_equal(atoi(at), expected++);
	assert_int_equal(expected, 6);
	free(lines);
}

/* Two hundred keys that are none, among them one that should be looked at: the report ends. */
static void stops_at_a_hundred(void **state)
{
	struct fp_config_problems problems = {0};
	struct fp_config *config = NULL;
	struct fp_error error;
	struct fp_buf text;

	fp_buf_init(&text, 64 * 1024);
	fp_buf_add_char(&text, '{');
	for (int i = 0; i < 200; i++)
		fp_buf_addf(&text, "%s\"none%d\":1", i ? "," : "", i);
	fp_buf_add_char(&text, '}');
	assert_int_equal(
		fp_config_parse(fp_buf_str(&text), PARSING_PATH, &config, &problems, &error), 1);
	assert_int_equal(problems.count, 100);
	fp_config_problems_release(&problems);
	fp_buf_release(&text);
}

static void survives_contradictions(void **state)
{
	/* The first of two settings is what was read; the second is shorter, or something else. */
	static const char *const texts[] = {
		"{" FEED("") ",\"repositories\":{\"r\":{\"url\":\"u\",\"packages\":[{},{},{}],"
			     "\"packages\":[{}]}}}",
		"{" FEED("") "," REPOSITORY(",\"release\":[{},{}],\"release\":7") "}",
		"{" FEED("") "," REPOSITORY(",\"release\":7,\"release\":[{},{}]") "}",
		"{\"feeds\":{\"a\":{},\"b\":1},\"feeds\":null}",
		"{\"tokens\":[1,{},[]],\"tokens\":{}}",
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(texts); i++)
		free(parse_bad(fp_str(texts[i])));
}

static void says_where_it_is_no_json(void **state)
{
	static const struct {
		const char *text;
		size_t len;
		const char *place; /* NULL: anywhere */
	} rows[] = {
		{"", 0, NULL},
		{"\0", 1, "1:1:"},
		{"{", 1, NULL},
		{"{}{}", 4, "1:3:"},
		{"{\n  \"listen\": }", 15, "2:13:"},
		{"{\"a\":\"\xff\"}", 9, "1:"},
		{"/* never closed", 15, NULL},
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		char *lines = parse_bad(fp_str_n(rows[i].text, rows[i].len));

		if (rows[i].place && strncmp(lines, rows[i].place, strlen(rows[i].place)) != 0)
			fail_msg("row %zu: %s", i, lines);
		free(lines);
	}
}

static void refuses_a_file_that_is_not_there(void **state)
{
	struct fp_config_problems problems = {0};
	struct fp_config *config = NULL;
	struct fp_error error;

	assert_int_equal(
		fp_config_read("/nonexistent/f.json", &config, &problems, &error), -FP_ERROR_IO);
	assert_non_null(strstr(error.text, "/nonexistent/f.json"));
	assert_null(config);
	assert_int_equal(problems.count, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_what_a_setting_takes),
		cmocka_unit_test(names_the_nearest_key),
		cmocka_unit_test(keeps_secrets_out),
		cmocka_unit_test(looks_across_settings),
		cmocka_unit_test(reports_every_problem_in_the_files_order),
		cmocka_unit_test(stops_at_a_hundred),
		cmocka_unit_test(survives_contradictions),
		cmocka_unit_test(says_where_it_is_no_json),
		cmocka_unit_test(refuses_a_file_that_is_not_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
