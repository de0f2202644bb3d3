/* Values that are no objects: texts, choices, quantities, lists of texts. */
#include "reading.h"

#include "forkpoint/base/number.h"
#include "forms.h"

enum { PATH_MAX_BYTES = 64 * 1024 };

char *fp_reading_copy(struct fp_reading *reading, struct fp_str text)
{
	char *copy = fp_str_dup(text);

	if (!copy)
		reading->no_memory = true;
	return copy;
}

void *fp_reading_array(struct fp_reading *reading, size_t count, size_t element_bytes)
{
	void *array = calloc(count + 1, element_bytes);

	if (!array)
		reading->no_memory = true;
	return array;
}

/* ---- texts ---- */

/* Settings end in headers, logs and other programs' arguments: none has a line end in it. */
static bool has_control(struct fp_str text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] < ' ' || text.ptr[i] == 0x7f)
			return true;
	return false;
}

bool fp_reading_text(struct fp_reading *reading, const struct fp_setting *setting,
	const struct fp_json_value *value, struct fp_str *text)
{
	const char *refused = NULL;

	if (value->type != FP_JSON_STRING)
		refused = setting->type == FP_SETTING_TEXTS ? "takes strings" : "";
	else if (value->text.len == 0)
		refused = "takes a string that is not empty";
	else if (has_control(value->text))
		refused = "takes a string without control characters";
	else if (setting->form)
		refused = setting->form(value->text);
	if (!refused) {
		*text = value->text;
		return true;
	}
	if (*refused)
		fp_reading_problem(reading, value, "%s", refused);
	else
		fp_reading_refuse(reading, setting, value);
	return false;
}

static bool is_url(const struct fp_setting *setting, struct fp_str text)
{
	if (setting->type != FP_SETTING_LOCATION)
		return false;
	return fp_url_has_scheme(text) ||
	       (setting->form == fp_config_form_repository_url && fp_url_is_scp_like(text));
}

static char *copy_path(struct fp_reading *reading, struct fp_str text)
{
	struct fp_buf FP_CLEANUP_BUF joined = {0};
	char *path;

	if (text.ptr[0] == '/')
		return fp_reading_copy(reading, text);
	fp_buf_init(&joined, PATH_MAX_BYTES);
	fp_buf_add_text(&joined, reading->folder);
	fp_buf_add_char(&joined, '/');
	fp_buf_add_str(&joined, text);
	path = fp_buf_take(&joined);
	if (!path)
		reading->no_memory = true;
	return path;
}

static void set_text(struct fp_reading *reading, const struct fp_setting *setting,
	const struct fp_json_value *value, char **place)
{
	struct fp_str text;

	if (!fp_reading_text(reading, setting, value, &text))
		return;
	if (setting->type != FP_SETTING_TEXT && text.len > PATH_MAX_BYTES / 2) {
		fp_reading_problem(reading, value, "takes at most %d bytes", PATH_MAX_BYTES / 2);
		return;
	}
	free(*place);
	*place = setting->type == FP_SETTING_TEXT || is_url(setting, text)
			 ? fp_reading_copy(reading, text)
			 : copy_path(reading, text);
}

/* ---- choices ---- */

static int find_choice(const struct fp_setting *setting, const struct fp_json_value *value)
{
	for (int i = 0; value->type == FP_JSON_STRING && setting->choices[i]; i++)
		if (fp_str_equal(fp_str(setting->choices[i]), value->text))
			return i;
	return -1;
}

static void set_choice(struct fp_reading *reading, const struct fp_setting *setting,
	const struct fp_json_value *value, void *place)
{
	int choice = find_choice(setting, value);

	if (choice < 0)
		fp_reading_refuse(reading, setting, value);
	else if (setting->type == FP_SETTING_TEXT)
		set_text(reading, setting, value, place);
	else if (setting->type == FP_SETTING_FLAG)
		*(bool *)place = choice == 1;
	else
		*(int *)place = choice;
}

/* ---- quantities ---- */

static bool parse_quantity(
	const struct fp_setting *setting, const struct fp_json_value *value, uint64_t *quantity)
{
	int64_t microseconds = 0;
	bool parsed;

	switch (setting->type) {
	case FP_SETTING_DURATION:
		parsed = value->type == FP_JSON_STRING &&
			 fp_parse_duration_us(value->text, &microseconds);
		*quantity = (uint64_t)microseconds;
		break;
	case FP_SETTING_SIZE:
		parsed = (value->type == FP_JSON_STRING || value->type == FP_JSON_NUMBER) &&
			 fp_parse_size_bytes(value->text, quantity);
		break;
	default:
		parsed = value->type == FP_JSON_NUMBER &&
			 fp_parse_u64(value->text, 0, UINT64_MAX, quantity);
		break;
	}
	return parsed && *quantity >= setting->min && *quantity <= setting->max;
}

static void set_quantity(struct fp_reading *reading, const struct fp_setting *setting,
	const struct fp_json_value *value, void *place)
{
	uint64_t quantity = 0;

	if (!parse_quantity(setting, value, &quantity))
		fp_reading_refuse(reading, setting, value);
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
	if (setting->choices)
		set_choice(reading, setting, value, place);
	else if (setting->type == FP_SETTING_TEXT || setting->type == FP_SETTING_PATH ||
		 setting->type == FP_SETTING_LOCATION)
		set_text(reading, setting, value, place);
	else
		set_quantity(reading, setting, value, place);
}

/* ---- lists of texts ---- */

bool fp_reading_is_list(struct fp_reading *reading, const struct fp_setting *setting,
	const struct fp_json_value *value)
{
	size_t max = setting->max ? setting->max : FP_SETTING_ITEMS_MAX;

	if (value->type != FP_JSON_ARRAY)
		fp_reading_refuse(reading, setting, value);
	else if (value->count == 0)
		fp_reading_problem(reading, value, "takes at least one%s",
			setting->required ? "" : "; leave the setting out where there is none");
	else if (value->count > max)
		fp_reading_problem(reading, value, "takes at most %zu, not %zu", max, value->count);
	else
		return true;
	return false;
}

void fp_reading_texts(struct fp_reading *reading, const struct fp_setting *setting,
	const struct fp_json_value *value, char ***texts, size_t *count)
{
	size_t at = 0;

	if (!fp_reading_is_list(reading, setting, value))
		return;
	fp_texts_free(*texts, *count);
	*count = 0;
	*texts = fp_reading_array(reading, value->count, sizeof(**texts));
	for (const struct fp_json_value *item = value->first; item && !reading->no_memory;
		item = item->next) {
		size_t mark = fp_reading_enter_index(reading, at++);
		struct fp_str text;

		if (fp_reading_text(reading, setting, item, &text)) {
			(*texts)[*count] = fp_reading_copy(reading, text);
			*count += (*texts)[*count] != NULL;
		}
		fp_reading_leave(reading, mark);
	}
}
