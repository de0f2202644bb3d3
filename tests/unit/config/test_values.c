/* What is read: defaults, values, paths, digests, and what is printed. */
#include "parsing.h"

#include "forkpoint/base/json_read.h"
#include "forkpoint/base/time.h"

#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

#define SECOND_US INT64_C(1000000)
#define MIB UINT64_C(1048576)

static void fills_in_the_root_defaults(void **state)
{
	struct fp_config *config = parse_good("{}");

	assert_int_equal(config->listen_count, 1);
	assert_string_equal(config->listen[0].text, "127.0.0.1:7878");
	assert_string_equal(config->listen[0].address, "127.0.0.1");
	assert_int_equal(config->listen[0].port, 7878);
	assert_string_equal(config->data_dir, "/var/lib/forkpoint");
	assert_int_equal(config->stale_after_us, 600 * SECOND_US);
	assert_string_equal(config->log_level, "info");
	assert_int_equal(config->http_threads, 0);
	assert_int_equal(config->http_max_connections, 8192);
	assert_null(config->http_allow_origin);
	assert_int_equal(config->history_journal_bytes, 64 * MIB);
	assert_int_equal(config->feed_count + config->repository_count + config->token_count, 0);
	assert_string_equal(config->path, PARSING_PATH);
	fp_config_free(config);
}

static void check_feed_defaults(const struct fp_config_feed *feed)
{
	assert_int_equal(feed->protocol, FP_FEED_PROTOCOL_AUTO);
	assert_int_equal(feed->interval_us, 60 * SECOND_US);
	assert_int_equal(feed->connect_timeout_us, 10 * SECOND_US);
	assert_int_equal(feed->first_byte_timeout_us, 30 * SECOND_US);
	assert_int_equal(feed->stall_timeout_us, 30 * SECOND_US);
	assert_int_equal(feed->total_timeout_us, 300 * SECOND_US);
	assert_int_equal(feed->max_document_bytes, 512 * MIB);
	assert_int_equal(feed->max_versions, 1000000);
	assert_int_equal(feed->max_pages, 20000);
	assert_int_equal(feed->max_depth, 64);
	assert_int_equal(feed->verify_again_us, 3600 * FP_US_PER_S);
	assert_null(feed->username);
	assert_null(feed->password.env);
	assert_null(feed->password.file);
}

static void fills_in_the_defaults_of_elements(void **state)
{
	static const char *const refs[] = {"refs/heads/*", "refs/tags/*", "refs/pull/*/head"};
	struct fp_config *config = parse_good("{" FEED("") "," REPOSITORY("") "}");
	const struct fp_config_repository *repository = &config->repositories[0];
	const struct fp_config_package *package = &repository->packages[0];
	struct fp_config_feed unnamed;

	check_feed_defaults(&config->feeds[0]);
	assert_int_equal(fp_config_default_feed(&unnamed), 0);
	check_feed_defaults(&unnamed);
	assert_int_equal(repository->ref_count, FP_ARRAY_SIZE(refs));
	for (size_t i = 0; i < FP_ARRAY_SIZE(refs); i++)
		assert_string_equal(repository->refs[i], refs[i]);
	assert_int_equal(repository->interval_us, 60 * SECOND_US);
	assert_int_equal(repository->fetch_timeout_us, 3600 * SECOND_US);
	assert_int_equal(repository->max_version_file_bytes, MIB);
	assert_int_equal(repository->timestamp, FP_TIMESTAMP_AUTHOR);
	assert_null(repository->branch);
	assert_int_equal(repository->tracked_count + repository->alias_count, 0);
	assert_int_equal(package->grammar_count, 2);
	assert_int_equal(package->grammars[0], FP_GRAMMAR_PRERELEASE_STAMP);
	assert_int_equal(package->grammars[1], FP_GRAMMAR_PATCH_STAMP);
	assert_int_equal(package->patch_stamp_label, FP_LABEL_HYPHEN);
	assert_false(package->keep_unlisted);
	assert_int_equal(package->verify_download, FP_VERIFY_OFF);
	fp_config_free(config);
}

