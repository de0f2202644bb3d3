/* The forms that builds and shells read: whatever an id or a version holds, nothing breaks out. */
#include "fixture.h"
#include "render.h"

#include <stdio.h>
#include <string.h>

static const struct {
	const char *id, *version;
	enum fp_form form;
	const char *holds;
} rows[] = {
	{"Demo.PGO", "2.4.1-main", FP_FORM_VERSION, "2.4.1-main\n"},
	{"Demo.PGO", "2.4.1-main", FP_FORM_ENV,
		"PGO_DATABASE_ID=Demo.PGO\nPGO_DATABASE_VERSION=2.4.1-main\n"},
	{"it's", "$(id)`id`", FP_FORM_ENV,
		"PGO_DATABASE_ID='it'\\''s'\nPGO_DATABASE_VERSION='$(id)`id`'\n"},
	{"a\nb", "", FP_FORM_ENV, "PGO_DATABASE_ID='a\nb'\nPGO_DATABASE_VERSION=''\n"},
	{"Demo.PGO", "2.4.1-main", FP_FORM_VSO,
		"##vso[task.setvariable variable=PGO_DATABASE_VERSION]2.4.1-main\n"},
	{"a%;]\r\nb", "v", FP_FORM_VSO, "variable=PGO_DATABASE_ID]a%AZP25%3B%5D%0D%0Ab\n##vso["},
	{"Demo.PGO", "2.4.1-main", FP_FORM_PROPS,
		"<PGODatabaseVersion>2.4.1-main</PGODatabaseVersion>"},
	{"<&>\"", "v", FP_FORM_PROPS, "<PGODatabaseId>&lt;&amp;&gt;&quot;</PGODatabaseId>"},
};

static void write_row(size_t i, struct fp_buf *buf)
{
	struct fp_package_settings settings = {.id = fp_str(rows[i].id)};
	struct fp_catalog_version version = {.row.text = fp_str(rows[i].version)};
	struct fp_catalog catalog = {.versions = &version, .version_count = 1};
	struct fp_package_state package_state = {.catalog = &catalog};
	struct fp_snapshot_package package = {.settings = &settings, .state = &package_state};
	struct fp_answer answer = {.package = &package};
	struct fp_http_context context = {0};

	fp_answer_write_form(&context, &answer, rows[i].form, buf);
}

static void test_escaping(void **state)
{
	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		struct fp_buf FP_CLEANUP_BUF buf = {0};

		fp_buf_init(&buf, 4096);
		write_row(i, &buf);
		if (!strstr(buf.data, rows[i].holds))
			fail_msg("row %zu:\n%s", i, buf.data);
	}
}

/* A real shell reads back what was written. */
static void test_a_shell_reads_env(void **state)
{
	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		struct fp_buf FP_CLEANUP_BUF buf = {0};
		char path[] = "/tmp/fp-env-XXXXXX", expected[256];
		int fd = rows[i].form == FP_FORM_ENV ? mkstemp(path) : -1;
		char said[256] = "";
		FILE *script, *shell;

		if (fd < 0)
			continue;
		fp_buf_init(&buf, 4096);
		write_row(i, &buf);
		fp_buf_add_text(
			&buf, "printf '%s|%s' \"$PGO_DATABASE_ID\" \"$PGO_DATABASE_VERSION\"\n");
		script = fdopen(fd, "w");
		assert_int_equal(fwrite(buf.data, 1, buf.len, script), buf.len);
		fclose(script);
		fp_buf_clear(&buf);
		fp_buf_addf(&buf, "sh -eu %s", path);
		shell = popen(buf.data, "r");
		assert_non_null(shell);
		assert_true(fread(said, 1, sizeof(said) - 1, shell) > 0);
		assert_int_equal(pclose(shell), 0);
		remove(path);
		snprintf(expected, sizeof(expected), "%s|%s", rows[i].id, rows[i].version);
		assert_string_equal(said, expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_escaping),
		cmocka_unit_test(test_a_shell_reads_env),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
