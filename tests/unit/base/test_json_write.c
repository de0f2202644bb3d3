/* The JSON writer: commas, escapes, bad UTF-8, numbers and times. */
#include "forkpoint/base/json_write.h"

#include "forkpoint/base/json_read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void puts_commas_where_they_belong(void **state)
{
	struct fp_buf buf FP_CLEANUP(fp_buf_release);
	struct fp_json json;

	fp_buf_init(&buf, 10000);
	fp_json_init(&json, &buf);
	fp_json_object_begin(&json);
	fp_json_member_text(&json, "a", "x");
	fp_json_member_text(&json, "none", NULL);
	fp_json_member_string(&json, "s", fp_str_n("xyz", 2));
	fp_json_member_u64(&json, "u", UINT64_MAX);
	fp_json_member_i64(&json, "i", INT64_MIN);
	fp_json_member_bool(&json, "t", true);
	fp_json_member_bool(&json, "f", false);
	fp_json_key(&json, "empty");
	fp_json_array_begin(&json);
	fp_json_array_end(&json);
	fp_json_key(&json, "list");
	fp_json_array_begin(&json);
	fp_json_null(&json);
	fp_json_object_begin(&json);
	fp_json_object_end(&json);
	fp_json_array_begin(&json);
	fp_json_u64(&json, 1);
	fp_json_i64(&json, -2);
	fp_json_array_end(&json);
	fp_json_raw(&json, FP_STR_LITERAL("{\"r\":0}"));
	fp_json_text(&json, "y");
	fp_json_bool(&json, true);
	fp_json_array_end(&json);
	fp_json_key(&json, "after");
	fp_json_raw(&json, FP_STR_LITERAL("[]"));
	fp_json_object_end(&json);
	assert_int_equal(json.depth, 0);
	assert_string_equal(buf.data,
		"{\"a\":\"x\",\"none\":null,\"s\":\"xy\",\"u\":18446744073709551615,"
		"\"i\":-9223372036854775808,\"t\":true,\"f\":false,\"empty\":[],"
		"\"list\":[null,{},[1,-2],{\"r\":0},\"y\",true],\"after\":[]}");
}

static void writes_times(void **state)
{
	struct fp_buf buf FP_CLEANUP(fp_buf_release);
	struct fp_json json;

	fp_buf_init(&buf, 10000);
	fp_json_init(&json, &buf);
	fp_json_object_begin(&json);
	fp_json_member_time_s(&json, "a", 1580508300);
	fp_json_member_time_us(&json, "b", INT64_C(1580508300999999));
	fp_json_member_time_s(&json, "c", -1);
	fp_json_member_time_us(&json, "d", -1);
	fp_json_member_time_s(&json, "e", 0);
	fp_json_object_end(&json);
	assert_string_equal(buf.data,
		"{\"a\":\"2020-01-31T22:05:00Z\",\"b\":\"2020-01-31T22:05:00Z\",\"c\":null,"
		"\"d\":null,\"e\":\"1970-01-01T00:00:00Z\"}");
}

static void expect_escaped(struct fp_str value, const char *wanted)
{
	struct fp_buf buf FP_CLEANUP(fp_buf_release);
	struct fp_json json;

	fp_buf_init(&buf, 10000);
	fp_json_init(&json, &buf);
	fp_json_string(&json, value);
	assert_string_equal(buf.data, wanted);
}

#define BAD "\xef\xbf\xbd" /* U+FFFD */

