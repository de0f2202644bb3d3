/* Building and searching catalogs: rows are ordered, read by the grammars, and judged as far as no
 * request is needed for it. catalog_groups.c groups them. */
#include "catalog_parts.h"

#include "forkpoint/base/texts.h"

#include <stdlib.h>
#include <string.h>

/* fp_version_text_compare's order; the same text twice keeps the order of the rows. */
static int compare_readings(const void *a, const void *b)
{
	const struct fp_catalog_reading *left = a, *right = b;
	int order = 0;

	if (left->is_version != right->is_version)
		return left->is_version ? 1 : -1;
	if (left->is_version)
		order = fp_nuget_version_compare(&left->version, &right->version);
	if (!order)
		order = fp_str_compare(left->row->text, right->row->text);
	return order ? order : (left->row > right->row) - (left->row < right->row);
}

struct fp_catalog_reading *fp_catalog_read_sorted(const struct fp_catalog_row *rows, size_t count)
{
	struct fp_catalog_reading *readings = calloc(count + 1, sizeof(*readings));

	if (!readings)
		return NULL;
	for (size_t i = 0; i < count; i++) {
		readings[i].row = &rows[i];
		readings[i].is_version = fp_nuget_version_parse(rows[i].text, &readings[i].version);
	}
	qsort(readings, count, sizeof(*readings), compare_readings);
	return readings;
}

static struct fp_str copy_text(struct fp_str text, char **room)
{
	char *copy = *room;

	if (text.len)
		memcpy(copy, text.ptr, text.len);
	*room += text.len;
	return fp_str_n(copy, text.len);
}

/* The first code that applies, of those that need no request. */
static enum fp_rejection judge_standing(
	const struct fp_catalog_version *version, bool keep_unlisted)
{
	const struct fp_catalog_row *row = &version->row;

	if (row->not_yet_seen)
		return FP_REJECTION_NOT_YET_SEEN;
	if (version->decoded.grammar == FP_GRAMMAR_NONE)
		return FP_REJECTION_UNRECOGNISED;
	if (row->unlisted_us >= 0 && !keep_unlisted)
		return FP_REJECTION_UNLISTED;
	if (row->quarantined)
		return FP_REJECTION_QUARANTINED;
	if (row->unavailable)
		return FP_REJECTION_UNAVAILABLE;
	return row->missing_ids.len ? FP_REJECTION_INCOMPLETE_SET : FP_REJECTION_NONE;
}

void fp_catalog_count_version(
	struct fp_catalog *catalog, const struct fp_catalog_version *version, uint32_t change)
{
	if (version->row.vanished_us >= 0)
		return;
	catalog->listed_count += change;
	if (version->standing == FP_REJECTION_UNRECOGNISED)
		catalog->unrecognised_count += change;
	if (version->standing == FP_REJECTION_UNLISTED)
		catalog->unlisted_count += change;
	if (version->standing == FP_REJECTION_NOT_YET_SEEN)
		catalog->not_yet_seen_count += change;
}

void fp_catalog_fill_version(struct fp_catalog *catalog, uint32_t index,
	const struct fp_catalog_row *row, const struct fp_catalog_options *options, char **room)
{
	struct fp_catalog_version *version = &catalog->versions[index];

	version->row = *row;
	version->row.text = copy_text(row->text, room);
	version->row.missing_ids = copy_text(row->missing_ids, room);
	fp_grammar_read_first(
		options->grammars, options->grammar_count, version->row.text, &version->decoded);
	version->standing = judge_standing(version, options->keep_unlisted);
	version->group = FP_CATALOG_NO_GROUP;
	fp_catalog_count_version(catalog, version, 1);
}

struct fp_catalog *fp_catalog_make(
	size_t count, struct fp_texts *last_texts, size_t text_bytes, char **room)
{
	struct fp_catalog *catalog = calloc(1, sizeof(*catalog));

	if (!catalog)
		return NULL;
	catalog->version_count = (uint32_t)count;
	catalog->versions = malloc((count + 1) * sizeof(*catalog->versions));
	catalog->texts = fp_texts_extend(last_texts, text_bytes, room);
	if (catalog->versions && catalog->texts)
		return catalog;
	fp_catalog_free(catalog);
	return NULL;
}

