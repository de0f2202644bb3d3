/* XML as events: names, text, limits, refusals, however the text is cut into pieces. */
#include "forkpoint/base/xml_read.h"

#include "forkpoint/base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* Writes <{uri}local {uri}name=value>, 'text', </local>. An element "stop" ends the parse with
 * success, an element "fail" with an error. */
static void add_name(struct fp_buf *buf, struct fp_xml_name name)
{
	if (name.uri.len > 0)
		fp_buf_addf(buf, "{%.*s}", FP_STR_ARG(name.uri));
	fp_buf_add_str(buf, name.local);
}

static int on_begin(void *context, struct fp_xml_name name,
	const struct fp_xml_attribute *attributes, size_t count, struct fp_error *error)
{
	struct fp_buf *buf = context;

	fp_buf_add_char(buf, '<');
	add_name(buf, name);
	for (size_t i = 0; i < count; i++) {
		fp_buf_add_char(buf, ' ');
		add_name(buf, attributes[i].name);
		fp_buf_addf(buf, "=%.*s", FP_STR_ARG(attributes[i].value));
	}
	fp_buf_add_char(buf, '>');
	if (fp_str_equal(name.local, FP_STR_LITERAL("stop")))
		return 7;
	return fp_str_equal(name.local, FP_STR_LITERAL("fail"))
		       ? fp_error_set(error, FP_ERROR_CANCELLED, "asked to")
		       : 0;
}

static int on_end(void *context, struct fp_xml_name name, struct fp_error *error)
{
	fp_buf_add_text(context, "</");
	add_name(context, name);
	fp_buf_add_text(context, ">");
	return 0;
}

static int on_text(void *context, struct fp_str text, struct fp_error *error)
{
	fp_buf_addf(context, "'%.*s'", FP_STR_ARG(text));
	return 0;
}

static const struct fp_xml_events all_events = {
	.element_begin = on_begin, .element_end = on_end, .text = on_text};

static const struct fp_xml_limits strict = {
	.max_bytes = 1 << 24, .max_depth = 10, .max_text_bytes = 1000};
static const struct fp_xml_limits lenient = {
	.max_bytes = 1 << 24, .max_depth = 10, .max_text_bytes = 1000, .lenient_prefixes = true};

/* Feeds `first` bytes, then pieces of `size`, each from a block of its own. */
static int parse(struct fp_str text, size_t first, size_t size, const struct fp_xml_limits *limits,
	struct fp_buf *trace, struct fp_error *error)
{
	FP_CLEANUP(fp_xml_parser_free_cleanup)
	struct fp_xml_parser *parser = fp_xml_parser_new(&all_events, limits, trace);
	int r = 0;

	assert_non_null(parser);
	for (size_t at = 0, len = first; r == 0 && at < text.len; at += len, len = size) {
		if (len > text.len - at)
			len = text.len - at;
		FP_CLEANUP_FREE char *piece = malloc(len > 0 ? len : 1);

		assert_non_null(piece);
		memcpy(piece, text.ptr + at, len);
		r = fp_xml_parser_feed(parser, piece, len, error);
	}
	return r != 0 ? r : fp_xml_parser_finish(parser, error);
}

static void expect(struct fp_str text, size_t first, size_t size,
	const struct fp_xml_limits *limits, int result, const char *wanted)
{
	struct fp_buf trace FP_CLEANUP(fp_buf_release);
	struct fp_error error = {0};

	fp_buf_init(&trace, 1 << 20);
	int r = parse(text, first, size, limits, &trace, &error);

	if (r != result)
		fail_msg("%.*s: %d %s", FP_STR_ARG(text), r, error.text);
	assert_string_equal(trace.data, wanted);
}

static void expect_in_all_pieces(
	struct fp_str text, const struct fp_xml_limits *limits, int result, const char *wanted)
{
	expect(text, text.len, text.len, limits, result, wanted);
	for (size_t size = 1; size < text.len; size++) {
		expect(text, size, text.len, limits, result, wanted);
		expect(text, size, size, limits, result, wanted);
	}
}

