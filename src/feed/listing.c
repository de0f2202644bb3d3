/*
 * Listings. Both kinds of documents are sorted, which costs one comparison per version when they
 * are in order or in reverse already, as they nearly always are; then merged. Within one version
 * (RULES.md: `1`, `1.0`, `1.0.0+x`) the first spelling wins, and a leaf that says unlisted. What
 * the last listing had is compared by its rank there (listing_order.h).
 */
#include "forkpoint/feed/listing.h"

#include "forkpoint/core/nuget_version.h"

#include <string.h>

struct item {
	struct fp_str text;
	const struct fp_nuget_version *version; /* NULL: not read, or none */
	int64_t published_us;
	enum fp_listed listed;
	uint32_t rank;	   /* in the last listing; only versions have one */
	uint32_t position; /* keeps equal versions in their documents' order */
	bool is_version;
	bool is_named; /* of states: a document of names has it too */
};

struct items {
	struct item *items;
	size_t count;
	struct fp_nuget_version *versions; /* room for one each; those read are filled */
	size_t version_count;
};

static void items_release(struct items *items)
{
	free(items->items);
	free(items->versions);
}

void fp_listing_release(struct fp_listing *listing)
{
	free(listing->versions);
	free(listing->download);
	fp_texts_unref(listing->memory);
	*listing = (struct fp_listing){0};
}

static const struct fp_nuget_version *version_of(
	const struct item *item, struct fp_nuget_version *room)
{
	if (item->version)
		return item->version;
	fp_nuget_version_parse(item->text, room);
	return room;
}

static int compare_versions(const struct item *a, const struct item *b)
{
	struct fp_nuget_version left_room, right_room;
	const struct fp_nuget_version *left = version_of(a, &left_room);
	const struct fp_nuget_version *right = version_of(b, &right_room);
	int order = fp_nuget_version_compare(left, right);
	/* labels such as 01 and 1 order as equal and are two versions: see fp_version_key */
	return order ? order : fp_str_compare_nocase(left->prerelease, right->prerelease);
}

/* 0 = NuGet holds both for one version, or they are no versions and one but for case. */
static int compare_items(const struct item *a, const struct item *b)
{
	if (a->rank != FP_LISTING_NO_RANK && b->rank != FP_LISTING_NO_RANK)
		return a->rank < b->rank ? -1 : a->rank > b->rank;
	if (a->is_version != b->is_version)
		return a->is_version ? 1 : -1;
	if (fp_str_equal(a->text, b->text))
		return 0;
	if (!a->is_version)
		return fp_str_compare_nocase(a->text, b->text);
	return compare_versions(a, b);
}

static int compare_stably(const void *a, const void *b)
{
	const struct item *left = a, *right = b;
	int order = compare_items(left, right);
	if (order != 0)
		return order;
	return left->position < right->position ? -1 : left->position > right->position;
}

static bool runs(const struct items *items, bool ascending)
{
	for (size_t i = 1; i < items->count; i++) {
		int order = compare_items(&items->items[i - 1], &items->items[i]);
		if (ascending ? order > 0 : order <= 0)
			return false;
	}
	return true;
}

static void reverse(struct items *items)
{
	for (size_t i = 0, j = items->count; i + 1 < j; i++) {
		struct item swapped = items->items[i];
		items->items[i] = items->items[--j];
		items->items[j] = swapped;
	}
}

static void sort_items(struct items *items)
{
	if (runs(items, true))
		return;
	if (runs(items, false))
		reverse(items);
	else
		qsort(items->items, items->count, sizeof(*items->items), compare_stably);
}

static void read_item(struct items *items, struct item *item)
{
	struct fp_nuget_version *version = &items->versions[items->version_count];
	item->is_version = fp_nuget_version_parse(item->text, version);
	if (!item->is_version)
		return;
	item->version = version;
	items->version_count++;
}

static void add_item(struct items *items, const struct fp_version_list *list, size_t index,
	struct fp_listing_ends *last)
{
	struct item *item = &items->items[items->count];
	*item = (struct item){
		.text = fp_version_list_text(list, index),
		.listed = list->entries[index].listed,
		.published_us = list->entries[index].published_us,
		.position = (uint32_t)items->count,
		.is_version = true,
	};
	item->rank = fp_listing_ends_find(last, item->text);
	if (item->rank == FP_LISTING_NO_RANK)
		read_item(items, item);
	items->count++;
}

/* What is still to come of the states, from both ends. */
struct ends {
	struct items *states;
	size_t low, high; /* states from low to before high */
};

