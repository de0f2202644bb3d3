/*
 * Listings. Both kinds of documents are sorted, which costs one comparison per version when they
 * are in order or in reverse already, as they nearly always are; then merged. Within one version
 * (RULES.md: `1`, `1.0`, `1.0.0+x`) the first spelling wins, and a leaf that says unlisted.
 */
#include "forkpoint/feed/listing.h"

#include "forkpoint/core/nuget_version.h"

#include <string.h>

struct item {
	struct fp_str text;
	struct fp_nuget_version version;
	bool is_version;
	enum fp_listed listed;
	int64_t published_us;
	size_t position; /* keeps equal versions in their documents' order */
	bool is_named;	 /* of states: a document of names has it too */
};

struct items {
	struct item *items;
	size_t count;
};

static void items_release(struct items *items)
{
	free(items->items);
}

void fp_listing_release(struct fp_listing *listing)
{
	free(listing->versions);
	free(listing->download);
	free(listing->memory);
	*listing = (struct fp_listing){0};
}

/* 0 = NuGet holds both for one version, or they are no versions and one but for case. */
static int compare_items(const struct item *a, const struct item *b)
{
	if (a->is_version != b->is_version)
		return a->is_version ? 1 : -1;
	if (fp_str_equal(a->text, b->text))
		return 0;
	if (!a->is_version)
		return fp_str_compare_nocase(a->text, b->text);
	int order = fp_nuget_version_compare(&a->version, &b->version);
	/* labels such as 01 and 1 order as equal and are two versions: see fp_version_key */
	return order ? order : fp_str_compare_nocase(a->version.prerelease, b->version.prerelease);
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

static void add_item(struct items *items, const struct fp_version_list *list, size_t index)
{
	struct item *item = &items->items[items->count];
	*item = (struct item){
		.text = fp_version_list_text(list, index),
		.listed = list->entries[index].listed,
		.published_us = list->entries[index].published_us,
		.position = items->count,
	};
	item->is_version = fp_nuget_version_parse(item->text, &item->version);
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

static void add_list(struct items *items, const struct fp_version_list *list, struct items *states)
{
	struct ends ends = {.states = states, .high = states ? states->count : 0};
	for (size_t i = 0; i < list->count; i++)
		if (!states || !find_at_ends(&ends, fp_version_list_text(list, i)))
			add_item(items, list, i);
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
	struct items *items, struct items *states, struct fp_listing_counts *counts,
	struct fp_error *error)
{
	size_t total = 0;
	for (size_t i = 0; i < list_count; i++) {
		total += lists[i]->count;
		counts->dropped += lists[i]->dropped;
	}
	items->items = calloc(total ? total : 1, sizeof(*items->items));
	if (!items->items)
		return fp_error_memory(error);
	for (size_t i = 0; i < list_count; i++)
		add_list(items, lists[i], states);
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

static void count_item(const struct item *item, struct fp_listing_counts *counts)
{
	if (!item->is_version)
		counts->no_versions++;
	else if (!fp_nuget_version_is_strict(&item->version))
		counts->refused++;
}

static int compare_texts(const void *a, const void *b)
{
	const struct fp_listed_version *left = a, *right = b;
	return fp_str_compare(left->text, right->text);
}

static void merge(struct items *names, struct items *states, struct fp_listing *listing,
	struct fp_listing_counts *counts)
{
	char *text = listing->memory;
	size_t name = 0, state = 0;
	while (name < names->count || state < states->count) {
		const struct item *item = next_item(names, &name, states, &state, counts);
		count_item(item, counts);
		memcpy(text, item->text.ptr, item->text.len);
		listing->versions[listing->count++] = (struct fp_listed_version){
			.text = fp_str_n(text, item->text.len),
			.listed = item->listed,
			.published_us = item->published_us,
		};
		text += item->text.len;
	}
	/* what is no version stands first, ordered without case so far */
	qsort(listing->versions, counts->no_versions, sizeof(*listing->versions), compare_texts);
}

static size_t text_bytes(const struct items *items)
{
	size_t bytes = 0;
	for (size_t i = 0; i < items->count; i++)
		bytes += items->items[i].text.len;
	return bytes;
}

int fp_listing_combine(const struct fp_listing_parts *parts, struct fp_listing *listing,
	struct fp_listing_counts *counts, struct fp_error *error)
{
	*counts = (struct fp_listing_counts){0};
	FP_CLEANUP(items_release) struct items names = {0};
	FP_CLEANUP(items_release) struct items states = {0};
	int r = gather(parts->states, parts->state_count, &states, NULL, counts, error);
	if (r == 0)
		r = gather(parts->names, parts->name_count, &names, &states, counts, error);
	if (r < 0)
		return r;
	FP_CLEANUP(fp_listing_release) struct fp_listing made = {0};
	size_t most = names.count + states.count;
	made.versions = calloc(most ? most : 1, sizeof(*made.versions));
	made.memory = malloc(text_bytes(&names) + text_bytes(&states) + 1);
	if (!made.versions || !made.memory)
		return fp_error_memory(error);
	merge(&names, &states, &made, counts);
	listing->versions = made.versions;
	listing->count = made.count;
	listing->memory = made.memory;
	made = (struct fp_listing){0};
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