/* The table names choices by their places in these enums. */
static void reads_choices(void **state)
{
	struct fp_config *config = parse_good(
		"{\"feeds\":{\"a\":{\"url\":\"u\",\"protocol\":\"v3\"},"
		"\"b\":{\"url\":\"u\",\"protocol\":\"v2\"},"
		"\"f\":{\"url\":\"u\",\"protocol\":\"folder\"}}," REPOSITORY_OF(
			PACKAGE(",\"patch_stamp_label\":\"underscore\",\"unlisted\":\"keep\","
				"\"verify_download\":\"selected\"") ",{\"id\":\"Q\",\"feed\":\"b\","
								    "\"verify_download\":\"all\"}",
			",\"timestamp\":\"committer\"") "}");
	const struct fp_config_package *packages = config->repositories[0].packages;

	assert_int_equal(config->feeds[0].protocol, FP_FEED_PROTOCOL_V3);
	assert_int_equal(config->feeds[1].protocol, FP_FEED_PROTOCOL_V2);
	assert_int_equal(config->feeds[2].protocol, FP_FEED_PROTOCOL_FOLDER);
	assert_int_equal(config->repositories[0].timestamp, FP_TIMESTAMP_COMMITTER);
	assert_int_equal(packages[0].patch_stamp_label, FP_LABEL_UNDERSCORE);
	assert_true(packages[0].keep_unlisted);
	assert_int_equal(packages[0].verify_download, FP_VERIFY_SELECTED);
	assert_int_equal(packages[1].verify_download, FP_VERIFY_ALL);
	assert_int_equal(packages[0].feed_index, 2);
	assert_int_equal(packages[1].feed_index, 1);
	fp_config_free(config);
}

static void reads_lists_and_lone_elements(void **state)
{
	struct fp_config *config =
		parse_good("{\"listen\":[\"[::1]:1\",\"127.0.0.1:2\"]," FEED("") "," REPOSITORY(
			",\"release\":{\"fixed\":\"2.4\"},"
			"\"branch_source\":[{\"file\":\"a\",\"variable\":\"v\"},"
			"{\"file\":\"b\",\"element\":\"e\"}],"
			"\"aliases\":{\"main\":[\"master\",\"trunk\"]}") ","
									 "\"tokens\":[{\"name\":"
									 "\"t\",\"sha256\":"
									 "\"9f86d081884c7d659a2feaa"
									 "0c55ad015"
									 "a3bf4f1b2b0b822cd15d6c15b"
									 "0f00a08\",\"may\":["
									 "\"override\"]}]}");
	const struct fp_config_repository *repository = &config->repositories[0];

	assert_string_equal(config->listen[0].address, "::1");
	assert_int_equal(config->listen[1].port, 2);
	assert_int_equal(repository->release_source_count, 1);
	assert_string_equal(repository->release_sources[0].fixed, "2.4");
	assert_int_equal(repository->branch_source_count, 2);
	assert_string_equal(repository->branch_sources[1].element, "e");
	assert_string_equal(repository->aliases[0].branch, "main");
	assert_string_equal(repository->aliases[0].names[1], "trunk");
	assert_int_equal(config->tokens[0].sha256[0], 0x9f);
	assert_int_equal(config->tokens[0].sha256[31], 0x08);
	assert_true(config->tokens[0].may_override);
	assert_false(config->tokens[0].may_sync);
	fp_config_free(config);
}

