#pragma once
/*
 * Where the tokens of a JSON text start. yajl says how far it has read when it reports a token, not
 * where the token began, and forgets everything about earlier pieces; so the same bytes are walked
 * here once more, by a machine that knows strings, comments and words and survives the end of a
 * piece. It also notices three things that yajl lets pass: half surrogate pairs in escapes, the
 * vertical tab and the form feed between tokens, and a comment that never ends.
 */
#include <stdbool.h>
#include <stddef.h>

enum fp_json_place {
	FP_JSON_BETWEEN,
	FP_JSON_IN_WORD, /* a number, true, false, null, or junk */
	FP_JSON_IN_STRING,
	FP_JSON_IN_ESCAPE, /* after a backslash */
	FP_JSON_IN_HEX,	   /* after \u */
	FP_JSON_IN_SLASH,  /* the first of a comment */
	FP_JSON_IN_LINE_COMMENT,
	FP_JSON_IN_BLOCK_COMMENT,
	FP_JSON_IN_BLOCK_STAR, /* after a star, which the end of the comment may follow */
};

/* Zeroed, then fp_json_position_init. */
struct fp_json_position {
	enum fp_json_place place;
	unsigned line, column;		   /* of the next byte, from 1 */
	unsigned token_line, token_column; /* of the last token's or comment's first byte */
	size_t token_bytes;		   /* of it so far */
	unsigned escape, escape_digits;	   /* of the \uXXXX that is being read */
	bool high_pending;		   /* the last escape began a surrogate pair */
	bool half_pair;			   /* in the last string */
	bool foreign_space;		   /* \v or \f stands between tokens; nothing moves on */
};

void fp_json_position_init(struct fp_json_position *position);
void fp_json_position_walk(struct fp_json_position *position, const char *data, size_t len);
