/* Errors as values. */
#include "forkpoint/base/error.h"

#include "forkpoint/base/str.h"

#include <stdio.h>
#include <string.h>

/* A text that was cut may end in half a character: takes that half away. */
static void drop_half_character(char *text)
{
	size_t len = strlen(text), start = len;

	while (start > 0 && len - start < 4 && ((unsigned char)text[start - 1] & 0xc0) == 0x80)
		start--;
	if (start > 0 && (unsigned char)text[start - 1] >= 0xc0)
		start--;
	if (start < len && fp_utf8_length(text + start, len - start) != len - start)
		text[start] = '\0';
}

/* Makes the text one line. */
static void flatten(char *text)
{
	for (char *c = text; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == 0x7f)
			*c = ' ';
}

int fp_error_set_at(struct fp_error *error, enum fp_error_code code, const char *file, int line,
	const char *format, ...)
{
	char text[FP_ERROR_TEXT_MAX] = ""; /* the arguments may point into error->text */
	va_list arguments;

	if (!error)
		return -(int)code;
	va_start(arguments, format);
	if (vsnprintf(text, sizeof(text), format, arguments) >= (int)sizeof(text))
		drop_half_character(text);
	va_end(arguments);
	flatten(text);
	memcpy(error->text, text, sizeof(text));
	error->code = code;
	error->file = file;
	error->line = line;
	return -(int)code;
}

void fp_error_prefix(struct fp_error *error, const char *format, ...)
{
	char prefix[FP_ERROR_TEXT_MAX] = "", text[2 * FP_ERROR_TEXT_MAX + 2];
	va_list arguments;

	if (!error)
		return;
	va_start(arguments, format);
	vsnprintf(prefix, sizeof(prefix), format, arguments);
	va_end(arguments);
	if (snprintf(text, sizeof(text), "%s: %s", prefix, error->text) >= FP_ERROR_TEXT_MAX) {
		text[FP_ERROR_TEXT_MAX - 1] = '\0';
		drop_half_character(text);
	}
	flatten(text);
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
