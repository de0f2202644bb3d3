/* Reading the JSON tree against the settings table; every problem is noted, none ends the reading.
 */
#include "settings.h"

#include "forkpoint/base/array.h"
#include "forkpoint/base/number.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- problems and paths ---- */

static void add_problem(struct fp_reading *reading, unsigned line, unsigned column,
	const char *path, const char *text)
{
	struct fp_config_problems *problems = reading->problems;
	struct fp_config_problem *larger;

	if (problems->count >= FP_CONFIG_PROBLEMS_MAX)
		return;
	larger = realloc(problems->items, (problems->count + 1) * sizeof(*larger));
	if (!larger) {
		reading->no_memory = true;
		return;
	}
	problems->items = larger;
	larger[problems->count] = (struct fp_config_problem){
		.line = line,
		.column = column,
		.path = fp_str_dup(fp_str(path)),
		.text = fp_str_dup(fp_str(text)),
	};
	if (larger[problems->count].path && larger[problems->count].text)
		problems->count++;
	else
		reading->no_memory = true;
}

void fp_reading_problem(
	struct fp_reading *reading, const struct fp_json_value *at, const char *format, ...)
{
	char text[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	add_problem(reading, at->key_line ? at->key_line : at->line,
		at->key_line ? at->key_column : at->column,
		reading->path.len ? reading->path.data : "", text);
}

size_t fp_reading_enter(struct fp_reading *reading, struct fp_str key)
{
	size_t mark = reading->path.len;

	if (mark)
		fp_buf_add_char(&reading->path, '.');
	fp_buf_add_str(&reading->path, key);
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
	reading->path.len = mark;
	if (reading->path.data)
		reading->path.data[mark] = '\0';
}

char *fp_reading_copy(struct fp_reading *reading, struct fp_str text)
{
	char *copy = fp_str_dup(text);

	if (!copy)
		reading->no_memory = true;
	return copy;
}

/* ---- values ---- */

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

/* ---- lists ---- */

static void free_texts(char **texts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		free(texts[i]);
	free(texts);
}

static void set_texts(struct fp_reading *reading, const struct fp_json_value *value, void *place)
{
	char ***texts = place;
	size_t *count = (size_t *)(void *)(texts + 1), at = 0;

	if (value->type != FP_JSON_ARRAY) {
		fp_reading_problem(reading, value, "takes a list of strings, not %s",
			fp_json_type_name(value->type));
		return;
	}
	free_texts(*texts, *count);
	*count = 0;
	*texts = calloc(value->count + 1, sizeof(**texts));
	if (!*texts) {
		reading->no_memory = true;
		return;
	}
	for (const struct fp_json_value *item = value->first; item; item = item->next, at++) {
		size_t mark = fp_reading_enter_index(reading, at);
		struct fp_str text;

		if (fp_reading_text(reading, item, &text)) {
			(*texts)[*count] = fp_reading_copy(reading, text);
			*count += (*texts)[*count] != NULL;
		}
		fp_reading_leave(reading, mark);
	}
}

/* Room for `count` zeroed elements of a row's array. */
static char *set_array(
	struct fp_reading *reading, const struct fp_setting *setting, size_t count, void *place)
{
	void **array = place;

