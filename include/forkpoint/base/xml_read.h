#pragma once
/*
 * XML from outside as a stream of events, over expat, whose home this file is: NuGet's Atom pages,
 * nuspec files and NuGet.Config in `feed`, MSBuild property files in `mirror`.
 *
 * Namespaces are resolved: names come as (URI, local name), so that prefixes never matter. Entity
 * declarations are refused (billion laughs), external entities are never fetched. Byte-order marks
 * and every encoding that expat knows are fine; a document that declares none is UTF-8.
 */
#include "forkpoint/base/error.h"
#include "forkpoint/base/str.h"

#include <stdbool.h>
#include <stddef.h>

/* No tag, comment or attribute may have many more bytes than this, whatever the limits say. */
enum { FP_XML_TOKEN_MAX = 256 * 1024 };

struct fp_xml_limits {
	size_t max_bytes;
	size_t max_depth;
	size_t max_text_bytes; /* of one run of character data between two tags */
	bool lenient_prefixes; /* prefixes may be undeclared: names come without any URI, local part
				* only */
};

struct fp_xml_name {
	struct fp_str uri; /* empty when in no namespace */
	struct fp_str local;
};

struct fp_xml_attribute {
	struct fp_xml_name name;
	struct fp_str value;
};

/*
 * Callbacks return 0 to go on, a positive value to stop early with success (feed then returns it),
 * or a negative error code. Slices are valid during the call only. `text` gets the whole character
 * data between two tags at once, entities resolved, untrimmed; runs of mere white space too.
 */
struct fp_xml_events {
	int (*element_begin)(void *context, struct fp_xml_name name,
		const struct fp_xml_attribute *attributes, size_t count, struct fp_error *error);
	int (*element_end)(void *context, struct fp_xml_name name, struct fp_error *error);
	int (*text)(void *context, struct fp_str text, struct fp_error *error);
};

struct fp_xml_parser;

/* NULL when out of memory. events, limits and context must outlive the parser. */
struct fp_xml_parser *fp_xml_parser_new(
	const struct fp_xml_events *events, const struct fp_xml_limits *limits, void *context);
void fp_xml_parser_free(struct fp_xml_parser *parser);
FP_DEFINE_CLEANUP(struct fp_xml_parser *, fp_xml_parser_free)
/* 0, a callback's positive value, -FP_ERROR_INVALID (not well-formed; the text has line and
 * column), -FP_ERROR_LIMIT, or a callback's negative value. */
int fp_xml_parser_feed(
	struct fp_xml_parser *parser, const char *data, size_t len, struct fp_error *error);
/* The document must be complete by now. */
int fp_xml_parser_finish(struct fp_xml_parser *parser, struct fp_error *error);
/* feed and finish in one go. */
int fp_xml_parse(struct fp_str text, const struct fp_xml_events *events,
	const struct fp_xml_limits *limits, void *context, struct fp_error *error);
