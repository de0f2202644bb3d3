/* Texts that a setting takes and that it refuses, one setting at a time. */
#include "parsing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* Each setting's place in a file, %s for its value. */
static const char listen_file[] = "{\"listen\":%s}";
static const char name_file[] = "{\"feeds\":{%s:{\"url\":\"u\"}}}";
static const char feed_url_file[] = "{\"feeds\":{\"f\":{\"url\":%s}}}";
static const char proxy_file[] = "{" FEED(",\"proxy\":%s") "}";
static const char url_file[] =
	"{" FEED("") ",\"repositories\":{\"r\":{\"url\":%s,\"packages\":[" PACKAGE("") "]}}}";
static const char refs_file[] = "{" FEED("") "," REPOSITORY(",\"refs\":[%s]") "}";
static const char branch_file[] = "{" FEED("") "," REPOSITORY(",\"branch\":%s") "}";
static const char tracked_file[] = "{" FEED("") "," REPOSITORY(",\"tracked\":[%s]") "}";
static const char aliases_file[] = "{" FEED("") "," REPOSITORY(",\"aliases\":%s") "}";
static const char variable_file[] =
	"{" FEED("") "," REPOSITORY(",\"branch_source\":{\"file\":\"f\",\"variable\":%s}") "}";
static const char element_file[] =
	"{" FEED("") "," REPOSITORY(",\"branch_source\":{\"file\":\"f\",\"element\":%s}") "}";
static const char tree_file[] =
	"{" FEED("") "," REPOSITORY(",\"branch_source\":{\"file\":%s,\"element\":\"e\"}") "}";
static const char fixed_file[] = "{" FEED("") "," REPOSITORY(",\"release\":{\"fixed\":%s}") "}";
static const char id_file[] = "{" FEED("") "," REPOSITORY_OF("{\"feed\":\"f\",\"id\":%s}", "") "}";
static const char grammars_file[] =
	"{" FEED("") "," REPOSITORY_OF(PACKAGE(",\"branches\":[\"main\"],\"grammars\":%s"), "") "}";
static const char user_file[] = "{" FEED(",\"username\":%s") "}";
static const char env_file[] = "{" FEED(",\"password_env\":%s") "}";
static const char origin_file[] = "{\"http\":{\"allow_origin\":%s}}";
static const char may_file[] = "{\"tokens\":[{\"name\":\"a\",\"sha256\":\"9f86d081884c7d659a2feaa0c"
			       "55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\",\"may\":%s}]}";
static const char sha_file[] = "{\"tokens\":[{\"name\":\"a\",\"may\":[\"sync\"],\"sha256\":%s}]}";

struct row {
	const char *file;
	const char *value; /* JSON */
};

/* The file with the value put in, malloc'ed. */
static char *fill(const struct row *row)
{
	const char *gap = strstr(row->file, "%s");
	struct fp_buf text;
	char *filled;

	assert_non_null(gap);
	fp_buf_init(&text, 64 * 1024);
	fp_buf_add_str(&text, fp_str_n(row->file, (size_t)(gap - row->file)));
	fp_buf_add_text(&text, row->value);
	fp_buf_add_text(&text, gap + 2);
	filled = fp_buf_take(&text);
	assert_non_null(filled);
	return filled;
}

static void takes(void **state)
{
	static const struct row rows[] = {
		{listen_file, "\"0.0.0.0:1\""},
		{listen_file, "\"[::]:65535\""},
		{listen_file, "\"127.0.0.1:0\""},		    /* a free port */
		{listen_file, "[\"127.0.0.1:0\",\"127.0.0.1:0\"]"}, /* two free ports */
		{listen_file, "[\"127.0.0.1:1\",\"[::1]:1\"]"},
		{name_file, "\"a\""},
		{name_file, "\"A.b_c-9\""},
		{name_file, "\"-a\""},
		{feed_url_file, "\"http://h/\""},
		{feed_url_file, "\"https://[::1]:8443/v3/index.json?a=b@c\""},
		{feed_url_file, "\"https://h/@scope/x:y\""},
		{feed_url_file, "\"file:///srv/feed\""},
		{feed_url_file, "\"feeds/a:b\""}, /* a folder */
		{proxy_file, "\"h:3128\""},
		{proxy_file, "\"socks5://h\""},
		{url_file, "\"https://h:443/r.git\""},
		{url_file, "\"ssh://git@h:22/r.git\""},
		{url_file, "\"git://h/r\""},
		{url_file, "\"file:///srv/r.git\""},
		{url_file, "\"git@h:team/r.git\""},
		{url_file, "\"../r.git\""},
		{refs_file, "\"refs/heads/main\""},
		{refs_file, "\"refs/*\""},
		{refs_file, "\"refs/*/head/*x\""},
		{branch_file, "\"release/2.4\""},
		{branch_file, "\"a@b\""},
		{branch_file, "\"\xc3\xa9#+,\\\"\""}, /* git takes all of them */
		{tracked_file, "\"*\""},
		{tracked_file, "\"release/*\",\"main\""},
		{aliases_file, "{}"},
		{aliases_file,
			"{\"a/b\":[\"c\",\"d\"],\"A/b\":[\"c\"]}"}, /* git's names have case */
		{variable_file, "\"pgo_Branch2\""},
		{element_file, "\"PGO.Branch-x\""},
		{element_file, "\"\xc3\xa9l\""},
		{tree_file, "\"a/.b/c d...props\""},
		{fixed_file, "\"2.8.0-prerelease\""},
		{id_file, "\"optimization.windows_nt-x64.MIBC.Runtime\""},
		{grammars_file, "[\"arcade\",\"patch-stamp\",\"prerelease-stamp\"]"},
		{user_file, "\"DOMAIN\\\\me\""},
		{env_file, "\"_A1\""},
		{origin_file, "\"*\""},
		{origin_file, "\"null\""},
		{origin_file, "\"https://dash.example:8443\""},
		{may_file, "[\"override\",\"sync\",\"sync\"]"},
		{sha_file, "\"9F86D081884C7D659A2FEAA0C55AD015A3BF4F1B2B0B822CD15D6C15B0F00A08\""},
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		char *text = fill(&rows[i]);

		fp_config_free(parse_good(text));
		free(text);
	}
}

