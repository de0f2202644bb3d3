/* libgit2's failures as ours: the one place that knows its error classes. */
#include "git_error.h"

#include <stdio.h>
#include <string.h>

void fp_git_error_text(char *text, size_t size)
{
	const git_error *last = git_error_last();

	snprintf(text, size, "%s", last && last->message ? last->message : "no details");
	for (char *c = text; *c; c++)
		if ((unsigned char)*c < ' ')
			*c = ' ';
}

static enum fp_error_code decide(enum fp_error_code fallback, const char *text)
{
	const git_error *last = git_error_last();

	if (last && last->klass == GIT_ERROR_NOMEMORY)
		return FP_ERROR_MEMORY;
	if (strstr(text, "No space left on device") || strstr(text, "Disk quota exceeded"))
		return FP_ERROR_FULL;
	return fallback;
}

int fp_git_error_set_at(struct fp_error *error, enum fp_error_code fallback, const char *file,
	int line, const char *format, ...)
{
	char what[256], text[384];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	fp_git_error_text(text, sizeof(text));
	return fp_error_set_at(error, decide(fallback, text), file, line, "%s: %s", what, text);
}
