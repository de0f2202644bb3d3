/*
 * The groups of a changed catalog: last's groups in their order, without the members that changed
 * and with the fresh ones in their places. What lies between is copied, indices moved.
 */
#include "catalog_parts.h"

#include <stdlib.h>

struct regrouping {
	struct fp_catalog *catalog;
	const struct fp_catalog *last;
	const uint32_t *places;
	const bool *is_fresh;
	struct fp_catalog_member *members; /* fresh ones, sorted */
	uint32_t member_count, next;
	uint32_t filled;	/* of order and minutes */
	uint32_t *group_places; /* per group of last: its number now */
	bool groups_moved;
};

static void regrouping_release(struct regrouping *regrouping)
{
	free(regrouping->members);
	free(regrouping->group_places);
}

static int list_fresh(struct regrouping *regrouping, uint32_t fresh_count)
{
	struct fp_catalog *catalog = regrouping->catalog;
	uint32_t count = 0;

	regrouping->members = calloc((size_t)fresh_count * 2 + 1, sizeof(*regrouping->members));
	if (!regrouping->members)
		return -FP_ERROR_MEMORY;
	for (uint32_t i = 0; i < catalog->version_count; i++)
		if (regrouping->is_fresh[i])
			count += fp_catalog_members_of(
				&catalog->versions[i], &regrouping->members[count]);
	qsort(regrouping->members, count, sizeof(*regrouping->members), fp_catalog_compare_members);
	regrouping->member_count = count;
	return 0;
}

/* Where a fresh member stands in one group and part. */
static int compare_group(
	const struct fp_catalog_group *group, const struct fp_catalog_member *member)
{
	struct fp_release release = fp_catalog_release_of(member);
	int order;

	if (group->grammar != member->version->decoded.grammar)
		return group->grammar < member->version->decoded.grammar ? -1 : 1;
	order = fp_release_compare(&group->release, &release);
	return order ? order : fp_str_compare_nocase(group->label, member->version->decoded.label);
}

static uint32_t index_of(
	const struct regrouping *regrouping, const struct fp_catalog_member *member)
{
	return (uint32_t)(member->version - regrouping->catalog->versions);
}

/* Whether last's member at that place of its order is before a fresh one of its part. */
static bool is_before(
	const struct regrouping *regrouping, uint32_t at, const struct fp_catalog_member *member)
{
	const struct fp_catalog *last = regrouping->last;
	const struct fp_decoded *decoded = &member->version->decoded;
	uint32_t index = last->order[at], revision;

	if (last->minutes[at] != decoded->minute)
		return last->minutes[at] < decoded->minute;
	revision = last->versions[index].decoded.revision;
	if (revision != decoded->revision)
		return revision < decoded->revision;
	return regrouping->places[index] < index_of(regrouping, member);
}

static void copy_members(struct regrouping *regrouping, uint32_t from, uint32_t end)
{
	const struct fp_catalog *last = regrouping->last;

	for (uint32_t i = from; i < end; i++) {
		uint32_t place = regrouping->places[last->order[i]];

		if (regrouping->is_fresh[place])
			continue; /* changed: it comes again where it belongs now */
		regrouping->catalog->order[regrouping->filled] = place;
		regrouping->catalog->minutes[regrouping->filled++] = last->minutes[i];
	}
}

static void put_member(struct regrouping *regrouping, const struct fp_catalog_member *member)
{
	uint32_t index = index_of(regrouping, member);

	regrouping->catalog->order[regrouping->filled] = index;
	regrouping->catalog->minutes[regrouping->filled++] = member->version->decoded.minute;
	if (!member->any_prerelease)
		regrouping->catalog->versions[index].group = regrouping->catalog->group_count;
}

/* One part of a group: last's members [from, end) and the fresh ones up to `fresh_end`. */
static void merge_part(
	struct regrouping *regrouping, uint32_t from, uint32_t end, int part, uint32_t fresh_end)
{
	for (; regrouping->next < fresh_end; regrouping->next++) {
		const struct fp_catalog_member *member = &regrouping->members[regrouping->next];
		uint32_t low = from, high = end;

		if ((int)fp_catalog_part_of(member->version) != part)
			break;
		while (low < high) {
			uint32_t middle = low + (high - low) / 2;

			if (is_before(regrouping, middle, member))
				low = middle + 1;
			else
				high = middle;
		}
		copy_members(regrouping, from, low);
		put_member(regrouping, member);
		from = low;
	}
	copy_members(regrouping, from, end);
}

