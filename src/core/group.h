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

/* The groups of a grammar that the release asks for; NULL when there are none. */
const struct fp_catalog_release *fp_groups_find_release(const struct fp_catalog *catalog,
	enum fp_grammar grammar, const struct fp_release *release);

/* Adds the groups of the query's branch in one release of the grammar, whichever release that is.
 */
void fp_groups_match_release(const struct fp_catalog *catalog, const struct fp_select_query *query,
	enum fp_grammar grammar, const struct fp_catalog_release *release,
	struct fp_group_matches *matches);

/* Whether a version that says this is of the query's branch, under any of its names. */
bool fp_group_is_of_branch(
	const struct fp_select_query *query, enum fp_grammar grammar, struct fp_str label);

/* The end of the part's members that are not after the minute, an index into catalog->order. */
uint32_t fp_group_end_at(const struct fp_catalog *catalog, const struct fp_catalog_group *group,
	enum fp_catalog_part part, fp_minute minute);

/*
 * Versions are compared by their places, indices into catalog->order: the minutes stand side by
 * side there, while each version is another line of memory.
 */
#define FP_NO_PLACE UINT32_MAX

/* Whether what stands at place a would be chosen before what stands at b: (minute, revision,
 * version order). Every place is before FP_NO_PLACE. */
bool fp_place_is_newer(const struct fp_catalog *catalog, uint32_t a, uint32_t b);
/* FP_SELECT_NO_VERSION for FP_NO_PLACE. */
uint32_t fp_version_at(const struct fp_catalog *catalog, uint32_t place);
