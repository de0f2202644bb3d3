/* Problems, and the paths that they stand at. */
#include "reading.h"

#include <stdio.h>

enum { PROBLEM_TEXT_MAX = 1024, KEY_SHOWN_MAX = 100 };

bool fp_reading_is_over(const struct fp_reading *reading)
{
	return reading->no_memory || reading->problems->count >= FP_CONFIG_PROBLEMS_MAX;
}

/* What came from the file must not break the line that it is shown in: characters that are none and
 * control characters become question marks. */
static void make_printable(char *text)
{
	size_t left = strlen(text), len;

	for (; left; text += len, left -= len) {
		len = fp_utf8_length(text, left);
		if (len == 0 || (unsigned char)*text < ' ' || *text == 0x7f) {
			*text = '?';
			len = 1;
		}
	}
}

static void add_problem(struct fp_reading *reading, unsigned line, unsigned column, char *text)
{
	struct fp_config_problems *problems = reading->problems;
	struct fp_config_problem *larger;

	if (fp_reading_is_over(reading))
		return;
	larger = realloc(problems->items, (problems->count + 1) * sizeof(*larger));
	if (larger)
		problems->items = larger;
	make_printable(text);
	if (larger) {
		larger += problems->count++;
		*larger = (struct fp_config_problem){
			.line = line,
			.column = column,
			.path = fp_reading_copy(reading, fp_buf_str(&reading->path)),
			.text = fp_reading_copy(reading, fp_str(text)),
		};
	}
	reading->no_memory = reading->no_memory || !larger;
}

void fp_reading_problem(
	struct fp_reading *reading, const struct fp_json_value *at, const char *format, ...)
{
	char text[PROBLEM_TEXT_MAX];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	add_problem(reading, at->line, at->column, text);
}

void fp_reading_key_problem(
	struct fp_reading *reading, const struct fp_json_value *member, const char *format, ...)
{
	char text[PROBLEM_TEXT_MAX];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	add_problem(reading, member->key_line, member->key_column, text);
}

const char *fp_reading_part(struct fp_reading *reading, const struct fp_buf *part)
{
	if (part->state == FP_BUF_NO_MEMORY)
		reading->no_memory = true;
	return part->len ? part->data : "";
}

static bool wants(const struct fp_setting *setting, enum fp_json_type type)
{
	switch (setting->type) {
	case FP_SETTING_NUMBER:
	case FP_SETTING_COUNT: return type == FP_JSON_NUMBER;
	case FP_SETTING_TEXTS: return type == FP_JSON_ARRAY;
	case FP_SETTING_PART:
	case FP_SETTING_MAP: return type == FP_JSON_OBJECT;
	case FP_SETTING_LIST: return type == FP_JSON_ARRAY || type == FP_JSON_OBJECT;
	case FP_SETTING_OTHER: return type != FP_JSON_NULL;
	default: return type == FP_JSON_STRING;
	}
}

void fp_reading_refuse(struct fp_reading *reading, const struct fp_setting *setting,
	const struct fp_json_value *value)
{
	struct fp_buf FP_CLEANUP_BUF takes = {0};

	fp_buf_init(&takes, PROBLEM_TEXT_MAX);
	fp_setting_write_takes(setting, &takes);
	if (setting->choices && value->type == FP_JSON_STRING)
		fp_reading_problem(reading, value, "takes %s, not \"%.*s\"",
			fp_reading_part(reading, &takes), FP_SHOWN(value->text));
	else if (wants(setting, value->type))
		fp_reading_problem(reading, value, "takes %s", fp_reading_part(reading, &takes));
	else
		fp_reading_problem(reading, value, "takes %s, not %s",
			fp_reading_part(reading, &takes), fp_json_type_name(value->type));
}

/* ---- paths ---- */

size_t fp_reading_enter(struct fp_reading *reading, struct fp_str key)
{
	size_t mark = reading->path.len;
	struct fp_str shown = key;

	if (mark)
		fp_buf_add_char(&reading->path, '.');
	if (shown.len > KEY_SHOWN_MAX)
		shown.len = KEY_SHOWN_MAX;
	for (size_t i = 0; i < shown.len; i++)
		fp_buf_add_char(&reading->path, shown.ptr[i] ? shown.ptr[i] : '?');
	if (reading->path.data)
		make_printable(reading->path.data + mark);
	return mark;
}

size_t fp_reading_enter_index(struct fp_reading *reading, size_t index)
{
	size_t mark = reading->path.len;

	fp_buf_addf(&reading->path, "[%zu]", index);
	return mark;
}

void fp_reading_leave(struct fp_reading *reading, size_t mark)
{
	if (reading->path.state != FP_BUF_OK) {
		reading->no_memory = true;
		return;
	}
	reading->path.len = mark;
	if (reading->path.data)
		reading->path.data[mark] = '\0';
}
