/* Settings whose values have a form of their own. */
#include "settings.h"

#include "forkpoint/base/number.h"

#include <arpa/inet.h>
#include <stdlib.h>

/* ---- listen ---- */

static bool is_address(const char *text)
{
	unsigned char room[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, text, room) == 1 || inet_pton(AF_INET6, text, room) == 1;
}

/* `127.0.0.1:7878`, `[::1]:7878` */
static bool parse_listen(
	struct fp_reading *reading, struct fp_str text, struct fp_config_listen *listen)
{
	struct fp_str address = text;
	uint64_t port;
	size_t colon = text.len;

	while (colon > 0 && text.ptr[colon - 1] != ':')
		colon--;
	if (colon == 0 ||
		!fp_parse_u64(fp_str_n(text.ptr + colon, text.len - colon), 0, 65535, &port))
		return false;
	address.len = colon - 1;
	if (address.len > 2 && address.ptr[0] == '[' && address.ptr[address.len - 1] == ']')
		address = fp_str_n(address.ptr + 1, address.len - 2);
	listen->text = fp_reading_copy(reading, text);
	listen->address = fp_reading_copy(reading, address);
	listen->port = (uint16_t)port;
	return listen->address && is_address(listen->address);
}

static void add_listen(struct fp_reading *reading, const struct fp_json_value *value)
{
	struct fp_config *config = reading->config;
	struct fp_str text;

	if (!fp_reading_text(reading, value, &text))
		return;
	if (!parse_listen(reading, text, &config->listen[config->listen_count++]))
		fp_reading_problem(reading, value,
			"takes ADDRESS:PORT with a numeric address, such as 127.0.0.1:7878 or "
			"[::1]:7878");
}

static void free_listen(struct fp_config *config)
{
	for (size_t i = 0; i < config->listen_count; i++) {
		free(config->listen[i].text);
		free(config->listen[i].address);
	}
	free(config->listen);
	config->listen = NULL;
	config->listen_count = 0;
}

void fp_read_listen(struct fp_reading *reading, const struct fp_json_value *value, void *base)
{
	bool list = value->type == FP_JSON_ARRAY;
	size_t at = 0;

	free_listen(reading->config);
	reading->config->listen =
		calloc(list ? value->count + 1 : 1, sizeof(*reading->config->listen));
	if (!reading->config->listen) {
		reading->no_memory = true;
		return;
	}
	if (!list) {
		add_listen(reading, value);
		return;
	}
	if (value->count == 0)
		fp_reading_problem(reading, value, "takes at least one ADDRESS:PORT");
	for (const struct fp_json_value *item = value->first; item; item = item->next) {
		size_t mark = fp_reading_enter_index(reading, at++);

		add_listen(reading, item);
		fp_reading_leave(reading, mark);
	}
}

void fp_print_listen(struct fp_json *json, const void *base)
{
	const struct fp_config *config = base;

	fp_json_array_begin(json);
	for (size_t i = 0; i < config->listen_count; i++)
		fp_json_text(json, config->listen[i].text);
	fp_json_array_end(json);
}

/* ---- aliases ---- */

static void read_alias(struct fp_reading *reading, const struct fp_json_value *member,
	struct fp_config_alias *alias)
{
	size_t at = 0;

	alias->branch = fp_reading_copy(reading, member->key);
	if (member->type != FP_JSON_ARRAY) {
		fp_reading_problem(reading, member, "takes a list of former names, not %s",
			fp_json_type_name(member->type));
		return;
	}
	if (member->count > 15)
		fp_reading_problem(reading, member, "takes at most 15 former names");
	alias->names = calloc(member->count + 1, sizeof(*alias->names));
	for (const struct fp_json_value *item = member->first; item && alias->names;
		item = item->next) {
		size_t mark = fp_reading_enter_index(reading, at++);
		struct fp_str text;

		if (fp_reading_text(reading, item, &text)) {
			alias->names[alias->name_count] = fp_reading_copy(reading, text);
			alias->name_count += alias->names[alias->name_count] != NULL;
		}
		fp_reading_leave(reading, mark);
	}
	if (!alias->names)
		reading->no_memory = true;
}

