#pragma once
/*
 * A catalog is the versions of one package as the mirror knows them at one moment, decoded, ordered
 * and grouped so that selection costs a few comparisons whatever the feed's size. Immutable once
 * built; readers share it without locks.
 *
 * Groups: versions of one (grammar, release, label), label and prerelease case-folded; selection
 * looks up the few groups whose label is the branch's. Versions that no request can get past
 * `unrecognised` or `unlisted` are in no group. An arcade version is in two: its release's, and the
 * one of the same numbers without prerelease label, which a request without one asks for (no
 * arcade version is without, so the two cannot be confused).
 */
#include "forkpoint/base/error.h"
#include "forkpoint/base/texts.h"
#include "forkpoint/core/grammar.h"
#include "forkpoint/core/rejection.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One mirrored version, as the store hands it over. Times are microseconds since 1970, -1 = not
 * known. */
struct fp_catalog_row {
	struct fp_str text; /* the feed's string, letter for letter */
	int64_t first_seen_us;
	int64_t published_us; /* what the feed says */
	int64_t unlisted_us;  /* when it was seen unlisted, -1 = it is listed */
	int64_t vanished_us;  /* when it was found gone, -1 = the feed lists it */
	struct fp_str
		missing_ids; /* of the package's set: ids that lack it, ", "-joined; or empty */
	bool unavailable;    /* listed, but its package could not be downloaded */
	bool quarantined;
	bool not_yet_seen; /* it was seen only after the moment that the catalog is of */
};

struct fp_catalog_version {
	struct fp_catalog_row row; /* slices owned by the catalog */
	struct fp_decoded decoded; /* slices into row.text */
	/* Why it is never eligible whatever the request (unrecognised, unlisted, …), or
	 * FP_REJECTION_NONE. Vanished versions are in the catalog but no candidates. */
	enum fp_rejection standing;
	uint32_t group; /* FP_CATALOG_NO_GROUP when unrecognised, unlisted or vanished */
};

#define FP_CATALOG_NO_GROUP UINT32_MAX

/* A group's members in parts, by their standing, so that counting them up to a minute is one binary
 * search per part whatever is quarantined. In the order of their rejection codes. */
enum fp_catalog_part {
	FP_CATALOG_ELIGIBLE,
	FP_CATALOG_QUARANTINED,
	FP_CATALOG_UNAVAILABLE,
	FP_CATALOG_INCOMPLETE_SET,
	FP_CATALOG_PARTS,
};

struct fp_catalog_group {
	enum fp_grammar grammar;
	struct fp_release release;
	struct fp_str label; /* as the first version of the group writes it */
	/* Into the catalog's `order`: part i is [first[i], first[i + 1]). */
	uint32_t first[FP_CATALOG_PARTS + 1];
};

/* The groups of one grammar and release: [first_group, end_group). */
struct fp_catalog_release {
	struct fp_release release;
	uint32_t first_group, end_group;
};

struct fp_catalog_options {
	const enum fp_grammar *grammars; /* in reading order */
	size_t grammar_count;
	bool keep_unlisted; /* configuration `"unlisted": "keep"` */
};

struct fp_catalog {
	struct fp_catalog_version *versions; /* ascending in fp_version_text_compare's order */
	uint32_t version_count;
	uint32_t listed_count; /* versions that are candidates: not vanished */
	uint32_t unrecognised_count;
	uint32_t unlisted_count; /* recognised, rejected as unlisted */
	uint32_t not_yet_seen_count;
	struct fp_catalog_group *groups; /* ordered by (grammar, release, label) */
	uint32_t group_count;
	struct fp_catalog_release *releases; /* ordered by (grammar, release) */
	/* Releases of grammar g: [grammar_first[g], grammar_first[g + 1]). */
	uint32_t grammar_first[FP_GRAMMAR_COUNT + 1];
	/* Version indices, group after group, part after part, ascending by (minute, revision,
	 * version order); and their minutes, side by side for the searches. */
	uint32_t *order;
	fp_minute *minutes;
	struct fp_texts *texts; /* private: what the slices point into */
};

/* Reads and groups the rows. -FP_ERROR_MEMORY, or -FP_ERROR_LIMIT past FP_CATALOG_MAX_ROWS; rows of
 * any content are fine. Two rows that NuGet holds for one version are both kept. */
enum { FP_CATALOG_MAX_ROWS = 1 << 30 };

int fp_catalog_build(const struct fp_catalog_row *rows, size_t count,
	const struct fp_catalog_options *options, struct fp_catalog **catalog,
	struct fp_error *error);

/*
 * The catalog that fp_catalog_build would make of last's rows with these put in: a row whose text
 * last has replaces that one, any other is new. options: those that last was built with. Costs the
 * reading of the rows given and a copy of last, whose texts are shared. Each text once among the
 * rows, and none twice in last.
 */
int fp_catalog_change(const struct fp_catalog *last, const struct fp_catalog_row *rows,
	size_t count, const struct fp_catalog_options *options, struct fp_catalog **catalog,
	struct fp_error *error);
void fp_catalog_free(struct fp_catalog *catalog);
FP_DEFINE_CLEANUP(struct fp_catalog *, fp_catalog_free)

/* Where those that have the text's key (fp_version_key) are: [*first, *end). With others that NuGet
 * orders as equal, or, where the text is no version, with all that are none. */
void fp_catalog_find_equals(
	const struct fp_catalog *catalog, struct fp_str text, uint32_t *first, uint32_t *end);

/* The version with exactly this text, or else one that NuGet holds for the same, a listed one
 * before a vanished one; NULL. */
const struct fp_catalog_version *fp_catalog_find(
	const struct fp_catalog *catalog, struct fp_str text);