static void refuses(void **state)
{
	static const struct row rows[] = {
		{listen_file, "7878"},
		{listen_file, "\"localhost:7878\""},
		{listen_file, "\"127.0.0.1\""},
		{listen_file, "\"127.0.0.1:65536\""},
		{listen_file, "\"127.0.0.1:\""},
		{listen_file, "\":7878\""},
		{listen_file, "\"::1:7878\""}, /* is 7878 its last group? */
		{listen_file, "\"[127.0.0.1]:7878\""},
		{listen_file, "\"[]:7878\""},
		{listen_file, "[\"127.0.0.1:1\",\"127.0.0.1:1\"]"},
		{name_file, "\"\""},
		{name_file, "\".a\""},
		{name_file, "\"..\""},
		{name_file, "\"a b\""},
		{name_file, "\"a/b\""},
		{name_file, "\"a\\u0000b\""}, /* C would read it as a */
		{name_file, "\"\xc3\xa9\""},
		{name_file, "\"a\":{\"url\":\"u\"},\"A\""},
		{name_file, "\"a\":{\"url\":\"u\"},\"a\""},
		{feed_url_file, "\"ftp://h/\""},
		{feed_url_file, "\"HTTPS://h/\""},
		{feed_url_file, "\"https://\""},
		{feed_url_file, "\"https:///v3\""},
		{feed_url_file, "\"https://h:0/\""},
		{feed_url_file, "\"https://h:x/\""},
		{feed_url_file, "\"https://a b/\""},
		{feed_url_file, "\"file://srv\""},
		{feed_url_file, "\"file:///\""},
		{feed_url_file, "\"https://h/\\r\\nX: y\""},
		{proxy_file, "\"http://\""},
		{url_file, "\"ext://h/\""},
		{url_file, "\"ext::sh -c id\""},
		{url_file, "\"-oProxyCommand=id:x\""},
		{url_file, "\"ssh://-oProxyCommand=id/x\""},
		{url_file, "\"ssh://git:hush@h/r\""},
		{refs_file, "\"heads/*\""},
		{refs_file, "\"refs/\""},
		{refs_file, "\"refs/forkpoint/*\""},
		{refs_file, "\"refs/heads/a b\""},
		{refs_file, "\"refs/heads/a:b\""},
		{refs_file, "\"refs/heads//a\""},
		{refs_file, "\"+refs/heads/*\""},
		{branch_file, "\"*\""},
		{branch_file, "\"refs/heads/main\""},
		{branch_file, "\"a..b\""},
		{branch_file, "\"a.lock\""},
		{branch_file, "\"a/.b\""},
		{branch_file, "\"/a\""},
		{branch_file, "\"a/\""},
		{branch_file, "\"a.\""},
		{branch_file, "\"a@{1}\""},
		{branch_file, "\"@\""},
		{branch_file, "\"a^\""},
		{branch_file, "\"a\\\\b\""},
		{tracked_file, "\"release/[0-9]\""},
		{tracked_file, "\"a?\""},
		{aliases_file, "[]"},
		{aliases_file, "{\"main\":\"master\"}"},
		{aliases_file, "{\"main\":[]}"},
		{aliases_file, "{\"\":[\"a\"]}"},
		{aliases_file, "{\"m\\u0000\":[\"a\"]}"},
		{aliases_file, "{\"main\":[\"a*\"]}"},
		{aliases_file, "{\"main\":[\"a\"],\"main\":[\"b\"]}"},
		{aliases_file, "{\"main\":[\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\","
			       "\"a\",\"a\",\"a\",\"a\",\"a\",\"a\",\"a\"]}"}, /* sixteen */
		{variable_file, "\"$pgoBranch\""},
		{variable_file, "\"a-b\""},
		{element_file, "\"<PGOBranch>\""},
		{element_file, "\"p:PGOBranch\""},
		{element_file, "\"1a\""},
		{tree_file, "\"/a\""},
		{tree_file, "\"../a\""},
		{tree_file, "\"a/./b\""},
		{tree_file, "\"a//b\""},
		{tree_file, "\"a\\\\b\""},
		{fixed_file, "\"2\""},
		{fixed_file, "\"2.4.1.0\""},
		{fixed_file, "2.4"},
		{id_file, "\"a/b\""},
		{id_file, "\"..\""},
		{grammars_file, "[]"},
		{grammars_file, "\"arcade\""},
		{grammars_file, "[\"semver\"]"},
		{grammars_file, "[\"arcade\",\"arcade\"]"},
		{user_file, "\"a:b\""},
		{env_file, "\"1A\""},
		{env_file, "\"A B\""},
		{origin_file, "\"a, b\""},
		{origin_file, "\"dash.example\""},
		{may_file, "[]"},
		{may_file, "\"sync\""},
		{may_file, "[\"root\"]"},
		{sha_file, "\"9f86\""},
		{sha_file, "\"zz86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\""},
		{sha_file,
			"\"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a0800\""},
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		char *text = fill(&rows[i]);

		free(parse_bad(fp_str(text)));
		free(text);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes),
		cmocka_unit_test(refuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
