/* The nearest misses: what a no-database answer shows instead. One pass over the groups. */
#include "group.h"

#include "forkpoint/base/attr.h"

/* The newest member of a group's parts at or before the minute. */
static uint32_t newest_member(
	const struct fp_catalog *catalog, const struct fp_catalog_group *group, fp_minute minute)
{
	uint32_t newest = FP_SELECT_NO_VERSION;

	for (int part = 0; part < FP_CATALOG_PARTS; part++) {
		uint32_t end = fp_group_end_at(catalog, group, (enum fp_catalog_part)part, minute);

		if (end > group->first[part] &&
			fp_version_is_newer(catalog, catalog->order[end - 1], newest))
			newest = catalog->order[end - 1];
	}
	return newest;
}

/* Arcade's groups without prerelease label hold what other groups hold already. */
static bool is_repetition(const struct fp_catalog_group *group)
{
	return group->grammar == FP_GRAMMAR_ARCADE && group->release.prerelease.len == 0;
}

static bool is_of_release(const struct fp_catalog_group *group, const struct fp_select_query *query)
{
	const struct fp_decoded decoded = {.grammar = group->grammar, .release = group->release};

	return fp_grammar_release_matches(&decoded, &query->release);
}

static uint32_t newest_other_release(
	const struct fp_catalog *catalog, const struct fp_select_query *query, fp_minute minute)
{
	uint32_t newest = FP_SELECT_NO_VERSION;

	for (uint32_t i = 0; i < catalog->group_count; i++) {
		const struct fp_catalog_group *group = &catalog->groups[i];
		uint32_t version;

		if (is_repetition(group) || is_of_release(group, query) ||
			!fp_group_is_of_branch(query, group->grammar, group->label))
			continue;
		version = newest_member(catalog, group, minute);
		if (fp_version_is_newer(catalog, version, newest))
			newest = version;
	}
	return newest;
}

/* The groups found so far, newest first, with the version that each stands there for. */
struct ranking {
	uint32_t version[FP_ARRAY_SIZE(((struct fp_select_misses *)0)->other_branch_groups)];
	struct fp_select_misses *misses;
};

static void remove_at(struct ranking *ranking, size_t at)
{
	struct fp_select_misses *misses = ranking->misses;

	misses->other_branch_group_count--;
	for (; at < misses->other_branch_group_count; at++) {
		misses->other_branch_groups[at] = misses->other_branch_groups[at + 1];
		ranking->version[at] = ranking->version[at + 1];
	}
}

/* Two grammars can hold one label: the group with the newer version stays. False when the group
 * that is there already is that one. */
static bool replaces_namesake(
	const struct fp_catalog *catalog, struct ranking *ranking, uint32_t group, uint32_t version)
{
	const struct fp_select_misses *misses = ranking->misses;

	for (size_t i = 0; i < misses->other_branch_group_count; i++) {
		uint32_t other = misses->other_branch_groups[i];

		if (!fp_str_equal_nocase(
			    catalog->groups[other].label, catalog->groups[group].label))
			continue;
		if (!fp_version_is_newer(catalog, version, ranking->version[i]))
			return false;
		remove_at(ranking, i);
		return true;
	}
	return true;
}

static void rank(const struct fp_catalog *catalog, struct ranking *ranking, uint32_t group)
{
	struct fp_select_misses *misses = ranking->misses;
	uint32_t version = newest_member(catalog, &catalog->groups[group], INT64_MAX);
	size_t at;

	if (!replaces_namesake(catalog, ranking, group, version))
		return;
	at = misses->other_branch_group_count;
	if (at < FP_ARRAY_SIZE(misses->other_branch_groups))
		misses->other_branch_group_count++;
	else if (!fp_version_is_newer(catalog, version, ranking->version[--at]))
		return;
	for (; at > 0 && fp_version_is_newer(catalog, version, ranking->version[at - 1]); at--) {
		misses->other_branch_groups[at] = misses->other_branch_groups[at - 1];
		ranking->version[at] = ranking->version[at - 1];
	}
	misses->other_branch_groups[at] = group;
	ranking->version[at] = version;
}

static void rank_other_branches(const struct fp_catalog *catalog,
	const struct fp_select_query *query, struct fp_select_misses *misses)
{
	struct ranking ranking = {.misses = misses};

	for (uint32_t i = 0; i < catalog->group_count; i++) {
		const struct fp_catalog_group *group = &catalog->groups[i];

		/* Packages without a label name no branch that could be shown. */
		if (group->label.len && is_of_release(group, query) &&
			!fp_group_is_of_branch(query, group->grammar, group->label))
			rank(catalog, &ranking, i);
	}
}

void fp_select_misses(const struct fp_catalog *catalog, const struct fp_select_query *query,
	struct fp_select_misses *misses)
{
	struct fp_selection selection;

	fp_select(catalog, query, &selection);
	*misses = (struct fp_select_misses){
		.oldest_after = selection.nearest_newer,
		.newest_other_release = newest_other_release(catalog, query, query->minute),
	};
	if (misses->newest_other_release == FP_SELECT_NO_VERSION)
		misses->newest_other_release = newest_other_release(catalog, query, INT64_MAX);
	rank_other_branches(catalog, query, misses);
}
