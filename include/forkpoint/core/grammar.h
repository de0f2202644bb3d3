#pragma once
/*
 * The version grammars (RULES.md, section 2): a table with a row each, a reader and a writer.
 *
 * Metadata (`+…`) is no part of a version's identity; readers ignore it.
 */
#include "forkpoint/base/error.h"
#include "forkpoint/core/label.h"
#include "forkpoint/core/release.h"
#include "forkpoint/core/stamp.h"

enum fp_grammar {
	FP_GRAMMAR_PRERELEASE_STAMP, /* MAJOR.MINOR.PATCH[-PRERELEASE]-STAMP-LABEL */
	FP_GRAMMAR_PATCH_STAMP,	     /* MAJOR.MINOR.STAMP-LABEL */
	FP_GRAMMAR_ARCADE,	     /* MAJOR.MINOR.PATCH-LABEL.DATE.REVISION */
	FP_GRAMMAR_COUNT,
	FP_GRAMMAR_NONE = FP_GRAMMAR_COUNT, /* no grammar takes the version: unrecognised */
};

/* What a version says. Slices point into the version's text. */
struct fp_decoded {
	enum fp_grammar grammar;
	/* patch-stamp: patch 0, no prerelease label. arcade: LABEL is the prerelease label. */
	struct fp_release release;
	fp_minute minute;    /* the stamp; arcade: midnight of its day */
	struct fp_str label; /* branch label; empty for arcade, which names no branch */
	uint32_t revision;   /* arcade's; 0 elsewhere */
};

/* "prerelease-stamp", …; "unrecognised" for FP_GRAMMAR_NONE. */
const char *fp_grammar_name(enum fp_grammar grammar);
bool fp_grammar_from_name(struct fp_str name, enum fp_grammar *grammar);

/* Whether this grammar takes the version whole, and what it says then. *why, if not NULL, gets on
 * failure one static sentence about what is in the way ("the stamp 9913011200 is no date" becomes
 * "its ten digits are no date"). */
bool fp_grammar_read(enum fp_grammar grammar, struct fp_str version, struct fp_decoded *decoded,
	const char **why);
/* The first of `grammars` that takes it; decoded->grammar is FP_GRAMMAR_NONE when none does. */
void fp_grammar_read_first(const enum fp_grammar *grammars, size_t count, struct fp_str version,
	struct fp_decoded *decoded);

/* Whether a release and grammar can go together in a request: patch-stamp has patch 0 and no
 * prerelease label. arcade: a request without prerelease label matches every LABEL, because LABEL
 * is a build's stage (`prerelease`, `rtm`) more than a part of the product's release. */
bool fp_grammar_release_matches(
	const struct fp_decoded *decoded, const struct fp_release *requested);

enum fp_requested_problem {
	FP_REQUESTED_FINE = 0,
	FP_REQUESTED_NOT_PACKAGEABLE, /* the branch makes no legal label in this grammar */
	FP_REQUESTED_STAMP_OVERFLOW,  /* patch-stamp: past 2147483647 */
	FP_REQUESTED_NO_STAMP,	      /* the commit's time is outside 2000 … 2099 */
	FP_REQUESTED_RELEASE_UNFIT,   /* patch-stamp with a patch or a prerelease label;
				       * arcade without prerelease label */
};

/*
 * Appends the requested version: release, stamp and label in the grammar. It is written even where
 * it cannot be published; the problem (the first that applies) is returned: what does not fit the
 * grammar is left out, and a time without stamp is written `yyMMddHHmm`. arcade: the form without
 * revision when revision is 0 (`1.0.0-prerelease.24409`), else with it.
 */
enum fp_requested_problem fp_grammar_write(enum fp_grammar grammar, enum fp_label_style patch_style,
	const struct fp_release *release, fp_minute minute, struct fp_str branch, uint32_t revision,
	struct fp_buf *buf);
