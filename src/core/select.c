/*
 * Selection. A catalog's groups are ordered by grammar, release and label, so the groups of a
 * release are a range, and the few whose label is the branch's are found in it; within a group the
 * eligible versions are those before a place that is found by their stamps.
 */
#include "forkpoint/core/select.h"

/* Groups from `first` to before `end`. */
struct range {
	uint32_t first, end;
};

/* What a query's release and branch come down to in a catalog. */
struct found {
	struct range releases[FP_GRAMMAR_COUNT];
	uint32_t groups[FP_SELECT_GROUPS_MAX];
	size_t count;
};

/* ---- groups of a release ---- */

static struct fp_decoded decoded_of(const struct fp_catalog_group *group)
{
	return (struct fp_decoded){.grammar = group->grammar, .release = group->release};
}

/* Where the group stands to the range of a grammar and release: <0 before it, 0 in it, >0 after. */
static int compare_to_release(const struct fp_catalog_group *group, enum fp_grammar grammar,
	const struct fp_release *release)
{
	struct fp_decoded decoded = decoded_of(group);

	if (group->grammar != grammar)
		return group->grammar < grammar ? -1 : 1;
	if (fp_grammar_release_matches(&decoded, release))
		return 0;
	if (grammar == FP_GRAMMAR_ARCADE && release->prerelease.len == 0) {
		/* Every label of the release matches: compare the numbers alone. */
		decoded.release.prerelease = release->prerelease;
	}
	return fp_release_compare(&decoded.release, release);
}