int fp_catalog_build(const struct fp_catalog_row *rows, size_t count,
	const struct fp_catalog_options *options, struct fp_catalog **catalog,
	struct fp_error *error)
{
	FP_CLEANUP(fp_catalog_free_cleanup) struct fp_catalog *built = NULL;
	FP_CLEANUP_FREE struct fp_catalog_reading *readings = NULL;
	size_t text_bytes = 0;
	char *room;
	int r;

	if (count > FP_CATALOG_MAX_ROWS)
		return fp_error_set(error, FP_ERROR_LIMIT,
			"a package has %zu versions, more than the %d that are supported", count,
			(int)FP_CATALOG_MAX_ROWS);
	for (size_t i = 0; i < count; i++)
		text_bytes += rows[i].text.len + rows[i].missing_ids.len;
	readings = fp_catalog_read_sorted(rows, count);
	built = fp_catalog_make(count, NULL, text_bytes, &room);
	if (!readings || !built)
		return fp_error_memory(error);
	for (uint32_t i = 0; i < built->version_count; i++)
		fp_catalog_fill_version(built, i, readings[i].row, options, &room);
	r = fp_catalog_group_versions(built, error);
	if (r < 0)
		return r;
	*catalog = built;
	built = NULL;
	return 0;
}

void fp_catalog_free(struct fp_catalog *catalog)
{
	if (!catalog)
		return;
	free(catalog->versions);
	free(catalog->groups);
	free(catalog->releases);
	free(catalog->order);
	free(catalog->minutes);
	fp_texts_unref(catalog->texts);
	free(catalog);
}

uint32_t fp_catalog_lower_bound(const struct fp_catalog *catalog, struct fp_str text)
{
	uint32_t low = 0, high = catalog->version_count;

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (fp_version_text_compare(catalog->versions[middle].row.text, text) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* wanted NULL: no version, as texts that are none are equal to each other. */
static bool is_equal(
	const struct fp_catalog_version *version, const struct fp_nuget_version *wanted)
{
	struct fp_nuget_version parsed;

	if (!fp_nuget_version_parse(version->row.text, &parsed))
		return !wanted;
	return wanted && fp_nuget_version_compare(&parsed, wanted) == 0;
}

/* Equal versions stand side by side, around the place where the text would be. */
void fp_catalog_find_equals(
	const struct fp_catalog *catalog, struct fp_str text, uint32_t *first, uint32_t *end)
{
	struct fp_nuget_version parsed;
	const struct fp_nuget_version *wanted =
		fp_nuget_version_parse(text, &parsed) ? &parsed : NULL;

	*first = *end = fp_catalog_lower_bound(catalog, text);
	while (*first > 0 && is_equal(&catalog->versions[*first - 1], wanted))
		(*first)--;
	while (*end < catalog->version_count && is_equal(&catalog->versions[*end], wanted))
		(*end)++;
}

static const struct fp_catalog_version *find_listed(
	const struct fp_catalog *catalog, uint32_t first, uint32_t end)
{
	const struct fp_catalog_version *found = NULL;

	for (uint32_t at = first; at < end; at++) {
		const struct fp_catalog_version *version = &catalog->versions[at];

		if (version->row.vanished_us < 0)
			return version;
		found = found ? found : version;
	}
	return found;
}

const struct fp_catalog_version *fp_catalog_find(
	const struct fp_catalog *catalog, struct fp_str text)
{
	uint32_t at = fp_catalog_lower_bound(catalog, text), first, end;
	struct fp_nuget_version wanted;

	if (at < catalog->version_count && fp_str_equal(catalog->versions[at].row.text, text))
		return &catalog->versions[at];
	if (!fp_nuget_version_parse(text, &wanted))
		return NULL;
	fp_catalog_find_equals(catalog, text, &first, &end);
	return find_listed(catalog, first, end);
}
