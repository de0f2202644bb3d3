/* Stamps, minutes and days (RULES.md, section 2). */
#include "forkpoint/core/stamp.h"

#include "forkpoint/base/number.h"
#include "forkpoint/base/time.h"

enum {
	CENTURY = 2000,
	SECONDS_PER_MINUTE = 60,
	MINUTES_PER_DAY = 24 * 60,
	DAYS_IN_CENTURY = 36525, /* 2000-01-01 … 2099-12-31 */
	ARCADE_DIGITS = 5,
};

static const int64_t century_start_s = INT64_C(946684800); /* 2000-01-01T00:00Z */

static int64_t divide_down(int64_t value, int64_t by)
{
	return value / by - (value % by < 0);
}

static int two_digits(const char *text)
{
	return (text[0] - '0') * 10 + (text[1] - '0');
}

static bool are_digits(struct fp_str text)
{
	for (size_t i = 0; i < text.len; i++)
		if (!fp_char_is_digit(text.ptr[i]))
			return false;
	return text.len > 0;
}

bool fp_stamp_parse(struct fp_str digits, fp_minute *minute)
{
	struct fp_civil civil;

	if (digits.len != FP_STAMP_DIGITS || !are_digits(digits))
		return false;
	civil = (struct fp_civil){
		.year = CENTURY + two_digits(digits.ptr),
		.month = two_digits(digits.ptr + 2),
		.day = two_digits(digits.ptr + 4),
		.hour = two_digits(digits.ptr + 6),
		.minute = two_digits(digits.ptr + 8),
	};
	if (!fp_civil_is_valid(&civil))
		return false;
	*minute = fp_minute_from_s(fp_civil_to_s(&civil));
	return true;
}

bool fp_stamp_is_writable(fp_minute minute)
{
	return minute >= 0 && minute < (fp_minute)DAYS_IN_CENTURY * MINUTES_PER_DAY;
}

uint64_t fp_stamp_number(fp_minute minute)
{
	struct fp_civil civil = fp_civil_from_s(fp_minute_to_s(minute));
	const int pairs[] = {civil.month, civil.day, civil.hour, civil.minute};
	uint64_t number = (uint64_t)(civil.year - CENTURY);

	for (size_t i = 0; i < FP_ARRAY_SIZE(pairs); i++)
		number = number * 100 + (uint64_t)pairs[i];
	return number;
}

void fp_stamp_format(fp_minute minute, char *text)
{
	uint64_t number = fp_stamp_number(minute);

	for (size_t i = FP_STAMP_DIGITS; i-- > 0; number /= 10)
		text[i] = (char)('0' + number % 10);
	text[FP_STAMP_DIGITS] = '\0';
}

fp_minute fp_minute_from_s(int64_t unix_seconds)
{
	/* Divided before the shift, which could overflow at the ends of the range. */
	return divide_down(unix_seconds, SECONDS_PER_MINUTE) - century_start_s / SECONDS_PER_MINUTE;
}

int64_t fp_minute_to_s(fp_minute minute)
{
	return minute * SECONDS_PER_MINUTE + century_start_s;
}

fp_day fp_day_from_minute(fp_minute minute)
{
	int64_t day = divide_down(minute, MINUTES_PER_DAY);

	/* git takes commit times of any size; the ends of a day's range are as good as beyond. */
	if (day < INT32_MIN)
		return INT32_MIN;
	return day > INT32_MAX ? INT32_MAX : (fp_day)day;
}

fp_minute fp_day_to_minute(fp_day day)
{
	return (fp_minute)day * MINUTES_PER_DAY;
}

bool fp_day_parse_arcade(struct fp_str digits, fp_day *day)
{
	struct fp_civil civil;
	uint64_t number;

	if (digits.len > ARCADE_DIGITS || !fp_parse_u64(digits, 0, 99999, &number))
		return false;
	civil = (struct fp_civil){
		.year = CENTURY + (int64_t)(number / 1000),
		.month = (int)(number % 1000 / 50),
		.day = (int)(number % 50),
	};
	if (!fp_civil_is_valid(&civil))
		return false;
	*day = fp_day_from_minute(fp_minute_from_s(fp_civil_to_s(&civil)));
	return true;
}

uint32_t fp_day_arcade_number(fp_day day)
{
	struct fp_civil civil = fp_civil_from_s(fp_minute_to_s(fp_day_to_minute(day)));

	return (uint32_t)((civil.year - CENTURY) * 1000 + civil.month * 50 + civil.day);
}
