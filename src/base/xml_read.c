/*
 * XML from outside, over expat.
 *
 * expat keeps a tag or comment that a piece cuts in two and reads it from its start with every
 * further piece, so there is a limit for one of them: otherwise an endless one would cost the
 * square of its length. Text is handed on at once and has its own limit.
 */
#include "forkpoint/base/xml_read.h"

#include "forkpoint/base/array.h"
#include "forkpoint/base/buf.h"

#include <expat.h>
#include <stdlib.h>
#include <string.h>

/* Between URI and local name in expat's names; no name can hold it. */
#define SEPARATOR '\x1f'

enum { PIECE_MAX = 64 * 1024 };

struct fp_xml_parser {
	XML_Parser expat;
	const struct fp_xml_events *events;
	const struct fp_xml_limits *limits;
	void *context;
	struct fp_error *error; /* of the running feed */
	int result;		/* of the callback that ended the parse; 0 = none did */
	bool stopped;
	size_t fed, parsed; /* bytes of the pieces; of those that expat got */
	size_t depth;
	struct fp_buf text; /* since the last tag */
	struct fp_xml_attribute *attributes;
	size_t attribute_capacity;
};

static void stop(struct fp_xml_parser *parser, int result)
{
	if (parser->stopped)
		return;
	parser->stopped = true;
	parser->result = result;
	XML_StopParser(parser->expat, XML_FALSE);
}

/* expat's "URI\x1flocal", or "prefix:local" in lenient mode, where no URI is known. */
static struct fp_xml_name split_name(const struct fp_xml_parser *parser, const char *name)
{
	char mark = parser->limits->lenient_prefixes ? ':' : SEPARATOR;
	const char *at = strrchr(name, mark);
	struct fp_xml_name split = {.local = fp_str(name)};

	if (!at)
		return split;
	split.local = fp_str(at + 1);
	if (!parser->limits->lenient_prefixes)
		split.uri = fp_str_n(name, (size_t)(at - name));
	return split;
}

/* Hands over the character data before a tag. */
static void flush_text(struct fp_xml_parser *parser)
{
	int r;

	if (parser->stopped || parser->text.len == 0)
		return;
	r = parser->events->text ? parser->events->text(parser->context, fp_buf_str(&parser->text),
					   parser->error)
				 : 0;
	fp_buf_clear(&parser->text);
	if (r != 0)
		stop(parser, r);
}

/* Namespace declarations, which expat only takes out where it resolves prefixes. */
static bool is_declaration(const struct fp_xml_parser *parser, const char *name)
{
	return parser->limits->lenient_prefixes &&
	       (strcmp(name, "xmlns") == 0 || strncmp(name, "xmlns:", 6) == 0);
}

static bool list_attributes(struct fp_xml_parser *parser, const char **pairs, size_t *count)
{
	*count = 0;
	for (; pairs[0]; pairs += 2) {
		if (is_declaration(parser, pairs[0]))
			continue;
		if (fp_array_reserve((void **)&parser->attributes, &parser->attribute_capacity,
			    *count + 1, sizeof(*parser->attributes)) < 0)
			return false;
		parser->attributes[(*count)++] = (struct fp_xml_attribute){
			.name = split_name(parser, pairs[0]), .value = fp_str(pairs[1])};
	}
	return true;
}

static void on_begin(void *context, const char *name, const char **pairs)
{
	struct fp_xml_parser *parser = context;
	size_t count;
	int r;

	flush_text(parser);
	if (parser->stopped)
		return;
	if (++parser->depth > parser->limits->max_depth) {
		stop(parser, fp_error_set(parser->error, FP_ERROR_LIMIT,
				     "more than %zu levels in an XML document",
				     parser->limits->max_depth));
		return;
	}
	if (!parser->events->element_begin)
		return;
	if (!list_attributes(parser, pairs, &count)) {
		stop(parser, fp_error_memory(parser->error));
		return;
	}
	r = parser->events->element_begin(parser->context, split_name(parser, name),
		parser->attributes, count, parser->error);
	if (r != 0)
		stop(parser, r);
}

static void on_end(void *context, const char *name)
{
	struct fp_xml_parser *parser = context;
	int r;

	flush_text(parser);
	if (parser->stopped)
		return;
	parser->depth--;
	if (!parser->events->element_end)
		return;
	r = parser->events->element_end(parser->context, split_name(parser, name), parser->error);
	if (r != 0)
		stop(parser, r);
}

static void on_text(void *context, const char *data, int len)
{
	struct fp_xml_parser *parser = context;

	if (parser->stopped)
		return;
	fp_buf_add(&parser->text, data, (size_t)len);
	if (parser->text.state == FP_BUF_TOO_LARGE)
		stop(parser, fp_error_set(parser->error, FP_ERROR_LIMIT,
				     "more than %zu bytes of text in one XML element",
				     parser->limits->max_text_bytes));
	else if (parser->text.state == FP_BUF_NO_MEMORY)
		stop(parser, fp_error_memory(parser->error));
}

