/* Numbers, durations, sizes, object ids and hashes to and from text. */
#include "forkpoint/base/number.h"

#include "forkpoint/base/attr.h"
#include "forkpoint/base/hash.h"
#include "forkpoint/base/oid.h"
#include "forkpoint/base/time.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void parses_whole_numbers_only(void **state)
{
	static const struct {
		const char *text;
		uint64_t min, max;
		bool valid;
		uint64_t value;
	} rows[] = {
		{"0", 0, 10, true, 0},
		{"007", 0, 10, true, 7},
		{"10", 0, 10, true, 10},
		{"11", 0, 10, false, 0},
		{"4", 5, 10, false, 0},
		{"18446744073709551615", 0, UINT64_MAX, true, UINT64_MAX},
		{"18446744073709551616", 0, UINT64_MAX, false, 0},
		{"99999999999999999999999", 0, UINT64_MAX, false, 0},
		{"", 0, 10, false, 0},
		{"-1", 0, 10, false, 0},
		{"+1", 0, 10, false, 0},
		{" 1", 0, 10, false, 0},
		{"1 ", 0, 10, false, 0},
		{"0x1", 0, 10, false, 0},
		{"1.0", 0, 10, false, 0},
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		uint64_t value = 77;
		bool valid = fp_parse_u64(fp_str(rows[i].text), rows[i].min, rows[i].max, &value);

		if (valid != rows[i].valid || value != (valid ? rows[i].value : 77))
			fail_msg("%s", rows[i].text);
	}
}

static void parses_durations(void **state)
{
	static const struct {
		const char *text;
		int64_t value; /* -1: refused */
	} rows[] = {
		{"500ms", 500 * FP_US_PER_MS},
		{"60s", 60 * FP_US_PER_S},
		{"10m", 600 * FP_US_PER_S},
		{"2h", 7200 * FP_US_PER_S},
		{"30d", INT64_C(30) * 86400 * FP_US_PER_S},
		{"0s", 0},
		{"36525d", INT64_C(36525) * 86400 * FP_US_PER_S}, /* a hundred years */
		{"40000d", -1},
		{"99999999999999999999d", -1},
		{"60", -1}, /* no unit */
		{"s", -1},
		{"", -1},
		{"1 s", -1},
		{"-1s", -1},
		{"1.5h", -1},
		{"1S", -1},
		{"1h30m", -1},
		{"1us", -1},
		{"1w", -1},
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		int64_t value = -1;
		bool valid = fp_parse_duration_us(fp_str(rows[i].text), &value);

		if (valid != (rows[i].value >= 0) || value != rows[i].value)
			fail_msg("%s", rows[i].text);
	}
}

static void formats_durations_in_the_largest_exact_unit(void **state)
{
	static const struct {
		int64_t value;
		const char *text;
	} rows[] = {
		{0, "0s"},
		{500 * FP_US_PER_MS, "500ms"},
		{1500 * FP_US_PER_MS, "1500ms"},
		{60 * FP_US_PER_S, "1m"},
		{90 * FP_US_PER_S, "90s"},
		{86400 * FP_US_PER_S, "1d"},
		{36 * 3600 * FP_US_PER_S, "36h"},
		{1234, "1ms"}, /* no form is finer than that */
		{-5, "0s"},
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		char text[FP_DURATION_TEXT_MAX];

		fp_format_duration(rows[i].value, text);
		assert_string_equal(text, rows[i].text);
	}
}

static void parses_and_formats_sizes(void **state)
{
	static const struct {
		const char *text;
		bool valid;
		uint64_t value;
		const char *formatted;
	} rows[] = {
		{"512", true, 512, "512"},
		{"0", true, 0, "0"},
		{"0KiB", true, 0, "0"},
		{"64KiB", true, 65536, "64KiB"},
		{"1024KiB", true, 1 << 20, "1MiB"},
		{"2GiB", true, UINT64_C(2) << 30, "2GiB"},
		{"1025", true, 1025, "1025"},
		{"99999999999GiB", false, 0, NULL},
		{"64KB", false, 0, NULL},
		{"64kib", false, 0, NULL},
		{"64 KiB", false, 0, NULL},
		{"KiB", false, 0, NULL},
		{"", false, 0, NULL},
		{"-1", false, 0, NULL},
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		uint64_t value = 77;
		char text[FP_DURATION_TEXT_MAX];
		bool valid = fp_parse_size_bytes(fp_str(rows[i].text), &value);

		if (valid != rows[i].valid || value != (valid ? rows[i].value : 77))
			fail_msg("%s", rows[i].text);
		if (valid) {
			fp_format_size(value, text);
			assert_string_equal(text, rows[i].formatted);
		}
	}
}

static void parses_object_ids(void **state)
{
	static const char hex[] = "4abd4d54ffFF00a1b2c3d4e5f60718293a4b5c6d";
	char text[FP_OID_HEX + 1];
	struct fp_oid oid, other = {{1}};

	assert_true(fp_oid_parse(fp_str(hex), &oid));
	fp_oid_format(&oid, text);
	assert_string_equal(text, "4abd4d54ffff00a1b2c3d4e5f60718293a4b5c6d");
	assert_false(fp_oid_is_zero(&oid));
	assert_false(fp_oid_equal(&oid, &other));
	assert_true(fp_oid_compare(&oid, &other) > 0);
	/* too short, too long, no hex digit at either end; nothing is written */
	struct fp_oid before = other;

	assert_false(fp_oid_parse(fp_str_n(hex, 39), &other));
	assert_false(fp_oid_parse(fp_str("4abd4d54ffff00a1b2c3d4e5f60718293a4b5c6d0"), &other));
	assert_false(fp_oid_parse(fp_str("gabd4d54ffff00a1b2c3d4e5f60718293a4b5c6d"), &other));
	assert_false(fp_oid_parse(fp_str("4abd4d54ffff00a1b2c3d4e5f60718293a4b5c6 "), &other));
	assert_false(fp_oid_parse((struct fp_str){0}, &other));
	assert_true(fp_oid_equal(&before, &other));
	assert_true(fp_oid_parse(fp_str("0000000000000000000000000000000000000000"), &other));
	assert_true(fp_oid_is_zero(&other));
}

/* Known answers of XXH3, so that content addresses on disk stay what they are. */
static void hashes_as_xxh3_does(void **state)
{
	char text[FP_HASH128_HEX + 1];

	assert_true(fp_hash64("", 0, 0) == UINT64_C(0x2d06800538d394c2));
	assert_true(fp_hash64(NULL, 0, 0) == UINT64_C(0x2d06800538d394c2));
	assert_true(fp_hash64("a", 1, 0) != fp_hash64("a", 1, 1));
	fp_hash128_format(fp_hash128("", 0), text);
	assert_string_equal(text, "99aa06d3014798d86001c324468d497f");
	fp_hash128_format(
		(struct fp_hash128){.high = 1, .low = UINT64_C(0xfedcba9876543210)}, text);
	assert_string_equal(text, "0000000000000001fedcba9876543210");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_whole_numbers_only),
		cmocka_unit_test(parses_durations),
		cmocka_unit_test(formats_durations_in_the_largest_exact_unit),
		cmocka_unit_test(parses_and_formats_sizes),
		cmocka_unit_test(parses_object_ids),
		cmocka_unit_test(hashes_as_xxh3_does),
	};

	return cmocka_run_group_tests_name("base: numbers, ids, hashes", tests, NULL, NULL);
}
