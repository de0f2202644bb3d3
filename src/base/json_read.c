/*
 * JSON from outside: events over yajl, with limits and positions. The tree is in json_tree.c.
 *
 * yajl keeps a token that a piece cuts in two and reads it from its start with every further piece,
 * so pieces are small and tokens limited: otherwise one endless string would cost the square of its
 * length. yajl does not check its allocations; the same limit keeps them small.
 */
#include "forkpoint/base/json_read.h"

#include "json_position.h"

#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

enum { PIECE_MAX = 64 * 1024, MARK_BYTES = 3 };

struct fp_json_parser {
	yajl_handle handle;
	const struct fp_json_events *events;
	const struct fp_json_limits *limits;
	void *context;
	struct fp_error *error; /* of the running feed */
	int result;		/* why a callback ended the parse */
	size_t fed;
	size_t depth, values;
	size_t mark_seen; /* bytes of a byte-order mark at the start; MARK_BYTES when past it */
	/* the present piece and how much of it was walked */
	const char *piece;
	size_t piece_len, walked;
	struct fp_json_position position;
};

static void walk_to(struct fp_json_parser *parser, size_t offset)
{
	if (offset > parser->piece_len)
		offset = parser->piece_len;
	if (offset <= parser->walked)
		return;
	fp_json_position_walk(
		&parser->position, parser->piece + parser->walked, offset - parser->walked);
	parser->walked = offset;
}

static int invalid(struct fp_json_parser *parser, const char *what)
{
	return fp_error_set(parser->error, FP_ERROR_INVALID, "not JSON at line %u, column %u: %s",
		parser->position.token_line, parser->position.token_column, what);
}

static int too_large(struct fp_json_parser *parser, size_t limit, const char *of_what)
{
	return fp_error_set(parser->error, FP_ERROR_LIMIT, "more than %zu %s", limit, of_what);
}

/* What yajl does not look at, for everything that was walked. */
static int check_walked(struct fp_json_parser *parser)
{
	if (parser->position.foreign_space)
		return invalid(parser, "a vertical tab or a form feed is no JSON white space");
	if (parser->position.token_bytes > FP_JSON_TOKEN_MAX &&
		parser->position.place != FP_JSON_BETWEEN)
		return too_large(
			parser, FP_JSON_TOKEN_MAX, "bytes in one JSON string, number or comment");
	return 0;
}

/* For every token: 0, or why it ends the parse. */
static int admit(struct fp_json_parser *parser, bool counts)
{
	walk_to(parser, yajl_get_bytes_consumed(parser->handle));
	int r = check_walked(parser);

	if (r == 0 && parser->position.token_bytes > FP_JSON_TOKEN_MAX)
		r = too_large(parser, FP_JSON_TOKEN_MAX, "bytes in one JSON string or number");
	if (r == 0 && counts && ++parser->values > parser->limits->max_values)
		r = too_large(parser, parser->limits->max_values, "values in a JSON document");
	return r;
}

static int admit_string(struct fp_json_parser *parser, struct fp_str text)
{
	int r = admit(parser, true);

	if (r != 0)
		return r;
	if (parser->position.half_pair)
		return invalid(parser, "a \\u escape in this string is half of a surrogate pair");
	return fp_str_is_utf8(text) ? 0 : invalid(parser, "this string is not valid UTF-8");
}

/* To yajl: 1 goes on, 0 ends the parse. */
static int report(struct fp_json_parser *parser, int result)
{
	parser->result = result;
	return result < 0 ? 0 : 1;
}

static int on_null(void *context)
{
	struct fp_json_parser *parser = context;
	int r = admit(parser, true);

	if (r == 0 && parser->events->null)
		r = parser->events->null(parser->context, parser->error);
	return report(parser, r);
}

static int on_boolean(void *context, int value)
{
	struct fp_json_parser *parser = context;
	int r = admit(parser, true);

	if (r == 0 && parser->events->boolean)
		r = parser->events->boolean(parser->context, value != 0, parser->error);
	return report(parser, r);
}

