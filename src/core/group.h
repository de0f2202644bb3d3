#pragma once
/* Looking groups up: what selection's functions share. */
#include "forkpoint/core/select.h"

struct fp_group_matches {
	uint32_t group[FP_SELECT_GROUPS_MAX]; /* of the query's release and branch, each once */
	size_t count;
	uint32_t in_release; /* members of all groups of the release */
};

/* Finds the groups of the query's release and branch. */
void fp_groups_match(const struct fp_catalog *catalog, const struct fp_select_query *query,
	struct fp_group_matches *matches);

/* Whether a version that says this is of the query's branch, under any of its names. */
bool fp_group_is_of_branch(
	const struct fp_select_query *query, enum fp_grammar grammar, struct fp_str label);

/* The end of the part's members that are not after the minute, an index into catalog->order. */
uint32_t fp_group_end_at(const struct fp_catalog *catalog, const struct fp_catalog_group *group,
	enum fp_catalog_part part, fp_minute minute);

/* Whether version a would be chosen before b: (minute, revision, version order). Every version is
 * before FP_SELECT_NO_VERSION. */
bool fp_version_is_newer(const struct fp_catalog *catalog, uint32_t a, uint32_t b);
