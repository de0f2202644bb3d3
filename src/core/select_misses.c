/* The nearest misses: what a no-database answer shows instead. */
#include "group.h"

#include "forkpoint/base/attr.h"

/* The place of a group's newest member at or before the minute. */
static uint32_t newest_member(
	const struct fp_catalog *catalog, const struct fp_catalog_group *group, fp_minute minute)
{
	uint32_t newest = FP_NO_PLACE;

	for (int part = 0; part < FP_CATALOG_PARTS; part++) {
		uint32_t end = fp_group_end_at(catalog, group, (enum fp_catalog_part)part, minute);

		if (end > group->first[part] && fp_place_is_newer(catalog, end - 1, newest))
			newest = end - 1;
	}
	return newest;
}

static bool is_asked_for(enum fp_grammar grammar, const struct fp_release *release,
	const struct fp_select_query *query)
{
	const struct fp_decoded decoded = {.grammar = grammar, .release = *release};

	return fp_grammar_release_matches(&decoded, &query->release);
}

/* Arcade's groups without prerelease label hold what other groups hold already. */
static bool is_repetition(enum fp_grammar grammar, const struct fp_release *release)
{
	return grammar == FP_GRAMMAR_ARCADE && release->prerelease.len == 0;
}

/* The place of the branch's newest version of a release. */
static uint32_t newest_of_release(const struct fp_catalog *catalog,
	const struct fp_select_query *query, enum fp_grammar grammar,
	const struct fp_catalog_release *release, fp_minute minute)
{
	struct fp_group_matches matches = {.count = 0};
	uint32_t newest = FP_NO_PLACE;

	fp_groups_match_release(catalog, query, grammar, release, &matches);
	for (size_t i = 0; i < matches.count; i++) {
		uint32_t place = newest_member(catalog, &catalog->groups[matches.group[i]], minute);

		if (fp_place_is_newer(catalog, place, newest))
			newest = place;
	}
	return newest;
}

static uint32_t newest_other_release(const struct fp_catalog *catalog,
	const struct fp_select_query *query, enum fp_grammar grammar, fp_minute minute)
{
	uint32_t newest = FP_NO_PLACE;
	uint32_t end = catalog->grammar_first[grammar + 1];

	for (uint32_t i = catalog->grammar_first[grammar]; i < end; i++) {
		const struct fp_catalog_release *release = &catalog->releases[i];
		uint32_t place;

		if (is_repetition(grammar, &release->release) ||
			is_asked_for(grammar, &release->release, query))
			continue;
		place = newest_of_release(catalog, query, grammar, release, minute);
		if (fp_place_is_newer(catalog, place, newest))
			newest = place;
	}
	return newest;
}

static uint32_t newest_elsewhere(
	const struct fp_catalog *catalog, const struct fp_select_query *query, fp_minute minute)
{
	uint32_t newest = FP_NO_PLACE;

	for (int i = 0; i < FP_GRAMMAR_COUNT; i++) {
		uint32_t place = newest_other_release(catalog, query, (enum fp_grammar)i, minute);

		if (fp_place_is_newer(catalog, place, newest))
			newest = place;
	}
	return newest;
}

/* The groups found so far, newest first, with the place of the version that each stands there for.
 */
struct ranking {
	uint32_t place[FP_ARRAY_SIZE(((struct fp_select_misses *)0)->other_branch_groups)];
	struct fp_select_misses *misses;
};

static void remove_at(struct ranking *ranking, size_t at)
{
	struct fp_select_misses *misses = ranking->misses;

	misses->other_branch_group_count--;
	for (; at < misses->other_branch_group_count; at++) {
		misses->other_branch_groups[at] = misses->other_branch_groups[at + 1];
		ranking->place[at] = ranking->place[at + 1];
	}
}

/* Two grammars can hold one label: the group with the newer version stays. False when the group
 * that is there already is that one. */
static bool replaces_namesake(
	const struct fp_catalog *catalog, struct ranking *ranking, uint32_t group, uint32_t place)
{
	const struct fp_select_misses *misses = ranking->misses;

	for (size_t i = 0; i < misses->other_branch_group_count; i++) {
		uint32_t other = misses->other_branch_groups[i];

		if (!fp_str_equal_nocase(
			    catalog->groups[other].label, catalog->groups[group].label))
			continue;
		if (!fp_place_is_newer(catalog, place, ranking->place[i]))
			return false;
		remove_at(ranking, i);
		return true;
	}
	return true;
}

static void rank(const struct fp_catalog *catalog, struct ranking *ranking, uint32_t group)
{
	struct fp_select_misses *misses = ranking->misses;
	uint32_t place = newest_member(catalog, &catalog->groups[group], INT64_MAX);
	size_t at;

	if (!replaces_namesake(catalog, ranking, group, place))
		return;
	at = misses->other_branch_group_count;
	if (at < FP_ARRAY_SIZE(misses->other_branch_groups))
		misses->other_branch_group_count++;
	else if (!fp_place_is_newer(catalog, place, ranking->place[--at]))
		return;
	for (; at > 0 && fp_place_is_newer(catalog, place, ranking->place[at - 1]); at--) {
		misses->other_branch_groups[at] = misses->other_branch_groups[at - 1];
		ranking->place[at] = ranking->place[at - 1];
	}
	misses->other_branch_groups[at] = group;
	ranking->place[at] = place;
}

static void rank_release(const struct fp_catalog *catalog, const struct fp_select_query *query,
	const struct fp_catalog_release *release, struct ranking *ranking)
{
	for (uint32_t i = release->first_group; i < release->end_group; i++) {
		const struct fp_catalog_group *group = &catalog->groups[i];

		/* Packages without a label name no branch that could be shown. */
		if (group->label.len && !fp_group_is_of_branch(query, group->grammar, group->label))
			rank(catalog, ranking, i);
	}
}

static void rank_other_branches(const struct fp_catalog *catalog,
	const struct fp_select_query *query, struct fp_select_misses *misses)
{
	struct ranking ranking = {.misses = misses};

	for (int grammar = 0; grammar < FP_GRAMMAR_COUNT; grammar++) {
		const struct fp_catalog_release *release =
			fp_groups_find_release(catalog, (enum fp_grammar)grammar, &query->release);

		if (release)
			rank_release(catalog, query, release, &ranking);
	}
}

void fp_select_misses(const struct fp_catalog *catalog, const struct fp_select_query *query,
	struct fp_select_misses *misses)
{
	uint32_t elsewhere = newest_elsewhere(catalog, query, query->minute);
	struct fp_selection selection;

	if (elsewhere == FP_NO_PLACE)
		elsewhere = newest_elsewhere(catalog, query, INT64_MAX);
	fp_select(catalog, query, &selection);
	*misses = (struct fp_select_misses){
		.oldest_after = selection.nearest_newer,
		.newest_other_release = fp_version_at(catalog, elsewhere),
	};
	rank_other_branches(catalog, query, misses);
}