static void reports_elements_attributes_and_text(void **state)
{
	static const struct {
		struct fp_str text;
		const char *wanted;
	} rows[] = {
		{FP_STR_INIT("<a/>"), "<a></a>"},
		{FP_STR_INIT("<?xml version='1.0' encoding='utf-8'?><a>x</a>\n"), "<a>'x'</a>"},
		{FP_STR_INIT("\xef\xbb\xbf<a>x</a>"), "<a>'x'</a>"}, /* a byte-order mark */
		{FP_STR_INIT("<a b='1' c=\"&lt;2&gt;\"/>"), "<a b=1 c=<2>></a>"},
		/* text comes whole: entities, CDATA and comments do not cut it; tags do */
		{FP_STR_INIT("<a>1 &amp; 2<!-- no --><![CDATA[<3>]]>&#52;&#x35;<b/> 6\n</a>"),
			"<a>'1 & 2<3>45'<b></b>' 6\n'</a>"},
		{FP_STR_INIT("<a> <b>\t</b>\r\n</a>"), "<a>' '<b>'\t'</b>'\n'</a>"},
		/* namespaces: by URI, whatever the prefix; attributes without one are in none */
		{FP_STR_INIT("<a xmlns='u'><b c='1'/></a>"), "<{u}a><{u}b c=1></{u}b></{u}a>"},
		{FP_STR_INIT("<p:a xmlns:p='u' p:b='1'><p:c xmlns:p='v'/></p:a>"),
			"<{u}a {u}b=1><{v}c></{v}c></{u}a>"},
		{FP_STR_INIT("<a xmlns='u'><b xmlns=''/></a>"), "<{u}a><b></b></{u}a>"},
		{FP_STR_INIT("<a xml:lang='en'/>"),
			"<a {http://www.w3.org/XML/1998/namespace}lang=en></a>"},
		/* other encodings come as UTF-8 */
		{FP_STR_INIT("<?xml version='1.0' encoding='iso-8859-1'?><a>\xe9</a>"),
			"<a>'\xc3\xa9'</a>"},
		{FP_STR_INIT("\xff\xfe<\0a\0>\0\xac\x20<\0/\0a\0>\0"), "<a>'\xe2\x82\xac'</a>"},
		/* a document type without entities says nothing */
		{FP_STR_INIT("<!DOCTYPE a><a/>"), "<a></a>"},
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++)
		expect_in_all_pieces(rows[i].text, &strict, 0, rows[i].wanted);
}

static void takes_undeclared_prefixes_when_asked(void **state)
{
	/* names without URI, local part only; declarations are no attributes in either mode */
	static const struct {
		struct fp_str text;
		const char *wanted;
	} rows[] = {
		{FP_STR_INIT("<x:a y:b='1'><c/></x:a>"), "<a b=1><c></c></a>"},
		{FP_STR_INIT("<a xmlns='u' xmlns:p='v' b='2'><p:c/></a>"), "<a b=2><c></c></a>"},
		{FP_STR_INIT("<a><b:c:d/></a>"), "<a><d></d></a>"},
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++)
		expect_in_all_pieces(rows[i].text, &lenient, 0, rows[i].wanted);
}

static void refuses_with_line_and_column(void **state)
{
	static const struct {
		const char *text;
		const char *said;
	} rows[] = {
		{"", "line 1, column 1: no element found"},
		{"<a>\n <b></a>", "line 2, column 7: mismatched tag"},
		{"<a>", "line 1, column 4: no element found"},
		{"<a/><b/>", "line 1, column 5: junk after document element"},
		{"plain text", "line 1, column 1: syntax error"},
		{"{\"json\": true}", "line 1, column 1: not well-formed"},
		{"<a>\xff</a>", "line 1, column 4: not well-formed"},
		{"<a b='1' b='2'/>", "line 1, column 10: duplicate attribute"},
		{"<a>&nbsp;</a>", "line 1, column 4: undefined entity"},
		{"<p:a/>", "line 1, column 1: unbound prefix"},
		{"<?xml version='1.0' encoding='ebcdic'?><a/>", "unknown encoding"},
		/* entities, of every kind, before anything is made of them */
		{"<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>", "declares an entity (e)"},
		{"<!DOCTYPE a [<!ENTITY % p 'x'>]><a/>", "declares an entity (p)"},
		{"<!DOCTYPE a [<!ENTITY f SYSTEM 'file:///etc/passwd'>]><a>&f;</a>",
			"declares an entity (f)"},
		/* a document type elsewhere is not fetched, so its entities are not known */
		{"<!DOCTYPE a SYSTEM 'http://127.0.0.1:1/a.dtd'><a>1&e;2</a>", "entity (e)"},
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		struct fp_str text = fp_str(rows[i].text);

		for (size_t size = 1; size <= (text.len ? text.len : 1); size++) {
			struct fp_buf trace FP_CLEANUP(fp_buf_release);
			struct fp_error error = {0};

			fp_buf_init(&trace, 1 << 20);
			int r = parse(text, size, size, &strict, &trace, &error);

			if (r != -FP_ERROR_INVALID || !strstr(error.text, rows[i].said))
				fail_msg("%s: %d %s", rows[i].text, r, error.text);
		}
	}
}

