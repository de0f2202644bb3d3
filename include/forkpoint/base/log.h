#pragma once
/*
 * The log: one line of `key=value` pairs (logfmt) per event on standard error, readable by people
 * and by journald. Only the layers that decide what a failure means log it, once: sync, http's
 * server and main.
 */
#include "forkpoint/base/attr.h"
#include "forkpoint/base/error.h"

#include <stdbool.h>
#include <stdint.h>

enum fp_log_level { FP_LOG_ERROR, FP_LOG_WARNING, FP_LOG_INFO, FP_LOG_DEBUG };

/* Process-wide threshold, set once at start (default FP_LOG_INFO). */
void fp_log_set_level(enum fp_log_level level);
bool fp_log_parse_level(const char *name, enum fp_log_level *level);

/*
 * event is a fixed dotted word such as "feed.synced"; format gives the pairs, values already quoted
 * where they can hold spaces (use %s with fp_log_quote's result). Never pass secrets.
 */
void fp_log(enum fp_log_level level, const char *event, const char *format, ...) FP_PRINTF(3, 4);

/* Logs `event error=CODE text="…" at=FILE:LINE` plus the given pairs. */
void fp_log_error(enum fp_log_level level, const char *event, const struct fp_error *error,
	const char *format, ...) FP_PRINTF(4, 5);

enum { FP_LOG_QUOTE_MAX = 600 };
struct fp_log_quoted {
	char text[FP_LOG_QUOTE_MAX];
};
/* "…" with quotes, backslashes and control characters escaped, cut when too long. */
struct fp_log_quoted fp_log_quote(const char *text);
