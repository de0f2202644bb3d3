/* Printing a configuration and the settings table, by its rows. */
#include "settings.h"

#include "forkpoint/base/number.h"

static void print_object(
	struct fp_json *json, enum fp_setting_owner owner, const void *base, bool decides_only);

static void print_array(struct fp_json *json, const struct fp_setting *setting, const void *place,
	bool decides_only)
{
	const char *element = *(void *const *)place;
	size_t count = *(const size_t *)(const void *)((void *const *)place + 1);
	bool map = setting->type == FP_SETTING_MAP;

	if (map)
		fp_json_object_begin(json);
	else
		fp_json_array_begin(json);
	for (size_t i = 0; i < count; i++, element += setting->element_bytes) {
		if (map)
			fp_json_key(json, *(char *const *)(const void *)element);
		print_object(json, setting->part, element, decides_only);
	}
	if (map)
		fp_json_object_end(json);
	else
		fp_json_array_end(json);
}

static void print_texts(struct fp_json *json, const void *place)
{
	char *const *texts = *(char *const *const *)place;
	size_t count = *(const size_t *)(const void *)((void *const *)place + 1);

	fp_json_array_begin(json);
	for (size_t i = 0; i < count; i++)
		fp_json_text(json, texts[i]);
	fp_json_array_end(json);
}

static void print_value(
	struct fp_json *json, const struct fp_setting *setting, const void *base, bool decides_only)
{
	const void *place = (const char *)base + setting->offset;
	char text[FP_DURATION_TEXT_MAX];

	switch (setting->type) {
	case FP_SETTING_TEXT:
	case FP_SETTING_PATH:
	case FP_SETTING_LOCATION: fp_json_text(json, *(char *const *)place); break;
	case FP_SETTING_DURATION:
		fp_format_duration(*(const int64_t *)place, text);
		fp_json_text(json, text);
		break;
	case FP_SETTING_SIZE:
		fp_format_size(*(const uint64_t *)place, text);
		fp_json_text(json, text);
		break;
	case FP_SETTING_NUMBER: fp_json_u64(json, *(const uint64_t *)place); break;
	case FP_SETTING_COUNT: fp_json_u64(json, *(const unsigned *)place); break;
	case FP_SETTING_CHOICE: fp_json_text(json, setting->choices[*(const int *)place]); break;
	case FP_SETTING_FLAG: fp_json_text(json, setting->choices[*(const bool *)place]); break;
	case FP_SETTING_TEXTS: print_texts(json, place); break;
	case FP_SETTING_PART: print_object(json, setting->part, base, decides_only); break;
	case FP_SETTING_MAP:
	case FP_SETTING_LIST: print_array(json, setting, place, decides_only); break;
	case FP_SETTING_OTHER: setting->print(json, base); break;
	}
}

/* What is absent is left out: neither null nor an empty list is anything that the file takes. */
static bool is_absent(const struct fp_setting *setting, const void *base)
{
	void *const *place = (void *const *)(const void *)((const char *)base + setting->offset);

	switch (setting->type) {
	case FP_SETTING_TEXT:
	case FP_SETTING_PATH:
	case FP_SETTING_LOCATION: return !*place;
	case FP_SETTING_TEXTS:
	case FP_SETTING_LIST: return *(const size_t *)(const void *)(place + 1) == 0;
	case FP_SETTING_PART:
		return setting->part == FP_OWNER_NUGET_CONFIG &&
		       !((const struct fp_config_feed *)base)->nuget_config_file;
	default: return false;
	}
}

static void print_object(
	struct fp_json *json, enum fp_setting_owner owner, const void *base, bool decides_only)
{
	fp_json_object_begin(json);
	for (size_t i = 0; i < fp_settings_count(); i++) {
		const struct fp_setting *setting = &fp_settings_table[i];

		if (setting->owner != owner || (decides_only && !setting->decides) ||
			is_absent(setting, base))
			continue;
		fp_json_key(json, setting->key);
		print_value(json, setting, base, decides_only);
	}
	fp_json_object_end(json);
}

