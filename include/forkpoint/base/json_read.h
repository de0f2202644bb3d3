#pragma once
/*
 * JSON from outside, in two ways over one parser (yajl, whose home this file is):
 *
 * - events: a document is fed piece by piece and reported token by token, so that a registration
 *   of hundreds of megabytes needs no memory of its own;
 * - a tree: a small document at once, each value with the line and column where it stands, so that
 *   configuration problems can be pointed at.
 *
 * Both have limits on depth, bytes and values, and take UTF-8 only; a byte-order mark at the start
 * is skipped, an escape that is half of a surrogate pair is refused. yajl was chosen over cJSON
 * because cJSON can do neither: it builds whole trees and forgets positions.
 */
#include "forkpoint/base/error.h"
#include "forkpoint/base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* No string, number or comment may have more bytes than this, whatever the limits say. */
enum { FP_JSON_TOKEN_MAX = 256 * 1024 };

struct fp_json_limits {
	size_t max_bytes;
	size_t max_depth;
	size_t max_values; /* keys and values together */
};

/*
 * Each callback returns 0 to go on or a negative error code after filling *error, which ends the
 * parse and is handed up. NULL callbacks ignore their token. Slices are valid during the call only.
 * Numbers are handed over as written.
 */
struct fp_json_events {
	int (*null)(void *context, struct fp_error *error);
	int (*boolean)(void *context, bool value, struct fp_error *error);
	int (*number)(void *context, struct fp_str digits, struct fp_error *error);
	int (*string)(void *context, struct fp_str value, struct fp_error *error);
	int (*key)(void *context, struct fp_str name, struct fp_error *error);
	int (*object_begin)(void *context, struct fp_error *error);
	int (*object_end)(void *context, struct fp_error *error);
	int (*array_begin)(void *context, struct fp_error *error);
	int (*array_end)(void *context, struct fp_error *error);
};

struct fp_json_parser;

/* NULL when out of memory. events, limits and context must outlive the parser. */
struct fp_json_parser *fp_json_parser_new(const struct fp_json_events *events,
	const struct fp_json_limits *limits, void *context, bool allow_comments);
void fp_json_parser_free(struct fp_json_parser *parser);
/* 0, -FP_ERROR_INVALID (not JSON; the text has line and column), -FP_ERROR_LIMIT, or what a
 * callback returned. After a failure only free may be called. */
int fp_json_parser_feed(
	struct fp_json_parser *parser, const char *data, size_t len, struct fp_error *error);
/* The document must be complete by now. */
int fp_json_parser_finish(struct fp_json_parser *parser, struct fp_error *error);
/* Line and column, from 1, of the token that is being reported (columns count bytes). */
void fp_json_parser_position(const struct fp_json_parser *parser, unsigned *line, unsigned *column);

enum fp_json_type {
	FP_JSON_NULL,
	FP_JSON_BOOLEAN,
	FP_JSON_NUMBER,
	FP_JSON_STRING,
	FP_JSON_ARRAY,
	FP_JSON_OBJECT,
};

struct fp_json_value {
	enum fp_json_type type;
	unsigned line, column;	       /* of the value; for a member of an object see key_line */
	unsigned key_line, key_column; /* of its key; 0 where it has none */
	struct fp_str key;	       /* in an object; empty elsewhere */
	struct fp_str text; /* of a string (NUL-terminated, may hold NULs), of a number */
	bool boolean;
	struct fp_json_value *first; /* of an array or an object */
	struct fp_json_value *next;  /* sibling */
	size_t count;		     /* of children */
};

struct fp_json_tree;

/* Parses the whole text. The tree owns every value and slice. Errors as for the events; the first
 * syntax error's position is written to *error_line and *error_column if not NULL. */
int fp_json_tree_read(struct fp_str text, const struct fp_json_limits *limits, bool allow_comments,
	struct fp_json_tree **tree, unsigned *error_line, unsigned *error_column,
	struct fp_error *error);
void fp_json_tree_free(struct fp_json_tree *tree);
FP_DEFINE_CLEANUP(struct fp_json_tree *, fp_json_tree_free)
const struct fp_json_value *fp_json_tree_root(const struct fp_json_tree *tree);
/* The last member of that name, NULL where there is none or value is no object. */
const struct fp_json_value *fp_json_member(const struct fp_json_value *value, const char *key);
/* "a string", "an object", …: for error texts. */
const char *fp_json_type_name(enum fp_json_type type);