static void starts_relative_paths_at_the_files_folder(void **state)
{
	struct fp_config *config = parse_good(
		"{\"data_dir\":\"data\",\"feeds\":{"
		"\"f\":{\"url\":\"packages\",\"password_file\":\"../secret\"},"
		"\"g\":{\"nuget_config\":{\"file\":\"N.config\",\"source\":\"s\"}}},"
		"\"repositories\":{"
		"\"a\":{\"url\":\"r.git\",\"packages\":[" PACKAGE(
			"") "],\"ssh_key_file\":\"k\"},"
			    "\"b\":{\"url\":\"git@h:r.git\",\"packages\":[" PACKAGE(
				    "") "]},"
					"\"c\":{\"url\":\"/srv/r.git\",\"packages\":[" PACKAGE(
						"") "]}}}");

	assert_string_equal(config->data_dir, "/etc/forkpoint/data");
	assert_string_equal(config->feeds[0].url, "/etc/forkpoint/packages");
	assert_string_equal(config->feeds[0].password.file, "/etc/forkpoint/../secret");
	assert_string_equal(config->feeds[1].nuget_config_file, "/etc/forkpoint/N.config");
	assert_string_equal(config->feeds[1].nuget_config_source, "s");
	assert_string_equal(config->repositories[0].url, "/etc/forkpoint/r.git");
	assert_string_equal(config->repositories[0].ssh_key_file, "/etc/forkpoint/k");
	assert_string_equal(config->repositories[1].url, "git@h:r.git");
	assert_string_equal(config->repositories[2].url, "/srv/r.git");
	fp_config_free(config);
}

/* However the file is named, its paths are the same. */
static void makes_relative_paths_absolute(void **state)
{
	static const struct {
		const char *path, *folder; /* the latter below the working folder */
	} rows[] = {{"f.json", "/data"}, {"./f.json", "/./data"}, {"a/f.json", "/a/data"}};
	char here[PATH_MAX];

	assert_non_null(getcwd(here, sizeof(here)));
	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		struct fp_config_problems problems = {0};
		struct fp_config *config = NULL;
		struct fp_error error;

		assert_int_equal(fp_config_parse(FP_STR_LITERAL("{\"data_dir\":\"data\"}"),
					 rows[i].path, &config, &problems, &error),
			0);
		assert_memory_equal(config->data_dir, here, strlen(here));
		assert_string_equal(config->data_dir + strlen(here), rows[i].folder);
		fp_config_free(config);
	}
}

static void finds_repositories(void **state)
{
	struct fp_config *config = parse_good("{" FEED("") "," REPOSITORY("") "}");

	assert_ptr_equal(
		fp_config_find_repository(config, FP_STR_LITERAL("r")), &config->repositories[0]);
	assert_null(fp_config_find_repository(config, FP_STR_LITERAL("R")));
	fp_config_free(config);
}

/* ---- digests ---- */

static const char base_text[] = "{" FEED("") "," REPOSITORY("") "}";

static void digests_what_decides(void **state)
{
	static const struct {
		const char *text;
		bool same, same_sources; /* as base_text's */
	} rows[] = {
		/* layout, comments, defaults that are written down */
		{"/* c */ { " FEED(",\"protocol\":\"auto\"") " ,\n" REPOSITORY(
			 ",\"timestamp\":\"author\"") "}",
			true, true},
		/* listening, intervals, limits, secrets */
		{"{\"listen\":\"[::1]:1\"," FEED(
			 ",\"interval\":\"5s\",\"max_pages\":7,\"username\":"
			 "\"u\",\"password_env\":\"A\"") "," REPOSITORY("") "}",
			true, true},
		/* where packages come from */
		{"{\"feeds\":{\"f\":{\"url\":\"https://other/v3/index.json\"}}," REPOSITORY("") "}",
			false, true},
		{"{\"feeds\":{\"f\":{\"nuget_config\":{\"file\":\"a\",\"source\":\"b\"}}},"
		 "" REPOSITORY("") "}",
			false, true},
		/* how they are read */
		{"{" FEED("") "," REPOSITORY_OF(PACKAGE(",\"unlisted\":\"keep\""), "") "}", false,
			true},
		{"{" FEED("") "," REPOSITORY_OF(PACKAGE(",\"grammars\":[\"patch-stamp\"]"), "") "}",
			false, true},
		{"{" FEED("") "," REPOSITORY(",\"aliases\":{\"main\":[\"master\"]}") "}", false,
			true},
		{"{" FEED("") "," REPOSITORY(",\"timestamp\":\"committer\"") "}", false, true},
		/* what is read in a commit's tree */
		{"{" FEED("") "," REPOSITORY(",\"release\":{\"fixed\":\"2.4\"}") "}", false, false},
		{"{" FEED("") "," REPOSITORY(
			 ",\"branch_source\":{\"file\":\"a\",\"element\":\"b\"}") "}",
			false, false},
		{"{" FEED("") "," REPOSITORY(",\"max_version_file\":\"2MiB\"") "}", false, false},
	};
	struct fp_config *base = parse_good(base_text);

	assert_int_equal(strlen(base->digest), FP_HASH128_HEX);
	assert_int_equal(strlen(base->repositories[0].source_digest), FP_HASH128_HEX);
	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		struct fp_config *config = parse_good(rows[i].text);
		const char *sources = config->repositories[0].source_digest;

		if ((strcmp(config->digest, base->digest) == 0) != rows[i].same ||
			(strcmp(sources, base->repositories[0].source_digest) == 0) !=
				rows[i].same_sources)
			fail_msg("%s", rows[i].text);
		fp_config_free(config);
	}
	fp_config_free(base);
}

