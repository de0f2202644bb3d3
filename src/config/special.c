/* Settings of repositories, packages and tokens whose values have a form of their own. */
#include "reading.h"

#include "forms.h"

/* ---- aliases: {BRANCH: [FORMER NAME, …], …} ---- */

enum { FORMER_NAMES_MAX = 15 };

/* Alias lists are read like a row of their own. */
static const struct fp_setting former_names = {
	.type = FP_SETTING_TEXTS,
	.form = fp_config_form_branch,
	.max = FORMER_NAMES_MAX,
	.takes = "a list of the branch's former names",
};

static void read_alias(struct fp_reading *reading, const struct fp_json_value *member,
	struct fp_config_alias *alias)
{
	const char *refused = fp_config_form_branch(member->key);

	if (refused || member->key.len == 0 || strlen(member->key.ptr) != member->key.len)
		fp_reading_key_problem(reading, member, "the key %s",
			refused ? refused : "takes a branch's name, such as main");
	alias->branch = fp_reading_copy(reading, member->key);
	fp_reading_texts(reading, &former_names, member, &alias->names, &alias->name_count);
}

static bool is_key_before(const struct fp_json_value *object, const struct fp_json_value *member)
{
	for (const struct fp_json_value *at = object->first; at != member; at = at->next)
		if (fp_str_equal(at->key, member->key))
			return true;
	return false;
}

void fp_read_aliases(struct fp_reading *reading, const struct fp_setting *setting,
	const struct fp_json_value *value, void *base)
{
	struct fp_config_repository *repository = base;

	if (value->type != FP_JSON_OBJECT) {
		fp_reading_refuse(reading, setting, value);
		return;
	}
	if (value->count > FP_SETTING_ITEMS_MAX) {
		fp_reading_problem(
			reading, value, "takes at most %d branches", FP_SETTING_ITEMS_MAX);
		return;
	}
	repository->aliases = fp_reading_array(reading, value->count, sizeof(*repository->aliases));
	for (const struct fp_json_value *member = value->first; member && !reading->no_memory;
		member = member->next) {
		size_t mark = fp_reading_enter(reading, member->key);

		if (is_key_before(value, member))
			fp_reading_key_problem(reading, member, "the branch is given twice");
		read_alias(reading, member, &repository->aliases[repository->alias_count++]);
		fp_reading_leave(reading, mark);
	}
}

/* The writer's keys must need no escaping; a branch's name may. */
static void print_key(struct fp_json *json, const char *key)
{
	struct fp_buf FP_CLEANUP_BUF text = {0};
	struct fp_json quoted;

	fp_buf_init(&text, json->out->max);
	fp_json_init(&quoted, &text);
	fp_json_text(&quoted, key);
	if (text.state != FP_BUF_OK) {
		json->out->state = text.state;
		return;
	}
	text.data[text.len - 1] = '\0';
	fp_json_key(json, text.data + 1);
}

void fp_print_aliases(struct fp_json *json, const void *base)
{
	const struct fp_config_repository *repository = base;

	fp_json_object_begin(json);
	for (size_t i = 0; i < repository->alias_count; i++) {
		const struct fp_config_alias *alias = &repository->aliases[i];

		print_key(json, alias->branch);
		fp_json_array_begin(json);
		for (size_t k = 0; k < alias->name_count; k++)
			fp_json_text(json, alias->names[k]);
		fp_json_array_end(json);
	}
	fp_json_object_end(json);
}

void fp_release_aliases(void *base)
{
	struct fp_config_repository *repository = base;

	for (size_t i = 0; i < repository->alias_count; i++) {
		free(repository->aliases[i].branch);
		fp_texts_free(repository->aliases[i].names, repository->aliases[i].name_count);
	}
	free(repository->aliases);
	repository->aliases = NULL;
	repository->alias_count = 0;
}

/* ---- grammars ---- */

static bool has_grammar(const struct fp_config_package *package, enum fp_grammar grammar)
{
	for (size_t i = 0; i < package->grammar_count; i++)
		if (package->grammars[i] == grammar)
			return true;
	return false;
}

