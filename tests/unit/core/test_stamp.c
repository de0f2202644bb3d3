/* Stamps, minutes and days. */
#include "forkpoint/core/stamp.h"

#include "forkpoint/base/attr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

struct stamp_case {
	const char *digits;
	int64_t unix_s; /* -1: no date */
};

static const struct stamp_case stamps[] = {
	/* the worked example's, as `date -u` gives them */
	{"2001312227", 1580509620},
	{"2001312205", 1580508300},
	/* the first and the last minute of the century */
	{"0001010000", 946684800},
	{"9912312359", 4102444740},
	/* the century is 2000 where platforms choose 1930 */
	{"3001010000", 1893456000},
	{"6912312359", 3155759940},
	/* leap days: 2000 and 2004 have one, 2001 has none */
	{"0002290000", 951782400},
	{"0402290000", 1078012800},
	{"0102290000", -1},
	/* month 13 and 0, day 0, 31 in April, hour 24, minute 60 and 61 */
	{"9913011200", -1},
	{"2000011200", -1},
	{"2001001200", -1},
	{"2004311200", -1},
	{"2001012400", -1},
	{"2001011260", -1},
	{"2001011261", -1},
	/* not exactly ten digits */
	{"200131222", -1},
	{"20013122270", -1},
	{"", -1},
	{"20013122 7", -1},
	{"-001312227", -1},
	{"2001a12227", -1},
};

static void test_stamps(void **state)
{
	for (size_t i = 0; i < FP_ARRAY_SIZE(stamps); i++) {
		char text[FP_STAMP_TEXT_MAX];
		fp_minute minute = -77;
		bool is_date = fp_stamp_parse(fp_str(stamps[i].digits), &minute);

		print_message("%s\n", stamps[i].digits);
		assert_int_equal(is_date, stamps[i].unix_s >= 0);
		if (!is_date) {
			assert_int_equal(minute, -77);
			continue;
		}
		assert_int_equal(fp_minute_to_s(minute), stamps[i].unix_s);
		assert_true(fp_stamp_is_writable(minute));
		fp_stamp_format(minute, text);
		assert_string_equal(text, stamps[i].digits);
	}
}

/* Every day of the century: text, number and short date and back again. */
static void test_round_trip(void **state)
{
	for (fp_minute minute = 0; fp_stamp_is_writable(minute); minute += 601) {
		char text[FP_STAMP_TEXT_MAX], number[16];
		fp_minute again;
		fp_day day;

		fp_stamp_format(minute, text);
		assert_true(fp_stamp_parse(fp_str(text), &again));
		assert_int_equal(again, minute);
		snprintf(number, sizeof(number), "%010llu",
			(unsigned long long)fp_stamp_number(minute));
		assert_string_equal(number, text);
		snprintf(number, sizeof(number), "%u",
			fp_day_arcade_number(fp_day_from_minute(minute)));
		assert_true(fp_day_parse_arcade(fp_str(number), &day));
		assert_int_equal(day, fp_day_from_minute(minute));
	}
}

static void test_writable(void **state)
{
	const fp_minute end = INT64_C(36525) * 24 * 60;

	assert_false(fp_stamp_is_writable(-1)); /* 1999-12-31 23:59 */
	assert_true(fp_stamp_is_writable(0));
	assert_true(fp_stamp_is_writable(end - 1));
	assert_false(fp_stamp_is_writable(end)); /* 2100-01-01 00:00 */
}

/* RULES.md: no date has passed 32 bits until 2021-12-31 23:59, every later one has. */
static void test_patch_limit(void **state)
{
	fp_minute last;

	assert_true(fp_stamp_parse(FP_STR_LITERAL("2112312359"), &last));
	assert_true(fp_stamp_number(last) <= FP_STAMP_PATCH_MAX_NUMBER);
	assert_true(fp_stamp_number(last + 1) > FP_STAMP_PATCH_MAX_NUMBER);
	assert_int_equal(fp_stamp_number(last + 1), 2201010000);
}

static void test_minutes(void **state)
{
	static const struct {
		int64_t unix_s;
		fp_minute minute;
	} rows[] = {
		{946684800, 0},
		{946684859, 0}, /* cut, not rounded */
		{946684860, 1},
		{946684799, -1}, /* towards the past before 2000 as well */
		{946684740, -1},
		{946684739, -2},
		{-1, -15778081},
		{INT64_MAX, INT64_MAX / 60 - 15778080}, /* git takes times of any size */
		{INT64_MIN, INT64_MIN / 60 - 1 - 15778080},
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++)
		assert_int_equal(fp_minute_from_s(rows[i].unix_s), rows[i].minute);
}

static void test_days(void **state)
{
	assert_int_equal(fp_day_from_minute(0), 0);
	assert_int_equal(fp_day_from_minute(1439), 0);
	assert_int_equal(fp_day_from_minute(1440), 1);
	assert_int_equal(fp_day_from_minute(-1), -1);
	assert_int_equal(fp_day_from_minute(-1440), -1);
	assert_int_equal(fp_day_from_minute(-1441), -2);
	assert_int_equal(fp_day_to_minute(-2), -2880);
	/* beyond a day's range: the end of it, not a day somewhere in the middle */
	assert_int_equal(fp_day_from_minute(INT64_MAX), INT32_MAX);
	assert_int_equal(fp_day_from_minute(INT64_MIN), INT32_MIN);
}

struct arcade_case {
	const char *digits, *stamp; /* NULL: no date */
};

static const struct arcade_case arcade[] = {
	/* RULES.md's example: 24*1000 + 8*50 + 9 */
	{"24409", "2408090000"},
	/* the ends of a year */
	{"24051", "2401010000"},
	{"24631", "2412310000"},
	/* leap day or not */
	{"24129", "2402290000"},
	{"23129", NULL},
	/* years before 2010 have fewer digits, or a zero */
	{"9409", "0908090000"},
	{"09409", "0908090000"},
	{"51", "0001010000"},
	/* day 0, day 32 to 49, month 0, month 13, April 31 */
	{"24400", NULL},
	{"24432", NULL},
	{"24449", NULL},
	{"24009", NULL},
	{"24651", NULL},
	{"24231", NULL},
	{"24999", NULL},
	/* no number, or too long a one */
	{"", NULL},
	{"2440x", NULL},
	{"-4409", NULL},
	{"024409", NULL},
	{"124409", NULL},
	{"99999999999999999999999999", NULL},
};

static void test_arcade(void **state)
{
	for (size_t i = 0; i < FP_ARRAY_SIZE(arcade); i++) {
		fp_day day = -77;
		fp_minute expected;
		bool is_date = fp_day_parse_arcade(fp_str(arcade[i].digits), &day);

		print_message("%s\n", arcade[i].digits);
		assert_int_equal(is_date, arcade[i].stamp != NULL);
		if (!is_date) {
			assert_int_equal(day, -77);
			continue;
		}
		assert_true(fp_stamp_parse(fp_str(arcade[i].stamp), &expected));
		assert_int_equal(fp_day_to_minute(day), expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stamps),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_writable),
		cmocka_unit_test(test_patch_limit),
		cmocka_unit_test(test_minutes),
		cmocka_unit_test(test_days),
		cmocka_unit_test(test_arcade),
	};

	return cmocka_run_group_tests_name("stamp", tests, NULL, NULL);
}