	*array = calloc(count + 1, setting->element_bytes);
	if (!*array)
		reading->no_memory = true;
	return *array;
}

static void read_element(struct fp_reading *reading, const struct fp_setting *setting,
	const struct fp_json_value *value, void *element)
{
	if (value->type == FP_JSON_OBJECT)
		fp_reading_object(reading, setting->part, value, element);
	else
		fp_reading_problem(
			reading, value, "takes an object, not %s", fp_json_type_name(value->type));
}

static void set_list(struct fp_reading *reading, const struct fp_setting *setting,
	const struct fp_json_value *value, void *place)
{
	bool alone = setting->lone && value->type == FP_JSON_OBJECT;
	size_t *count = (size_t *)(void *)((void **)place + 1);
	char *element;

	if (value->type != FP_JSON_ARRAY && !alone) {
		fp_reading_problem(reading, value, "takes %s, not %s", setting->takes,
			fp_json_type_name(value->type));
		return;
	}
	element = set_array(reading, setting, alone ? 1 : value->count, place);
	if (!element)
		return;
	if (alone) {
		*count = 1;
		fp_reading_object(reading, setting->part, value, element);
		return;
	}
	for (const struct fp_json_value *item = value->first; item; item = item->next) {
		size_t mark = fp_reading_enter_index(reading, (*count)++);

		read_element(reading, setting, item, element);
		element += setting->element_bytes;
		fp_reading_leave(reading, mark);
	}
}

static bool is_name(struct fp_str name)
{
	if (name.len == 0 || name.len > 100 || name.ptr[0] == '.')
		return false;
	for (size_t i = 0; i < name.len; i++)
		if (!fp_char_is_alnum(name.ptr[i]) && !strchr("._-", name.ptr[i]))
			return false;
	return true;
}

static bool is_repeated(const struct fp_json_value *object, const struct fp_json_value *member)
{
	for (const struct fp_json_value *at = object->first; at != member; at = at->next)
		if (fp_str_equal_nocase(at->key, member->key))
			return true;
	return false;
}

static void set_map(struct fp_reading *reading, const struct fp_setting *setting,
	const struct fp_json_value *value, void *place)
{
	size_t *count = (size_t *)(void *)((void **)place + 1);
	char *element;

	if (value->type != FP_JSON_OBJECT) {
		fp_reading_problem(reading, value, "takes %s, not %s", setting->takes,
			fp_json_type_name(value->type));
		return;
	}
	element = set_array(reading, setting, value->count, place);
	for (const struct fp_json_value *member = value->first; member && element;
		member = member->next) {
		size_t mark = fp_reading_enter(reading, member->key);

		if (!is_name(member->key))
			fp_reading_problem(reading, member,
				"a name takes letters, digits, dots, underscores and hyphens, and "
				"does "
				"not begin with a dot");
		if (is_repeated(value, member))
			fp_reading_problem(reading, member,
				"the name is there already; case does not tell names apart");
		/* The name is the first member of both structs. */
		*(char **)(void *)element = fp_reading_copy(reading, member->key);
		(*count)++;
		read_element(reading, setting, member, element);
		element += setting->element_bytes;
		fp_reading_leave(reading, mark);
	}
}

/* ---- objects ---- */

static void set_value(struct fp_reading *reading, const struct fp_setting *setting,
	const struct fp_json_value *value, void *base)
{
	void *place = (char *)base + setting->offset;
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
	case FP_SETTING_DURATION:
	case FP_SETTING_SIZE:
	case FP_SETTING_NUMBER:
	case FP_SETTING_COUNT:
		if (value->type == FP_JSON_STRING || value->type == FP_JSON_NUMBER)
			set_quantity(reading, setting, value, value->text, place);
		else
			refuse_quantity(reading, setting, value);
		break;
	case FP_SETTING_TEXTS: set_texts(reading, value, place); break;
	case FP_SETTING_PART: read_element(reading, setting, value, base); break;
	case FP_SETTING_MAP: set_map(reading, setting, value, place); break;
	case FP_SETTING_LIST: set_list(reading, setting, value, place); break;
	case FP_SETTING_OTHER: setting->read(reading, value, base); break;
	}
}

static void refuse_key(
	struct fp_reading *reading, enum fp_setting_owner owner, const struct fp_json_value *member)
{
	struct fp_str keys[64];
	size_t count = 0, nearest;