void fp_read_aliases(struct fp_reading *reading, const struct fp_json_value *value, void *base)
{
	struct fp_config_repository *repository = base;

	if (value->type != FP_JSON_OBJECT) {
		fp_reading_problem(
			reading, value, "takes an object: a list of former names for each branch");
		return;
	}
	repository->aliases = calloc(value->count + 1, sizeof(*repository->aliases));
	if (!repository->aliases) {
		reading->no_memory = true;
		return;
	}
	for (const struct fp_json_value *member = value->first; member; member = member->next) {
		size_t mark = fp_reading_enter(reading, member->key);

		read_alias(reading, member, &repository->aliases[repository->alias_count++]);
		fp_reading_leave(reading, mark);
	}
}

void fp_print_aliases(struct fp_json *json, const void *base)
{
	const struct fp_config_repository *repository = base;

	fp_json_object_begin(json);
	for (size_t i = 0; i < repository->alias_count; i++) {
		const struct fp_config_alias *alias = &repository->aliases[i];

		fp_json_key(json, alias->branch);
		fp_json_array_begin(json);
		for (size_t k = 0; k < alias->name_count; k++)
			fp_json_text(json, alias->names[k]);
		fp_json_array_end(json);
	}
	fp_json_object_end(json);
}

/* ---- grammars ---- */

void fp_read_grammars(struct fp_reading *reading, const struct fp_json_value *value, void *base)
{
	struct fp_config_package *package = base;
	size_t at = 0;

	if (value->type != FP_JSON_ARRAY || value->count == 0 || value->count > FP_GRAMMAR_COUNT) {
		fp_reading_problem(reading, value,
			"takes a list of one to three of prerelease-stamp, patch-stamp, arcade");
		return;
	}
	free(package->grammars);
	package->grammar_count = 0;
	package->grammars = calloc(value->count, sizeof(*package->grammars));
	for (const struct fp_json_value *item = value->first; item && package->grammars;
		item = item->next) {
		size_t mark = fp_reading_enter_index(reading, at++);
		enum fp_grammar grammar;

		if (item->type == FP_JSON_STRING && fp_grammar_from_name(item->text, &grammar))
			package->grammars[package->grammar_count++] = grammar;
		else
			fp_reading_problem(reading, item,
				"takes one of prerelease-stamp, patch-stamp, arcade");
		fp_reading_leave(reading, mark);
	}
	if (!package->grammars)
		reading->no_memory = true;
}

void fp_print_grammars(struct fp_json *json, const void *base)
{
	const struct fp_config_package *package = base;

	fp_json_array_begin(json);
	for (size_t i = 0; i < package->grammar_count; i++)
		fp_json_text(json, fp_grammar_name(package->grammars[i]));
	fp_json_array_end(json);
}

/* ---- tokens ---- */

void fp_read_sha256(struct fp_reading *reading, const struct fp_json_value *value, void *base)
{
	struct fp_config_token *token = base;
	bool good = value->type == FP_JSON_STRING && value->text.len == 2 * sizeof(token->sha256);

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

/* A hash is no secret, but nobody needs it: what is printed says only that one is set. */
void fp_print_sha256(struct fp_json *json, const void *base)
{
	fp_json_text(json, "(set)");
}

void fp_read_rights(struct fp_reading *reading, const struct fp_json_value *value, void *base)
{
	struct fp_config_token *token = base;
	size_t at = 0;

	if (value->type != FP_JSON_ARRAY) {
		fp_reading_problem(reading, value, "takes a list of sync, override");
		return;
	}
	for (const struct fp_json_value *item = value->first; item; item = item->next) {
		size_t mark = fp_reading_enter_index(reading, at++);

		if (item->type == FP_JSON_STRING &&
			fp_str_equal(item->text, FP_STR_LITERAL("sync")))
			token->may_sync = true;
		else if (item->type == FP_JSON_STRING &&
			 fp_str_equal(item->text, FP_STR_LITERAL("override")))
			token->may_override = true;
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