/*
 * Names mostly say the same as the states, in the same order or in reverse. What has the text of
 * the state that is next from either end is found without reading it as a version, which halves the
 * cost of a long list. Returns whether the name was found.
 */
static bool find_at_ends(struct ends *ends, struct fp_str text)
{
	struct item *items = ends->states->items;
	for (size_t skip = 0; skip < 2 && ends->low + skip < ends->high; skip++) {
		struct item *first = &items[ends->low + skip];
		struct item *last = &items[ends->high - 1 - skip];
		if (fp_str_equal_nocase(first->text, text)) {
			ends->low += skip + 1;
			return first->is_named = true;
		}
		if (fp_str_equal_nocase(last->text, text)) {
			ends->high -= skip + 1;
			return last->is_named = true;
		}
	}
	return false;
}

static void add_list(struct items *items, const struct fp_version_list *list, struct items *states,
	struct fp_listing_ends *last)
{
	struct ends ends = {.states = states, .high = states ? states->count : 0};
	for (size_t i = 0; i < list->count; i++)
		if (!states || !find_at_ends(&ends, fp_version_list_text(list, i)))
			add_item(items, list, i, last);
}

/* Keeps the first of each version, with what all spellings of it say. */
static size_t unite_duplicates(struct items *items)
{
	size_t kept = 0;
	for (size_t i = 0; i < items->count; i++) {
		struct item *last = kept > 0 ? &items->items[kept - 1] : NULL;
		struct item *item = &items->items[i];
		if (!last || compare_items(last, item) != 0) {
			items->items[kept++] = *item;
			continue;
		}
		if (item->listed == FP_LISTED_NO || last->listed == FP_LISTED_UNKNOWN)
			last->listed = item->listed;
		if (last->published_us < 0)
			last->published_us = item->published_us;
	}
	size_t dropped = items->count - kept;
	items->count = kept;
	return dropped;
}

/* states: what is there already, NULL = nothing. */
static int gather(const struct fp_version_list *const *lists, size_t list_count,
	const struct fp_listing_order *order, struct items *items, struct items *states,
	struct fp_listing_counts *counts, struct fp_error *error)
{
	struct fp_listing_ends last = fp_listing_order_ends(order);
	size_t total = 0;
	for (size_t i = 0; i < list_count; i++) {
		total += lists[i]->count;
		counts->dropped += lists[i]->dropped;
	}
	/* what is not needed of them is never touched, and costs nothing */
	items->items = malloc((total + 1) * sizeof(*items->items));
	items->versions = malloc((total + 1) * sizeof(*items->versions));
	if (!items->items || !items->versions)
		return fp_error_memory(error);
	for (size_t i = 0; i < list_count; i++)
		add_list(items, lists[i], states, &last);
	sort_items(items);
	counts->duplicates += unite_duplicates(items);
	return 0;
}

/* The next item of both in order; a version that both have is the states' item. */
static const struct item *next_item(struct items *names, size_t *name, struct items *states,
	size_t *state, struct fp_listing_counts *counts)
{
	bool more_names = *name < names->count, more_states = *state < states->count;
	int order = more_names ? -1 : 1;
	if (more_names && more_states)
		order = compare_items(&names->items[*name], &states->items[*state]);
	if (order == 0)
		(*name)++;
	if (order >= 0) {
		struct item *item = &states->items[(*state)++];
		counts->only_states += order > 0 && !item->is_named;
		return item;
	}
	counts->only_names++;
	return &names->items[(*name)++];
}

static bool is_refused(const struct item *item, const struct fp_listing_order *last)
{
	if (item->rank != FP_LISTING_NO_RANK)
		return last->places[item->rank].is_refused;
	return item->version && !fp_nuget_version_is_strict(item->version);
}

static int compare_texts(const void *a, const void *b)
{
	const struct fp_listed_version *left = a, *right = b;
	return fp_str_compare(left->text, right->text);
}

/* A listing on its way, and its order for the next. */
struct merging {
	const struct fp_listing_order *last;
	struct fp_listing listing;
	struct fp_listing_order order;
	char *room; /* for texts that the last listing has not */
};

static void merging_release(struct merging *merging)
{
	fp_listing_release(&merging->listing);
	fp_listing_order_release(&merging->order);
}

static struct fp_str keep_text(struct merging *merging, const struct item *item)
{
	if (item->rank != FP_LISTING_NO_RANK)
		return fp_str_n(merging->last->places[item->rank].text, item->text.len);
	char *copy = merging->room;
	memcpy(copy, item->text.ptr, item->text.len);
	merging->room += item->text.len;
	return fp_str_n(copy, item->text.len);
}

