/* JSON token by token: what is reported and where, however the text is cut into pieces. */
#include "forkpoint/base/json_read.h"

#include "forkpoint/base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* Writes each token as KIND@LINE:COLUMN; an exclamation mark in a string makes its callback fail.
 */
struct trace {
	struct fp_json_parser *parser;
	struct fp_buf text;
};

static void note(struct trace *trace, const char *kind, struct fp_str value)
{
	unsigned line, column;

	fp_json_parser_position(trace->parser, &line, &column);
	fp_buf_addf(&trace->text, "%s%s%.*s@%u:%u", trace->text.len ? " " : "", kind,
		FP_STR_ARG(value), line, column);
}

static int on_null(void *context, struct fp_error *error)
{
	note(context, "null", (struct fp_str){0});
	return 0;
}

static int on_boolean(void *context, bool value, struct fp_error *error)
{
	note(context, value ? "true" : "false", (struct fp_str){0});
	return 0;
}

static int on_number(void *context, struct fp_str digits, struct fp_error *error)
{
	note(context, "", digits);
	return 0;
}

static int on_string(void *context, struct fp_str value, struct fp_error *error)
{
	note(context, "'", value);
	return memchr(value.ptr, '!', value.len)
		       ? fp_error_set(error, FP_ERROR_CANCELLED, "an exclamation mark")
		       : 0;
}

static int on_key(void *context, struct fp_str name, struct fp_error *error)
{
	note(context, "=", name);
	return 0;
}

static int on_object_begin(void *context, struct fp_error *error)
{
	note(context, "{", (struct fp_str){0});
	return 0;
}

static int on_object_end(void *context, struct fp_error *error)
{
	note(context, "}", (struct fp_str){0});
	return 0;
}

static int on_array_begin(void *context, struct fp_error *error)
{
	note(context, "[", (struct fp_str){0});
	return 0;
}

static int on_array_end(void *context, struct fp_error *error)
{
	note(context, "]", (struct fp_str){0});
	return 0;
}

static const struct fp_json_events all_events = {
	.null = on_null,
	.boolean = on_boolean,
	.number = on_number,
	.string = on_string,
	.key = on_key,
	.object_begin = on_object_begin,
	.object_end = on_object_end,
	.array_begin = on_array_begin,
	.array_end = on_array_end,
};

static const struct fp_json_limits roomy = {
	.max_bytes = 1 << 24, .max_depth = 100, .max_values = 1 << 20};

struct outcome {
	int result;
	struct fp_error error;
	struct fp_buf trace;
};

static void outcome_release(struct outcome *outcome)
{
	fp_buf_release(&outcome->trace);
}

/* Feeds `first` bytes, then pieces of `size` bytes, each from a block of its own, so that reading
 * beyond a piece is noticed. */
static void parse(struct outcome *outcome, struct fp_str text, size_t first, size_t size,
	const struct fp_json_limits *limits, bool comments)
{
	struct trace trace = {0};
	int r = 0;

	*outcome = (struct outcome){0};
	fp_buf_init(&trace.text, 1 << 20);
	trace.parser = fp_json_parser_new(&all_events, limits, &trace, comments);
	assert_non_null(trace.parser);
	for (size_t at = 0, len = first; r == 0 && at < text.len; at += len, len = size) {
		if (len > text.len - at)
			len = text.len - at;
		char *piece = malloc(len > 0 ? len : 1);

		assert_non_null(piece);
		memcpy(piece, text.ptr + at, len);
		r = fp_json_parser_feed(trace.parser, piece, len, &outcome->error);
		free(piece);
	}
	if (r == 0)
		r = fp_json_parser_finish(trace.parser, &outcome->error);
	fp_json_parser_free(trace.parser);
	outcome->result = r;
	outcome->trace = trace.text;
}

static void expect(struct fp_str text, size_t first, size_t size, bool comments, const char *trace)
{
	struct outcome outcome FP_CLEANUP(outcome_release);

	parse(&outcome, text, first, size, &roomy, comments);
	if (outcome.result != 0)
		fail_msg("%.*s: %s", FP_STR_ARG(text), outcome.error.text);
	assert_string_equal(outcome.trace.data, trace);
}

static void expect_in_all_pieces(struct fp_str text, bool comments, const char *trace)
{
	expect(text, text.len, text.len, comments, trace);
	for (size_t size = 1; size < text.len; size++) {
		expect(text, size, text.len, comments, trace); /* cut in two, everywhere */
		expect(text, size, size, comments, trace);     /* cut into equal pieces */
	}
}

