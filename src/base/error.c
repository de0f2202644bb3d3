/* Errors as values. */
#include "forkpoint/base/error.h"

#include <stdio.h>
#include <string.h>

int fp_error_set_at(struct fp_error *error, enum fp_error_code code, const char *file, int line,
	const char *format, ...)
{
	va_list arguments;

	if (!error)
		return -(int)code;
	error->code = code;
	error->file = file;
	error->line = line;
	va_start(arguments, format);
	vsnprintf(error->text, sizeof(error->text), format, arguments);
	va_end(arguments);
	for (char *c = error->text; *c; c++)
		if (*c == '\n' || *c == '\r')
			*c = ' ';
	return -(int)code;
}

void fp_error_prefix(struct fp_error *error, const char *format, ...)
{
	char prefix[FP_ERROR_TEXT_MAX / 2], text[2 * FP_ERROR_TEXT_MAX];
	va_list arguments;

	if (!error)
		return;
	va_start(arguments, format);
	vsnprintf(prefix, sizeof(prefix), format, arguments);
	va_end(arguments);
	snprintf(text, sizeof(text), "%s: %s", prefix, error->text);
	text[FP_ERROR_TEXT_MAX - 1] = '\0';
	memcpy(error->text, text, FP_ERROR_TEXT_MAX);
}

const char *fp_error_code_name(enum fp_error_code code)
{
	static const char *const names[] = {
		[FP_ERROR_NONE] = "none",
		[FP_ERROR_MEMORY] = "memory",
		[FP_ERROR_IO] = "io",
		[FP_ERROR_FULL] = "full",
		[FP_ERROR_INVALID] = "invalid",
		[FP_ERROR_LIMIT] = "limit",
		[FP_ERROR_TIMEOUT] = "timeout",
		[FP_ERROR_DENIED] = "denied",
		[FP_ERROR_UNAVAILABLE] = "unavailable",
		[FP_ERROR_CORRUPT] = "corrupt",
		[FP_ERROR_FOREIGN] = "foreign",
		[FP_ERROR_BUSY] = "busy",
		[FP_ERROR_CANCELLED] = "cancelled",
		[FP_ERROR_INTERNAL] = "internal",
	};

	return (size_t)code < FP_ARRAY_SIZE(names) ? names[code] : "unknown";
}