/* ---- printing ---- */

static char *print(const struct fp_config *config)
{
	struct fp_buf buf;
	char *text;

	fp_buf_init(&buf, 1024 * 1024);
	fp_config_print(config, &buf);
	text = fp_buf_take(&buf);
	assert_non_null(text);
	return text;
}

/* Texts that a careless layout would take for JSON's own. */
static void prints_what_reads_the_same(void **state)
{
	struct fp_config *config = parse_good("{\"data_dir\":\"/a\\\\,{\\\"[x]:\"," FEED(
		",\"username\":\"{},\"") "," REPOSITORY(",\"aliases\":{\"q\\\"{\":[\"a\",\"b,\"]},"
							"\"tracked\":[\"x\",\"y\"]") "}");
	char *text = print(config), *again_text;
	struct fp_config *again = parse_good(text);

	assert_string_equal(again->digest, config->digest);
	assert_string_equal(again->data_dir, "/a\\,{\"[x]:");
	assert_string_equal(again->feeds[0].username, "{},");
	assert_string_equal(again->repositories[0].aliases[0].branch, "q\"{");
	assert_string_equal(again->repositories[0].aliases[0].names[1], "b,");
	again_text = print(again);
	assert_string_equal(again_text, text);
	free(again_text);
	free(text);
	fp_config_free(again);
	fp_config_free(config);
}

static void prints_lines_and_defaults(void **state)
{
	struct fp_config *config = parse_good("{" FEED("") "}");
	char *text = print(config);

	assert_non_null(strstr(text, "{\n  \"listen\": [\"127.0.0.1:7878\"],\n"));
	assert_non_null(strstr(text, "\n      \"verify_again\": \"1h\"\n    }\n  },\n"));
	assert_null(strstr(text, "null"));
	free(text);
	fp_config_free(config);
}

static void prints_no_secret(void **state)
{
	static const char hash[] =
		"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
	struct fp_config *config;
	char *text;

	assert_int_equal(setenv("FP_TEST_SECRET", "hush", 1), 0);
	config = parse_good("{" FEED(
		",\"password_env\":\"FP_TEST_SECRET\"") ","
							"\"tokens\":[{\"name\":\"t\",\"sha256\":"
							"\"9f86d081884c7d659a2feaa0c55"
							"ad015a3bf4f1b2b0b822cd15d6c15b0f00a08\","
							"\"may\":[\"sync\"]}]}");
	text = print(config);
	assert_non_null(strstr(text, "\"password_env\": \"FP_TEST_SECRET\""));
	assert_null(strstr(text, "hush"));
	assert_null(strstr(text, hash));
	free(text);
	fp_config_free(config);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(fills_in_the_root_defaults),
		cmocka_unit_test(fills_in_the_defaults_of_elements),
		cmocka_unit_test(reads_choices),
		cmocka_unit_test(reads_lists_and_lone_elements),
		cmocka_unit_test(starts_relative_paths_at_the_files_folder),
		cmocka_unit_test(makes_relative_paths_absolute),
		cmocka_unit_test(finds_repositories),
		cmocka_unit_test(digests_what_decides),
		cmocka_unit_test(prints_what_reads_the_same),
		cmocka_unit_test(prints_lines_and_defaults),
		cmocka_unit_test(prints_no_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
