#pragma once
/* What building and changing a catalog share. */
#include "forkpoint/core/catalog.h"
#include "forkpoint/core/nuget_version.h"

/* ---- catalog.c ---- */

/* A row while it is sorted: taken apart once, not at every comparison. */
struct fp_catalog_reading {
	const struct fp_catalog_row *row;
	struct fp_nuget_version version;
	bool is_version;
};

/* The rows in the catalog's order; NULL when out of memory. */
struct fp_catalog_reading *fp_catalog_read_sorted(const struct fp_catalog_row *rows, size_t count);
/* A catalog of so many empty versions, whose new texts fit the room; last_texts as
 * fp_texts_extend takes them. NULL when out of memory. */
struct fp_catalog *fp_catalog_make(
	size_t count, struct fp_texts *last_texts, size_t text_bytes, char **room);
/* Reads and judges one row into the catalog; its texts are copied into the room. */
void fp_catalog_fill_version(struct fp_catalog *catalog, uint32_t index,
	const struct fp_catalog_row *row, const struct fp_catalog_options *options, char **room);
/* Adds (+1) or takes off (-1) a version from the catalog's counts. */
void fp_catalog_count_version(
	struct fp_catalog *catalog, const struct fp_catalog_version *version, uint32_t change);
/* The first version that is not below the text. */
uint32_t fp_catalog_lower_bound(const struct fp_catalog *catalog, struct fp_str text);

/* ---- catalog_groups.c ---- */

/* A version's place in one group. */
struct fp_catalog_member {
	const struct fp_catalog_version *version;
	bool any_prerelease; /* arcade: in the group of its numbers alone */
};

/* Fills groups, releases, order and minutes, and each version's group, from the catalog's
 * versions. 0 or -FP_ERROR_MEMORY. */
int fp_catalog_group_versions(struct fp_catalog *catalog, struct fp_error *error);
/* Room for so many members and groups. 0 or -FP_ERROR_MEMORY. */
int fp_catalog_group_allocate(
	struct fp_catalog *catalog, uint32_t member_count, uint32_t group_count);
/* Appends the places that a version has, at most two; their number. */
uint32_t fp_catalog_members_of(
	const struct fp_catalog_version *version, struct fp_catalog_member *members);
/* qsort's: the order of a catalog's `order`. */
int fp_catalog_compare_members(const void *a, const void *b);
enum fp_catalog_part fp_catalog_part_of(const struct fp_catalog_version *version);
struct fp_release fp_catalog_release_of(const struct fp_catalog_member *member);
/* Opens the next group, and its release if it is the first of one; all parts begin at `at`. */
struct fp_catalog_group *fp_catalog_open_group(
	struct fp_catalog *catalog, const struct fp_catalog_member *first, uint32_t at);

/* ---- catalog_regroup.c ---- */

/* The groups of a catalog that was changed. places: per version of last, its index now; is_fresh:
 * per version now, whether it is new or changed. 0 or -FP_ERROR_MEMORY. */
int fp_catalog_regroup(struct fp_catalog *catalog, const struct fp_catalog *last,
	const uint32_t *places, const bool *is_fresh, uint32_t fresh_count, struct fp_error *error);