static void take_item(
	struct merging *merging, const struct item *item, struct fp_listing_counts *counts)
{
	struct fp_str text = keep_text(merging, item);
	struct fp_listing_place place = {.text = text.ptr, .len = (uint32_t)text.len};
	place.is_refused = is_refused(item, merging->last);
	counts->no_versions += !item->is_version;
	counts->refused += place.is_refused;
	merging->order.places[merging->order.count++] = place;
	merging->listing.versions[merging->listing.count++] = (struct fp_listed_version){
		.text = text,
		.listed = item->listed,
		.published_us = item->published_us,
	};
}

static void merge(struct items *names, struct items *states, struct merging *merging,
	struct fp_listing_counts *counts)
{
	size_t name = 0, state = 0;
	while (name < names->count || state < states->count)
		take_item(merging, next_item(names, &name, states, &state, counts), counts);
	/* what is no version stands first, ordered without case so far */
	qsort(merging->listing.versions, counts->no_versions, sizeof(*merging->listing.versions),
		compare_texts);
	merging->order.first_version = counts->no_versions;
}

static size_t text_bytes(const struct items *items)
{
	size_t bytes = 0;
	for (size_t i = 0; i < items->count; i++)
		bytes += items->items[i].rank == FP_LISTING_NO_RANK ? items->items[i].text.len : 0;
	return bytes;
}

static int merging_begin(
	struct merging *merging, const struct items *names, const struct items *states)
{
	size_t most = names->count + states->count + 1;
	/* Texts of the last listing are held on to only where they are used. */
	struct fp_listing_ends ends = fp_listing_order_ends(merging->last);
	struct fp_texts *last = ends.high > 0 ? merging->last->texts : NULL;
	merging->listing.versions = malloc(most * sizeof(*merging->listing.versions));
	merging->order.places = malloc(most * sizeof(*merging->order.places));
	merging->order.texts =
		fp_texts_extend(last, text_bytes(names) + text_bytes(states), &merging->room);
	if (!merging->listing.versions || !merging->order.places || !merging->order.texts)
		return -FP_ERROR_MEMORY;
	merging->listing.memory = fp_texts_ref(merging->order.texts);
	return 0;
}

int fp_listing_combine(const struct fp_listing_parts *parts, struct fp_listing *listing,
	struct fp_listing_counts *counts, struct fp_error *error)
{
	*counts = (struct fp_listing_counts){0};
	FP_CLEANUP(items_release) struct items names = {0};
	FP_CLEANUP(items_release) struct items states = {0};
	FP_CLEANUP(merging_release) struct merging merging = {.last = parts->order};
	int r = gather(
		parts->states, parts->state_count, parts->order, &states, NULL, counts, error);
	if (r == 0)
		r = gather(parts->names, parts->name_count, parts->order, &names, &states, counts,
			error);
	if (r < 0)
		return r;
	if (merging_begin(&merging, &names, &states) < 0)
		return fp_error_memory(error);
	merge(&names, &states, &merging, counts);
	listing->versions = merging.listing.versions;
	listing->count = merging.listing.count;
	listing->memory = merging.listing.memory;
	merging.listing = (struct fp_listing){0};
	if (parts->order) {
		fp_listing_order_release(parts->order);
		*parts->order = merging.order;
		merging.order = (struct fp_listing_order){0};
	}
	return 0;
}

static void write_count(struct fp_buf *buf, size_t count, const char *one, const char *many)
{
	if (count == 0)
		return;
	if (buf->len > 0)
		fp_buf_add_text(buf, "; ");
	fp_buf_addf(buf, "%zu %s", count, count == 1 ? one : many);
}

void fp_listing_counts_write(const struct fp_listing_counts *counts,
	const struct fp_listing_parts *parts, struct fp_buf *buf)
{
	if (parts->name_count > 0 && parts->state_count > 0) {
		write_count(buf, counts->only_names,
			"version is in the flat container but not in the registrations",
			"versions are in the flat container but not in the registrations");
		write_count(buf, counts->only_states,
			"version is in the registrations but not in the flat container",
			"versions are in the registrations but not in the flat container");
	}
	write_count(buf, counts->no_versions,
		"string is no version, so NuGet's client lists nothing",
		"strings are no versions, so NuGet's client lists nothing");
	write_count(buf, counts->refused, "version is refused by NuGet's client",
		"versions are refused by NuGet's client");
	write_count(buf, counts->duplicates, "version is named twice", "versions are named twice");
	write_count(buf, counts->dropped, "string cannot be kept", "strings cannot be kept");
}
