#pragma once
/*
 * Selection (RULES.md, section 3): of the versions that the feed lists, drop those unlisted, of
 * another release, of another branch label, after the requested stamp; of the rest take the newest
 * stamp, and at one stamp the higher version in NuGet order. No allocation.
 */
#include "forkpoint/core/catalog.h"

enum {
	FP_SELECT_BRANCH_NAMES_MAX = 16,
	/* Groups that one query can meet: of each name in prerelease-stamp's style and
	 * patch-stamp's two, and of packages without a label. */
	FP_SELECT_GROUPS_MAX = FP_SELECT_BRANCH_NAMES_MAX * 3 + 1,
};

struct fp_select_query {
	struct fp_release release;
	/* The PGO branch and its former names (aliases). */
	struct fp_str branch_names[FP_SELECT_BRANCH_NAMES_MAX];
	size_t branch_name_count;
	/* Whether configuration gives packages without a label (arcade) to this branch. */
	bool takes_unlabelled;
	fp_minute minute; /* of the fork point: the newest stamp that is eligible */
};

struct fp_selection {
	/* Indices into catalog->versions, FP_SELECT_NO_VERSION where there is none. */
	uint32_t chosen;
	uint32_t runner_up;	/* what would be chosen if `chosen` were not there */
	uint32_t nearest_newer; /* oldest one counted as after the fork point */
	/* The newest that would have won, were it not quarantined. */
	uint32_t quarantined_better;
	uint32_t total; /* candidates: versions that the feed lists */
	uint32_t eligible;
	uint32_t rejected[FP_REJECTION_COUNT];
	bool day_granular; /* chosen is arcade's and its day is the fork point's own */
};

#define FP_SELECT_NO_VERSION UINT32_MAX

/* Always succeeds; the sum of eligible and rejected[] is total. */
void fp_select(const struct fp_catalog *catalog, const struct fp_select_query *query,
	struct fp_selection *selection);

/* The code of one version for this query, the one that fp_select counted it under;
 * FP_REJECTION_NONE when eligible. Vanished versions are not candidates: do not ask. */
enum fp_rejection fp_select_judge(const struct fp_catalog *catalog,
	const struct fp_catalog_version *version, const struct fp_select_query *query);

/*
 * Walks the eligible versions from the chosen one downwards: *cursor starts zeroed, each call
 * yields the next index or FP_SELECT_NO_VERSION at the end. For the ancestry answer.
 */
struct fp_select_cursor {
	struct {
		uint32_t group, remaining; /* eligible members not yet yielded */
	} at[FP_SELECT_GROUPS_MAX];
	size_t count;
	bool started;
};

uint32_t fp_select_next(const struct fp_catalog *catalog, const struct fp_select_query *query,
	struct fp_select_cursor *cursor);
/* Passes over what the started walk has not yielded yet and is stamped after the minute; costs a
 * search, however many that are. */
void fp_select_lower(
	const struct fp_catalog *catalog, fp_minute minute, struct fp_select_cursor *cursor);

/* The nearest misses for a no-database answer. */
struct fp_select_misses {
	uint32_t oldest_after;	       /* as nearest_newer */
	uint32_t newest_other_release; /* of this branch, at or before the fork point if possible */
	/* Groups of this release but other labels, newest first, each label once. Newest is what
	 * stands first in (minute, revision, version order). */
	uint32_t other_branch_groups[8];
	size_t other_branch_group_count;
};

void fp_select_misses(const struct fp_catalog *catalog, const struct fp_select_query *query,
	struct fp_select_misses *misses);
