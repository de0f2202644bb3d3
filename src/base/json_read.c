/* JSON from outside: events over yajl, with limits and positions. The tree is in json_tree.c. */
#include "forkpoint/base/json_read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

/*
 * yajl says how many bytes of the present piece it has used up when it reports a token, so that
 * where the token ends is known; where it starts is found by walking back over it: strings are
 * reported with their place in the piece, everything else has a known shape. Lines are counted in
 * the bytes before it.
 */
struct fp_json_parser {
	yajl_handle handle;
	const struct fp_json_events *events;
	const struct fp_json_limits *limits;
	void *context;
	struct fp_error *error; /* of the running feed */
	int result;		/* of the callback that ended the parse */
	size_t fed;		/* bytes before the present piece */
	size_t depth, values;
	/* the present piece, and how far lines were counted in it */
	const char *piece;
	size_t piece_len, counted;
	unsigned line, column; /* at `counted` */
	unsigned token_line, token_column;
};

/* Moves the count of lines on to an offset of the piece. */
static void count_to(struct fp_json_parser *parser, size_t offset)
{
	if (offset > parser->piece_len)
		offset = parser->piece_len;
	for (; parser->counted < offset; parser->counted++) {
		if (parser->piece[parser->counted] == '\n') {
			parser->line++;
			parser->column = 1;
		} else {
			parser->column++;
		}
	}
}

/* token_len: the token's bytes, which end where yajl stands; 0 when it is not known. */
static void note_position(struct fp_json_parser *parser, size_t token_len)
{
	size_t end = yajl_get_bytes_consumed(parser->handle);
	size_t start = end > token_len ? end - token_len : 0;

	if (start >= parser->counted)
		count_to(parser, start);
	parser->token_line = parser->line;
	parser->token_column = parser->column;
	count_to(parser, end);
}

/* Bytes of a string token, quotes included: escapes make the source longer than the value, so the
 * piece is searched backwards for the opening quote. */
static size_t string_bytes(const struct fp_json_parser *parser, size_t len)
{
	size_t end = yajl_get_bytes_consumed(parser->handle);
	size_t at;

	if (end < 2 || end > parser->piece_len)
		return len + 2;
	at = end - 1; /* the closing quote */
	while (at-- > parser->counted) {
		size_t slashes = 0;

		if (parser->piece[at] != '"')
			continue;
		while (at > slashes && parser->piece[at - 1 - slashes] == '\\')
			slashes++;
		if (slashes % 2 == 0)
			return end - at;
	}
	return len + 2;
}

static int refuse(struct fp_json_parser *parser, int result)
{
	parser->result = result;
	return 0; /* yajl: cancel */
}

/* Limits that every token counts against; then what the callback says. */
static bool admit(struct fp_json_parser *parser)
{
	if (++parser->values <= parser->limits->max_values)
		return true;
	parser->result = fp_error_set(parser->error, FP_ERROR_LIMIT,
		"more than %zu values in a JSON document", parser->limits->max_values);
	return false;
}

static int report(struct fp_json_parser *parser, int result)
{
	return result < 0 ? refuse(parser, result) : 1;
}

static int on_null(void *context)
{
	struct fp_json_parser *parser = context;

	note_position(parser, 4);
	if (!admit(parser))
		return 0;
	return !parser->events->null
		       ? 1
		       : report(parser, parser->events->null(parser->context, parser->error));
}

static int on_boolean(void *context, int value)
{
	struct fp_json_parser *parser = context;

	note_position(parser, value ? 4 : 5);
	if (!admit(parser))
		return 0;
	return !parser->events->boolean ? 1
					: report(parser, parser->events->boolean(parser->context,
								 value != 0, parser->error));
}

static int on_number(void *context, const char *digits, size_t len)
{
	struct fp_json_parser *parser = context;

	note_position(parser, len);
	if (!admit(parser))
		return 0;
	return !parser->events->number
		       ? 1
		       : report(parser, parser->events->number(parser->context,
						fp_str_n(digits, len), parser->error));
}

