/* Secrets are read from where they stand, and never told. */
#include "forkpoint/base/file.h"
#include "forkpoint/config/secret.h"

#include <setjmp.h>
#include <stdarg.h>
#include <unistd.h>

#include <cmocka.h>

static void reads_secrets(void **state)
{
	static const struct {
		const char *content, *secret;
	} rows[] = {
		{"hush", "hush"},
		{"hush\n", "hush"},
		{"hush\r\n\n", "hush"},	    /* every line end at the end */
		{" hu\nsh \n", " hu\nsh "}, /* and nothing else */
		{"", ""},
	};
	char path[] = "/tmp/fp-secret-XXXXXX";
	int file = mkstemp(path);

	assert_true(file >= 0);
	close(file);
	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		struct fp_config_secret secret = {.file = path};
		struct fp_error error = {0};
		struct fp_buf buf;

		fp_buf_init(&buf, 100);
		fp_buf_add_text(&buf, "what was there");
		assert_int_equal(fp_file_replace(path, fp_str(rows[i].content), &error), 0);
		assert_int_equal(fp_config_secret_read(&secret, &buf, &error), 0);
		assert_int_equal(buf.len, strlen(rows[i].secret));
		assert_string_equal(buf.data, rows[i].secret);
		fp_buf_release(&buf);
	}
	unlink(path);
}

static void reads_the_environment(void **state)
{
	static char name[] = "FP_TEST_SECRET";
	struct fp_config_secret secret = {.env = name}, none = {0};
	struct fp_error error = {0};
	struct fp_buf buf;

	fp_buf_init(&buf, 100);
	assert_int_equal(setenv(name, "hush", 1), 0);
	assert_int_equal(fp_config_secret_read(&secret, &buf, &error), 0);
	assert_string_equal(buf.data, "hush");
	assert_int_equal(fp_config_secret_read(&none, &buf, &error), 0);
	assert_int_equal(buf.len, 0);
	fp_buf_release(&buf);
}

static void names_what_is_missing(void **state)
{
	static char name[] = "FP_TEST_UNSET", path[] = "/nonexistent/secret";
	const struct {
		struct fp_config_secret secret;
		const char *named;
	} rows[] = {{{.env = name}, name}, {{.file = path}, path}};

	unsetenv(name);
	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		struct fp_error error = {0};
		struct fp_buf buf;

		fp_buf_init(&buf, 100);
		assert_int_equal(
			fp_config_secret_read(&rows[i].secret, &buf, &error), -FP_ERROR_DENIED);
		assert_int_equal(error.code, FP_ERROR_DENIED);
		assert_non_null(strstr(error.text, rows[i].named));
		fp_buf_release(&buf);
	}
}

/* A secret longer than its reader takes is no shorter secret. */
static void refuses_what_is_too_long(void **state)
{
	static char name[] = "FP_TEST_SECRET";
	struct fp_config_secret secret = {.env = name};
	struct fp_error error = {0};
	struct fp_buf buf;

	fp_buf_init(&buf, 3);
	assert_int_equal(setenv(name, "hush", 1), 0);
	assert_int_equal(fp_config_secret_read(&secret, &buf, &error), -FP_ERROR_LIMIT);
	assert_null(strstr(error.text, "hush"));
	fp_buf_release(&buf);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_secrets),
		cmocka_unit_test(reads_the_environment),
		cmocka_unit_test(names_what_is_missing),
		cmocka_unit_test(refuses_what_is_too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
