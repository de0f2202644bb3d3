/* Clocks, civil time, RFC 3339. */
#include "forkpoint/base/time.h"

#include "forkpoint/base/number.h"

#include <time.h>

enum { DAYS_PER_ERA = 146097, EPOCH_DAYS = 719468, SECONDS_PER_DAY = 86400 };

static int64_t read_clock_us(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (int64_t)now.tv_sec * FP_US_PER_S + now.tv_nsec / 1000;
}

int64_t fp_clock_real_us(void)
{
	return read_clock_us(CLOCK_REALTIME);
}

int64_t fp_clock_monotonic_us(void)
{
	return read_clock_us(CLOCK_MONOTONIC);
}

static int64_t floor_divide(int64_t value, int64_t by)
{
	return value / by - (value % by < 0);
}

/* Years that begin in March put the leap day last, so that months have a fixed length. */
struct fp_civil fp_civil_from_s(int64_t seconds)
{
	int64_t days = floor_divide(seconds, SECONDS_PER_DAY);
	int64_t rest = seconds - days * SECONDS_PER_DAY;
	int64_t shifted = days + EPOCH_DAYS;
	int64_t era = floor_divide(shifted, DAYS_PER_ERA);
	int64_t day_of_era = shifted - era * DAYS_PER_ERA;
	int64_t year_of_era =
		(day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year =
		day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t month = (5 * day_of_year + 2) / 153;

	return (struct fp_civil){
		.year = year_of_era + era * 400 + (month >= 10),
		.month = (int)(month < 10 ? month + 3 : month - 9),
		.day = (int)(day_of_year - (153 * month + 2) / 5 + 1),
		.hour = (int)(rest / 3600),
		.minute = (int)(rest / 60 % 60),
		.second = (int)(rest % 60),
	};
}

int64_t fp_civil_to_s(const struct fp_civil *civil)
{
	int64_t year = civil->year - (civil->month <= 2);
	int64_t era = floor_divide(year, 400);
	int64_t year_of_era = year - era * 400;
	int64_t month = civil->month > 2 ? civil->month - 3 : civil->month + 9;
	int64_t day_of_year = (153 * month + 2) / 5 + civil->day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;

	return (era * DAYS_PER_ERA + day_of_era - EPOCH_DAYS) * SECONDS_PER_DAY +
	       civil->hour * 3600 + civil->minute * 60 + civil->second;
}

static int days_in_month(int64_t year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	return days[month - 1] + (month == 2 && leap);
}

bool fp_civil_is_valid(const struct fp_civil *civil)
{
	return civil->month >= 1 && civil->month <= 12 && civil->day >= 1 &&
	       civil->day <= days_in_month(civil->year, civil->month) && civil->hour >= 0 &&
	       civil->hour <= 23 && civil->minute >= 0 && civil->minute <= 59 &&
	       civil->second >= 0 && civil->second <= 59;
}

static char *put_digits(char *at, int64_t value, int width)
{
	for (int i = width; i-- > 0; value /= 10)
		at[i] = (char)('0' + value % 10);
	return at + width;
}

size_t fp_time_format_s(int64_t seconds, char *text)
{
	const int64_t first = INT64_C(-62167219200), last = INT64_C(253402300799);
	struct fp_civil civil = fp_civil_from_s(seconds < first	 ? first
						: seconds > last ? last
								 : seconds);
	char *at = put_digits(text, civil.year, 4);

	*at++ = '-';
	at = put_digits(at, civil.month, 2);
	*at++ = '-';
	at = put_digits(at, civil.day, 2);
	*at++ = 'T';
	at = put_digits(at, civil.hour, 2);
	*at++ = ':';
	at = put_digits(at, civil.minute, 2);
	*at++ = ':';
	at = put_digits(at, civil.second, 2);
	*at++ = 'Z';
	*at = '\0';
	return (size_t)(at - text);
}

size_t fp_time_format_us(int64_t microseconds, char *text)
{
	return fp_time_format_s(floor_divide(microseconds, FP_US_PER_S), text);
}

size_t fp_time_format_micros(int64_t microseconds, char *text)
{
	int64_t seconds = floor_divide(microseconds, FP_US_PER_S);
	char *at = text + fp_time_format_s(seconds, text) - 1;

	*at++ = '.';
	at = put_digits(at, microseconds - seconds * FP_US_PER_S, 6);
	*at++ = 'Z';
	*at = '\0';
	return (size_t)(at - text);
}

/* Takes `width` digits off the front. */
static bool take_digits(struct fp_str *text, size_t width, int64_t *value)
{
	uint64_t number;

	if (text->len < width || !fp_parse_u64(fp_str_n(text->ptr, width), 0, UINT32_MAX, &number))
		return false;
	*value = (int64_t)number;
	text->ptr += width;
	text->len -= width;
	return true;
}

static bool take_char(struct fp_str *text, char c)
{
	if (text->len == 0 || fp_char_lower(text->ptr[0]) != c)
		return false;
	text->ptr++;
	text->len--;
	return true;
}

static bool take_date(struct fp_str *text, struct fp_civil *civil)
{
	int64_t month, day;

	if (!take_digits(text, 4, &civil->year) || !take_char(text, '-') ||
		!take_digits(text, 2, &month) || !take_char(text, '-') ||
		!take_digits(text, 2, &day))
		return false;
	civil->month = (int)month;
	civil->day = (int)day;
	return true;
}

static bool take_time(struct fp_str *text, struct fp_civil *civil, int64_t *fraction_us)
{
	int64_t hour, minute, second, scale = FP_US_PER_S;

	if (!take_digits(text, 2, &hour) || !take_char(text, ':') ||
		!take_digits(text, 2, &minute) || !take_char(text, ':') ||
		!take_digits(text, 2, &second))
		return false;
	civil->hour = (int)hour;
	civil->minute = (int)minute;
	civil->second = (int)second;
	if (!take_char(text, '.'))
		return true;
	if (text->len == 0 || !fp_char_is_digit(text->ptr[0]))
		return false;
	while (text->len && fp_char_is_digit(text->ptr[0])) {
		scale /= 10; /* what is finer than a microsecond is cut */
		*fraction_us += (text->ptr[0] - '0') * scale;
		text->ptr++;
		text->len--;
	}
	return true;
}

static bool take_offset(struct fp_str *text, int64_t *offset_s)
{
	int64_t hours, minutes, sign;

	if (take_char(text, 'z'))
		return true;
	if (text->len == 0 || (text->ptr[0] != '+' && text->ptr[0] != '-'))
		return false;
	sign = text->ptr[0] == '-' ? -1 : 1;
	text->ptr++;
	text->len--;
	if (!take_digits(text, 2, &hours) || !take_char(text, ':') ||
		!take_digits(text, 2, &minutes) || hours > 23 || minutes > 59)
		return false;
	*offset_s = sign * (hours * 3600 + minutes * 60);
	return true;
}

bool fp_time_parse_us(struct fp_str text, int64_t *microseconds)
{
	struct fp_civil civil = {0};
	int64_t fraction_us = 0, offset_s = 0;

	if (!take_date(&text, &civil))
		return false;
	if (text.len > 0) {
		if (!take_char(&text, 't') && !take_char(&text, ' '))
			return false;
		if (!take_time(&text, &civil, &fraction_us) || !take_offset(&text, &offset_s))
			return false;
	}
	if (text.len > 0 || !fp_civil_is_valid(&civil))
		return false;
	*microseconds = (fp_civil_to_s(&civil) - offset_s) * FP_US_PER_S + fraction_us;
	return true;
}

void fp_time_add_span(struct fp_buf *buf, int64_t microseconds)
{
	int64_t seconds = microseconds > 0 ? microseconds / FP_US_PER_S : 0;
	int64_t days = seconds / SECONDS_PER_DAY;
	int64_t hours = seconds / 3600 % 24;
	int64_t minutes = seconds / 60 % 60;

	if (days > 0) {
		fp_buf_add_i64(buf, days);
		fp_buf_add_text(buf, days == 1 ? " day" : " days");
		if (hours > 0)
			fp_buf_addf(buf, " %d h", (int)hours);
	} else if (hours > 0) {
		fp_buf_addf(buf, "%d h", (int)hours);
		if (minutes > 0)
			fp_buf_addf(buf, " %d min", (int)minutes);
	} else if (minutes > 0) {
		fp_buf_addf(buf, "%d min", (int)minutes);
	} else {
		fp_buf_addf(buf, "%d s", (int)(seconds % 60));
	}
}
