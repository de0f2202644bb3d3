#pragma once
/*
 * Time. Moments are microseconds since 1970-01-01T00:00:00Z (`_us`) or seconds (`_s`, as git has
 * them); spans are microseconds. Only main, sync, http and the publisher of snapshots read the
 * clocks: everything else takes the time as an argument, so that tests are tables.
 */
#include "forkpoint/base/buf.h"
#include "forkpoint/base/str.h"

#include <stdbool.h>
#include <stdint.h>

#define FP_US_PER_MS INT64_C(1000)
#define FP_US_PER_S INT64_C(1000000)

int64_t fp_clock_real_us(void);
/* Never runs backwards; only differences mean anything. */
int64_t fp_clock_monotonic_us(void);

/* A civil UTC date and time; proleptic Gregorian. */
struct fp_civil {
	int64_t year;
	int month;  /* 1 to 12 */
	int day;    /* 1 to 31 */
	int hour;   /* 0 to 23 */
	int minute; /* 0 to 59 */
	int second; /* 0 to 59 */
};

struct fp_civil fp_civil_from_s(int64_t seconds);
/* The fields must be in range for their month. */
int64_t fp_civil_to_s(const struct fp_civil *civil);
/* False for month 13, day 31 in April, minute 60 and so on. */
bool fp_civil_is_valid(const struct fp_civil *civil);

enum { FP_TIME_TEXT_MAX = 32 };
/* RFC 3339 in UTC with seconds: 2020-01-31T22:05:00Z. Years outside 0 … 9999 are clamped. text has
 * FP_TIME_TEXT_MAX bytes; the length is returned. */
size_t fp_time_format_s(int64_t seconds, char *text);
size_t fp_time_format_us(int64_t microseconds, char *text);
/* With six digits of a second: 2020-01-31T22:05:00.000000Z. */
enum { FP_TIME_MICROS_BYTES = 27 };
size_t fp_time_format_micros(int64_t microseconds, char *text);
/* RFC 3339 with `Z` or an offset, with or without a fraction; also a bare date. */
bool fp_time_parse_us(struct fp_str text, int64_t *microseconds);
/* "3 days", "2 h 5 min", "40 s": for sentences, two units at most. Negative spans count as 0. */
void fp_time_add_span(struct fp_buf *buf, int64_t microseconds);