static void escapes_strings(void **state)
{
	static const struct {
		struct fp_str value;
		const char *wanted;
	} rows[] = {
		{FP_STR_INIT(""), "\"\""},
		{FP_STR_INIT("plain text, longer than a machine word"),
			"\"plain text, longer than a machine word\""},
		{FP_STR_INIT("a\"b\\c/d"), "\"a\\\"b\\\\c/d\""},
		{FP_STR_INIT("\n\r\t"), "\"\\n\\r\\t\""},
		{FP_STR_INIT("\0\x01\x1f\x7f"), "\"\\u0000\\u0001\\u001f\x7f\""},
		{FP_STR_INIT("1234567\n89012345\"6789"), "\"1234567\\n89012345\\\"6789\""},
		/* well-formed UTF-8 stays */
		{FP_STR_INIT("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"),
			"\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""},
		/* what is not is replaced, byte by byte, and nothing else is lost */
		{FP_STR_INIT("a\xff"
			     "b"),
			"\"a" BAD "b\""},
		{FP_STR_INIT("\xc3"), "\"" BAD "\""},
		{FP_STR_INIT("\xc3\"x"), "\"" BAD "\\\"x\""},
		{FP_STR_INIT("\xe2\x82"), "\"" BAD BAD "\""},
		{FP_STR_INIT("\xc0\x80"), "\"" BAD BAD "\""},
		{FP_STR_INIT("\xed\xa0\x80x"), "\"" BAD BAD BAD "x\""},
		{FP_STR_INIT("\xf4\x90\x80\x80"), "\"" BAD BAD BAD BAD "\""},
		{FP_STR_INIT("\xf0\x9f\x98\xc3\xa9"), "\"" BAD BAD BAD "\xc3\xa9\""},
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++)
		expect_escaped(rows[i].value, rows[i].wanted);
}

/* A special byte at every place of a string of every length: what is read back is what was written,
 * or U+FFFD in the place of the byte. */
static void reads_back_what_it_wrote(void **state)
{
	static const struct fp_json_limits limits = {
		.max_bytes = 1000, .max_depth = 2, .max_values = 2};

	for (unsigned byte = 0; byte < 256; byte++) {
		for (size_t len = 1; len <= 20; len++) {
			for (size_t place = 0; place < len; place++) {
				FP_CLEANUP_FREE char *value = malloc(len);
				struct fp_buf buf FP_CLEANUP(fp_buf_release);
				struct fp_json json;
				struct fp_error error;

				assert_non_null(value);
				memset(value, 'x', len);
				value[place] = (char)byte;
				fp_buf_init(&buf, 1000);
				fp_json_init(&json, &buf);
				fp_json_string(&json, fp_str_n(value, len));
				FP_CLEANUP(fp_json_tree_free_cleanup)
				struct fp_json_tree *tree = NULL;

				if (fp_json_tree_read(fp_buf_str(&buf), &limits, false, &tree, NULL,
					    NULL, &error) != 0)
					fail_msg("%02x at %zu: %s", byte, place, error.text);
				struct fp_str text = fp_json_tree_root(tree)->text;

				if (byte < 0x80) {
					assert_int_equal(text.len, len);
					assert_memory_equal(text.ptr, value, len);
				} else {
					assert_int_equal(text.len, len + 2);
					assert_memory_equal(text.ptr + place, BAD, 3);
				}
			}
		}
	}
}

static void stops_where_the_buffer_is_full(void **state)
{
	struct fp_buf buf FP_CLEANUP(fp_buf_release);
	struct fp_json json;

	fp_buf_init(&buf, 10);
	fp_json_init(&json, &buf);
	fp_json_object_begin(&json);
	fp_json_member_text(&json, "a", "0123456789");
	fp_json_member_u64(&json, "b", 1);
	fp_json_object_end(&json);
	assert_int_equal(fp_buf_check(&buf, NULL), -FP_ERROR_LIMIT);
	assert_true(buf.len <= 10);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(puts_commas_where_they_belong),
		cmocka_unit_test(writes_times),
		cmocka_unit_test(escapes_strings),
		cmocka_unit_test(reads_back_what_it_wrote),
		cmocka_unit_test(stops_where_the_buffer_is_full),
	};

	return cmocka_run_group_tests_name("base: JSON writer", tests, NULL, NULL);
}
