/* Catalogs: versions of a package, decoded, ordered and grouped. */
#include "forkpoint/core/catalog.h"

#include "forkpoint/core/nuget_version.h"

#include <stdlib.h>

/* ---- rows ---- */

static size_t text_bytes(const struct fp_catalog_row *rows, size_t count)
{
	size_t bytes = 1;

	for (size_t i = 0; i < count; i++)
		bytes += rows[i].text.len + rows[i].missing_ids.len;
	return bytes;
}

static struct fp_str keep(char **room, struct fp_str text)
{
	struct fp_str kept = fp_str_n(*room, text.len);

	if (text.len)
		memcpy(*room, text.ptr, text.len);
	*room += text.len;
	return kept;
}

static enum fp_rejection standing_of(
	const struct fp_catalog_version *version, const struct fp_catalog_options *options)
{
	const struct fp_catalog_row *row = &version->row;

	if (version->decoded.grammar == FP_GRAMMAR_NONE)
		return FP_REJECTION_UNRECOGNISED;
	if (row->unlisted_us >= 0 && !options->keep_unlisted)
		return FP_REJECTION_UNLISTED;
	if (row->quarantined)
		return FP_REJECTION_QUARANTINED;
	if (row->unavailable)
		return FP_REJECTION_UNAVAILABLE;
	return row->missing_ids.len ? FP_REJECTION_INCOMPLETE_SET : FP_REJECTION_NONE;
}

static int compare_versions(const void *a, const void *b)
{
	const struct fp_catalog_version *left = a, *right = b;

	return fp_version_text_compare(left->row.text, right->row.text);
}

static void count_standing(struct fp_catalog *catalog, const struct fp_catalog_version *version)
{
	if (version->row.vanished_us >= 0)
		return;
	catalog->listed_count++;
	catalog->unrecognised_count += version->standing == FP_REJECTION_UNRECOGNISED;
	catalog->unlisted_count += version->standing == FP_REJECTION_UNLISTED;
}

static int read_rows(struct fp_catalog *catalog, const struct fp_catalog_row *rows, size_t count,
	const struct fp_catalog_options *options)
{
	char *room = malloc(text_bytes(rows, count));

	catalog->memory = room;
	catalog->versions = calloc(count + 1, sizeof(*catalog->versions));
	if (!room || !catalog->versions)
		return -FP_ERROR_MEMORY;
	for (size_t i = 0; i < count; i++) {
		struct fp_catalog_version *version = &catalog->versions[i];

		version->row = rows[i];
		version->row.text = keep(&room, rows[i].text);
		version->row.missing_ids = keep(&room, rows[i].missing_ids);
		version->group = FP_CATALOG_NO_GROUP;
		fp_grammar_read_first(options->grammars, options->grammar_count, version->row.text,
			&version->decoded);
		version->standing = standing_of(version, options);
		count_standing(catalog, version);
	}
	catalog->version_count = (uint32_t)count;
	if (count)
		qsort(catalog->versions, count, sizeof(*catalog->versions), compare_versions);
	return 0;
}

/* ---- groups ---- */

static int compare_group_keys(const struct fp_decoded *a, const struct fp_decoded *b)
{
	int order;

	if (a->grammar != b->grammar)
		return a->grammar < b->grammar ? -1 : 1;
	order = fp_release_compare(&a->release, &b->release);
	return order ? order : fp_str_compare_nocase(a->label, b->label);
}

/* Group after group; within one by stamp, then revision, then version order. */
static int compare_places(const void *a, const void *b, void *context)
{
	const struct fp_catalog *catalog = context;
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
	const struct fp_decoded *one = &catalog->versions[left].decoded;
	const struct fp_decoded *other = &catalog->versions[right].decoded;
	int order = compare_group_keys(one, other);

	if (order)
		return order;
	if (one->minute != other->minute)
		return one->minute < other->minute ? -1 : 1;
	if (one->revision != other->revision)
		return one->revision < other->revision ? -1 : 1;
	return left < right ? -1 : left > right;
}

static bool is_grouped(const struct fp_catalog_version *version)
{
	return version->row.vanished_us < 0 && version->standing != FP_REJECTION_UNRECOGNISED &&
	       version->standing != FP_REJECTION_UNLISTED;
}

static void open_group(struct fp_catalog *catalog, uint32_t place)
{
	const struct fp_decoded *decoded = &catalog->versions[catalog->order[place]].decoded;

	catalog->groups[catalog->group_count++] = (struct fp_catalog_group){
		.grammar = decoded->grammar,
		.release = decoded->release,
		.label = decoded->label,
		.first = place,
	};
}

static int build_groups(struct fp_catalog *catalog)
{
	uint32_t placed = 0;

	catalog->order = calloc(catalog->version_count + 1, sizeof(*catalog->order));
	catalog->groups = calloc(catalog->version_count + 1, sizeof(*catalog->groups));
	if (!catalog->order || !catalog->groups)
		return -FP_ERROR_MEMORY;
	for (uint32_t i = 0; i < catalog->version_count; i++)
		if (is_grouped(&catalog->versions[i]))
			catalog->order[placed++] = i;
	if (placed)
		qsort_r(catalog->order, placed, sizeof(*catalog->order), compare_places, catalog);
	for (uint32_t place = 0; place < placed; place++) {
		struct fp_catalog_version *version = &catalog->versions[catalog->order[place]];
		struct fp_catalog_group *group;

		if (place == 0 ||
			compare_group_keys(&catalog->versions[catalog->order[place - 1]].decoded,
				&version->decoded) != 0)
			open_group(catalog, place);
		version->group = catalog->group_count - 1;
		group = &catalog->groups[version->group];
		group->count++;
		group->blocked += version->standing != FP_REJECTION_NONE;
	}
	return 0;
}

int fp_catalog_build(const struct fp_catalog_row *rows, size_t count,
	const struct fp_catalog_options *options, struct fp_catalog **catalog,
	struct fp_error *error)
{
	struct fp_catalog *made = calloc(1, sizeof(*made));

	if (!made || read_rows(made, rows, count, options) < 0 || build_groups(made) < 0) {
		fp_catalog_free(made);
		return fp_error_memory(error);
	}
	*catalog = made;
	return 0;
}

void fp_catalog_free(struct fp_catalog *catalog)
{
	if (!catalog)
		return;
	free(catalog->versions);
	free(catalog->groups);
	free(catalog->order);
	free(catalog->memory);
	free(catalog);
}

/* Same version for NuGet: numbers and labels, case and metadata apart. */
static int compare_identity(struct fp_str a, struct fp_str b)
{
	struct fp_nuget_version left, right;

	if (fp_nuget_version_parse(a, &left) && fp_nuget_version_parse(b, &right))
		return fp_nuget_version_compare(&left, &right);
	return fp_version_text_compare(a, b);
}

const struct fp_catalog_version *fp_catalog_find(
	const struct fp_catalog *catalog, struct fp_str text)
{
	const struct fp_catalog_version *same = NULL;
	uint32_t low = 0, high = catalog->version_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (compare_identity(catalog->versions[middle].row.text, text) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < catalog->version_count; low++) {
		const struct fp_catalog_version *version = &catalog->versions[low];

		if (compare_identity(version->row.text, text) != 0)
			break;
		if (fp_str_equal(version->row.text, text))
			return version;
		if (!same)
			same = version;
	}
	return same;
}