void fp_setting_write_value(const struct fp_setting *setting, const void *base, struct fp_buf *buf)
{
	struct fp_json json;

	if (is_absent(setting, base))
		return;
	fp_json_init(&json, buf);
	print_value(&json, setting, base, false);
}

void fp_config_write(const struct fp_config *config, bool decides_only, struct fp_buf *buf)
{
	struct fp_json json;

	fp_json_init(&json, buf);
	print_object(&json, FP_OWNER_ROOT, config, decides_only);
	fp_buf_add_char(buf, '\n');
}

void fp_config_write_repository_sources(
	const struct fp_config_repository *repository, struct fp_buf *buf)
{
	static const char *const keys[] = {"branch_source", "release", "max_version_file"};
	struct fp_json json;

	fp_json_init(&json, buf);
	fp_json_array_begin(&json);
	for (size_t i = 0; i < FP_ARRAY_SIZE(keys); i++)
		print_value(&json, fp_setting_find(FP_OWNER_REPOSITORY, fp_str(keys[i])),
			repository, true);
	fp_json_array_end(&json);
}

/* ---- for people ---- */

enum { COMPACT_MAX_BYTES = 256 * 1024 * 1024 };

static void begin_line(struct fp_buf *buf, size_t depth)
{
	fp_buf_add_char(buf, '\n');
	for (size_t i = 0; i < depth; i++)
		fp_buf_add_text(buf, "  ");
}

/* Length of the string that text begins with, quotes included. */
static size_t string_length(struct fp_str text)
{
	size_t len = 1;

	while (len < text.len && text.ptr[len] != '"')
		len += text.ptr[len] == '\\' ? 2 : 1;
	return len + 1;
}

/* Whether the comma before this place separates members, not the items of a list of texts. */
static bool is_member_next(struct fp_str json, size_t at)
{
	size_t len;

	if (at >= json.len || json.ptr[at] != '"')
		return true;
	len = string_length(fp_str_n(json.ptr + at, json.len - at));
	return at + len < json.len && json.ptr[at + len] == ':';
}

/* Writes compact JSON with a line for each member of an object; lists stay on theirs as long as
 * they hold no objects. */
static void indent(struct fp_str json, struct fp_buf *buf)
{
	size_t depth = 0, step;

	for (size_t i = 0; i < json.len; i += step) {
		char c = json.ptr[i], next = i + 1 < json.len ? json.ptr[i + 1] : '\n';
		bool opens = c == '{' && next != '}';

		step = c == '"' ? string_length(fp_str_n(json.ptr + i, json.len - i)) : 1;
		if (c == '}' && json.ptr[i - 1] != '{')
			begin_line(buf, --depth);
		fp_buf_add(buf, json.ptr + i, step);
		depth += opens;
		if (opens || (c == ',' && is_member_next(json, i + 1)))
			begin_line(buf, depth);
		else if (c == ',' || (c == ':'))
			fp_buf_add_char(buf, ' ');
	}
}

void fp_config_print(const struct fp_config *config, struct fp_buf *buf)
{
	struct fp_buf FP_CLEANUP_BUF compact = {0};

	fp_buf_init(&compact, COMPACT_MAX_BYTES);
	fp_config_write(config, false, &compact);
	if (compact.state == FP_BUF_OK)
		indent(fp_buf_str(&compact), buf);
	else
		buf->state = compact.state;
}

void fp_config_print_settings(struct fp_buf *buf)
{
	for (size_t i = 0; i < fp_settings_count(); i++) {
		const struct fp_setting *setting = &fp_settings_table[i];

		fp_buf_addf(buf, "%s%s\n    %s\n    takes ", fp_setting_owner_path(setting->owner),
			setting->key, setting->help);
		fp_setting_write_takes(setting, buf);
		if (setting->fallback)
			fp_buf_addf(buf, "; default %s", setting->fallback);
		if (setting->required)
			fp_buf_add_text(buf, "; required");
		if (setting->restart)
			fp_buf_add_text(buf, "; takes effect at the next start");
		fp_buf_add_char(buf, '\n');
	}
}