static int on_string(void *context, const unsigned char *text, size_t len)
{
	struct fp_json_parser *parser = context;

	note_position(parser, string_bytes(parser, len));
	if (!admit(parser))
		return 0;
	return !parser->events->string
		       ? 1
		       : report(parser, parser->events->string(parser->context,
						fp_str_n((const char *)text, len), parser->error));
}

static int on_key(void *context, const unsigned char *text, size_t len)
{
	struct fp_json_parser *parser = context;

	note_position(parser, string_bytes(parser, len));
	if (!admit(parser))
		return 0;
	return !parser->events->key
		       ? 1
		       : report(parser, parser->events->key(parser->context,
						fp_str_n((const char *)text, len), parser->error));
}

typedef int bracket_fn(void *context, struct fp_error *error);

static int on_begin(struct fp_json_parser *parser, bracket_fn *callback)
{
	note_position(parser, 1);
	if (!admit(parser))
		return 0;
	if (++parser->depth > parser->limits->max_depth)
		return refuse(parser, fp_error_set(parser->error, FP_ERROR_LIMIT,
					      "more than %zu levels in a JSON document",
					      parser->limits->max_depth));
	return !callback ? 1 : report(parser, callback(parser->context, parser->error));
}

static int on_end(struct fp_json_parser *parser, bracket_fn *callback)
{
	note_position(parser, 1);
	parser->depth--;
	return !callback ? 1 : report(parser, callback(parser->context, parser->error));
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
	parser->line = parser->column = 1;
	parser->token_line = parser->token_column = 1;
	parser->handle = yajl_alloc(&callbacks, NULL, parser);
	if (!parser->handle) {
		free(parser);
		return NULL;
	}
	yajl_config(parser->handle, yajl_allow_comments, allow_comments ? 1 : 0);
	return parser;
}

void fp_json_parser_free(struct fp_json_parser *parser)
{
	if (!parser)
		return;
	yajl_free(parser->handle);
	free(parser);
}

/* What yajl's status means; its own texts tell too little of where. */
static int judge(struct fp_json_parser *parser, yajl_status status, struct fp_error *error)
{
	if (status == yajl_status_ok)
		return 0;
	if (status == yajl_status_client_canceled)
		return parser->result;
	count_to(parser, yajl_get_bytes_consumed(parser->handle));
	parser->token_line = parser->line;
	parser->token_column = parser->column;
	unsigned char *said = yajl_get_error(parser->handle, 0, NULL, 0);
	int r = fp_error_set(error, FP_ERROR_INVALID, "not JSON at line %u, column %u: %s",
		parser->line, parser->column, said ? (const char *)said : "parse error");

	if (said)
		yajl_free_error(parser->handle, said);
	return r;
}

int fp_json_parser_feed(
	struct fp_json_parser *parser, const char *data, size_t len, struct fp_error *error)
{
	static const char mark[] = "\xef\xbb\xbf";
	int r;

	if (parser->fed == 0 && len >= 3 && memcmp(data, mark, 3) == 0) {
		data += 3;
		len -= 3;
	}
	if (len > parser->limits->max_bytes - parser->fed)
		return fp_error_set(error, FP_ERROR_LIMIT, "a JSON document of more than %zu bytes",
			parser->limits->max_bytes);
	if (len == 0)
		return 0;
	parser->error = error;
	parser->piece = data;
	parser->piece_len = len;
	parser->counted = 0;
	r = judge(parser, yajl_parse(parser->handle, (const unsigned char *)data, len), error);
	if (r == 0)
		count_to(parser, len);
	parser->fed += len;
	return r;
}

int fp_json_parser_finish(struct fp_json_parser *parser, struct fp_error *error)
{
	parser->error = error;
	parser->piece = "";
	parser->piece_len = parser->counted = 0;
	return judge(parser, yajl_complete_parse(parser->handle), error);
}

void fp_json_parser_position(const struct fp_json_parser *parser, unsigned *line, unsigned *column)
{
	*line = parser->token_line;
	*column = parser->token_column;
}
