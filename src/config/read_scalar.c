/* Values of single settings: texts, paths, choices, quantities. */
#include "settings.h"

#include "forkpoint/base/number.h"

#include <stdio.h>
#include <stdlib.h>

bool fp_reading_text(
	struct fp_reading *reading, const struct fp_json_value *value, struct fp_str *text)
{
	if (value->type != FP_JSON_STRING) {
		fp_reading_problem(
			reading, value, "takes a string, not %s", fp_json_type_name(value->type));
		return false;
	}
	if (value->text.len == 0 || memchr(value->text.ptr, '\0', value->text.len)) {
		fp_reading_problem(reading, value, "takes a string that is not empty");
		return false;
	}
	*text = value->text;
	return true;
}

static bool has_scheme(struct fp_str text)
{
	for (size_t i = 0; i + 2 < text.len; i++) {
		if (text.ptr[i] == ':')
			return text.ptr[i + 1] == '/' && text.ptr[i + 2] == '/';
		if (!fp_char_is_alnum(text.ptr[i]) && !strchr("+.-", text.ptr[i]))
			return false;
	}
	return false;
}

/* git's short form of an ssh address: host:path, with a user or a dotted host. */
static bool is_scp_like(struct fp_str text)
{
	const char *colon = memchr(text.ptr, ':', text.len);
	const char *slash = memchr(text.ptr, '/', text.len);

	return colon && (!slash || colon < slash);
}

static char *copy_path(struct fp_reading *reading, struct fp_str text, bool may_be_url)
{
	struct fp_buf joined;
	char *path;

	if (text.ptr[0] == '/' || (may_be_url && (has_scheme(text) || is_scp_like(text))))
		return fp_reading_copy(reading, text);
	fp_buf_init(&joined, 64 * 1024);
	fp_buf_add_text(&joined, reading->folder);
	fp_buf_add_char(&joined, '/');
	fp_buf_add_str(&joined, text);
	path = fp_reading_copy(reading, fp_buf_str(&joined));
	fp_buf_release(&joined);
	return path;
}

static void list_choices(const char *const *choices, struct fp_buf *list)
{
	for (; *choices; choices++) {
		if (list->len)
			fp_buf_add_text(list, ", ");
		fp_buf_add_text(list, *choices);
	}
}

static int find_choice(const char *const *choices, struct fp_str text)
{
	for (int i = 0; choices[i]; i++)
		if (fp_str_equal(fp_str(choices[i]), text))
			return i;
	return -1;
}

static void refuse_choice(struct fp_reading *reading, const struct fp_setting *setting,
	const struct fp_json_value *value)
{
	struct fp_buf FP_CLEANUP_BUF list = {0};

	fp_buf_init(&list, 1024);
	list_choices(setting->choices, &list);
	fp_reading_problem(reading, value, "takes one of %s", list.data);
}

static void set_text(struct fp_reading *reading, const struct fp_setting *setting,
	const struct fp_json_value *value, struct fp_str text, void *place)
{
	char **slot = place;

	if (setting->choices && find_choice(setting->choices, text) < 0) {
		refuse_choice(reading, setting, value);
		return;
	}
	free(*slot);
	*slot = setting->type == FP_SETTING_TEXT
			? fp_reading_copy(reading, text)
			: copy_path(reading, text, setting->type == FP_SETTING_LOCATION);
}

static void set_choice(struct fp_reading *reading, const struct fp_setting *setting,
	const struct fp_json_value *value, struct fp_str text, void *place)
{
	int choice = find_choice(setting->choices, text);

	if (choice < 0)
		refuse_choice(reading, setting, value);
	else if (setting->type == FP_SETTING_FLAG)
		*(bool *)place = choice == 1;
	else
		*(int *)place = choice;
}

/* Whether a quantity parses, and lies in the row's range. */
static bool parse_quantity(const struct fp_setting *setting, struct fp_str text, uint64_t *quantity)
{
	int64_t microseconds = 0;
	bool parsed;

	switch (setting->type) {
	case FP_SETTING_DURATION:
		parsed = fp_parse_duration_us(text, &microseconds);
		*quantity = (uint64_t)microseconds;
		break;
	case FP_SETTING_SIZE: parsed = fp_parse_size_bytes(text, quantity); break;
	default: parsed = fp_parse_u64(text, 0, UINT64_MAX, quantity); break;
	}
	return parsed && *quantity >= setting->min &&
	       (setting->max == 0 || *quantity <= setting->max);
}

static void format_quantity(const struct fp_setting *setting, uint64_t quantity, char *text)
{
	if (setting->type == FP_SETTING_DURATION)
		fp_format_duration((int64_t)quantity, text);
	else if (setting->type == FP_SETTING_SIZE)
		fp_format_size(quantity, text);
	else
		snprintf(text, FP_DURATION_TEXT_MAX, "%llu", (unsigned long long)quantity);
}

static void refuse_quantity(struct fp_reading *reading, const struct fp_setting *setting,
	const struct fp_json_value *value)
{
	const char *kind = setting->type == FP_SETTING_DURATION ? "a duration such as \"60s\""
			   : setting->type == FP_SETTING_SIZE	? "a size such as \"16MiB\""
								: "a number";
	char min[FP_DURATION_TEXT_MAX], max[FP_DURATION_TEXT_MAX];

	format_quantity(setting, setting->min, min);
	format_quantity(setting, setting->max, max);
	fp_reading_problem(reading, value, "takes %s, from %s to %s", kind, min, max);
}

static void set_quantity(struct fp_reading *reading, const struct fp_setting *setting,
	const struct fp_json_value *value, struct fp_str text, void *place)
{
	uint64_t quantity;

	if (!parse_quantity(setting, text, &quantity))
		refuse_quantity(reading, setting, value);
	else if (setting->type == FP_SETTING_DURATION)
		*(int64_t *)place = (int64_t)quantity;
	else if (setting->type == FP_SETTING_COUNT)
		*(unsigned *)place = (unsigned)quantity;
	else
		*(uint64_t *)place = quantity;
}

void fp_reading_scalar(struct fp_reading *reading, const struct fp_setting *setting,
	const struct fp_json_value *value, void *place)
{
	struct fp_str text;

	switch (setting->type) {
	case FP_SETTING_TEXT:
	case FP_SETTING_PATH:
	case FP_SETTING_LOCATION:
		if (fp_reading_text(reading, value, &text))
			set_text(reading, setting, value, text, place);
		break;
	case FP_SETTING_CHOICE:
	case FP_SETTING_FLAG:
		if (fp_reading_text(reading, value, &text))
			set_choice(reading, setting, value, text, place);
		break;
	default:
		if (value->type == FP_JSON_STRING || value->type == FP_JSON_NUMBER)
			set_quantity(reading, setting, value, value->text, place);
		else
			refuse_quantity(reading, setting, value);
		break;
	}
}
