/*
 * Changing a catalog: what did not change is copied as it stands, runs at a time, with its texts
 * shared; what did is read, judged and put in its place.
 */
#include "catalog_parts.h"

#include "forkpoint/base/array.h"

#include <stdlib.h>
#include <string.h>

/* Where a row goes: before last's version `at`, or in its stead. */
struct slot {
	const struct fp_catalog_row *row;
	uint32_t at;
	bool replaces;
};

static bool is_at(const struct fp_catalog *catalog, uint32_t at, struct fp_str text)
{
	return at < catalog->version_count && fp_str_equal(catalog->versions[at].row.text, text);
}

/* Rows come in the catalog's order, and often in runs: behind the last one stands the next. */
static void find_slots(const struct fp_catalog *last, const struct fp_catalog_reading *readings,
	struct slot *slots)
{
	uint32_t next = 0;

	for (size_t i = 0; readings[i].row; i++) {
		struct fp_str text = readings[i].row->text;
		uint32_t at = is_at(last, next, text) ? next : fp_catalog_lower_bound(last, text);

		slots[i] = (struct slot){
			.row = readings[i].row,
			.at = at,
			.replaces = is_at(last, at, text),
		};
		next = at + slots[i].replaces;
	}
}

/* Building anew is cheaper when much changed, and frees texts that nothing points to any more. */
static bool pays_to_change(const struct fp_catalog *last, size_t count)
{
	return count <= last->version_count / 4 && !fp_texts_is_scattered(last->texts);
}

static int build_anew(const struct fp_catalog *last, const struct slot *slots, size_t count,
	const struct fp_catalog_options *options, struct fp_catalog **catalog,
	struct fp_error *error)
{
	FP_CLEANUP_FREE struct fp_catalog_row *rows =
		calloc(last->version_count + count + 1, sizeof(*rows));
	size_t next = 0, filled = 0;

	if (!rows)
		return fp_error_memory(error);
	for (uint32_t i = 0; i < last->version_count; i++) {
		bool is_replaced = false;

		for (; next < count && slots[next].at == i; next++) {
			rows[filled++] = *slots[next].row;
			is_replaced = slots[next].replaces;
		}
		if (!is_replaced)
			rows[filled++] = last->versions[i].row;
	}
	while (next < count)
		rows[filled++] = *slots[next++].row;
	return fp_catalog_build(rows, filled, options, catalog, error);
}

struct change {
	const struct fp_catalog *last;
	struct fp_catalog *made;
	const struct fp_catalog_options *options;
	uint32_t copied, filled; /* of last; of made */
	uint32_t *places;	 /* per version of last: its index now */
	bool *is_fresh;		 /* per version now */
	char *room;
};

static void change_release(struct change *change)
{
	free(change->places);
	free(change->is_fresh);
	fp_catalog_free(change->made);
}

static void copy_until(struct change *change, uint32_t end)
{
	size_t count = end - change->copied;

	if (count)
		memcpy(&change->made->versions[change->filled],
			&change->last->versions[change->copied],
			count * sizeof(*change->made->versions));
	while (change->copied < end)
		change->places[change->copied++] = change->filled++;
}

static void put_in(struct change *change, const struct slot *slot)
{
	copy_until(change, slot->at);
	if (slot->replaces) {
		fp_catalog_count_version(
			change->made, &change->last->versions[slot->at], (uint32_t)-1);
		change->places[change->copied++] = change->filled;
	}
	change->is_fresh[change->filled] = true;
	fp_catalog_fill_version(
		change->made, change->filled++, slot->row, change->options, &change->room);
}

static int begin(struct change *change, const struct slot *slots, size_t count)
{
	size_t total = change->last->version_count, text_bytes = 0;

	for (size_t i = 0; i < count; i++) {
		total += !slots[i].replaces;
		text_bytes += slots[i].row->text.len + slots[i].row->missing_ids.len;
	}
	change->places = malloc((change->last->version_count + 1) * sizeof(*change->places));
	change->is_fresh = calloc(total + 1, sizeof(*change->is_fresh));
	change->made = fp_catalog_make(total, change->last->texts, text_bytes, &change->room);
	if (!change->places || !change->is_fresh || !change->made)
		return -FP_ERROR_MEMORY;
	change->made->listed_count = change->last->listed_count;
	change->made->unrecognised_count = change->last->unrecognised_count;
	change->made->unlisted_count = change->last->unlisted_count;
	change->made->not_yet_seen_count = change->last->not_yet_seen_count;
	return 0;
}

static int merge(const struct fp_catalog *last, const struct slot *slots, size_t count,
	const struct fp_catalog_options *options, struct fp_catalog **catalog,
	struct fp_error *error)
{
	FP_CLEANUP(change_release) struct change change = {.last = last, .options = options};
	int r;

	if (begin(&change, slots, count) < 0)
		return fp_error_memory(error);
	for (size_t i = 0; i < count; i++)
		put_in(&change, &slots[i]);
	copy_until(&change, last->version_count);
	r = fp_catalog_regroup(
		change.made, last, change.places, change.is_fresh, (uint32_t)count, error);
	if (r < 0)
		return r;
	*catalog = change.made;
	change.made = NULL;
	return 0;
}

int fp_catalog_change(const struct fp_catalog *last, const struct fp_catalog_row *rows,
	size_t count, const struct fp_catalog_options *options, struct fp_catalog **catalog,
	struct fp_error *error)
{
	FP_CLEANUP_FREE struct fp_catalog_reading *readings = NULL;
	FP_CLEANUP_FREE struct slot *slots = NULL;

	if (count + last->version_count > FP_CATALOG_MAX_ROWS)
		return fp_error_set(error, FP_ERROR_LIMIT,
			"a package has more versions than the %d that are supported",
			(int)FP_CATALOG_MAX_ROWS);
	readings = fp_catalog_read_sorted(rows, count);
	slots = calloc(count + 1, sizeof(*slots));
	if (!readings || !slots)
		return fp_error_memory(error);
	find_slots(last, readings, slots);
	if (pays_to_change(last, count))
		return merge(last, slots, count, options, catalog, error);
	return build_anew(last, slots, count, options, catalog, error);
}
