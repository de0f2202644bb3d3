#pragma once
/*
 * Stamps: ten digits `yyMMddHHmm`, a UTC minute, century 2000, always (RULES.md, section 2).
 * Inside Forkpoint a stamp is the number of minutes since 2000-01-01T00:00Z, so that stamps
 * compare as numbers and commits from before 2000 (negative) compare as well.
 */
#include "forkpoint/base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	FP_STAMP_DIGITS = 10,
	FP_STAMP_TEXT_MAX = 11,
	/* A version part of NuGet's is a signed 32-bit number: the last date that fits is
	 * 2021-12-31 23:59. */
	FP_STAMP_PATCH_MAX_NUMBER = 2147483647,
};

/* Minutes since 2000-01-01T00:00Z. */
typedef int64_t fp_minute;

/* Ten digits that are a possible date; false for month 13, minute 61, February 30. */
bool fp_stamp_parse(struct fp_str digits, fp_minute *minute);
/* Whether the minute lies in 2000 … 2099 and so has ten digits. */
bool fp_stamp_is_writable(fp_minute minute);
/* text has FP_STAMP_TEXT_MAX bytes. The minute must be writable. */
void fp_stamp_format(fp_minute minute, char *text);
/* The ten digits as a number, for the 32-bit limit of patch-stamp. Must be writable. */
uint64_t fp_stamp_number(fp_minute minute);
/* Cut to the minute (towards the past), as the scripts' date format does. */
fp_minute fp_minute_from_s(int64_t unix_seconds);
int64_t fp_minute_to_s(fp_minute minute);

/* Days since 2000-01-01, for the grammar that only knows days. */
typedef int32_t fp_day;
fp_day fp_day_from_minute(fp_minute minute);
fp_minute fp_day_to_minute(fp_day day);
/* Arcade's short date, yy*1000 + month*50 + day; false when it is no date. */
bool fp_day_parse_arcade(struct fp_str digits, fp_day *day);
/* The short date of a day in 2000 … 2099. */
uint32_t fp_day_arcade_number(fp_day day);