	if (fp_str_equal_nocase(member->key, FP_STR_LITERAL("password")) ||
		fp_str_equal_nocase(member->key, FP_STR_LITERAL("token"))) {
		fp_reading_problem(reading, member,
			"a secret never stands in this file; give \"password_env\" or "
			"\"password_file\"");
		return;
	}
	for (size_t i = 0; i < fp_settings_count() && count < FP_ARRAY_SIZE(keys); i++)
		if (fp_settings_table[i].owner == owner)
			keys[count++] = fp_str(fp_settings_table[i].key);
	if (fp_str_nearest(member->key, keys, count, &nearest, 1))
		fp_reading_problem(reading, member,
			"there is no such setting; did you mean \"%.*s\"?",
			FP_STR_ARG(keys[nearest]));
	else
		fp_reading_problem(reading, member,
			"there is no such setting; \"forkpoint help settings\" lists them");
}

static bool is_given(const struct fp_json_value *object, const char *key)
{
	return fp_json_member(object, key) != NULL;
}

static void require(
	struct fp_reading *reading, enum fp_setting_owner owner, const struct fp_json_value *object)
{
	for (size_t i = 0; i < fp_settings_count(); i++) {
		const struct fp_setting *setting = &fp_settings_table[i];

		if (setting->owner == owner && setting->required && !is_given(object, setting->key))
			fp_reading_problem(reading, object, "\"%s\" is required; it takes %s",
				setting->key, setting->takes);
	}
}

static bool is_same_key_before(
	const struct fp_json_value *object, const struct fp_json_value *member)
{
	for (const struct fp_json_value *at = object->first; at != member; at = at->next)
		if (fp_str_equal(at->key, member->key))
			return true;
	return false;
}

void fp_reading_object(struct fp_reading *reading, enum fp_setting_owner owner,
	const struct fp_json_value *object, void *base)
{
	fp_reading_defaults(reading, owner, base);
	for (const struct fp_json_value *member = object->first; member; member = member->next) {
		const struct fp_setting *setting = fp_setting_find(owner, member->key);
		size_t mark = fp_reading_enter(reading, member->key);

		if (!setting)
			refuse_key(reading, owner, member);
		else if (is_same_key_before(object, member))
			fp_reading_problem(reading, member, "the setting is given twice");
		else
			set_value(reading, setting, member, base);
		fp_reading_leave(reading, mark);
	}
	require(reading, owner, object);
}

/* ---- defaults ---- */

/* A default as the value that would stand in the file; lists are written with spaces. */
static void set_default(struct fp_reading *reading, const struct fp_setting *setting, void *base)
{
	struct fp_json_value items[8], value = {.type = FP_JSON_STRING};
	struct fp_str rest = fp_str(setting->fallback);
	bool list = setting->type == FP_SETTING_TEXTS || setting->type == FP_SETTING_OTHER;

	value.text = rest;
	if (!list) {
		set_value(reading, setting, &value, base);
		return;
	}
	value.type = FP_JSON_ARRAY;
	while (rest.len && value.count < FP_ARRAY_SIZE(items)) {
		const char *space = memchr(rest.ptr, ' ', rest.len);
		size_t len = space ? (size_t)(space - rest.ptr) : rest.len;
		struct fp_json_value *item = &items[value.count];

		*item = (struct fp_json_value){
			.type = FP_JSON_STRING, .text = fp_str_n(rest.ptr, len)};
		if (value.count++)
			item[-1].next = item;
		rest.ptr += space ? len + 1 : len;
		rest.len -= space ? len + 1 : len;
	}
	value.first = items;
	set_value(reading, setting, &value, base);
}

void fp_reading_defaults(struct fp_reading *reading, enum fp_setting_owner owner, void *base)
{
	for (size_t i = 0; i < fp_settings_count(); i++) {
		const struct fp_setting *setting = &fp_settings_table[i];

		if (setting->owner != owner)
			continue;
		if (setting->fallback)
			set_default(reading, setting, base);
		if (setting->type == FP_SETTING_PART && !setting->required &&
			setting->part != FP_OWNER_NUGET_CONFIG)
			fp_reading_defaults(reading, setting->part, base);
	}
}
