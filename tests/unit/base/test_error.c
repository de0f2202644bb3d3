/* Errors: codes, one line of text, prefixes, cutting. */
#include "forkpoint/base/error.h"
#include "forkpoint/base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void returns_the_negative_code(void **state)
{
	struct fp_error error;

	assert_int_equal(fp_error_set(&error, FP_ERROR_IO, "cannot open %s", "x"), -FP_ERROR_IO);
	assert_int_equal(error.code, FP_ERROR_IO);
	assert_string_equal(error.text, "cannot open x");
	assert_non_null(strstr(error.file, "test_error.c"));
	assert_true(error.line > 0);
	/* who only wants the code */
	assert_int_equal(fp_error_set(NULL, FP_ERROR_BUSY, "x"), -FP_ERROR_BUSY);
	assert_int_equal(fp_error_memory(&error), -FP_ERROR_MEMORY);
	assert_string_equal(error.text, "out of memory");
}

static void is_one_line(void **state)
{
	struct fp_error error;

	fp_error_set(&error, FP_ERROR_INVALID, "%s", "a\nb\r\nc\td\x1b[31m\x7f");
	assert_string_equal(error.text, "a b  c d [31m ");
	fp_error_prefix(&error, "line\nbreak");
	assert_string_equal(error.text, "line break: a b  c d [31m ");
}

static void takes_its_own_text_as_argument(void **state)
{
	struct fp_error error;

	fp_error_set(&error, FP_ERROR_IO, "the disk is gone");
	fp_error_set(&error, FP_ERROR_UNAVAILABLE, "try later, %s", error.text);
	assert_string_equal(error.text, "try later, the disk is gone");
	fp_error_prefix(&error, "%s", error.text);
	assert_string_equal(error.text, "try later, the disk is gone: try later, the disk is gone");
}

static void prefixes_keep_code_and_position(void **state)
{
	struct fp_error error;

	fp_error_set(&error, FP_ERROR_TIMEOUT, "no answer within %d s", 3);
	int line = error.line;

	fp_error_prefix(&error, "feed %s", "mux");
	assert_string_equal(error.text, "feed mux: no answer within 3 s");
	assert_int_equal(error.code, FP_ERROR_TIMEOUT);
	assert_int_equal(error.line, line);
	fp_error_prefix(NULL, "x");
}

/* Whatever the length, the text is cut between characters and the prefix survives. */
static void cuts_between_characters(void **state)
{
	char text[2 * FP_ERROR_TEXT_MAX + 1] = "";
	struct fp_error error;

	for (size_t shift = 0; shift < 4; shift++) {
		memset(text, 'x', sizeof(text));
		for (size_t i = shift; i + 4 <= sizeof(text); i += 4)
			memcpy(text + i, "\xf0\x9f\x98\x80", 4);
		text[sizeof(text) - 1] = '\0';
		fp_error_set(&error, FP_ERROR_INVALID, "%s", text);
		size_t len = strlen(error.text);

		assert_in_range(len, FP_ERROR_TEXT_MAX - 4, FP_ERROR_TEXT_MAX - 1);
		assert_true(fp_str_is_utf8(fp_str(error.text)));
		fp_error_prefix(&error, "a prefix");
		assert_true(fp_str_starts_with(fp_str(error.text), "a prefix: "));
		assert_true(fp_str_is_utf8(fp_str(error.text)));
	}
}

static void names_every_code(void **state)
{
	for (int code = FP_ERROR_NONE; code <= FP_ERROR_INTERNAL; code++) {
		const char *name = fp_error_code_name((enum fp_error_code)code);

		assert_non_null(name);
		assert_string_not_equal(name, "unknown");
		for (int other = 0; other < code; other++)
			assert_string_not_equal(
				name, fp_error_code_name((enum fp_error_code)other));
	}
	assert_string_equal(fp_error_code_name(FP_ERROR_TIMEOUT), "timeout");
	assert_string_equal(fp_error_code_name((enum fp_error_code)99), "unknown");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(returns_the_negative_code),
		cmocka_unit_test(is_one_line),
		cmocka_unit_test(takes_its_own_text_as_argument),
		cmocka_unit_test(prefixes_keep_code_and_position),
		cmocka_unit_test(cuts_between_characters),
		cmocka_unit_test(names_every_code),
	};

	return cmocka_run_group_tests_name("base: errors", tests, NULL, NULL);
}