static void reports_tokens_where_they_start(void **state)
{
	static const struct {
		const char *text;
		const char *trace;
	} rows[] = {
		/* scalars, white space before and after */
		{"null", "null@1:1"},
		{" \t\r\n  true\n\n", "true@2:3"},
		{"false", "false@1:1"},
		{"-1.5e+10", "-1.5e+10@1:1"},
		{"12345678901234567890123", "12345678901234567890123@1:1"},
		{"\"\"", "'@1:1"},
		/* containers and what separates */
		{"[]", "[@1:1 ]@1:2"},
		{"[1,22 ,\n333\n]", "[@1:1 1@1:2 22@1:4 333@2:1 ]@3:1"},
		{"{}", "{@1:1 }@1:2"},
		{"{\"a\":1,\n \"b\" : \"c\"}", "{@1:1 =a@1:2 1@1:6 =b@2:2 'c@2:8 }@2:11"},
		{"[[[\"x\"],true],null]",
			"[@1:1 [@1:2 [@1:3 'x@1:4 ]@1:7 true@1:9 ]@1:13 null@1:15 ]@1:19"},
		/* escapes make the source longer than the value, quotes and slashes among them */
		{"[\"a\\\"b\\\\\",\"\\u0041\\n\\/\", 7]",
			"[@1:1 'a\"b\\@1:2 'A\n/@1:11 7@1:25 ]@1:26"},
		{"[\"\\\\\",\"\\\\\\\"\",1]", "[@1:1 '\\@1:2 '\\\"@1:7 1@1:14 ]@1:15"},
		/* brackets and comment marks inside strings mean nothing */
		{"{\"//{\":\"/*]\",\"x\":0}", "{@1:1 =//{@1:2 '/*]@1:8 =x@1:14 0@1:18 }@1:19"},
		/* columns count bytes; characters beyond the first plane, plain and as a pair */
		{"[\"\xc3\xa9\",\"\xf0\x9f\x98\x80\", \"\\uD83D\\ude00\",1]",
			"[@1:1 '\xc3\xa9@1:2 '\xf0\x9f\x98\x80@1:7 '\xf0\x9f\x98\x80@1:15 1@1:30 "
			"]@1:31"},
		/* a byte-order mark has no column */
		{"\xef\xbb\xbf[1]", "[@1:1 1@1:2 ]@1:3"},
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		expect_in_all_pieces(fp_str(rows[i].text), false, rows[i].trace);
		expect_in_all_pieces(fp_str(rows[i].text), true, rows[i].trace);
	}
}

static void skips_comments_when_asked(void **state)
{
	static const struct {
		const char *text;
		const char *trace;
	} rows[] = {
		{"// x\n1", "1@2:1"},
		{"/* x */1", "1@1:8"},
		{"[1, // one\n 2 /* two\n lines */, 3]//", "[@1:1 1@1:2 2@2:2 3@3:12 ]@3:13"},
		{"/***/ {} /**/", "{@1:7 }@1:8"},
		{"/* \" */ \"/* x */\" // \"", "'/* x */@1:9"},
		{"1// end\n", "1@1:1"},
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++)
		expect_in_all_pieces(fp_str(rows[i].text), true, rows[i].trace);
}

static void expect_refusal(
	struct fp_str text, size_t size, bool comments, enum fp_error_code code, const char *said)
{
	struct outcome outcome FP_CLEANUP(outcome_release);

	parse(&outcome, text, size, size, &roomy, comments);
	if (outcome.result != -(int)code || !strstr(outcome.error.text, said))
		fail_msg("\"%.*s\" in pieces of %zu: %d \"%s\", not \"%s\"", FP_STR_ARG(text), size,
			outcome.result, outcome.error.text, said);
}

