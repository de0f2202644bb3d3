/* From a command line to a request. */
#include "call.h"

#include "forkpoint/base/json_write.h"

#include <string.h>

enum { TARGET_MAX_BYTES = 64 * 1024, BODY_MAX_BYTES = 64 * 1024 };

/* ---- reading ---- */

static int unknown_option(
	const struct fp_client_command *command, struct fp_str name, struct fp_error *error)
{
	struct fp_str names[FP_OPTION_COUNT];
	size_t count = 0, nearest;

	for (int i = 0; i < FP_OPTION_COUNT; i++)
		if (fp_command_takes(command, (enum fp_option)i))
			names[count++] = fp_str(fp_options[i].name);
	if (fp_str_nearest(name, names, count, &nearest, 1) == 0)
		return fp_error_set(error, FP_ERROR_INVALID, "%s takes no option --%.*s",
			command->name, FP_STR_ARG(name));
	return fp_error_set(error, FP_ERROR_INVALID,
		"%s takes no option --%.*s; did you mean --%.*s?", command->name, FP_STR_ARG(name),
		FP_STR_ARG(names[nearest]));
}

static int find_option(const struct fp_client_command *command, struct fp_str name,
	enum fp_option *option, struct fp_error *error)
{
	for (int i = 0; i < FP_OPTION_COUNT; i++) {
		if (!fp_command_takes(command, (enum fp_option)i) ||
			!fp_str_equal(name, fp_str(fp_options[i].name)))
			continue;
		*option = (enum fp_option)i;
		return 0;
	}
	return unknown_option(command, name, error);
}

/* `--name VALUE`, `--name=VALUE`, `--name`; *at moves past a value of its own. */
static int read_option(
	struct fp_call *call, int count, char **arguments, int *at, struct fp_error *error)
{
	const char *text = arguments[*at] + 2, *equals = strchr(text, '=');
	struct fp_str name = equals ? fp_str_n(text, (size_t)(equals - text)) : fp_str(text);
	const struct fp_option_row *row;
	enum fp_option option = (enum fp_option)0;
	int r = find_option(call->command, name, &option, error);

	if (r < 0)
		return r;
	row = &fp_options[option];
	if (call->values[option])
		return fp_error_set(
			error, FP_ERROR_INVALID, "option --%s is given more than once", row->name);
	if (!row->takes && equals)
		return fp_error_set(
			error, FP_ERROR_INVALID, "option --%s takes nothing", row->name);
	if (row->takes && !equals && ++*at == count)
		return fp_error_set(
			error, FP_ERROR_INVALID, "option --%s takes %s", row->name, row->takes);
	call->values[option] = !row->takes ? "" : equals ? equals + 1 : arguments[*at];
	return 0;
}

/* What stands on the command line without an option. */
struct words {
	const char *items[FP_PLACES_MAX];
	size_t count;
};

static int read_word(
	const struct fp_call *call, const char *text, struct words *words, struct fp_error *error)
{
	if (words->count == FP_PLACES_MAX)
		return fp_error_set(error, FP_ERROR_INVALID, "there is no place for \"%s\"", text);
	if (text[0] == '\0')
		return fp_error_set(
			error, FP_ERROR_INVALID, "an argument of %s is empty", call->command->name);
	words->items[words->count++] = text;
	return 0;
}

/* The value of the option that names the place's parameter, which is used up by it; NULL. */
static const char *take_option_of(struct fp_call *call, const struct fp_place *place)
{
	for (int i = 0; place->param && i < FP_OPTION_COUNT; i++) {
		const char *value = call->values[i];

		if (!value || !fp_options[i].param ||
			strcmp(fp_options[i].param, place->param) != 0)
			continue;
		call->values[i] = NULL;
		return value;
	}
	return NULL;
}

/* A commit can be given by a ref's full name. */
static const char *param_of(const struct fp_place *place, const char *value)
{
	bool is_ref = strcmp(place->param, "sha") == 0 && strncmp(value, "refs/", 5) == 0;

	return is_ref ? "ref" : place->param;
}