static int on_number(void *context, const char *digits, size_t len)
{
	struct fp_json_parser *parser = context;
	int r = admit(parser, true);

	if (r == 0 && parser->events->number)
		r = parser->events->number(parser->context, fp_str_n(digits, len), parser->error);
	return report(parser, r);
}

static int on_string(void *context, const unsigned char *text, size_t len)
{
	struct fp_json_parser *parser = context;
	struct fp_str value = fp_str_n((const char *)text, len);
	int r = admit_string(parser, value);

	if (r == 0 && parser->events->string)
		r = parser->events->string(parser->context, value, parser->error);
	return report(parser, r);
}

static int on_key(void *context, const unsigned char *text, size_t len)
{
	struct fp_json_parser *parser = context;
	struct fp_str name = fp_str_n((const char *)text, len);
	int r = admit_string(parser, name);

	if (r == 0 && parser->events->key)
		r = parser->events->key(parser->context, name, parser->error);
	return report(parser, r);
}

typedef int bracket_fn(void *context, struct fp_error *error);

static int on_begin(struct fp_json_parser *parser, bracket_fn *callback)
{
	int r = admit(parser, true);

	if (r == 0 && ++parser->depth > parser->limits->max_depth)
		r = too_large(parser, parser->limits->max_depth, "levels in a JSON document");
	if (r == 0 && callback)
		r = callback(parser->context, parser->error);
	return report(parser, r);
}

static int on_end(struct fp_json_parser *parser, bracket_fn *callback)
{
	int r = admit(parser, false);

	parser->depth--;
	if (r == 0 && callback)
		r = callback(parser->context, parser->error);
	return report(parser, r);
}

static int on_object_begin(void *context)
{
	struct fp_json_parser *parser = context;

	return on_begin(parser, parser->events->object_begin);
}

static int on_object_end(void *context)
{
	struct fp_json_parser *parser = context;

	return on_end(parser, parser->events->object_end);
}

static int on_array_begin(void *context)
{
	struct fp_json_parser *parser = context;

	return on_begin(parser, parser->events->array_begin);
}

static int on_array_end(void *context)
{
	struct fp_json_parser *parser = context;

	return on_end(parser, parser->events->array_end);
}

static const yajl_callbacks callbacks = {
	.yajl_null = on_null,
	.yajl_boolean = on_boolean,
	.yajl_number = on_number,
	.yajl_string = on_string,
	.yajl_start_map = on_object_begin,
	.yajl_map_key = on_key,
	.yajl_end_map = on_object_end,
	.yajl_start_array = on_array_begin,
	.yajl_end_array = on_array_end,
};

struct fp_json_parser *fp_json_parser_new(const struct fp_json_events *events,
	const struct fp_json_limits *limits, void *context, bool allow_comments)
{
	struct fp_json_parser *parser = calloc(1, sizeof(*parser));

	if (!parser)
		return NULL;
	parser->events = events;
	parser->limits = limits;
	parser->context = context;
	fp_json_position_init(&parser->position);
	parser->handle = yajl_alloc(&callbacks, NULL, parser);
	if (!parser->handle) {
		free(parser);
		return NULL;
	}
	yajl_config(parser->handle, yajl_allow_comments, allow_comments ? 1 : 0);
	/* admit_string does it better: yajl takes overlong forms and surrogates. */
	yajl_config(parser->handle, yajl_dont_validate_strings, 1);
	return parser;
}

void fp_json_parser_free(struct fp_json_parser *parser)
{
	if (!parser)
		return;
	yajl_free(parser->handle);
	free(parser);
}

static void point_at_end(struct fp_json_parser *parser)
{
	parser->position.token_line = parser->position.line;
	parser->position.token_column = parser->position.column;
}

/* What is most often behind a sentence of yajl's. */
static const char *advice_for(const char *sentence)
{
	static const struct {
		const char *said, *advice;
	} rows[] = {
		{"premature EOF", "; a brace or bracket is not closed"},
		{"invalid object key", "; a key is in double quotes, and the last value of an "
				       "object has no comma behind it"},
		{"unallowed token", "; the last value of a list has no comma behind it"},
		{"after array element", "; a comma is missing"},
		{"after key and value", "; a comma is missing"},
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++)
		if (strstr(sentence, rows[i].said))
			return rows[i].advice;
	return "";
}

