/* Finding the groups that a query asks for, by binary search over labels that are never written. */
#include "group.h"

struct range {
	uint32_t first, end;
};

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

/* The first group of the range whose release is not below; with `after`, the first above. */
static uint32_t bound_release(const struct fp_catalog *catalog, struct range range,
	const struct fp_release *release, bool after)
{
	while (range.first < range.end) {
		uint32_t middle = range.first + (range.end - range.first) / 2;
		int order = fp_release_compare(&catalog->groups[middle].release, release);

		if (order < 0 || (after && order == 0))
			range.first = middle + 1;
		else
			range.end = middle;
	}
	return range.first;
}

static struct range find_release(
	const struct fp_catalog *catalog, enum fp_grammar grammar, const struct fp_release *release)
{
	struct range range = {catalog->grammar_first[grammar], catalog->grammar_first[grammar + 1]};

	range.first = bound_release(catalog, range, release, false);
	range.end = bound_release(catalog, range, release, true);
	return range;
}

/* The group of this label in a release's range; range.end when there is none. */
static uint32_t find_label(const struct fp_catalog *catalog, struct range range,
	struct fp_str branch, enum fp_label_style style)
{
	uint32_t none = range.end;

	while (range.first < range.end) {
		uint32_t middle = range.first + (range.end - range.first) / 2;
		int order = fp_label_compare(branch, style, catalog->groups[middle].label);

		if (order == 0)
			return middle;
		if (order > 0)
			range.first = middle + 1;
		else
			range.end = middle;
	}
	return none;
}

static uint32_t count_members(const struct fp_catalog *catalog, struct range range)
{
	if (range.first == range.end)
		return 0;
	return catalog->groups[range.end - 1].first[FP_CATALOG_PARTS] -
	       catalog->groups[range.first].first[0];
}

/* Aliases and styles can lead to one group twice. */
static void add_match(struct fp_group_matches *matches, uint32_t group)
{
	for (size_t i = 0; i < matches->count; i++)
		if (matches->group[i] == group)
			return;
	matches->group[matches->count++] = group;
}

static void match_labels(const struct fp_catalog *catalog, const struct fp_select_query *query,
	enum fp_grammar grammar, struct range range, struct fp_group_matches *matches)
{
	const struct style_row *row = &styles_of[grammar];

	for (size_t i = 0; i < query->branch_name_count; i++) {
		for (size_t k = 0; k < row->count; k++) {
			uint32_t group =
				find_label(catalog, range, query->branch_names[i], row->styles[k]);

			if (group != range.end)
				add_match(matches, group);
		}
	}
}

void fp_groups_match(const struct fp_catalog *catalog, const struct fp_select_query *query,
	struct fp_group_matches *matches)
{
	matches->count = 0;
	matches->in_release = 0;
	for (int i = 0; i < FP_GRAMMAR_COUNT; i++) {
		enum fp_grammar grammar = (enum fp_grammar)i;
		struct range range = find_release(catalog, grammar, &query->release);

		matches->in_release += count_members(catalog, range);
		if (range.first == range.end)
			continue;
		if (styles_of[grammar].count)
			match_labels(catalog, query, grammar, range, matches);
		else if (query->takes_unlabelled) /* without labels, a release is one group */
			add_match(matches, range.first);
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

bool fp_version_is_newer(const struct fp_catalog *catalog, uint32_t a, uint32_t b)
{
	const struct fp_decoded *left, *right;

	if (a == FP_SELECT_NO_VERSION || b == FP_SELECT_NO_VERSION)
		return a != FP_SELECT_NO_VERSION && b == FP_SELECT_NO_VERSION;
	left = &catalog->versions[a].decoded;
	right = &catalog->versions[b].decoded;
	if (left->minute != right->minute)
		return left->minute > right->minute;
	if (left->revision != right->revision)
		return left->revision > right->revision;
	return a > b;
}