/* The member that a new group's name is taken from. */
static struct fp_catalog_member first_member(
	const struct regrouping *regrouping, uint32_t at, bool any_prerelease)
{
	const struct fp_catalog *catalog = regrouping->catalog;

	return (struct fp_catalog_member){
		.version = &catalog->versions[catalog->order[at]],
		.any_prerelease = any_prerelease,
	};
}

/* Writes one group; last's (NULL: it is new) with the fresh members up to fresh_end. One that has
 * lost all its members is left out. */
static void merge_group(
	struct regrouping *regrouping, const struct fp_catalog_group *old, uint32_t fresh_end)
{
	bool any_prerelease =
		old ? old->grammar == FP_GRAMMAR_ARCADE && !old->release.prerelease.len
		    : regrouping->members[regrouping->next].any_prerelease;
	uint32_t first[FP_CATALOG_PARTS + 1] = {regrouping->filled};
	struct fp_catalog_member named_by;
	struct fp_catalog_group *group;

	for (int part = 0; part < FP_CATALOG_PARTS; part++) {
		merge_part(regrouping, old ? old->first[part] : 0, old ? old->first[part + 1] : 0,
			part, fresh_end);
		first[part + 1] = regrouping->filled;
	}
	if (regrouping->filled == first[0])
		return;
	named_by = first_member(regrouping, first[0], any_prerelease);
	group = fp_catalog_open_group(regrouping->catalog, &named_by, first[0]);
	memcpy(group->first, first, sizeof(first));
}

/* How far the fresh members go that belong to the group of the first of them. */
static uint32_t fresh_run(const struct regrouping *regrouping, const struct fp_catalog_group *group)
{
	uint32_t end = regrouping->next;

	while (end < regrouping->member_count &&
		compare_group(group, &regrouping->members[end]) == 0)
		end++;
	return end;
}

static uint32_t new_group_run(const struct regrouping *regrouping)
{
	const struct fp_catalog_member *first = &regrouping->members[regrouping->next];
	const struct fp_catalog_group group = {
		.grammar = first->version->decoded.grammar,
		.release = fp_catalog_release_of(first),
		.label = first->version->decoded.label,
	};

	return fresh_run(regrouping, &group);
}

static void merge_groups(struct regrouping *regrouping)
{
	const struct fp_catalog *last = regrouping->last;
	uint32_t at = 0;

	while (at < last->group_count || regrouping->next < regrouping->member_count) {
		const struct fp_catalog_group *old =
			at < last->group_count ? &last->groups[at] : NULL;

		if (old &&
			(regrouping->next == regrouping->member_count ||
				compare_group(old, &regrouping->members[regrouping->next]) <= 0)) {
			regrouping->groups_moved |= regrouping->catalog->group_count != at;
			regrouping->group_places[at++] = regrouping->catalog->group_count;
			merge_group(regrouping, old, fresh_run(regrouping, old));
		} else {
			merge_group(regrouping, NULL, new_group_run(regrouping));
		}
	}
}

static void move_versions(struct regrouping *regrouping)
{
	struct fp_catalog *catalog = regrouping->catalog;

	for (uint32_t i = 0; i < catalog->version_count; i++) {
		uint32_t group = catalog->versions[i].group;

		if (!regrouping->is_fresh[i] && group != FP_CATALOG_NO_GROUP)
			catalog->versions[i].group = regrouping->group_places[group];
	}
}

static uint32_t members_in(const struct fp_catalog *catalog)
{
	return catalog->group_count
		       ? catalog->groups[catalog->group_count - 1].first[FP_CATALOG_PARTS]
		       : 0;
}

int fp_catalog_regroup(struct fp_catalog *catalog, const struct fp_catalog *last,
	const uint32_t *places, const bool *is_fresh, uint32_t fresh_count, struct fp_error *error)
{
	FP_CLEANUP(regrouping_release)
	struct regrouping regrouping = {
		.catalog = catalog, .last = last, .places = places, .is_fresh = is_fresh};

	regrouping.group_places =
		calloc((size_t)last->group_count + 1, sizeof(*regrouping.group_places));
	if (!regrouping.group_places || list_fresh(&regrouping, fresh_count) < 0 ||
		fp_catalog_group_allocate(catalog, members_in(last) + regrouping.member_count,
			last->group_count + regrouping.member_count) < 0)
		return fp_error_memory(error);
	merge_groups(&regrouping);
	if (regrouping.groups_moved)
		move_versions(&regrouping);
	return 0;
}
