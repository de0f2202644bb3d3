/*
 * Selection (RULES.md, section 3). Nothing is filtered one by one: the versions of the query's
 * release and branch are a few groups, what is after the fork point is the end of a group's part,
 * and everything outside the groups is counted by subtraction.
 */
#include "group.h"

static void take_newer(const struct fp_catalog *catalog, uint32_t version, uint32_t *best)
{
	if (fp_version_is_newer(catalog, version, *best))
		*best = version;
}

static void take_older(const struct fp_catalog *catalog, uint32_t version, uint32_t *oldest)
{
	if (*oldest == FP_SELECT_NO_VERSION || fp_version_is_newer(catalog, *oldest, version))
		*oldest = version;
}

/* The newest two of a group's eligible versions, [first, end) of order. */
static void take_eligible(const struct fp_catalog *catalog, uint32_t first, uint32_t end,
	struct fp_selection *selection)
{
	uint32_t rest = end - first > 2 ? end - 2 : first;

	selection->eligible += end - first;
	for (uint32_t at = end; at > rest; at--) {
		uint32_t version = catalog->order[at - 1];

		if (fp_version_is_newer(catalog, version, selection->chosen)) {
			selection->runner_up = selection->chosen;
			selection->chosen = version;
		} else {
			take_newer(catalog, version, &selection->runner_up);
		}
	}
}

/* The newest that only the quarantine keeps from being eligible. */
static void take_quarantined(const struct fp_catalog *catalog, uint32_t first, uint32_t end,
	struct fp_selection *selection)
{
	for (uint32_t at = end; at > first; at--) {
		uint32_t version = catalog->order[at - 1];
		const struct fp_catalog_row *row = &catalog->versions[version].row;

		if (row->unavailable || row->missing_ids.len)
			continue;
		take_newer(catalog, version, &selection->quarantined_better);
		return;
	}
}

static void select_part(const struct fp_catalog *catalog, const struct fp_catalog_group *group,
	enum fp_catalog_part part, fp_minute minute, struct fp_selection *selection)
{
	uint32_t first = group->first[part], after = group->first[part + 1];
	uint32_t end = fp_group_end_at(catalog, group, part, minute);

	selection->rejected[FP_REJECTION_AFTER_FORK_POINT] += after - end;
	if (end < after)
		take_older(catalog, catalog->order[end], &selection->nearest_newer);
	if (part == FP_CATALOG_ELIGIBLE) {
		take_eligible(catalog, first, end, selection);
		return;
	}
	selection->rejected[FP_REJECTION_QUARANTINED + (part - FP_CATALOG_QUARANTINED)] +=
		end - first;
	if (part == FP_CATALOG_QUARANTINED)
		take_quarantined(catalog, first, end, selection);
}

static void count_outside(const struct fp_catalog *catalog, const struct fp_group_matches *matches,
	struct fp_selection *selection)
{
	uint32_t in_branch = 0;
	uint32_t recognised =
		catalog->listed_count - catalog->unrecognised_count - catalog->unlisted_count;

	for (size_t i = 0; i < matches->count; i++) {
		const struct fp_catalog_group *group = &catalog->groups[matches->group[i]];

		in_branch += group->first[FP_CATALOG_PARTS] - group->first[0];
	}
	selection->total = catalog->listed_count;
	selection->rejected[FP_REJECTION_UNRECOGNISED] = catalog->unrecognised_count;
	selection->rejected[FP_REJECTION_UNLISTED] = catalog->unlisted_count;
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
	struct fp_group_matches matches;

	fp_groups_match(catalog, query, &matches);
	*selection = (struct fp_selection){
		.chosen = FP_SELECT_NO_VERSION,
		.runner_up = FP_SELECT_NO_VERSION,
		.nearest_newer = FP_SELECT_NO_VERSION,
		.quarantined_better = FP_SELECT_NO_VERSION,
	};
	count_outside(catalog, &matches, selection);
	for (size_t i = 0; i < matches.count; i++)
		for (int part = 0; part < FP_CATALOG_PARTS; part++)
			select_part(catalog, &catalog->groups[matches.group[i]],
				(enum fp_catalog_part)part, query->minute, selection);
	if (!fp_version_is_newer(catalog, selection->quarantined_better, selection->chosen))
		selection->quarantined_better = FP_SELECT_NO_VERSION;
	selection->day_granular =
		selection->chosen != FP_SELECT_NO_VERSION &&
		names_day_of(&catalog->versions[selection->chosen], query->minute);
}
