/* Time as dates and text, both ways. */
#include "forkpoint/base/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

/* The C library's own calendar is the reference, from year 1 to 9999, at odd steps. */
static void agrees_with_the_c_library(void **state)
{
	char text[FP_TIME_TEXT_MAX], wanted[64];

	for (int64_t s = INT64_C(-62135596800); s < INT64_C(253402300800); s += 7654321) {
		time_t moment = (time_t)s;
		struct tm tm;
		struct fp_civil civil = fp_civil_from_s(s);

		gmtime_r(&moment, &tm);
		assert_int_equal(civil.year, tm.tm_year + 1900);
		assert_int_equal(civil.month, tm.tm_mon + 1);
		assert_int_equal(civil.day, tm.tm_mday);
		assert_int_equal(civil.hour, tm.tm_hour);
		assert_int_equal(civil.minute, tm.tm_min);
		assert_int_equal(civil.second, tm.tm_sec);
		assert_true(fp_civil_is_valid(&civil));
		assert_true(fp_civil_to_s(&civil) == s);
		snprintf(wanted, sizeof(wanted), "%04d-%02d-%02dT%02d:%02d:%02dZ",
			tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
			tm.tm_sec);
		assert_int_equal(fp_time_format_s(s, text), strlen(wanted));
		assert_string_equal(text, wanted);
	}
}

static void knows_valid_dates(void **state)
{
	static const struct {
		struct fp_civil civil;
		bool valid;
	} rows[] = {
		{{2024, 2, 29, 0, 0, 0}, true},
		{{2023, 2, 29, 0, 0, 0}, false},
		{{2000, 2, 29, 0, 0, 0}, true}, /* every 400 years */
		{{1900, 2, 29, 0, 0, 0}, false},
		{{2020, 4, 30, 23, 59, 59}, true},
		{{2020, 4, 31, 0, 0, 0}, false},
		{{2020, 13, 1, 0, 0, 0}, false},
		{{2020, 0, 1, 0, 0, 0}, false},
		{{2020, 1, 0, 0, 0, 0}, false},
		{{2020, 1, 1, 24, 0, 0}, false},
		{{2020, 1, 1, 0, 60, 0}, false},
		{{2020, 1, 1, 0, 0, 60}, false},
		{{2020, 1, 1, -1, 0, 0}, false},
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++)
		if (fp_civil_is_valid(&rows[i].civil) != rows[i].valid)
			fail_msg("row %zu", i);
}

static void formats_microseconds_and_extremes(void **state)
{
	static const struct {
		int64_t us;
		const char *text;
	} rows[] = {
		{0, "1970-01-01T00:00:00Z"},
		{INT64_C(1580508300999999), "2020-01-31T22:05:00Z"}, /* cut, not rounded */
		{-1, "1969-12-31T23:59:59Z"},			     /* downwards */
		{INT64_MAX, "9999-12-31T23:59:59Z"},
		{INT64_MIN, "0000-01-01T00:00:00Z"},
	};
	char text[FP_TIME_TEXT_MAX];

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		assert_int_equal(fp_time_format_us(rows[i].us, text), 20);
		assert_string_equal(text, rows[i].text);
	}
	fp_time_format_s(INT64_MIN, text);
	assert_string_equal(text, "0000-01-01T00:00:00Z");
	fp_time_format_s(INT64_MAX, text);
	assert_string_equal(text, "9999-12-31T23:59:59Z");
}

