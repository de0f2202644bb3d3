/* The log: a line is put together on the stack and leaves with one write(2), so that lines of
 * several threads never mix. */
#include "forkpoint/base/log.h"
#include "forkpoint/base/str.h"
#include "forkpoint/base/time.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* As long as a write to a pipe stays whole (PIPE_BUF). */
enum { LINE_MAX_BYTES = 4096 };

struct line {
	size_t len;
	char text[LINE_MAX_BYTES];
};

/* Process-wide by nature: set once at start, read by every thread. */
static atomic_int threshold = FP_LOG_INFO;

static const char *const level_names[] = {
	[FP_LOG_ERROR] = "error",
	[FP_LOG_WARNING] = "warning",
	[FP_LOG_INFO] = "info",
	[FP_LOG_DEBUG] = "debug",
};

void fp_log_set_level(enum fp_log_level level)
{
	atomic_store_explicit(&threshold, (int)level, memory_order_relaxed);
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

static bool is_wanted(enum fp_log_level level)
{
	return (int)level <= atomic_load_explicit(&threshold, memory_order_relaxed);
}

/* Room is left for the line's end. */
static void FP_PRINTF(2, 0) add_formatted(struct line *line, const char *format, va_list arguments)
{
	size_t room = sizeof(line->text) - 1 - line->len;
	int printed = vsnprintf(line->text + line->len, room, format, arguments);
	if (printed > 0)
		line->len += (size_t)printed < room ? (size_t)printed : room - 1;
}

static void FP_PRINTF(2, 3) add(struct line *line, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	add_formatted(line, format, arguments);
	va_end(arguments);
}

static void begin(struct line *line, enum fp_log_level level, const char *event)
{
	char now[FP_TIME_TEXT_MAX];
	line->len = 0;
	fp_time_format_us(fp_clock_real_us(), now);
	add(line, "time=%s level=%s event=%s", now, level_names[level], event);
}

/* Whatever a value holds, it stays one line. */
static void finish(struct line *line)
{
	for (size_t i = 0; i < line->len; i++)
		if ((unsigned char)line->text[i] < 0x20)
			line->text[i] = ' ';
	line->text[line->len++] = '\n';
	ssize_t written;
	do {
		written = write(STDERR_FILENO, line->text, line->len);
	} while (written < 0 && errno == EINTR);
}

void fp_log(enum fp_log_level level, const char *event, const char *format, ...)
{
	struct line line;
	if (!is_wanted(level))
		return;
	begin(&line, level, event);
	if (format && *format) {
		va_list arguments;
		add(&line, " ");
		va_start(arguments, format);
		add_formatted(&line, format, arguments);
		va_end(arguments);
	}
	finish(&line);
}

/* __FILE__ begins with the way from the build folder to the sources. */
static const char *source_file(const char *file)
{
	while (strncmp(file, "../", 3) == 0)
		file += 3;
	return file;
}

void fp_log_error(enum fp_log_level level, const char *event, const struct fp_error *error,
	const char *format, ...)
{
	struct line line;
	if (!is_wanted(level))
		return;
	begin(&line, level, event);
	add(&line, " error=%s text=%s", fp_error_code_name(error->code),
		fp_log_quote(error->text).text);
	if (error->file)
		add(&line, " at=%s:%d", source_file(error->file), error->line);
	if (format && *format) {
		va_list arguments;
		add(&line, " ");
		va_start(arguments, format);
		add_formatted(&line, format, arguments);
		va_end(arguments);
	}
	finish(&line);
}

/* Writes the character at *text, escaped where needed, and moves *text on. Bytes written, 0 when
 * `room` is too small. */
static size_t quote_character(const char **text, char *out, size_t room)
{
	char escaped[5];
	const char *from = *text;
	size_t taken = 1, len;
	unsigned char c = (unsigned char)*from;
	if (c == '"' || c == '\\') {
		len = (size_t)snprintf(escaped, sizeof(escaped), "\\%c", c);
		from = escaped;
	} else if (c == '\n' || c == '\t' || c == '\r') {
		char letter = c == '\n' ? 'n' : c == '\t' ? 't' : 'r';
		len = (size_t)snprintf(escaped, sizeof(escaped), "\\%c", letter);
		from = escaped;
	} else if ((taken = fp_utf8_length(from, strnlen(from, 4))) == 0 || c < 0x20 || c == 0x7F) {
		len = (size_t)snprintf(escaped, sizeof(escaped), "\\x%02x", c);
		from = escaped;
		taken = 1;
	} else {
		len = taken;
	}
	if (len > room)
		return 0;
	memcpy(out, from, len);
	*text += taken;
	return len;
}

struct fp_log_quoted fp_log_quote(const char *text)
{
	static const char cut[] = "…";
	const size_t reserve = sizeof(cut) + 1; /* the mark, the closing quote and the NUL */
	struct fp_log_quoted quoted;
	size_t len = 0;
	quoted.text[len++] = '"';
	for (const char *at = text ? text : ""; *at;) {
		size_t room = sizeof(quoted.text) - reserve - len;
		size_t written = quote_character(&at, quoted.text + len, room);
		if (written == 0) {
			memcpy(quoted.text + len, cut, sizeof(cut) - 1);
			len += sizeof(cut) - 1;
			break;
		}
		len += written;
	}
	quoted.text[len++] = '"';
	quoted.text[len] = '\0';
	return quoted;
}
