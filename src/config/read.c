/* Reading the JSON tree's objects against the settings table. */
#include "reading.h"

#include "forms.h"

/* A map's or list's count stands behind its array. */
static size_t *count_of(void **array)
{
	return (size_t *)(void *)(array + 1);
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
	const struct fp_json_value *value, void **array)
{
	bool alone = setting->lone && value->type == FP_JSON_OBJECT;
	const struct fp_json_value *item = alone ? value : value->first;
	size_t count = alone ? 1 : value->count;
	char *element;

	if (!alone && !fp_reading_is_list(reading, setting, value))
		return;
	element = *array = fp_reading_array(reading, count, setting->element_bytes);
	*count_of(array) = element ? count : 0;
	for (size_t i = 0; i < count && !reading->no_memory; i++, item = item->next) {
		size_t mark = reading->path.len;

		if (!alone)
			fp_reading_enter_index(reading, i);
		read_element(reading, setting, item, element + i * setting->element_bytes);
		fp_reading_leave(reading, mark);
	}
}

/* ---- maps ---- */

static bool is_name_before(const struct fp_json_value *object, const struct fp_json_value *member)
{
	for (const struct fp_json_value *at = object->first; at != member; at = at->next)
		if (fp_str_equal_nocase(at->key, member->key))
			return true;
	return false;
}

static void check_name(struct fp_reading *reading, const struct fp_json_value *map,
	const struct fp_json_value *member)
{
	const char *refused = fp_value_form_name(member->key);

	if (refused)
		fp_reading_key_problem(reading, member, "%s", refused);
	else if (is_name_before(map, member))
		fp_reading_key_problem(reading, member,
			"the name stands here already; case does not tell names apart");
}

static void set_map(struct fp_reading *reading, const struct fp_setting *setting,
	const struct fp_json_value *value, void **array)
{
	char *element;

	if (value->type != FP_JSON_OBJECT) {
		fp_reading_refuse(reading, setting, value);
		return;
	}
	if (value->count > setting->max) {
		fp_reading_problem(reading, value, "takes at most %zu, not %zu",
			(size_t)setting->max, value->count);
		return;
	}
	element = *array = fp_reading_array(reading, value->count, setting->element_bytes);
	*count_of(array) = element ? value->count : 0;
	for (const struct fp_json_value *member = value->first; member && !reading->no_memory;
		member = member->next, element += setting->element_bytes) {
		size_t mark = fp_reading_enter(reading, member->key);

		check_name(reading, value, member);
		*(char **)(void *)element = fp_reading_copy(reading, member->key);
		read_element(reading, setting, member, element);
		fp_reading_leave(reading, mark);
	}
}

/* ---- objects ---- */

static void set_value(struct fp_reading *reading, const struct fp_setting *setting,
	const struct fp_json_value *value, void *base)
{
	void *place = (char *)base + setting->offset;

	switch (setting->type) {
	case FP_SETTING_TEXTS:
		fp_reading_texts(reading, setting, value, place, count_of(place));
		break;
	case FP_SETTING_PART:
		if (value->type == FP_JSON_OBJECT)
			fp_reading_object(reading, setting->part, value, base);
		else
			fp_reading_refuse(reading, setting, value);
		break;
	case FP_SETTING_MAP: set_map(reading, setting, value, place); break;
	case FP_SETTING_LIST: set_list(reading, setting, value, place); break;
	case FP_SETTING_OTHER: setting->read(reading, setting, value, base); break;
	default: fp_reading_scalar(reading, setting, value, place); break;
	}
}

/* Keys by which people would write a secret down. */
static bool is_secret_word(struct fp_str key)
{
	static const char *const words[] = {
		"password", "passwd", "passphrase", "token", "secret", "api_key", "apikey", "pat"};

	for (size_t i = 0; i < FP_ARRAY_SIZE(words); i++)
		if (fp_str_equal_nocase(key, fp_str(words[i])))
			return true;
	return false;
}

static void refuse_secret(
	struct fp_reading *reading, enum fp_setting_owner owner, const struct fp_json_value *member)
{
	const char *instead = "name an environment variable or a file where the secret is used";

	if (fp_setting_find(owner, FP_STR_LITERAL("password_env")))
		instead = "give \"password_env\", the name of an environment variable, or "
			  "\"password_file\"";
	else if (fp_setting_find(owner, FP_STR_LITERAL("secret_env")))
		instead = "give \"secret_env\", the name of an environment variable, or "
			  "\"secret_file\"";
	else if (owner == FP_OWNER_TOKEN)
		instead = "give \"sha256\", the hash of the token";
	fp_reading_key_problem(reading, member, "a secret never stands in this file; %s", instead);
}

