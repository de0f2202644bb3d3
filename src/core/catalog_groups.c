/*
 * The groups of a catalog: its versions sorted by (grammar, release, label, standing, minute,
 * revision, version order), and the places where the first four change.
 */
#include "catalog_parts.h"

#include <stdlib.h>

enum fp_catalog_part fp_catalog_part_of(const struct fp_catalog_version *version)
{
	if (version->standing == FP_REJECTION_NONE)
		return FP_CATALOG_ELIGIBLE;
	return (enum fp_catalog_part)(
		FP_CATALOG_QUARANTINED + (version->standing - FP_REJECTION_QUARANTINED));
}

struct fp_release fp_catalog_release_of(const struct fp_catalog_member *member)
{
	struct fp_release release = member->version->decoded.release;

	if (member->any_prerelease)
		release.prerelease = fp_str_n(NULL, 0);
	return release;
}

static int compare_groups(const struct fp_catalog_member *a, const struct fp_catalog_member *b)
{
	const struct fp_decoded *left = &a->version->decoded, *right = &b->version->decoded;
	struct fp_release left_release, right_release;
	int order;

	if (left->grammar != right->grammar)
		return left->grammar < right->grammar ? -1 : 1;
	left_release = fp_catalog_release_of(a);
	right_release = fp_catalog_release_of(b);
	order = fp_release_compare(&left_release, &right_release);
	return order ? order : fp_str_compare_nocase(left->label, right->label);
}

int fp_catalog_compare_members(const void *a, const void *b)
{
	const struct fp_catalog_member *left = a, *right = b;
	const struct fp_decoded *first = &left->version->decoded;
	const struct fp_decoded *second = &right->version->decoded;
	int order = compare_groups(left, right);

	if (order)
		return order;
	if (fp_catalog_part_of(left->version) != fp_catalog_part_of(right->version))
		return fp_catalog_part_of(left->version) < fp_catalog_part_of(right->version) ? -1
											      : 1;
	if (first->minute != second->minute)
		return first->minute < second->minute ? -1 : 1;
	if (first->revision != second->revision)
		return first->revision < second->revision ? -1 : 1;
	return left->version < right->version ? -1 : left->version > right->version;
}

static bool is_grouped(const struct fp_catalog_version *version)
{
	return version->row.vanished_us < 0 && version->standing != FP_REJECTION_UNRECOGNISED &&
	       version->standing != FP_REJECTION_UNLISTED &&
	       version->standing != FP_REJECTION_NOT_YET_SEEN;
}

uint32_t fp_catalog_members_of(
	const struct fp_catalog_version *version, struct fp_catalog_member *members)
{
	uint32_t count = 0;

	if (!is_grouped(version))
		return 0;
	members[count++] = (struct fp_catalog_member){.version = version};
	if (version->decoded.grammar == FP_GRAMMAR_ARCADE)
		members[count++] =
			(struct fp_catalog_member){.version = version, .any_prerelease = true};
	return count;
}

static bool begins_group(const struct fp_catalog_member *members, uint32_t at)
{
	return at == 0 || compare_groups(&members[at - 1], &members[at]) != 0;
}

static uint32_t count_groups(const struct fp_catalog_member *members, uint32_t count)
{
	uint32_t groups = 0;

	for (uint32_t i = 0; i < count; i++)
		groups += begins_group(members, i);
	return groups;
}

/* Groups of one release stand side by side: the last release grows, or another begins. */
static void extend_releases(struct fp_catalog *catalog, const struct fp_catalog_group *group)
{
	uint32_t end = catalog->grammar_first[group->grammar + 1];
	bool continues = end > catalog->grammar_first[group->grammar] &&
			 fp_release_equal(&catalog->releases[end - 1].release, &group->release);

	if (!continues) {
		catalog->releases[end] = (struct fp_catalog_release){
			.release = group->release,
			.first_group = catalog->group_count,
		};
		end++;
		/* The places of all later grammars move along. */
		for (int grammar = (int)group->grammar + 1; grammar <= FP_GRAMMAR_COUNT; grammar++)
			catalog->grammar_first[grammar] = end;
	}
	catalog->releases[end - 1].end_group = catalog->group_count + 1;
}

struct fp_catalog_group *fp_catalog_open_group(
	struct fp_catalog *catalog, const struct fp_catalog_member *member, uint32_t at)
{
	struct fp_catalog_group *group = &catalog->groups[catalog->group_count];

	*group = (struct fp_catalog_group){
		.grammar = member->version->decoded.grammar,
		.release = fp_catalog_release_of(member),
		.label = member->version->decoded.label,
	};
	for (int part = 0; part <= FP_CATALOG_PARTS; part++)
		group->first[part] = at;
	extend_releases(catalog, group);
	catalog->group_count++;
	return group;
}

static void place_member(struct fp_catalog *catalog, struct fp_catalog_group *group,
	const struct fp_catalog_member *member, uint32_t at)
{
	uint32_t index = (uint32_t)(member->version - catalog->versions);

	for (int part = (int)fp_catalog_part_of(member->version) + 1; part <= FP_CATALOG_PARTS;
		part++)
		group->first[part] = at + 1;
	catalog->order[at] = index;
	catalog->minutes[at] = member->version->decoded.minute;
	if (!member->any_prerelease)
		catalog->versions[index].group = catalog->group_count - 1;
}

static void place_members(
	struct fp_catalog *catalog, const struct fp_catalog_member *members, uint32_t count)
{
	struct fp_catalog_group *group = NULL;

	for (uint32_t i = 0; i < count; i++) {
		if (begins_group(members, i))
			group = fp_catalog_open_group(catalog, &members[i], i);
		place_member(catalog, group, &members[i], i);
	}
}

int fp_catalog_group_allocate(
	struct fp_catalog *catalog, uint32_t member_count, uint32_t group_count)
{
	size_t members = (size_t)member_count + 1, groups = (size_t)group_count + 1;

	catalog->groups = calloc(groups, sizeof(*catalog->groups));
	catalog->releases = calloc(groups, sizeof(*catalog->releases)); /* at most as many */
	catalog->order = calloc(members, sizeof(*catalog->order));
	catalog->minutes = calloc(members, sizeof(*catalog->minutes));
	if (!catalog->groups || !catalog->releases || !catalog->order || !catalog->minutes)
		return -FP_ERROR_MEMORY;
	return 0;
}

int fp_catalog_group_versions(struct fp_catalog *catalog, struct fp_error *error)
{
	FP_CLEANUP_FREE struct fp_catalog_member *members =
		calloc((size_t)catalog->version_count * 2 + 1, sizeof(*members));
	uint32_t count = 0;

	if (!members)
		return fp_error_memory(error);
	for (uint32_t i = 0; i < catalog->version_count; i++)
		count += fp_catalog_members_of(&catalog->versions[i], &members[count]);
	qsort(members, count, sizeof(*members), fp_catalog_compare_members);
	if (fp_catalog_group_allocate(catalog, count, count_groups(members, count)) < 0)
		return fp_error_memory(error);
	place_members(catalog, members, count);
	return 0;
}
