/* Walking the eligible versions from the newest to the oldest: a merge of the matched groups. */
#include "group.h"

static void start(const struct fp_catalog *catalog, const struct fp_select_query *query,
	struct fp_select_cursor *cursor)
{
	struct fp_group_matches matches;

	fp_groups_match(catalog, query, &matches);
	for (size_t i = 0; i < matches.count; i++) {
		const struct fp_catalog_group *group = &catalog->groups[matches.group[i]];
		uint32_t end = fp_group_end_at(catalog, group, FP_CATALOG_ELIGIBLE, query->minute);

		cursor->at[i].group = matches.group[i];
		cursor->at[i].remaining = end - group->first[FP_CATALOG_ELIGIBLE];
	}
	cursor->count = matches.count;
	cursor->started = true;
}

uint32_t fp_select_next(const struct fp_catalog *catalog, const struct fp_select_query *query,
	struct fp_select_cursor *cursor)
{
	uint32_t best = FP_NO_PLACE;
	size_t best_at = 0;

	if (!cursor->started)
		start(catalog, query, cursor);
	for (size_t i = 0; i < cursor->count; i++) {
		const struct fp_catalog_group *group = &catalog->groups[cursor->at[i].group];
		uint32_t end = group->first[FP_CATALOG_ELIGIBLE] + cursor->at[i].remaining;

		if (cursor->at[i].remaining == 0 || !fp_place_is_newer(catalog, end - 1, best))
			continue;
		best = end - 1;
		best_at = i;
	}
	if (best != FP_NO_PLACE)
		cursor->at[best_at].remaining--;
	return fp_version_at(catalog, best);
}

void fp_select_lower(
	const struct fp_catalog *catalog, fp_minute minute, struct fp_select_cursor *cursor)
{
	for (size_t i = 0; i < cursor->count; i++) {
		const struct fp_catalog_group *group = &catalog->groups[cursor->at[i].group];
		uint32_t end = fp_group_end_at(catalog, group, FP_CATALOG_ELIGIBLE, minute);
		uint32_t remaining = end - group->first[FP_CATALOG_ELIGIBLE];

		if (remaining < cursor->at[i].remaining)
			cursor->at[i].remaining = remaining;
	}
}