/* A branch's name in the place of a commit: the server could not tell what was meant. */
static int check_place(const struct fp_place *place, const char *value, struct fp_error *error)
{
	if (!place->param || strcmp(param_of(place, value), "sha") != 0)
		return 0;
	for (const char *at = value; *at; at++)
		if (fp_char_hex_value(*at) < 0)
			return fp_error_set(error, FP_ERROR_INVALID,
				"\"%s\" is no commit id; a branch or a tag goes by its full name, "
				"such as refs/heads/main",
				value);
	return 0;
}

/* Options fill their places, words the others from left to right. */
static int fill_places(struct fp_call *call, const struct words *words, struct fp_error *error)
{
	const struct fp_place *places = call->command->places, *missing = NULL;
	size_t used = 0;

	for (size_t i = 0; places[i].name; i++) {
		const char *value = take_option_of(call, &places[i]);

		if (!value && used < words->count)
			value = words->items[used++];
		if (!value && !missing)
			missing = &places[i];
		if (value && missing)
			return fp_error_set(
				error, FP_ERROR_INVALID, "%s is missing", missing->name);
		if (value && check_place(&places[i], value, error) < 0)
			return -FP_ERROR_INVALID;
		if (value)
			call->places[call->place_count++] = value;
	}
	if (used < words->count)
		return fp_error_set(error, FP_ERROR_INVALID, "there is no place for \"%s\"",
			words->items[used]);
	if (missing && !missing->optional)
		return fp_error_set(error, FP_ERROR_INVALID, "%s is missing", missing->name);
	if (call->values[FP_OPTION_JSON] && call->values[FP_OPTION_FORMAT])
		return fp_error_set(
			error, FP_ERROR_INVALID, "--json and --format exclude each other");
	return 0;
}

int fp_call_read(const struct fp_client_command *command, int count, char **arguments,
	struct fp_call *call, struct fp_error *error)
{
	struct words words = {.count = 0};
	bool options_end = false;

	*call = (struct fp_call){.command = command};
	for (int at = 0; at < count; at++) {
		const char *text = arguments[at];
		int r = 0;

		if (!options_end && strcmp(text, "--") == 0)
			options_end = true;
		else if (!options_end && strcmp(text, "-h") == 0)
			call->values[FP_OPTION_HELP] = "";
		else if (!options_end && strncmp(text, "--", 2) == 0)
			r = read_option(call, count, arguments, &at, error);
		else if (!options_end && text[0] == '-' && text[1] != '\0')
			r = fp_error_set(error, FP_ERROR_INVALID, "there is no option %s", text);
		else
			r = read_word(call, text, &words, error);
		if (r < 0)
			return r;
	}
	return call->values[FP_OPTION_HELP] ? 0 : fill_places(call, &words, error);
}

/* ---- writing ---- */

void fp_wish_init(struct fp_wish *wish)
{
	*wish = (struct fp_wish){.method = "GET"};
	fp_buf_init(&wish->target, TARGET_MAX_BYTES);
	fp_buf_init(&wish->body, BODY_MAX_BYTES);
}

void fp_wish_release(struct fp_wish *wish)
{
	fp_buf_release(&wish->target);
	fp_buf_release(&wish->body);
}

static void add_escaped(struct fp_buf *buf, const char *text)
{
	for (; *text; text++) {
		if (fp_char_is_alnum(*text) || strchr("-._~", *text))
			fp_buf_add_char(buf, *text);
		else
			fp_buf_addf(buf, "%%%02X", (unsigned char)*text);
	}
}

/* Writes the path with its places; returns how many it took. */
static size_t add_path(const struct fp_call *call, const char *path, struct fp_buf *buf)
{
	size_t taken = 0;

	for (const char *brace; (brace = strstr(path, "{}")); path = brace + 2) {
		fp_buf_add(buf, path, (size_t)(brace - path));
		add_escaped(buf, call->places[taken++]);
	}
	fp_buf_add_text(buf, path);
	return taken;
}

