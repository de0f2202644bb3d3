/* Stamps and days. */
#include "forkpoint/core/stamp.h"

#include "forkpoint/base/number.h"
#include "forkpoint/base/time.h"

/* 2000-01-01T00:00:00Z, and how many minutes ten digits can name from there. */
#define EPOCH_2000_S INT64_C(946684800)
#define WRITABLE_MINUTES INT64_C(52596000) /* until 2100-01-01 */

enum { MINUTES_PER_DAY = 24 * 60 };

static bool take_two(struct fp_str digits, size_t at, int *value)
{
	uint64_t number;

	if (!fp_parse_u64(fp_str_n(digits.ptr + at, 2), 0, 99, &number))
		return false;
	*value = (int)number;
	return true;
}

bool fp_stamp_parse(struct fp_str digits, fp_minute *minute)
{
	struct fp_civil civil = {0};
	int year;

	if (digits.len != FP_STAMP_DIGITS || !take_two(digits, 0, &year) ||
		!take_two(digits, 2, &civil.month) || !take_two(digits, 4, &civil.day) ||
		!take_two(digits, 6, &civil.hour) || !take_two(digits, 8, &civil.minute))
		return false;
	civil.year = 2000 + year;
	if (!fp_civil_is_valid(&civil))
		return false;
	*minute = fp_minute_from_s(fp_civil_to_s(&civil));
	return true;
}

bool fp_stamp_is_writable(fp_minute minute)
{
	return minute >= 0 && minute < WRITABLE_MINUTES;
}

uint64_t fp_stamp_number(fp_minute minute)
{
	struct fp_civil civil = fp_civil_from_s(fp_minute_to_s(minute));

	return (((((uint64_t)civil.year - 2000) * 100 + (uint64_t)civil.month) * 100 +
			(uint64_t)civil.day) *
			       100 +
		       (uint64_t)civil.hour) *
		       100 +
	       (uint64_t)civil.minute;
}

void fp_stamp_format(fp_minute minute, char *text)
{
	uint64_t number = fp_stamp_number(minute);

	for (int i = FP_STAMP_DIGITS; i-- > 0; number /= 10)
		text[i] = (char)('0' + number % 10);
	text[FP_STAMP_DIGITS] = '\0';
}

fp_minute fp_minute_from_s(int64_t unix_seconds)
{
	int64_t seconds = unix_seconds - EPOCH_2000_S;

	return seconds / 60 - (seconds % 60 < 0);
}

int64_t fp_minute_to_s(fp_minute minute)
{
	return minute * 60 + EPOCH_2000_S;
}

fp_day fp_day_from_minute(fp_minute minute)
{
	return (fp_day)(minute / MINUTES_PER_DAY - (minute % MINUTES_PER_DAY < 0));
}

fp_minute fp_day_to_minute(fp_day day)
{
	return (fp_minute)day * MINUTES_PER_DAY;
}

bool fp_day_parse_arcade(struct fp_str digits, fp_day *day)
{
	struct fp_civil civil = {0};
	uint64_t number;

	if (!fp_parse_u64(digits, 0, 99999, &number))
		return false;
	civil.year = 2000 + (int64_t)(number / 1000);
	civil.month = (int)(number % 1000 / 50);
	civil.day = (int)(number % 1000 % 50);
	if (!fp_civil_is_valid(&civil))
		return false;
	*day = fp_day_from_minute(fp_minute_from_s(fp_civil_to_s(&civil)));
	return true;
}

uint32_t fp_day_arcade_number(fp_day day)
{
	struct fp_civil civil = fp_civil_from_s(fp_minute_to_s(fp_day_to_minute(day)));

	return (uint32_t)(civil.year - 2000) * 1000 + (uint32_t)civil.month * 50 +
	       (uint32_t)civil.day;
}