static void parses_rfc_3339(void **state)
{
	static const struct {
		const char *text;
		int64_t us; /* INT64_MIN: refused */
	} rows[] = {
		{"2020-01-31T22:05:00Z", INT64_C(1580508300000000)},
		{"2020-01-31t22:05:00z", INT64_C(1580508300000000)},
		{"2020-01-31T23:05:00+01:00", INT64_C(1580508300000000)},
		{"2020-01-31T16:35:00-05:30", INT64_C(1580508300000000)},
		{"2020-02-01T00:05:00+02:00", INT64_C(1580508300000000)}, /* over midnight */
		{"2020-01-31T22:05:00.5Z", INT64_C(1580508300500000)},
		{"2020-01-31T22:05:00.000001+00:00", INT64_C(1580508300000001)},
		{"2020-01-31T22:05:00.1234567899999999999999999Z", INT64_C(1580508300123456)},
		{"2020-01-31", INT64_C(1580428800000000)},
		{"1969-12-31T23:59:59.75Z", -250000},
		{"1900-01-01T00:00:00Z", INT64_C(-2208988800000000)}, /* NuGet's "unlisted" */
		{"0001-01-02T00:00:00Z", INT64_C(-62135510400000000)},
		{"9999-12-31T23:59:59Z", INT64_C(253402300799000000)},
		{"", INT64_MIN},
		{"2020", INT64_MIN},
		{"2020-01", INT64_MIN},
		{"2020-1-31", INT64_MIN},
		{"2020-02-30", INT64_MIN},
		{"2020-01-31T", INT64_MIN},
		{"2020-01-31T22:05Z", INT64_MIN},
		{"2020-01-31T22:05:00", INT64_MIN}, /* whose time? */
		{"2020-01-31T22:05:00.Z", INT64_MIN},
		{"2020-01-31T24:00:00Z", INT64_MIN},
		{"2020-01-31T22:05:60Z", INT64_MIN},
		{"2020-01-31T22:05:00+0100", INT64_MIN},
		{"2020-01-31T22:05:00+24:00", INT64_MIN},
		{"2020-01-31T22:05:00+01:60", INT64_MIN},
		{"2020-01-31T22:05:00ZZ", INT64_MIN},
		{"2020-01-31T22:05:00Z ", INT64_MIN},
		{" 2020-01-31T22:05:00Z", INT64_MIN},
		{"-020-01-31T22:05:00Z", INT64_MIN},
		{"12020-01-31T22:05:00Z", INT64_MIN},
		{"2020/01/31", INT64_MIN},
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		int64_t us = INT64_MIN;
		bool valid = fp_time_parse_us(fp_str(rows[i].text), &us);

		if (valid != (rows[i].us != INT64_MIN) || us != rows[i].us)
			fail_msg("%s", rows[i].text);
	}
}

/* No byte beyond the slice is read: every shorter text is refused or is the bare date. */
static void reads_no_further_than_its_text(void **state)
{
	static const char text[] = "2020-01-31T22:05:00.5+01:00";

	for (size_t len = 0; len < sizeof(text) - 1; len++) {
		FP_CLEANUP_FREE char *copy = malloc(len + 1);
		int64_t us;

		assert_non_null(copy);
		memcpy(copy + 1, text, len);
		assert_int_equal(fp_time_parse_us(fp_str_n(copy + 1, len), &us), len == 10);
	}
}

static void tells_spans(void **state)
{
	static const struct {
		int64_t s;
		const char *text;
	} rows[] = {
		{-5, "0 s"},
		{0, "0 s"},
		{40, "40 s"},
		{60, "1 min"},
		{3600, "1 h"},
		{3600 * 2 + 5 * 60 + 3, "2 h 5 min"},
		{86400, "1 day"},
		{86400 * 3, "3 days"},
		{86400 * 3 + 3600 * 4 + 60, "3 days 4 h"},
		{INT64_C(86400) * 448, "448 days"},
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		struct fp_buf buf FP_CLEANUP(fp_buf_release);

		fp_buf_init(&buf, 100);
		fp_time_add_span(&buf, rows[i].s * FP_US_PER_S);
		assert_string_equal(buf.data, rows[i].text);
	}
}

static void clocks_run(void **state)
{
	int64_t before = fp_clock_monotonic_us();
	struct timespec nap = {.tv_nsec = 2000000};

	nanosleep(&nap, NULL);
	int64_t spent = fp_clock_monotonic_us() - before;

	assert_in_range(spent, 2000, 60 * FP_US_PER_S);
	int64_t drift = fp_clock_real_us() - (int64_t)time(NULL) * FP_US_PER_S;

	assert_in_range(drift + 5 * FP_US_PER_S, 0, 10 * FP_US_PER_S);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(agrees_with_the_c_library),
		cmocka_unit_test(knows_valid_dates),
		cmocka_unit_test(formats_microseconds_and_extremes),
		cmocka_unit_test(parses_rfc_3339),
		cmocka_unit_test(reads_no_further_than_its_text),
		cmocka_unit_test(tells_spans),
		cmocka_unit_test(clocks_run),
	};

	return cmocka_run_group_tests_name("base: time", tests, NULL, NULL);
}
