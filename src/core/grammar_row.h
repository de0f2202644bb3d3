#pragma once
/* A grammar as a row: what grammar.c's table holds, and the functions that it names. */
#include "forkpoint/core/grammar.h"
#include "forkpoint/core/nuget_version.h"

/* What a version is put together from. */
struct fp_grammar_parts {
	const struct fp_release *release;
	fp_minute minute;
	struct fp_str branch;
	enum fp_label_style patch_style;
	uint32_t revision;
};

/* Reads a version of these parts, whose text is `text`. NULL when the grammar takes it, else one
 * sentence about what is in the way; *decoded, whose grammar the caller sets, then means nothing.
 */
typedef const char *fp_grammar_reader(
	const struct fp_nuget_version *version, struct fp_str text, struct fp_decoded *decoded);
typedef enum fp_requested_problem fp_grammar_writer(
	const struct fp_grammar_parts *parts, struct fp_buf *buf);

struct fp_grammar_row {
	const char *name;
	fp_grammar_reader *read;
	fp_grammar_writer *write;
};

extern const struct fp_grammar_row fp_grammar_rows[FP_GRAMMAR_COUNT];

fp_grammar_reader fp_prerelease_stamp_read, fp_patch_stamp_read, fp_arcade_read;
fp_grammar_writer fp_prerelease_stamp_write, fp_patch_stamp_write, fp_arcade_write;

/* `before` holds its hyphen, or is empty when the text begins with the stamp. */
struct fp_prerelease_split {
	struct fp_str before, stamp, after;
	fp_minute minute;
};

/* Splits what follows PATCH and its hyphen at the stamp: the first run of exactly ten digits,
 * between hyphens, that is a possible date. False when there is none; `after` is then what follows
 * the last hyphen. */
bool fp_prerelease_find_stamp(struct fp_str text, struct fp_prerelease_split *split);