static void add_param(struct fp_buf *buf, const char *name, const char *value)
{
	fp_buf_addf(buf, "%c%s=", memchr(buf->data, '?', buf->len) ? '&' : '?', name);
	add_escaped(buf, value);
}

static void add_format(const struct fp_call *call, struct fp_buf *buf)
{
	const char *format = call->values[FP_OPTION_FORMAT];

	if (call->values[FP_OPTION_JSON])
		format = "json";
	add_param(buf, "format", format ? format : "text");
}

static bool is_param(enum fp_option option)
{
	return fp_options[option].param && option != FP_OPTION_FORMAT;
}

static void write_question(const struct fp_call *call, struct fp_wish *wish)
{
	size_t at = add_path(call, call->command->path, &wish->target);

	for (; at < call->place_count; at++)
		add_param(&wish->target, param_of(&call->command->places[at], call->places[at]),
			call->places[at]);
	for (int i = 0; i < FP_OPTION_COUNT; i++)
		if (is_param((enum fp_option)i) && call->values[i])
			add_param(&wish->target, fp_options[i].param, call->values[i]);
	add_format(call, &wish->target);
}

static void write_body(const struct fp_call *call, size_t at, struct fp_buf *body)
{
	struct fp_json json;

	fp_json_init(&json, body);
	fp_json_object_begin(&json);
	for (; at < call->place_count; at++)
		fp_json_member_text(&json, call->command->places[at].param, call->places[at]);
	for (int i = 0; i < FP_OPTION_COUNT; i++)
		if (is_param((enum fp_option)i) && call->values[i])
			fp_json_member_text(&json, fp_options[i].param, call->values[i]);
	fp_json_object_end(&json);
}

static int write_change(const struct fp_call *call, struct fp_wish *wish, struct fp_error *error)
{
	const struct fp_client_command *command = call->command;
	bool removes = call->values[FP_OPTION_REMOVE] != NULL;
	const struct fp_place *missing = &command->places[call->place_count];
	size_t in_path = add_path(call, command->change_path, &wish->target);

	if (!removes && missing->name)
		return fp_error_set(error, FP_ERROR_INVALID, "%s is missing", missing->name);
	if (removes && call->place_count > in_path)
		return fp_error_set(error, FP_ERROR_INVALID, "--remove takes no %s",
			command->places[in_path].name);
	wish->method = removes ? "DELETE" : "PUT";
	if (removes && call->values[FP_OPTION_PACKAGE])
		add_param(&wish->target, "package", call->values[FP_OPTION_PACKAGE]);
	add_format(call, &wish->target);
	if (!removes)
		write_body(call, in_path, &wish->body);
	return 0;
}

/* What only a change takes says that one was meant. */
static int check_question(const struct fp_call *call, struct fp_error *error)
{
	static const enum fp_option of_changes[] = {
		FP_OPTION_REASON, FP_OPTION_OWNER, FP_OPTION_EXPIRES, FP_OPTION_REMOVE};

	for (size_t i = 0; i < FP_ARRAY_SIZE(of_changes); i++)
		if (call->values[of_changes[i]])
			return fp_error_set(error, FP_ERROR_INVALID, "%s is missing",
				call->command->places[call->place_count].name);
	return 0;
}

int fp_call_wish(const struct fp_call *call, struct fp_wish *wish, struct fp_error *error)
{
	const char *change = call->command->change_path;
	int r;

	if (change && call->place_count >= fp_path_places(change))
		r = write_change(call, wish, error);
	else if ((r = check_question(call, error)) == 0)
		write_question(call, wish);
	if (r == 0)
		r = fp_buf_check(&wish->target, error);
	return r < 0 ? r : fp_buf_check(&wish->body, error);
}
