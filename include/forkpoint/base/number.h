#pragma once
/* Checked parsing of numbers, durations and sizes. The whole text must be the value. */
#include "forkpoint/base/str.h"

#include <stdbool.h>
#include <stdint.h>

/* Decimal digits only, no sign; false when empty, foreign, or outside min … max. */
bool fp_parse_u64(struct fp_str text, uint64_t min, uint64_t max, uint64_t *value);
/* `500ms`, `60s`, `10m`, `2h`, `30d` to microseconds; at most 100 years. */
bool fp_parse_duration_us(struct fp_str text, int64_t *microseconds);
/* `512`, `64KiB`, `16MiB`, `2GiB` to bytes. */
bool fp_parse_size_bytes(struct fp_str text, uint64_t *bytes);

enum { FP_DURATION_TEXT_MAX = 32 };
/* The shortest of the forms above that is exact (what is finer than a millisecond is cut, a
 * negative duration is 0s); text has FP_DURATION_TEXT_MAX bytes. */
void fp_format_duration(int64_t microseconds, char *text);
void fp_format_size(uint64_t bytes, char *text);