static void keeps_its_limits(void **state)
{
	static const struct {
		const char *text;
		struct fp_xml_limits limits;
		const char *said; /* NULL: taken */
	} rows[] = {
		{"<a>123</a>", {.max_bytes = 10, .max_depth = 1, .max_text_bytes = 3}, NULL},
		{"<a>123</a>", {.max_bytes = 9, .max_depth = 1, .max_text_bytes = 3},
			"an XML document of more than 9 bytes"},
		{"<a>123</a>", {.max_bytes = 10, .max_depth = 0, .max_text_bytes = 3},
			"more than 0 levels in an XML document"},
		{"<a>123</a>", {.max_bytes = 10, .max_depth = 1, .max_text_bytes = 2},
			"more than 2 bytes of text in one XML element"},
		/* each run counts alone */
		{"<a>12<b/>34</a>", {.max_bytes = 99, .max_depth = 2, .max_text_bytes = 2}, NULL},
		/* depth counts what is open */
		{"<a><b/><b/><b/></a>", {.max_bytes = 99, .max_depth = 2, .max_text_bytes = 2},
			NULL},
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		struct fp_str text = fp_str(rows[i].text);

		for (size_t size = 1; size <= text.len; size++) {
			struct fp_buf trace FP_CLEANUP(fp_buf_release);
			struct fp_error error = {0};

			fp_buf_init(&trace, 1 << 20);
			int r = parse(text, size, size, &rows[i].limits, &trace, &error);

			assert_int_equal(r, rows[i].said ? -FP_ERROR_LIMIT : 0);
			if (rows[i].said)
				assert_string_equal(error.text, rows[i].said);
		}
	}
}

/* expat reads a tag or comment that is cut again from its start with every piece. */
static void limits_a_single_tag(void **state)
{
	/* before, filling, after; whether the length is limited */
	static const struct {
		const char *before;
		char filling;
		const char *after;
		bool limited;
	} rows[] = {
		{"<a b='", 'x', "'/>", true},
		{"<a><!--", 'x', "--></a>", true},
		{"<!--", 'x', "--><a/>", true},
		{"<a><?p ", 'x', "?></a>", true},
		{"<a", ' ', "/>", true},
		{"<", 'a', "/>", true},
		{"<a/>", ' ', "", false},
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		for (int beyond = 0; beyond < 2; beyond++) {
			struct fp_buf text FP_CLEANUP(fp_buf_release);
			struct fp_buf trace FP_CLEANUP(fp_buf_release);
			struct fp_error error = {0};
			size_t len = beyond ? 4 * FP_XML_TOKEN_MAX : FP_XML_TOKEN_MAX - 10;

			fp_buf_init(&trace, 1 << 21);
			fp_buf_init(&text, 1 << 21);
			fp_buf_add_text(&text, rows[i].before);
			while (text.len < len)
				fp_buf_add_char(&text, rows[i].filling);
			fp_buf_add_text(&text, rows[i].after);
			int r = parse(fp_buf_str(&text), 16384, 16384, &strict, &trace, &error);

			if (r != (beyond && rows[i].limited ? -FP_ERROR_LIMIT : 0))
				fail_msg("%s: %d %s", rows[i].before, r, error.text);
			if (r != 0)
				assert_non_null(strstr(error.text, "in one XML tag or comment"));
		}
	}
}

static void ends_early_when_asked(void **state)
{
	/* nothing is reported after the callback that ended the parse, not even the end of the same
	 * empty element; what follows need not be well-formed */
	expect_in_all_pieces(FP_STR_LITERAL("<a>1<stop/>2</b>"), &strict, 7, "<a>'1'<stop>");
	expect_in_all_pieces(
		FP_STR_LITERAL("<a>1<fail/>2</a>"), &strict, -FP_ERROR_CANCELLED, "<a>'1'<fail>");
}

static void parses_in_one_go(void **state)
{
	struct fp_buf trace FP_CLEANUP(fp_buf_release);
	struct fp_error error = {0};

	fp_buf_init(&trace, 1000);
	assert_int_equal(fp_xml_parse(fp_str("<a>x</a>"), &all_events, &strict, &trace, &error), 0);
	assert_string_equal(trace.data, "<a>'x'</a>");
	assert_int_equal(fp_xml_parse(fp_str("<stop/>"), &all_events, &strict, &trace, &error), 7);
	assert_int_equal(fp_xml_parse(fp_str("<a>"), &all_events, &strict, &trace, &error),
		-FP_ERROR_INVALID);
	assert_int_equal(fp_xml_parse((struct fp_str){0}, &all_events, &strict, &trace, &error),
		-FP_ERROR_INVALID);
	static const struct fp_xml_events none;

	assert_int_equal(
		fp_xml_parse(fp_str("<a b='c'>x<d/></a>"), &none, &strict, NULL, &error), 0);
	fp_xml_parser_free(NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(reports_elements_attributes_and_text),
		cmocka_unit_test(takes_undeclared_prefixes_when_asked),
		cmocka_unit_test(refuses_with_line_and_column),
		cmocka_unit_test(keeps_its_limits),
		cmocka_unit_test(limits_a_single_tag),
		cmocka_unit_test(ends_early_when_asked),
		cmocka_unit_test(parses_in_one_go),
	};

	return cmocka_run_group_tests_name("base: XML", tests, NULL, NULL);
}