static void refuses_what_is_not_json(void **state)
{
	static const struct {
		struct fp_str text;
		const char *said;
		bool comments;
	} rows[] = {
		{FP_STR_INIT(""), "line 1, column 1: parse error: premature EOF"},
		{FP_STR_INIT(" \n "), "line 2, column 2: parse error: premature EOF"},
		{FP_STR_INIT("\xef\xbb\xbf"), "line 1, column 1: parse error: premature EOF"},
		{FP_STR_INIT("\xef\xbb[]"), "half a byte-order mark"},
		{FP_STR_INIT("[1,\n"),
			"line 2, column 1: parse error: premature EOF; a brace or bracket is not "
			"closed"},
		{FP_STR_INIT("{\"a\":1,}"), "the last value of an object has no comma behind it"},
		{FP_STR_INIT("[1,\n]"), "line 2, column 1: parse error: unallowed token"},
		{FP_STR_INIT("[1 2]"), "line 1, column 4: parse error: after array element"},
		{FP_STR_INIT("{\"a\" 1}"), "line 1, column 6: parse error: object key and value"},
		{FP_STR_INIT("{1:2}"), "line 1, column 2: parse error: invalid object key"},
		{FP_STR_INIT("{\n \"a\": nul}"), "line 2, column 7: lexical error: invalid string"},
		{FP_STR_INIT("<html>"), "line 1, column 1: lexical error: invalid char"},
		{FP_STR_INIT("'a'"), "line 1, column 1: lexical error: invalid char"},
		{FP_STR_INIT("[01]"), "line 1, column 2: parse error: after array element"},
		{FP_STR_INIT("[1.]"), "line 1, column 2: lexical error: malformed number"},
		{FP_STR_INIT("[-]"), "line 1, column 2: lexical error: malformed number"},
		{FP_STR_INIT("[NaN]"), "line 1, column 2: lexical error: invalid char"},
		/* after the document */
		{FP_STR_INIT("{}x"), "line 1, column 3: parse error: trailing garbage"},
		{FP_STR_INIT("{}\n {}"), "line 2, column 2: parse error: trailing garbage"},
		{FP_STR_INIT("1\0"), "line 1, column 1: parse error: trailing garbage"},
		{FP_STR_INIT("[1]\0[2]"), "line 1, column 4: parse error: trailing garbage"},
		{FP_STR_INIT("[1\0]"), "line 1, column 2: lexical error: invalid char"},
		/* strings */
		{FP_STR_INIT("[\"ab"), "line 1, column 2: this string has no end"},
		{FP_STR_INIT("[\"a\nb\"]"), "line 1, column 2: lexical error: invalid character"},
		{FP_STR_INIT("[\"a\0b\"]"), "line 1, column 2: lexical error: invalid character"},
		{FP_STR_INIT("[\"\\x\"]"), "line 1, column 2: lexical error: inside a string"},
		{FP_STR_INIT("[\"\\u12g4\"]"),
			"line 1, column 2: lexical error: invalid (non-hex)"},
		{FP_STR_INIT("[1, \"\xff\"]"), "line 1, column 5: this string is not valid UTF-8"},
		{FP_STR_INIT("[1, \"\xc0\x80\"]"), "not valid UTF-8"},	   /* overlong */
		{FP_STR_INIT("[1, \"\xed\xa0\x80\"]"), "not valid UTF-8"}, /* a surrogate */
		{FP_STR_INIT("{\"\xc3\": 1}"), "line 1, column 2: this string is not valid UTF-8"},
		{FP_STR_INIT("[\"\\ud83d\"]"), "half of a surrogate pair"},
		{FP_STR_INIT("[\"\\ud83dx\"]"), "half of a surrogate pair"},
		{FP_STR_INIT("[\"\\ud83d\\n\"]"), "half of a surrogate pair"},
		{FP_STR_INIT("[\"\\ud83d\\n\\ude00\"]"), "half of a surrogate pair"},
		{FP_STR_INIT("[\"\\ud83d\\u0041\"]"), "half of a surrogate pair"},
		{FP_STR_INIT("[\"\\ud83d\\ud83d\\ude00\"]"), "half of a surrogate pair"},
		{FP_STR_INIT("[\n\"\\ude00\"]"), "line 2, column 1: a \\u escape"},
		/* white space that is none in JSON */
		{FP_STR_INIT("[1,\v2]"), "line 1, column 4: a vertical tab"},
		{FP_STR_INIT("[]\f"), "line 1, column 3: a vertical tab"},
		/* comments: unasked for, unfinished */
		{FP_STR_INIT("// x\n1"), "line 1, column 1: lexical error: probable comment"},
		{FP_STR_INIT("[1 /* x */]"), "line 1, column 4: lexical error: probable comment"},
		{FP_STR_INIT("{} /* x *"), "line 1, column 4: this comment has no end", true},
		{FP_STR_INIT("[1 / 2]"), "line 1, column 4: lexical error", true},
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		size_t whole = rows[i].text.len ? rows[i].text.len : 1;

		for (size_t size = 1; size <= whole; size++)
			expect_refusal(rows[i].text, size, rows[i].comments, FP_ERROR_INVALID,
				rows[i].said);
	}
}

