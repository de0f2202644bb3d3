/* Finding the groups that a query asks for, by binary search over labels that are never written. */
#include "group.h"

/* In which styles a grammar's versions can carry a branch's name. */
struct style_row {
	enum fp_label_style styles[2];
	size_t count;
};

static const struct style_row styles_of[FP_GRAMMAR_COUNT] = {
	[FP_GRAMMAR_PRERELEASE_STAMP] = {{FP_LABEL_HYPHEN}, 1},
	[FP_GRAMMAR_PATCH_STAMP] = {{FP_LABEL_HYPHEN, FP_LABEL_UNDERSCORE}, 2},
	[FP_GRAMMAR_ARCADE] = {{FP_LABEL_HYPHEN}, 0},
};

bool fp_group_is_of_branch(
	const struct fp_select_query *query, enum fp_grammar grammar, struct fp_str label)
{
	const struct style_row *row = &styles_of[grammar];

	if (row->count == 0)
		return query->takes_unlabelled;
	for (size_t i = 0; i < query->branch_name_count; i++)
		for (size_t k = 0; k < row->count; k++)
			if (fp_label_matches(query->branch_names[i], row->styles[k], label))
				return true;
	return false;
}

const struct fp_catalog_release *fp_groups_find_release(
	const struct fp_catalog *catalog, enum fp_grammar grammar, const struct fp_release *release)
{
	uint32_t low = catalog->grammar_first[grammar], high = catalog->grammar_first[grammar + 1];

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = fp_release_compare(&catalog->releases[middle].release, release);

		if (order == 0)
			return &catalog->releases[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

/* The group of this label in a release; end_group when there is none. */
static uint32_t find_label(const struct fp_catalog *catalog,
	const struct fp_catalog_release *release, struct fp_str branch, enum fp_label_style style)
{
	uint32_t low = release->first_group, high = release->end_group;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = fp_label_compare(branch, style, catalog->groups[middle].label);

		if (order == 0)
			return middle;
		if (order > 0)
			low = middle + 1;
		else
			high = middle;
	}
	return release->end_group;
}

/* Aliases and styles can lead to one group twice. */
static void add_match(struct fp_group_matches *matches, uint32_t group)
{
	for (size_t i = 0; i < matches->count; i++)
		if (matches->group[i] == group)
			return;
	matches->group[matches->count++] = group;
}

void fp_groups_match_release(const struct fp_catalog *catalog, const struct fp_select_query *query,
	enum fp_grammar grammar, const struct fp_catalog_release *release,
	struct fp_group_matches *matches)
{
	const struct style_row *row = &styles_of[grammar];

	if (row->count == 0 && query->takes_unlabelled) /* no labels: one group */
		add_match(matches, release->first_group);
	for (size_t i = 0; i < query->branch_name_count; i++) {
		for (size_t k = 0; k < row->count; k++) {
			uint32_t group = find_label(
				catalog, release, query->branch_names[i], row->styles[k]);

			if (group != release->end_group)
				add_match(matches, group);
		}
	}
}

static uint32_t count_members(
	const struct fp_catalog *catalog, const struct fp_catalog_release *release)
{
	return catalog->groups[release->end_group - 1].first[FP_CATALOG_PARTS] -
	       catalog->groups[release->first_group].first[0];
}

void fp_groups_match(const struct fp_catalog *catalog, const struct fp_select_query *query,
	struct fp_group_matches *matches)
{
	matches->count = 0;
	matches->in_release = 0;
	for (int i = 0; i < FP_GRAMMAR_COUNT; i++) {
		enum fp_grammar grammar = (enum fp_grammar)i;
		const struct fp_catalog_release *release =
			fp_groups_find_release(catalog, grammar, &query->release);

		if (!release)
			continue;
		matches->in_release += count_members(catalog, release);
		fp_groups_match_release(catalog, query, grammar, release, matches);
	}
}

uint32_t fp_group_end_at(const struct fp_catalog *catalog, const struct fp_catalog_group *group,
	enum fp_catalog_part part, fp_minute minute)
{
	uint32_t low = group->first[part], high = group->first[part + 1];

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (catalog->minutes[middle] <= minute)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool fp_place_is_newer(const struct fp_catalog *catalog, uint32_t a, uint32_t b)
{
	const struct fp_decoded *left, *right;

	if (a == FP_NO_PLACE || b == FP_NO_PLACE)
		return a != FP_NO_PLACE && b == FP_NO_PLACE;
	if (catalog->minutes[a] != catalog->minutes[b])
		return catalog->minutes[a] > catalog->minutes[b];
	left = &catalog->versions[catalog->order[a]].decoded;
	right = &catalog->versions[catalog->order[b]].decoded;
	if (left->revision != right->revision)
		return left->revision > right->revision;
	return catalog->order[a] > catalog->order[b];
}

uint32_t fp_version_at(const struct fp_catalog *catalog, uint32_t place)
{
	return place == FP_NO_PLACE ? FP_SELECT_NO_VERSION : catalog->order[place];
}
