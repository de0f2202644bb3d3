/*
 * What no setting can say alone: names that must exist elsewhere, settings that need or exclude
 * each other. They look at the tree as well as at what was read from it: what is there but wrong
 * has its problem already, and must not be called missing too.
 */
#include "reading.h"

#include <stdio.h>

/* The first member of that name, which is the one that was read. */
static const struct fp_json_value *member(const struct fp_json_value *object, const char *key)
{
	for (const struct fp_json_value *at = object->first; at; at = at->next)
		if (fp_str_equal(at->key, fp_str(key)))
			return at;
	return NULL;
}

/* A problem of the object's setting of that name, or of the object where it has none. */
static void FP_PRINTF(4, 5) problem_of(struct fp_reading *reading,
	const struct fp_json_value *object, const char *key, const char *format, ...)
{
	const struct fp_json_value *at = member(object, key);
	size_t mark = reading->path.len;
	char text[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (at)
		fp_reading_enter(reading, fp_str(key));
	fp_reading_problem(reading, at ? at : object, "%s", text);
	fp_reading_leave(reading, mark);
}

static void exclude(struct fp_reading *reading, const struct fp_json_value *object, const char *one,
	const char *other)
{
	const struct fp_json_value *second = member(object, other);
	size_t mark;

	if (!second || !member(object, one))
		return;
	mark = fp_reading_enter(reading, fp_str(other));
	fp_reading_key_problem(reading, second, "\"%s\" and \"%s\" exclude each other", one, other);
	fp_reading_leave(reading, mark);
}

static void need_one(struct fp_reading *reading, const struct fp_json_value *object,
	const char *one, const char *other)
{
	if (!member(object, one) && !member(object, other))
		fp_reading_problem(reading, object, "takes \"%s\" or \"%s\"", one, other);
	exclude(reading, object, one, other);
}

typedef void element_check(
	struct fp_reading *reading, const struct fp_json_value *object, void *element);

/* Calls check for each of a map's or list's elements that is an object, with its path and with what
 * was read from it. */
static void check_each(struct fp_reading *reading, enum fp_setting_owner owner, const char *key,
	const struct fp_json_value *object, void *base, element_check *check)
{
	const struct fp_setting *setting = fp_setting_find(owner, fp_str(key));
	void **array = (void **)(void *)((char *)base + setting->offset);
	size_t count = *(size_t *)(void *)(array + 1);
	const struct fp_json_value *list = member(object, key), *at = list;
	bool alone = list && setting->lone && list->type == FP_JSON_OBJECT;
	size_t mark = fp_reading_enter(reading, fp_str(key));

	if (list && !alone)
		at = list->first;
	for (size_t i = 0; at && i < count; i++, at = at->next) {
		size_t inner = reading->path.len;

		if (setting->type == FP_SETTING_MAP)
			fp_reading_enter(reading, at->key);
		else if (!alone)
			fp_reading_enter_index(reading, i);
		if (at->type == FP_JSON_OBJECT)
			check(reading, at, (char *)*array + i * setting->element_bytes);
		fp_reading_leave(reading, inner);
	}
	fp_reading_leave(reading, mark);
}

/* ---- feeds ---- */

static void check_feed(
	struct fp_reading *reading, const struct fp_json_value *object, void *element)
{
	static const char *const credentials[] = {"username", "password_env", "password_file"};

	need_one(reading, object, "url", "nuget_config");
	exclude(reading, object, "password_env", "password_file");
	for (size_t i = 0; i < FP_ARRAY_SIZE(credentials); i++)
		exclude(reading, object, "nuget_config", credentials[i]);
}

enum { FEEDS_SHOWN_MAX = 20 };

static void list_feeds(const struct fp_config *config, struct fp_buf *list)
{
	for (size_t i = 0; i < config->feed_count && i < FEEDS_SHOWN_MAX; i++)
		fp_buf_addf(list, "%s%s", i ? ", " : "", config->feeds[i].name);
	if (config->feed_count > FEEDS_SHOWN_MAX)
		fp_buf_addf(list, " and %zu more", config->feed_count - FEEDS_SHOWN_MAX);
	if (config->feed_count == 0)
		fp_buf_add_text(list, "none");
}

static void find_feed(struct fp_reading *reading, const struct fp_json_value *object,
	struct fp_config_package *package)
{
	const struct fp_config *config = reading->config;
	struct fp_buf FP_CLEANUP_BUF list = {0};

	for (size_t i = 0; i < config->feed_count; i++) {
		if (strcmp(config->feeds[i].name, package->feed) != 0)
			continue;
		package->feed_index = i;
		return;
	}
	fp_buf_init(&list, 16 * 1024);
	list_feeds(config, &list);
	problem_of(reading, object, "feed", "there is no feed \"%.*s\"; \"feeds\" has %s",
		FP_SHOWN(fp_str(package->feed)), fp_reading_part(reading, &list));
}

/* ---- packages ---- */

static void check_set(struct fp_reading *reading, const struct fp_json_value *object,
	const struct fp_config_package *package)
{
	for (size_t i = 0; i < package->set_count; i++) {
		bool repeated = package->id &&
				fp_str_equal_nocase(fp_str(package->set[i]), fp_str(package->id));

		for (size_t k = 0; k < i && !repeated; k++)
			repeated = fp_str_equal_nocase(
				fp_str(package->set[i]), fp_str(package->set[k]));
		if (repeated)
			problem_of(reading, object, "set",
				"\"set\" takes further ids, each once; \"%.*s\" is in the set "
				"already",
				FP_SHOWN(fp_str(package->set[i])));
	}
}

static void check_package(
	struct fp_reading *reading, const struct fp_json_value *object, void *element)
{
	struct fp_config_package *package = element;

	if (package->feed)
		find_feed(reading, object, package);
	for (size_t i = 0; i < package->grammar_count; i++)
		if (package->grammars[i] == FP_GRAMMAR_ARCADE && !member(object, "branches"))
			problem_of(reading, object, "grammars",
				"arcade versions name no branch; \"branches\" must list those that "
				"the package stands for");
	check_set(reading, object, package);
}

static bool has_id_before(const struct fp_config_repository *repository, size_t index)
{
	struct fp_str id = fp_str(repository->packages[index].id);

	for (size_t i = 0; id.len && i < index; i++)
		if (fp_str_equal_nocase(id, fp_str(repository->packages[i].id)))
			return true;
	return false;
}

static void check_package_ids(struct fp_reading *reading, const struct fp_json_value *object,
	const struct fp_config_repository *repository)
{
	const struct fp_json_value *packages = member(object, "packages");
	const struct fp_json_value *at = packages ? packages->first : NULL;
	size_t mark = fp_reading_enter(reading, FP_STR_LITERAL("packages"));

	for (size_t i = 0; at && i < repository->package_count; i++, at = at->next) {
		size_t inner = fp_reading_enter_index(reading, i);

		if (has_id_before(repository, i))
			problem_of(reading, at, "id", "the repository has this package already");
		fp_reading_leave(reading, inner);
	}
	fp_reading_leave(reading, mark);
}

/* ---- repositories ---- */

static void check_release(
	struct fp_reading *reading, const struct fp_json_value *object, void *element)
{
	static const char *const elements[] = {"major", "minor", "patch", "prerelease"};
	bool file = member(object, "file") != NULL;

	need_one(reading, object, "fixed", "file");
	for (size_t i = 0; i < FP_ARRAY_SIZE(elements); i++) {
		if (file && i < 2 && !member(object, elements[i]))
			fp_reading_problem(reading, object,
				"\"file\" needs \"%s\", the name of an element in it", elements[i]);
		if (!file)
			exclude(reading, object, "fixed", elements[i]);
	}
}

static void check_branch_source(
	struct fp_reading *reading, const struct fp_json_value *object, void *element)
{
	need_one(reading, object, "variable", "element");
}

static void check_pin(struct fp_reading *reading, const struct fp_json_value *object, void *element)
{
	need_one(reading, object, "element", "package");
}

static void check_repository(
	struct fp_reading *reading, const struct fp_json_value *object, void *element)
{
	exclude(reading, object, "password_env", "password_file");
	check_each(reading, FP_OWNER_REPOSITORY, "branch_source", object, element,
		check_branch_source);
	check_each(reading, FP_OWNER_REPOSITORY, "release", object, element, check_release);
	check_each(reading, FP_OWNER_REPOSITORY, "pins", object, element, check_pin);
	check_each(reading, FP_OWNER_REPOSITORY, "packages", object, element, check_package);
	check_package_ids(reading, object, element);
}

/* ---- tokens ---- */

/* A hash that could not be read is all zeroes. */
static bool is_same_token(const struct fp_config_token *one, const struct fp_config_token *other)
{
	static const uint8_t unread[sizeof(one->sha256)];

	if (one->name && other->name && fp_str_equal_nocase(fp_str(one->name), fp_str(other->name)))
		return true;
	return memcmp(one->sha256, other->sha256, sizeof(unread)) == 0 &&
	       memcmp(one->sha256, unread, sizeof(unread)) != 0;
}

static void check_token(
	struct fp_reading *reading, const struct fp_json_value *object, void *element)
{
	const struct fp_config_token *token = element, *at = reading->config->tokens;

	for (; at < token; at++) {
		if (!is_same_token(at, token))
			continue;
		fp_reading_problem(
			reading, object, "another token has this \"name\" or \"sha256\" already");
		return;
	}
}

/* ---- hooks ---- */

static void check_hook(
	struct fp_reading *reading, const struct fp_json_value *object, void *element)
{
	static const char *const names[] = {"github", "gitlab", "gitea", "azure-devops", "generic"};
	const struct fp_config_hook *hook = element;
	bool known = false;

	for (size_t i = 0; i < FP_ARRAY_SIZE(names); i++)
		known |= hook->name && strcmp(hook->name, names[i]) == 0;
	if (!known)
		fp_reading_problem(reading, object,
			"takes hooks of github, gitlab, gitea, azure-devops and generic");
	need_one(reading, object, "secret_env", "secret_file");
	if (known && strcmp(hook->name, "azure-devops") != 0 && hook->username)
		fp_reading_problem(reading, object,
			"\"username\" is for azure-devops; other senders show none");
}

void fp_config_check(struct fp_reading *reading, const struct fp_json_value *root)
{
	check_each(reading, FP_OWNER_ROOT, "feeds", root, reading->config, check_feed);
	check_each(reading, FP_OWNER_ROOT, "repositories", root, reading->config, check_repository);
	check_each(reading, FP_OWNER_ROOT, "tokens", root, reading->config, check_token);
	check_each(reading, FP_OWNER_ROOT, "hooks", root, reading->config, check_hook);
}
