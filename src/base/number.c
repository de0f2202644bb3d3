/* Checked numbers, durations and sizes. */
#include "forkpoint/base/number.h"

#include "forkpoint/base/attr.h"
#include "forkpoint/base/time.h"

#include <inttypes.h>
#include <stdio.h>

#define LONGEST_US (INT64_C(36525) * 24 * 3600 * FP_US_PER_S) /* 100 years */

bool fp_parse_u64(struct fp_str text, uint64_t min, uint64_t max, uint64_t *value)
{
	uint64_t result = 0;

	if (text.len == 0)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		unsigned digit;

		if (!fp_char_is_digit(text.ptr[i]))
			return false;
		digit = (unsigned)(text.ptr[i] - '0');
		if (result > (UINT64_MAX - digit) / 10)
			return false;
		result = result * 10 + digit;
	}
	if (result < min || result > max)
		return false;
	*value = result;
	return true;
}

struct unit {
	const char *suffix;
	uint64_t factor;
};

/* The number before a unit's suffix, times the unit; the longest suffix stands first. */
static bool parse_with_unit(
	struct fp_str text, const struct unit *units, size_t count, uint64_t max, uint64_t *value)
{
	for (size_t i = 0; i < count; i++) {
		struct fp_str digits = text;
		uint64_t number;

		if (!fp_str_ends_with(text, units[i].suffix))
			continue;
		digits.len -= strlen(units[i].suffix);
		if (!fp_parse_u64(digits, 0, max / units[i].factor, &number))
			return false;
		*value = number * units[i].factor;
		return true;
	}
	return false;
}

static const struct unit durations[] = {
	{"ms", 1000},
	{"s", UINT64_C(1000000)},
	{"m", UINT64_C(60000000)},
	{"h", UINT64_C(3600000000)},
	{"d", UINT64_C(86400000000)},
};

static const struct unit sizes[] = {
	{"KiB", UINT64_C(1) << 10},
	{"MiB", UINT64_C(1) << 20},
	{"GiB", UINT64_C(1) << 30},
	{"", 1},
};

bool fp_parse_duration_us(struct fp_str text, int64_t *microseconds)
{
	uint64_t value;

	if (!parse_with_unit(text, durations, FP_ARRAY_SIZE(durations), LONGEST_US, &value))
		return false;
	*microseconds = (int64_t)value;
	return true;
}

bool fp_parse_size_bytes(struct fp_str text, uint64_t *bytes)
{
	return parse_with_unit(text, sizes, FP_ARRAY_SIZE(sizes), INT64_MAX, bytes);
}

/* In the largest unit that divides it; what divides by none is cut to the smallest, which stands at
 * `smallest`. */
static void format_with_unit(uint64_t value, const struct unit *units, size_t count,
	const struct unit *smallest, char *text)
{
	const struct unit *best = smallest;

	for (size_t i = 0; i < count; i++)
		if (value % units[i].factor == 0 && units[i].factor > best->factor)
			best = &units[i];
	snprintf(text, FP_DURATION_TEXT_MAX, "%" PRIu64 "%s", value / best->factor, best->suffix);
}

void fp_format_duration(int64_t microseconds, char *text)
{
	if (microseconds <= 0)
		memcpy(text, "0s", sizeof("0s"));
	else
		format_with_unit((uint64_t)microseconds, durations, FP_ARRAY_SIZE(durations),
			&durations[0], text);
}

void fp_format_size(uint64_t bytes, char *text)
{
	const struct unit *plain = &sizes[FP_ARRAY_SIZE(sizes) - 1];

	if (bytes == 0)
		memcpy(text, "0", sizeof("0"));
	else
		format_with_unit(bytes, sizes, FP_ARRAY_SIZE(sizes), plain, text);
}