static void add_grammar(struct fp_reading *reading, const struct fp_json_value *item,
	struct fp_config_package *package)
{
	struct fp_str wrong =
		item->type == FP_JSON_STRING ? item->text : fp_str(fp_json_type_name(item->type));
	enum fp_grammar grammar;

	if (item->type != FP_JSON_STRING || !fp_grammar_from_name(item->text, &grammar))
		fp_reading_problem(reading, item,
			"takes one of prerelease-stamp, patch-stamp, arcade, not %.*s",
			FP_SHOWN(wrong));
	else if (has_grammar(package, grammar))
		fp_reading_problem(reading, item, "the grammar stands in the list already");
	else
		package->grammars[package->grammar_count++] = grammar;
}

void fp_read_grammars(struct fp_reading *reading, const struct fp_setting *setting,
	const struct fp_json_value *value, void *base)
{
	struct fp_config_package *package = base;
	size_t at = 0;

	if (!fp_reading_is_list(reading, setting, value))
		return;
	fp_release_grammars(package);
	package->grammars = fp_reading_array(reading, value->count, sizeof(*package->grammars));
	for (const struct fp_json_value *item = value->first; item && package->grammars;
		item = item->next) {
		size_t mark = fp_reading_enter_index(reading, at++);

		add_grammar(reading, item, package);
		fp_reading_leave(reading, mark);
	}
}

void fp_print_grammars(struct fp_json *json, const void *base)
{
	const struct fp_config_package *package = base;

	fp_json_array_begin(json);
	for (size_t i = 0; i < package->grammar_count; i++)
		fp_json_text(json, fp_grammar_name(package->grammars[i]));
	fp_json_array_end(json);
}

void fp_release_grammars(void *base)
{
	struct fp_config_package *package = base;

	free(package->grammars);
	package->grammars = NULL;
	package->grammar_count = 0;
}

/* ---- tokens ---- */

/* A hash is no secret, but nobody needs it: what is printed says only that one is set. */
static const char hash_as_printed[] = "(set)";

void fp_read_sha256(struct fp_reading *reading, const struct fp_setting *setting,
	const struct fp_json_value *value, void *base)
{
	struct fp_config_token *token = base;
	bool good = value->type == FP_JSON_STRING && value->text.len == 2 * sizeof(token->sha256);

	if (reading->printed && value->type == FP_JSON_STRING &&
		fp_str_equal(value->text, fp_str(hash_as_printed)))
		return;
	for (size_t i = 0; good && i < sizeof(token->sha256); i++) {
		int high = fp_char_hex_value(value->text.ptr[2 * i]);
		int low = fp_char_hex_value(value->text.ptr[2 * i + 1]);

		good = high >= 0 && low >= 0;
		if (good)
			token->sha256[i] = (uint8_t)(high << 4 | low);
	}
	if (!good)
		fp_reading_problem(reading, value,
			"takes the SHA-256 of the token, 64 hexadecimal digits: printf %%s TOKEN | "
			"sha256sum");
}

void fp_print_sha256(struct fp_json *json, const void *base)
{
	fp_json_text(json, hash_as_printed);
}

static bool *right_of(struct fp_config_token *token, const struct fp_json_value *item)
{
	if (item->type != FP_JSON_STRING)
		return NULL;
	if (fp_str_equal(item->text, FP_STR_LITERAL("sync")))
		return &token->may_sync;
	return fp_str_equal(item->text, FP_STR_LITERAL("override")) ? &token->may_override : NULL;
}

void fp_read_rights(struct fp_reading *reading, const struct fp_setting *setting,
	const struct fp_json_value *value, void *base)
{
	size_t at = 0;

	if (!fp_reading_is_list(reading, setting, value))
		return;
	for (const struct fp_json_value *item = value->first; item; item = item->next) {
		size_t mark = fp_reading_enter_index(reading, at++);
		bool *right = right_of(base, item);

		if (right)
			*right = true;
		else
			fp_reading_problem(reading, item, "takes one of sync, override");
		fp_reading_leave(reading, mark);
	}
}

void fp_print_rights(struct fp_json *json, const void *base)
{
	const struct fp_config_token *token = base;

	fp_json_array_begin(json);
	if (token->may_sync)
		fp_json_text(json, "sync");
	if (token->may_override)
		fp_json_text(json, "override");
	fp_json_array_end(json);
}