static void keeps_its_limits(void **state)
{
	static const struct {
		const char *text;
		struct fp_json_limits limits;
		const char *said; /* NULL: taken */
	} rows[] = {
		{"[1,2]", {.max_bytes = 5, .max_depth = 1, .max_values = 3}, NULL},
		{"[1,2]", {.max_bytes = 4, .max_depth = 1, .max_values = 3},
			"more than 4 bytes in a JSON document"},
		{"[1,2]", {.max_bytes = 5, .max_depth = 1, .max_values = 2},
			"more than 2 values in a JSON document"},
		{"[[1]]", {.max_bytes = 5, .max_depth = 2, .max_values = 3}, NULL},
		{"[[1]]", {.max_bytes = 5, .max_depth = 1, .max_values = 3},
			"more than 1 levels in a JSON document"},
		/* depth counts what is open, not what was */
		{"[[],[],[]]", {.max_bytes = 99, .max_depth = 2, .max_values = 9}, NULL},
		/* keys count */
		{"{\"a\":1}", {.max_bytes = 99, .max_depth = 2, .max_values = 3}, NULL},
		{"{\"a\":1}", {.max_bytes = 99, .max_depth = 2, .max_values = 2},
			"more than 2 values in a JSON document"},
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		for (size_t size = 1; size <= strlen(rows[i].text); size++) {
			struct outcome outcome FP_CLEANUP(outcome_release);

			parse(&outcome, fp_str(rows[i].text), size, size, &rows[i].limits, false);
			assert_int_equal(outcome.result, rows[i].said ? -FP_ERROR_LIMIT : 0);
			if (rows[i].said)
				assert_string_equal(outcome.error.text, rows[i].said);
		}
	}
}

/* A string, number or comment of `len` bytes, in pieces. */
static int parse_long_token(const char *before, char filling, const char *after, size_t len)
{
	struct fp_buf text FP_CLEANUP(fp_buf_release);
	struct outcome outcome FP_CLEANUP(outcome_release);

	fp_buf_init(&text, SIZE_MAX);
	fp_buf_add_text(&text, before);
	while (text.len + strlen(after) < len)
		fp_buf_add_char(&text, filling);
	fp_buf_add_text(&text, after);
	parse(&outcome, fp_buf_str(&text), 10000, 10000, &roomy, true);
	return outcome.result;
}

static void limits_a_single_token(void **state)
{
	static const struct {
		const char *before;
		char filling;
		const char *after;
	} rows[] = {
		{"\"", 'x', "\""},
		{"1", '0', ""},
		{"/*", '/', "*/1"},
		{"//", '/', "\n1"},
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		assert_int_equal(parse_long_token(rows[i].before, rows[i].filling, rows[i].after,
					 FP_JSON_TOKEN_MAX - 1),
			0);
		assert_int_equal(parse_long_token(rows[i].before, rows[i].filling, rows[i].after,
					 FP_JSON_TOKEN_MAX + 20000),
			-FP_ERROR_LIMIT);
	}
	/* white space between tokens is no token */
	assert_int_equal(parse_long_token("[", ' ', "]", 2 * FP_JSON_TOKEN_MAX), 0);
	/* a string just too long is refused even where it is whole */
	assert_int_equal(parse_long_token("\"", 'x', "\"", FP_JSON_TOKEN_MAX + 1), -FP_ERROR_LIMIT);
}

static void hands_up_what_a_callback_says(void **state)
{
	struct outcome outcome FP_CLEANUP(outcome_release);

	parse(&outcome, fp_str("[\"a\",\"b!\",\"c\"]"), 99, 99, &roomy, false);
	assert_int_equal(outcome.result, -FP_ERROR_CANCELLED);
	assert_string_equal(outcome.error.text, "an exclamation mark");
	assert_string_equal(outcome.trace.data, "[@1:1 'a@1:2 'b!@1:6");
}

static void ignores_tokens_without_callback(void **state)
{
	static const struct fp_json_events none;
	struct fp_json_parser *parser = fp_json_parser_new(&none, &roomy, NULL, false);
	const char *text = "{\"a\":[1,true,null,\"x\"]}";

	assert_non_null(parser);
	assert_int_equal(fp_json_parser_feed(parser, text, strlen(text), NULL), 0);
	assert_int_equal(fp_json_parser_finish(parser, NULL), 0);
	fp_json_parser_free(parser);
	fp_json_parser_free(NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(reports_tokens_where_they_start),
		cmocka_unit_test(skips_comments_when_asked),
		cmocka_unit_test(refuses_what_is_not_json),
		cmocka_unit_test(keeps_its_limits),
		cmocka_unit_test(limits_a_single_token),
		cmocka_unit_test(hands_up_what_a_callback_says),
		cmocka_unit_test(ignores_tokens_without_callback),
	};

	return cmocka_run_group_tests_name("base: JSON events", tests, NULL, NULL);
}
