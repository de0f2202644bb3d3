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

/* Absent texts are left out: null is nothing that the file takes. */
static bool is_absent(const struct fp_setting *setting, const void *base)
{
	const void *place = (const char *)base + setting->offset;

	if (setting->type == FP_SETTING_PART && setting->part == FP_OWNER_NUGET_CONFIG)
		return !((const struct fp_config_feed *)base)->nuget_config_file;
	return (setting->type == FP_SETTING_TEXT || setting->type == FP_SETTING_PATH ||
		       setting->type == FP_SETTING_LOCATION) &&
	       !*(char *const *)place;
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

void fp_config_print(const struct fp_config *config, struct fp_buf *buf)
{
	fp_config_write(config, false, buf);
}

static const char *kind_of(const struct fp_setting *setting)
{
	if (setting->takes)
		return setting->takes;
	switch (setting->type) {
	case FP_SETTING_DURATION: return "a duration";
	case FP_SETTING_SIZE: return "a size";
	case FP_SETTING_NUMBER:
	case FP_SETTING_COUNT: return "a number";
	default: return "one of";
	}
}

void fp_config_print_settings(struct fp_buf *buf)
{
	for (size_t i = 0; i < fp_settings_count(); i++) {
		const struct fp_setting *setting = &fp_settings_table[i];

		fp_buf_addf(buf, "%s%s\n    %s\n    takes %s",
			fp_setting_owner_path(setting->owner), setting->key, setting->help,
			kind_of(setting));
		for (size_t k = 0; setting->choices && setting->choices[k]; k++)
			fp_buf_addf(buf, "%s %s", k ? "," : "", setting->choices[k]);
		if (setting->fallback)
			fp_buf_addf(buf, "; default %s", setting->fallback);
		if (setting->required)
			fp_buf_add_text(buf, "; required");
		if (setting->restart)
			fp_buf_add_text(buf, "; takes effect at the next start");
		fp_buf_add_char(buf, '\n');
	}
}
