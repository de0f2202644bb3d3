/* The log: logfmt lines on standard error, one write each. */
#include "forkpoint/base/log.h"

#include "forkpoint/base/time.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 4096 };

static atomic_int threshold = FP_LOG_INFO;

static const char *const level_names[] = {
	[FP_LOG_ERROR] = "error",
	[FP_LOG_WARNING] = "warning",
	[FP_LOG_INFO] = "info",
	[FP_LOG_DEBUG] = "debug",
};

void fp_log_set_level(enum fp_log_level level)
{
	atomic_store(&threshold, (int)level);
}

bool fp_log_parse_level(const char *name, enum fp_log_level *level)
{
	for (size_t i = 0; i < FP_ARRAY_SIZE(level_names); i++) {
		if (strcmp(name, level_names[i]) == 0) {
			*level = (enum fp_log_level)i;
			return true;
		}
	}
	return false;
}

static void write_line(enum fp_log_level level, const char *event, const char *pairs)
{
	char line[LINE_MAX_BYTES], time[FP_TIME_TEXT_MAX];
	int len;

	fp_time_format_us(fp_clock_real_us(), time);
	len = snprintf(line, sizeof(line) - 1, "time=%s level=%s event=%s%s%s", time,
		level_names[level], event, *pairs ? " " : "", pairs);
	if (len < 0)
		return;
	if ((size_t)len > sizeof(line) - 2)
		len = sizeof(line) - 2;
	line[len++] = '\n';
	/* Nothing can be done about a log that cannot be written. */
	if (write(STDERR_FILENO, line, (size_t)len) < 0)
		return;
}

void fp_log(enum fp_log_level level, const char *event, const char *format, ...)
{
	char pairs[LINE_MAX_BYTES];
	va_list arguments;

	if ((int)level > atomic_load(&threshold))
		return;
	va_start(arguments, format);
	vsnprintf(pairs, sizeof(pairs), format, arguments);
	va_end(arguments);
	write_line(level, event, pairs);
}

void fp_log_error(enum fp_log_level level, const char *event, const struct fp_error *error,
	const char *format, ...)
{
	char pairs[LINE_MAX_BYTES];
	va_list arguments;
	int used;

	if ((int)level > atomic_load(&threshold))
		return;
	used = snprintf(pairs, sizeof(pairs), "error=%s text=%s at=%s:%d ",
		fp_error_code_name(error->code), fp_log_quote(error->text).text,
		error->file ? error->file : "?", error->line);
	va_start(arguments, format);
	vsnprintf(pairs + used, sizeof(pairs) - (size_t)used, format, arguments);
	va_end(arguments);
	write_line(level, event, pairs);
}

struct fp_log_quoted fp_log_quote(const char *text)
{
	struct fp_log_quoted quoted;
	size_t at = 0;

	quoted.text[at++] = '"';
	for (; *text && at < sizeof(quoted.text) - 4; text++) {
		if (*text == '"' || *text == '\\')
			quoted.text[at++] = '\\';
		quoted.text[at++] = (unsigned char)*text < 0x20 ? ' ' : *text;
	}
	quoted.text[at++] = '"';
	quoted.text[at] = '\0';
	return quoted;
}