static void list_keys(enum fp_setting_owner owner, struct fp_buf *list)
{
	for (size_t i = 0; i < fp_settings_count(); i++)
		if (fp_settings_table[i].owner == owner)
			fp_buf_addf(list, "%s%s", list->len ? ", " : "", fp_settings_table[i].key);
}

static void refuse_key(
	struct fp_reading *reading, enum fp_setting_owner owner, const struct fp_json_value *member)
{
	struct fp_buf FP_CLEANUP_BUF list = {0};
	struct fp_str keys[64];
	size_t count = 0, nearest;

	for (size_t i = 0; i < fp_settings_count() && count < FP_ARRAY_SIZE(keys); i++)
		if (fp_settings_table[i].owner == owner)
			keys[count++] = fp_str(fp_settings_table[i].key);
	if (is_secret_word(member->key)) {
		refuse_secret(reading, owner, member);
	} else if (fp_str_nearest(member->key, keys, count, &nearest, 1)) {
		fp_reading_key_problem(reading, member,
			"there is no such setting; did you mean \"%s\"?", keys[nearest].ptr);
	} else {
		fp_buf_init(&list, 1024);
		list_keys(owner, &list);
		fp_reading_key_problem(reading, member, "there is no such setting; there are %s",
			fp_reading_part(reading, &list));
	}
}

static void require(
	struct fp_reading *reading, enum fp_setting_owner owner, const struct fp_json_value *object)
{
	struct fp_buf FP_CLEANUP_BUF takes = {0};

	fp_buf_init(&takes, 1024);
	for (size_t i = 0; i < fp_settings_count(); i++) {
		const struct fp_setting *setting = &fp_settings_table[i];

		if (setting->owner != owner || !setting->required ||
			fp_json_member(object, setting->key))
			continue;
		fp_buf_clear(&takes);
		fp_setting_write_takes(setting, &takes);
		fp_reading_problem(reading, object, "\"%s\" is missing; it takes %s", setting->key,
			fp_reading_part(reading, &takes));
	}
}

static bool is_key_before(const struct fp_json_value *object, const struct fp_json_value *member)
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
	for (const struct fp_json_value *member = object->first;
		member && !fp_reading_is_over(reading); member = member->next) {
		const struct fp_setting *setting = fp_setting_find(owner, member->key);
		size_t mark = fp_reading_enter(reading, member->key);

		if (!setting)
			refuse_key(reading, owner, member);
		else if (is_key_before(object, member))
			fp_reading_key_problem(reading, member, "the setting is given twice");
		else
			set_value(reading, setting, member, base);
		fp_reading_leave(reading, mark);
	}
	require(reading, owner, object);
}

/* ---- defaults ---- */

enum { FALLBACK_ITEMS_MAX = 8 };

/* A default's items, which are written with spaces between them, as a JSON list. */
static void split_fallback(
	struct fp_str rest, struct fp_json_value *items, struct fp_json_value *list)
{
	list->type = FP_JSON_ARRAY;
	list->first = items;
	while (rest.len && list->count < FALLBACK_ITEMS_MAX) {
		const char *space = memchr(rest.ptr, ' ', rest.len);
		size_t len = space ? (size_t)(space - rest.ptr) : rest.len;

		items[list->count] = (struct fp_json_value){
			.type = FP_JSON_STRING, .text = fp_str_n(rest.ptr, len)};
		if (list->count)
			items[list->count - 1].next = &items[list->count];
		list->count++;
		rest.ptr += len + (space != NULL);
		rest.len -= len + (space != NULL);
	}
}

/* A default goes the way of what stands in the file. */
static void set_default(struct fp_reading *reading, const struct fp_setting *setting, void *base)
{
	struct fp_json_value items[FALLBACK_ITEMS_MAX];
	struct fp_json_value value = {.text = fp_str(setting->fallback)};

	if (setting->type == FP_SETTING_TEXTS || setting->type == FP_SETTING_OTHER)
		split_fallback(value.text, items, &value);
	else if (setting->type == FP_SETTING_NUMBER || setting->type == FP_SETTING_COUNT)
		value.type = FP_JSON_NUMBER;
	else
		value.type = FP_JSON_STRING;
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
		else if (setting->type == FP_SETTING_PART)
			fp_reading_defaults(reading, setting->part, base);
	}
}