/* yajl's sentence for a syntax error, on one line. */
static int syntax_error(struct fp_json_parser *parser)
{
	unsigned char *said = yajl_get_error(parser->handle, 0, NULL, 0);
	struct fp_str text = fp_str_trim(fp_str((const char *)said));
	char sentence[160];

	/* The only error for which yajl steps back to before the token. */
	if (said && strstr((const char *)said, "comment"))
		walk_to(parser, parser->walked + 1);
	while (text.len > 0 && text.ptr[text.len - 1] == '.')
		text.len--;
	if (text.len >= sizeof(sentence))
		text.len = sizeof(sentence) - 1;
	memcpy(sentence, text.len > 0 ? text.ptr : "", text.len);
	sentence[text.len] = '\0';
	if (said)
		yajl_free_error(parser->handle, said);
	return fp_error_set(parser->error, FP_ERROR_INVALID, "not JSON at line %u, column %u: %s%s",
		parser->position.token_line, parser->position.token_column, sentence,
		advice_for(sentence));
}

static int judge(struct fp_json_parser *parser, yajl_status status)
{
	if (status == yajl_status_client_canceled)
		return parser->result;
	if (status == yajl_status_ok) {
		walk_to(parser, parser->piece_len);
		return check_walked(parser);
	}
	walk_to(parser, yajl_get_bytes_consumed(parser->handle));
	return parser->position.foreign_space ? check_walked(parser) : syntax_error(parser);
}

static int feed_piece(struct fp_json_parser *parser, const char *data, size_t len)
{
	parser->piece = data;
	parser->piece_len = len;
	parser->walked = 0;
	return judge(parser, yajl_parse(parser->handle, (const unsigned char *)data, len));
}

/* Takes a byte-order mark off the start, which may come in pieces itself. */
static int skip_mark(struct fp_json_parser *parser, const char **data, size_t *len)
{
	static const char mark[] = "\xef\xbb\xbf";

	while (*len > 0 && parser->mark_seen < MARK_BYTES) {
		if (**data != mark[parser->mark_seen]) {
			if (parser->mark_seen > 0)
				return invalid(parser, "half a byte-order mark");
			parser->mark_seen = MARK_BYTES;
			return 0;
		}
		parser->mark_seen++;
		(*data)++;
		(*len)--;
	}
	return 0;
}

int fp_json_parser_feed(
	struct fp_json_parser *parser, const char *data, size_t len, struct fp_error *error)
{
	parser->error = error;
	if (len > parser->limits->max_bytes - parser->fed)
		return too_large(parser, parser->limits->max_bytes, "bytes in a JSON document");
	parser->fed += len;
	int r = skip_mark(parser, &data, &len);

	while (r == 0 && len > 0) {
		size_t piece = len < PIECE_MAX ? len : PIECE_MAX;

		r = feed_piece(parser, data, piece);
		data += piece;
		len -= piece;
	}
	return r;
}

int fp_json_parser_finish(struct fp_json_parser *parser, struct fp_error *error)
{
	enum fp_json_place place = parser->position.place;
	bool in_block = place == FP_JSON_IN_BLOCK_COMMENT || place == FP_JSON_IN_BLOCK_STAR;
	size_t values = parser->values;
	yajl_status status;

	parser->error = error;
	parser->piece = "";
	parser->piece_len = parser->walked = 0;
	if (in_block)
		return invalid(parser, "this comment has no end");
	if (place == FP_JSON_IN_STRING || place == FP_JSON_IN_ESCAPE || place == FP_JSON_IN_HEX)
		return invalid(parser, "this string has no end");
	status = yajl_complete_parse(parser->handle);
	/* What is missing is missing at the end, unless the end itself is a broken word. */
	if (status == yajl_status_error && (place != FP_JSON_IN_WORD || parser->values > values))
		point_at_end(parser);
	return judge(parser, status);
}

void fp_json_parser_position(const struct fp_json_parser *parser, unsigned *line, unsigned *column)
{
	*line = parser->position.token_line;
	*column = parser->position.token_column;
}