static uint32_t first_group_at(const struct fp_catalog *catalog, enum fp_grammar grammar,
	const struct fp_release *release, int after)
{
	uint32_t low = 0, high = catalog->group_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (compare_to_release(&catalog->groups[middle], grammar, release) < after)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct range range_of_release(
	const struct fp_catalog *catalog, enum fp_grammar grammar, const struct fp_release *release)
{
	return (struct range){
		.first = first_group_at(catalog, grammar, release, 0),
		.end = first_group_at(catalog, grammar, release, 1),
	};
}

static uint32_t versions_in(const struct fp_catalog *catalog, struct range range)
{
	const struct fp_catalog_group *last;

	if (range.first >= range.end)
		return 0;
	last = &catalog->groups[range.end - 1];
	return last->first + last->count - catalog->groups[range.first].first;
}

/* ---- groups of a branch ---- */

static bool matches_branch(
	const struct fp_catalog_group *group, const struct fp_select_query *query)
{
	if (group->grammar == FP_GRAMMAR_ARCADE)
		return query->takes_unlabelled;
	for (size_t i = 0; i < query->branch_name_count; i++) {
		struct fp_str name = query->branch_names[i];

		if (fp_label_matches(name, FP_LABEL_HYPHEN, group->label))
			return true;
		if (group->grammar == FP_GRAMMAR_PATCH_STAMP &&
			fp_label_matches(name, FP_LABEL_UNDERSCORE, group->label))
			return true;
	}
	return false;
}

/* The branch's label against a group's, as fp_str_compare_nocase orders labels. */
static int compare_label(struct fp_str label, struct fp_str branch, enum fp_label_style style)
{
	size_t common = label.len < branch.len ? label.len : branch.len;

	for (size_t i = 0; i < common; i++) {
		unsigned char own = (unsigned char)fp_char_lower(label.ptr[i]);
		unsigned char wanted =
			(unsigned char)fp_char_lower(fp_label_char(branch.ptr[i], style));

		if (own != wanted)
			return own < wanted ? -1 : 1;
	}
	return label.len < branch.len ? -1 : label.len > branch.len;
}

static void add_found(struct found *found, uint32_t group)
{
	for (size_t i = 0; i < found->count; i++)
		if (found->groups[i] == group)
			return; /* two names can make one label */
	if (found->count < FP_SELECT_GROUPS_MAX)
		found->groups[found->count++] = group;
}

/* Labels are in order only within one release; prerelease-stamp and patch-stamp ranges are one. */
static void find_label(const struct fp_catalog *catalog, struct range range, struct fp_str branch,
	enum fp_label_style style, struct found *found)
{
	uint32_t end = range.end;

	while (range.first < range.end) {
		uint32_t middle = range.first + (range.end - range.first) / 2;

		if (compare_label(catalog->groups[middle].label, branch, style) < 0)
			range.first = middle + 1;
		else
			range.end = middle;
	}
	if (range.first < end &&
		compare_label(catalog->groups[range.first].label, branch, style) == 0)
		add_found(found, range.first);
}

static void find_unlabelled(
	struct range range, const struct fp_select_query *query, struct found *found)
{
	for (uint32_t i = range.first; query->takes_unlabelled && i < range.end; i++)
		add_found(found, i);
}

static void find_groups(
	const struct fp_catalog *catalog, const struct fp_select_query *query, struct found *found)
{
	found->count = 0;
	for (int i = 0; i < FP_GRAMMAR_COUNT; i++)
		found->releases[i] = range_of_release(catalog, (enum fp_grammar)i, &query->release);
	for (size_t i = 0; i < query->branch_name_count; i++) {
		struct fp_str name = query->branch_names[i];

		find_label(catalog, found->releases[FP_GRAMMAR_PRERELEASE_STAMP], name,
			FP_LABEL_HYPHEN, found);
		find_label(catalog, found->releases[FP_GRAMMAR_PATCH_STAMP], name, FP_LABEL_HYPHEN,
			found);
		find_label(catalog, found->releases[FP_GRAMMAR_PATCH_STAMP], name,
			FP_LABEL_UNDERSCORE, found);
	}
	find_unlabelled(found->releases[FP_GRAMMAR_ARCADE], query, found);
}

/* ---- versions of a group ---- */

static const struct fp_catalog_version *member(
	const struct fp_catalog *catalog, const struct fp_catalog_group *group, uint32_t at)
{
	return &catalog->versions[catalog->order[group->first + at]];
}

/* How many of the group's versions are stamped at or before the minute. */
static uint32_t count_until(
	const struct fp_catalog *catalog, const struct fp_catalog_group *group, fp_minute minute)
{
	uint32_t low = 0, high = group->count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (member(catalog, group, middle)->decoded.minute <= minute)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Newer stamp, then higher revision, then higher version; FP_SELECT_NO_VERSION is below all. */
static bool is_better(const struct fp_catalog *catalog, uint32_t a, uint32_t b)
{
	const struct fp_decoded *one, *other;

	if (a == FP_SELECT_NO_VERSION || b == FP_SELECT_NO_VERSION)
		return a != FP_SELECT_NO_VERSION;
	one = &catalog->versions[a].decoded;
	other = &catalog->versions[b].decoded;
	if (one->minute != other->minute)
		return one->minute > other->minute;
	if (one->revision != other->revision)
		return one->revision > other->revision;
	return a > b;
}

static void offer(const struct fp_catalog *catalog, uint32_t version, uint32_t *best)
{
	if (is_better(catalog, version, *best))
		*best = version;
}

static void offer_chosen(
	const struct fp_catalog *catalog, uint32_t version, struct fp_selection *selection)
{
	if (is_better(catalog, version, selection->chosen)) {
		selection->runner_up = selection->chosen;
		selection->chosen = version;
	} else {
		offer(catalog, version, &selection->runner_up);
	}
}

static uint32_t index_of(const struct fp_catalog *catalog, const struct fp_catalog_version *version)
{
	return (uint32_t)(version - catalog->versions);
}

/* The two newest are enough: no third of one group can be chosen or runner-up. */
static void select_unblocked(const struct fp_catalog *catalog, const struct fp_catalog_group *group,
	uint32_t until, struct fp_selection *selection)
{
	selection->eligible += until;
	for (uint32_t at = until; at > 0 && at + 2 > until; at--)
		offer_chosen(catalog, catalog->order[group->first + at - 1], selection);
}

static void select_blocked(const struct fp_catalog *catalog, const struct fp_catalog_group *group,
	uint32_t until, struct fp_selection *selection)
{
	for (uint32_t at = 0; at < until; at++) {
		const struct fp_catalog_version *version = member(catalog, group, at);

		if (version->standing == FP_REJECTION_NONE) {
			selection->eligible++;
			offer_chosen(catalog, index_of(catalog, version), selection);
			continue;
		}
		selection->rejected[version->standing]++;
		if (version->standing == FP_REJECTION_QUARANTINED)
			offer(catalog, index_of(catalog, version), &selection->quarantined_better);
	}
}

/* The oldest after the fork point that would be eligible but for its stamp. */
static void offer_newer(const struct fp_catalog *catalog, const struct fp_catalog_group *group,
	uint32_t until, uint32_t *oldest)
{
	for (uint32_t at = until; at < group->count; at++) {
		const struct fp_catalog_version *version = member(catalog, group, at);
		uint32_t index = index_of(catalog, version);

		if (version->standing != FP_REJECTION_NONE)
			continue;
		if (*oldest == FP_SELECT_NO_VERSION || is_better(catalog, *oldest, index))
			*oldest = index;
		return;
	}
}

static void count_others(const struct fp_catalog *catalog, const struct found *found,
	uint32_t of_branch, struct fp_selection *selection)
{
	uint32_t grouped =
		catalog->listed_count - catalog->unrecognised_count - catalog->unlisted_count;
	uint32_t of_release = 0;

	for (int i = 0; i < FP_GRAMMAR_COUNT; i++)
		of_release += versions_in(catalog, found->releases[i]);
	selection->rejected[FP_REJECTION_UNRECOGNISED] = catalog->unrecognised_count;
	selection->rejected[FP_REJECTION_UNLISTED] = catalog->unlisted_count;
	selection->rejected[FP_REJECTION_OTHER_RELEASE] = grouped - of_release;
	selection->rejected[FP_REJECTION_OTHER_BRANCH] = of_release - of_branch;
}

static bool is_day_granular(
	const struct fp_catalog *catalog, const struct fp_selection *selection, fp_minute minute)
{
	const struct fp_decoded *decoded;

	if (selection->chosen == FP_SELECT_NO_VERSION)
		return false;
	decoded = &catalog->versions[selection->chosen].decoded;
	return decoded->grammar == FP_GRAMMAR_ARCADE &&
	       fp_day_from_minute(decoded->minute) == fp_day_from_minute(minute);
}

void fp_select(const struct fp_catalog *catalog, const struct fp_select_query *query,
	struct fp_selection *selection)
{
	struct found found;
	uint32_t of_branch = 0;

	*selection = (struct fp_selection){
		.chosen = FP_SELECT_NO_VERSION,
		.runner_up = FP_SELECT_NO_VERSION,
		.nearest_newer = FP_SELECT_NO_VERSION,
		.quarantined_better = FP_SELECT_NO_VERSION,
		.total = catalog->listed_count,
	};
	find_groups(catalog, query, &found);
	for (size_t i = 0; i < found.count; i++) {
		const struct fp_catalog_group *group = &catalog->groups[found.groups[i]];
		uint32_t until = count_until(catalog, group, query->minute);

		of_branch += group->count;
		selection->rejected[FP_REJECTION_AFTER_FORK_POINT] += group->count - until;
		if (group->blocked)
			select_blocked(catalog, group, until, selection);
		else
			select_unblocked(catalog, group, until, selection);
		offer_newer(catalog, group, until, &selection->nearest_newer);
	}
	count_others(catalog, &found, of_branch, selection);
	if (!is_better(catalog, selection->quarantined_better, selection->chosen))
		selection->quarantined_better = FP_SELECT_NO_VERSION;
	selection->day_granular = is_day_granular(catalog, selection, query->minute);
}

enum fp_rejection fp_select_judge(const struct fp_catalog *catalog,
	const struct fp_catalog_version *version, const struct fp_select_query *query)
{
	if (version->standing == FP_REJECTION_UNRECOGNISED ||
		version->standing == FP_REJECTION_UNLISTED)
		return version->standing;
	if (!fp_grammar_release_matches(&version->decoded, &query->release))
		return FP_REJECTION_OTHER_RELEASE;
	if (!matches_branch(&catalog->groups[version->group], query))
		return FP_REJECTION_OTHER_BRANCH;
	if (version->decoded.minute > query->minute)
		return FP_REJECTION_AFTER_FORK_POINT;
	return version->standing;
}

/* ---- downwards ---- */

static void start_cursor(const struct fp_catalog *catalog, const struct fp_select_query *query,
	struct fp_select_cursor *cursor)
{
	struct found found;

	cursor->started = true;
	find_groups(catalog, query, &found);
	for (size_t i = 0; i < found.count; i++) {
		cursor->at[cursor->count].group = found.groups[i];
		cursor->at[cursor->count++].remaining =
			count_until(catalog, &catalog->groups[found.groups[i]], query->minute);
	}
}

/* The newest member of a group that was not yielded and is not blocked. */
static uint32_t top_of(const struct fp_catalog *catalog, uint32_t group, uint32_t *remaining)
{
	for (; *remaining > 0; --*remaining) {
		const struct fp_catalog_version *version =
			member(catalog, &catalog->groups[group], *remaining - 1);

		if (version->standing == FP_REJECTION_NONE)
			return index_of(catalog, version);
	}
	return FP_SELECT_NO_VERSION;
}

uint32_t fp_select_next(const struct fp_catalog *catalog, const struct fp_select_query *query,
	struct fp_select_cursor *cursor)
{
	uint32_t best = FP_SELECT_NO_VERSION;
	size_t from = 0;

	if (!cursor->started)
		start_cursor(catalog, query, cursor);
	for (size_t i = 0; i < cursor->count; i++) {
		uint32_t top = top_of(catalog, cursor->at[i].group, &cursor->at[i].remaining);

		if (is_better(catalog, top, best)) {
			best = top;
			from = i;
		}
	}
	if (best != FP_SELECT_NO_VERSION)
		cursor->at[from].remaining--;
	return best;
}

/* ---- nearest misses ---- */

static uint32_t newest_of(const struct fp_catalog *catalog, uint32_t group)
{
	const struct fp_catalog_group *own = &catalog->groups[group];

	return catalog->order[own->first + own->count - 1];
}

/* Keeps the list's newest first. */
static void add_other_branch(
	const struct fp_catalog *catalog, uint32_t group, struct fp_select_misses *misses)
{
	const size_t max = FP_ARRAY_SIZE(misses->other_branch_groups);
	size_t at = misses->other_branch_group_count;

	while (at > 0 && is_better(catalog, newest_of(catalog, group),
				 newest_of(catalog, misses->other_branch_groups[at - 1])))
		at--;
	if (at == max)
		return;
	if (misses->other_branch_group_count < max)
		misses->other_branch_group_count++;
	for (size_t i = misses->other_branch_group_count - 1; i > at; i--)
		misses->other_branch_groups[i] = misses->other_branch_groups[i - 1];
	misses->other_branch_groups[at] = group;
}

static void offer_other_release(const struct fp_catalog *catalog, uint32_t group, fp_minute minute,
	uint32_t *before, uint32_t *any)
{
	const struct fp_catalog_group *own = &catalog->groups[group];
	uint32_t until = count_until(catalog, own, minute);

	if (until > 0)
		offer(catalog, catalog->order[own->first + until - 1], before);
	offer(catalog, newest_of(catalog, group), any);
}

void fp_select_misses(const struct fp_catalog *catalog, const struct fp_select_query *query,
	struct fp_select_misses *misses)
{
	uint32_t before = FP_SELECT_NO_VERSION, any = FP_SELECT_NO_VERSION;

	*misses = (struct fp_select_misses){
		.oldest_after = FP_SELECT_NO_VERSION,
		.newest_other_release = FP_SELECT_NO_VERSION,
	};
	for (uint32_t i = 0; i < catalog->group_count; i++) {
		const struct fp_catalog_group *group = &catalog->groups[i];
		struct fp_decoded decoded = decoded_of(group);
		bool of_release = fp_grammar_release_matches(&decoded, &query->release);
		bool of_branch = matches_branch(group, query);

		if (of_release && of_branch)
			offer_newer(catalog, group, count_until(catalog, group, query->minute),
				&misses->oldest_after);
		else if (of_branch)
			offer_other_release(catalog, i, query->minute, &before, &any);
		else if (of_release)
			add_other_branch(catalog, i, misses);
	}
	misses->newest_other_release = before != FP_SELECT_NO_VERSION ? before : any;
}