/* Entities are how a small document becomes a large one, and no feed or build file needs them. */
static void on_entity(void *context, const char *name, int is_parameter, const char *value,
	int value_len, const char *base, const char *system_id, const char *public_id,
	const char *notation)
{
	struct fp_xml_parser *parser = context;

	stop(parser, fp_error_set(parser->error, FP_ERROR_INVALID,
			     "the XML document declares an entity (%s), which is refused", name));
}

/* An entity that only a document type elsewhere could declare: expat would leave it out. */
static void on_skipped_entity(void *context, const char *name, int is_parameter)
{
	struct fp_xml_parser *parser = context;

	if (!is_parameter)
		stop(parser, fp_error_set(parser->error, FP_ERROR_INVALID,
				     "the XML document uses an entity (%s) that it does not have",
				     name));
}

struct fp_xml_parser *fp_xml_parser_new(
	const struct fp_xml_events *events, const struct fp_xml_limits *limits, void *context)
{
	struct fp_xml_parser *parser = calloc(1, sizeof(*parser));

	if (!parser)
		return NULL;
	parser->events = events;
	parser->limits = limits;
	parser->context = context;
	fp_buf_init(&parser->text, limits->max_text_bytes);
	parser->expat = limits->lenient_prefixes ? XML_ParserCreate(NULL)
						 : XML_ParserCreateNS(NULL, SEPARATOR);
	if (!parser->expat) {
		free(parser);
		return NULL;
	}
	XML_SetUserData(parser->expat, parser);
	XML_SetElementHandler(parser->expat, on_begin, on_end);
	XML_SetCharacterDataHandler(parser->expat, on_text);
	XML_SetEntityDeclHandler(parser->expat, on_entity);
	XML_SetSkippedEntityHandler(parser->expat, on_skipped_entity);
	return parser;
}

void fp_xml_parser_free(struct fp_xml_parser *parser)
{
	if (!parser)
		return;
	XML_ParserFree(parser->expat);
	fp_buf_release(&parser->text);
	free(parser->attributes);
	free(parser);
}

/* Bytes that expat holds back because their tag or comment has no end yet. */
static int check_unread(const struct fp_xml_parser *parser, bool last)
{
	XML_Index read = XML_GetCurrentByteIndex(parser->expat);

	if (last || read < 0 || parser->parsed - (size_t)read <= FP_XML_TOKEN_MAX)
		return 0;
	return fp_error_set(parser->error, FP_ERROR_LIMIT,
		"more than %d bytes in one XML tag or comment", FP_XML_TOKEN_MAX);
}

static int parse_piece(struct fp_xml_parser *parser, const char *data, size_t len, bool last,
	struct fp_error *error)
{
	if (parser->stopped)
		return parser->result;
	parser->error = error;
	parser->parsed += len;
	enum XML_Status status = XML_Parse(parser->expat, data, (int)len, last);

	if (parser->stopped)
		return parser->result;
	if (status == XML_STATUS_OK)
		return check_unread(parser, last);
	if (XML_GetErrorCode(parser->expat) == XML_ERROR_NO_MEMORY)
		return fp_error_memory(error);
	return fp_error_set(error, FP_ERROR_INVALID,
		"not well-formed XML at line %lu, column %lu: %s",
		XML_GetCurrentLineNumber(parser->expat),
		XML_GetCurrentColumnNumber(parser->expat) + 1,
		XML_ErrorString(XML_GetErrorCode(parser->expat)));
}

int fp_xml_parser_feed(
	struct fp_xml_parser *parser, const char *data, size_t len, struct fp_error *error)
{
	if (parser->stopped)
		return parser->result;
	if (len > parser->limits->max_bytes - parser->fed)
		return fp_error_set(error, FP_ERROR_LIMIT, "an XML document of more than %zu bytes",
			parser->limits->max_bytes);
	parser->fed += len;
	while (len) {
		size_t piece = len < PIECE_MAX ? len : PIECE_MAX;
		int r = parse_piece(parser, data, piece, false, error);

		if (r != 0)
			return r;
		data += piece;
		len -= piece;
	}
	return 0;
}

int fp_xml_parser_finish(struct fp_xml_parser *parser, struct fp_error *error)
{
	return parse_piece(parser, "", 0, true, error);
}

int fp_xml_parse(struct fp_str text, const struct fp_xml_events *events,
	const struct fp_xml_limits *limits, void *context, struct fp_error *error)
{
	FP_CLEANUP(fp_xml_parser_free_cleanup)
	struct fp_xml_parser *parser = fp_xml_parser_new(events, limits, context);
	int r;

	if (!parser)
		return fp_error_memory(error);
	r = fp_xml_parser_feed(parser, text.ptr, text.len, error);
	return r != 0 ? r : fp_xml_parser_finish(parser, error);
}
