/*
 * Selection (RULES.md, section 3). Nothing is filtered one by one: the versions of the query's
 * release and branch are a few groups, what is after the fork point is the end of a group's part,
 * and everything outside the groups is counted by subtraction.
 */
#include "group.h"

/* The best seen so far, as places. */
struct places {
	uint32_t chosen, runner_up, nearest_newer, quarantined;
};

/* The newest two of a group's eligible versions, at [first, end). */
static void take_eligible(
	const struct fp_catalog *catalog, uint32_t first, uint32_t end, struct places *best)
{
	uint32_t rest = end - first > 2 ? end - 2 : first;

	for (uint32_t at = end; at-- > rest;) {
		if (fp_place_is_newer(catalog, at, best->chosen)) {
			best->runner_up = best->chosen;
			best->chosen = at;
		} else if (fp_place_is_newer(catalog, at, best->runner_up)) {
			best->runner_up = at;
		}
	}
}

/* The newest that only the quarantine keeps from being eligible. */
static void take_quarantined(
	const struct fp_catalog *catalog, uint32_t first, uint32_t end, struct places *best)
{
	for (uint32_t at = end; at-- > first;) {
		const struct fp_catalog_row *row = &catalog->versions[catalog->order[at]].row;

		if (row->unavailable || row->missing_ids.len)
			continue;
		if (fp_place_is_newer(catalog, at, best->quarantined))
			best->quarantined = at;
		return;
	}
}

static void take_nearest_newer(const struct fp_catalog *catalog, uint32_t at, struct places *best)
{
	if (best->nearest_newer == FP_NO_PLACE ||
		fp_place_is_newer(catalog, best->nearest_newer, at))
		best->nearest_newer = at;
}

static void select_part(const struct fp_catalog *catalog, const struct fp_catalog_group *group,
	enum fp_catalog_part part, fp_minute minute, struct fp_selection *selection,
	struct places *best)
{
	uint32_t first = group->first[part], after = group->first[part + 1];
	uint32_t end = fp_group_end_at(catalog, group, part, minute);

	selection->rejected[FP_REJECTION_AFTER_FORK_POINT] += after - end;
	if (end < after)
		take_nearest_newer(catalog, end, best);
	if (part == FP_CATALOG_ELIGIBLE) {
		selection->eligible += end - first;
		take_eligible(catalog, first, end, best);
		return;
	}
	selection->rejected[FP_REJECTION_QUARANTINED + (part - FP_CATALOG_QUARANTINED)] +=
		end - first;
	if (part == FP_CATALOG_QUARANTINED)
		take_quarantined(catalog, first, end, best);
}

static void count_outside(const struct fp_catalog *catalog, const struct fp_group_matches *matches,
	struct fp_selection *selection)
{
	uint32_t in_branch = 0;
	uint32_t recognised = catalog->listed_count - catalog->unrecognised_count -
			      catalog->unlisted_count - catalog->not_yet_seen_count;

	for (size_t i = 0; i < matches->count; i++) {
		const struct fp_catalog_group *group = &catalog->groups[matches->group[i]];

		in_branch += group->first[FP_CATALOG_PARTS] - group->first[0];
	}
	selection->total = catalog->listed_count;
	selection->rejected[FP_REJECTION_UNRECOGNISED] = catalog->unrecognised_count;
	selection->rejected[FP_REJECTION_UNLISTED] = catalog->unlisted_count;
	selection->rejected[FP_REJECTION_NOT_YET_SEEN] = catalog->not_yet_seen_count;
	selection->rejected[FP_REJECTION_OTHER_RELEASE] = recognised - matches->in_release;
	selection->rejected[FP_REJECTION_OTHER_BRANCH] = matches->in_release - in_branch;
}

/* Whether the version names the day in which the minute lies. */
static bool names_day_of(const struct fp_catalog_version *version, fp_minute minute)
{
	return version->decoded.grammar == FP_GRAMMAR_ARCADE &&
	       fp_day_from_minute(version->decoded.minute) == fp_day_from_minute(minute);
}

void fp_select(const struct fp_catalog *catalog, const struct fp_select_query *query,
	struct fp_selection *selection)
{
	struct places best = {FP_NO_PLACE, FP_NO_PLACE, FP_NO_PLACE, FP_NO_PLACE};
	struct fp_group_matches matches;

	fp_groups_match(catalog, query, &matches);
	*selection = (struct fp_selection){0};
	count_outside(catalog, &matches, selection);
	for (size_t i = 0; i < matches.count; i++)
		for (int part = 0; part < FP_CATALOG_PARTS; part++)
			select_part(catalog, &catalog->groups[matches.group[i]],
				(enum fp_catalog_part)part, query->minute, selection, &best);
	if (!fp_place_is_newer(catalog, best.quarantined, best.chosen))
		best.quarantined = FP_NO_PLACE;
	selection->chosen = fp_version_at(catalog, best.chosen);
	selection->runner_up = fp_version_at(catalog, best.runner_up);
	selection->nearest_newer = fp_version_at(catalog, best.nearest_newer);
	selection->quarantined_better = fp_version_at(catalog, best.quarantined);
	selection->day_granular =
		selection->chosen != FP_SELECT_NO_VERSION &&
		names_day_of(&catalog->versions[selection->chosen], query->minute);
}
