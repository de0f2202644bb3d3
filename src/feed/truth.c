/*
 * From listings to truth. Known versions and the listing are both ordered, so matching is a merge.
 * Versions match by fp_version_key. Within what NuGet orders as equal (`1.0.0-01` and `1.0.0-1`
 * are two versions all the same) and among strings that are no versions, the orders of the two
 * sides can differ; such runs are short, or hostile, and are matched through a map of keys.
 */
#include "forkpoint/feed/truth.h"

#include "forkpoint/base/array.h"
#include "forkpoint/base/map.h"
#include "forkpoint/core/nuget_version.h"

#include <stdio.h>
#include <string.h>

#define NOWHERE UINT32_MAX

const char *fp_version_event_name(enum fp_version_event_kind kind)
{
	switch (kind) {
	case FP_VERSION_SEEN: return "seen";
	case FP_VERSION_LISTED: return "listed";
	case FP_VERSION_UNLISTED: return "unlisted";
	case FP_VERSION_VANISHED: return "vanished";
	case FP_VERSION_RETURNED: return "returned";
	}
	return "unknown";
}

void fp_truth_release(struct fp_truth *truth)
{
	free(truth->changes);
	free(truth->missed);
	*truth = (struct fp_truth){0};
}

/* One side of the merge; the version at its head is read once. */
struct head {
	struct fp_nuget_version version;
	bool is_version;
};

static void read_head(struct head *head, struct fp_str text)
{
	head->is_version = fp_nuget_version_parse(text, &head->version);
}

static int compare_heads(const struct head *a, const struct head *b)
{
	if (a->is_version != b->is_version)
		return a->is_version ? 1 : -1;
	return a->is_version ? fp_nuget_version_compare(&a->version, &b->version) : 0;
}

struct matching {
	const struct fp_known_version *known;
	size_t known_count;
	const struct fp_listing *listing;
	uint32_t *of_listed; /* per listed version: its known one, or NOWHERE */
	bool *known_seen;    /* per known version: the listing has it */
};

static void matching_release(struct matching *matching)
{
	free(matching->of_listed);
	free(matching->known_seen);
}

static void match(struct matching *matching, size_t known, size_t listed)
{
	matching->of_listed[listed] = (uint32_t)known;
	matching->known_seen[known] = true;
}

/* How many versions from `start` on NuGet orders as the first of them. */
static size_t known_run(const struct matching *matching, size_t start)
{
	struct head first, other;
	size_t end = start + 1;
	read_head(&first, matching->known[start].text);
	for (; end < matching->known_count; end++) {
		read_head(&other, matching->known[end].text);
		if (compare_heads(&first, &other) != 0)
			break;
	}
	return end - start;
}

static size_t listed_run(const struct matching *matching, size_t start)
{
	struct head first, other;
	size_t end = start + 1;
	read_head(&first, matching->listing->versions[start].text);
	for (; end < matching->listing->count; end++) {
		read_head(&other, matching->listing->versions[end].text);
		if (compare_heads(&first, &other) != 0)
			break;
	}
	return end - start;
}

/* Runs of equal order on both sides: their keys decide. */
static int match_runs(struct matching *matching, size_t known, size_t known_count, size_t listed,
	size_t listed_count)
{
	FP_CLEANUP(fp_map_release) struct fp_map keys = {0};
	FP_CLEANUP_BUF struct fp_buf key;
	fp_buf_init(&key, 4096);
	for (size_t i = known; i < known + known_count; i++) {
		fp_buf_clear(&key);
		fp_version_key(matching->known[i].text, &key);
		if (fp_map_set(&keys, fp_buf_str(&key), (uint32_t)i) < 0)
			return -FP_ERROR_MEMORY;
	}
	for (size_t i = listed; i < listed + listed_count; i++) {
		uint32_t at;
		fp_buf_clear(&key);
		fp_version_key(matching->listing->versions[i].text, &key);
		if (fp_map_get(&keys, fp_buf_str(&key), &at))
			match(matching, at, i);
	}
	return 0;
}

/* Steps over one run of each side, or of the side that is behind. */
static int match_step(struct matching *matching, size_t *known, size_t *listed)
{
	struct head left, right;
	read_head(&left, matching->known[*known].text);
	read_head(&right, matching->listing->versions[*listed].text);
	int order = compare_heads(&left, &right);
	if (order < 0) {
		(*known)++;
		return 0;
	}
	if (order > 0) {
		(*listed)++;
		return 0;
	}
	size_t known_count = known_run(matching, *known);
	size_t listed_count = listed_run(matching, *listed);
	int r = match_runs(matching, *known, known_count, *listed, listed_count);
	*known += known_count;
	*listed += listed_count;
	return r;
}

static int match_all(struct matching *matching)
{
	size_t known = 0, listed = 0;
	while (known < matching->known_count && listed < matching->listing->count) {
		/* nearly always both sides have the same text, and no reading is needed */
		if (fp_str_equal(matching->known[known].text,
			    matching->listing->versions[listed].text)) {
			match(matching, known++, listed++);
			continue;
		}
		int r = match_step(matching, &known, &listed);
		if (r < 0)
			return r;
	}
	return 0;
}

struct change_list {
	struct fp_version_change *items;
	size_t count, capacity;
};

static void change_list_release(struct change_list *list)
{
	free(list->items);
}

static int add_change(
	struct change_list *list, enum fp_version_event_kind kind, uint32_t known, uint32_t listed)
{
	int r = fp_array_reserve(
		(void **)&list->items, &list->capacity, list->count + 1, sizeof(*list->items));
	if (r < 0)
		return r;
	list->items[list->count++] =
		(struct fp_version_change){.kind = kind, .known = known, .listed = listed};
	return 0;
}

/* What one listed version's presence and state say. */
static int apply_listed(
	const struct matching *matching, uint32_t listed, struct change_list *changes)
{
	enum fp_listed state = matching->listing->versions[listed].listed;
	uint32_t at = matching->of_listed[listed];
	bool was_unlisted = at != NOWHERE && matching->known[at].unlisted;
	int r = 0;
	if (at == NOWHERE)
		r = add_change(changes, FP_VERSION_SEEN, NOWHERE, listed);
	else if (matching->known[at].vanished)
		r = add_change(changes, FP_VERSION_RETURNED, at, listed);
	/* a listing that does not say leaves it as it was */
	if (r == 0 && state == FP_LISTED_NO && !was_unlisted)
		r = add_change(changes, FP_VERSION_UNLISTED, at, listed);
	if (r == 0 && state == FP_LISTED_YES && was_unlisted)
		r = add_change(changes, FP_VERSION_LISTED, at, listed);
	return r;
}

/* A known version that the listing lacks: the second complete listing in a row ends it. */
static int apply_missing(const struct matching *matching, uint32_t known, struct fp_truth *truth,
	struct change_list *changes)
{
	if (matching->known[known].vanished)
		return 0;
	truth->missed[known]++;
	if (truth->missed[known] < 2)
		return 0;
	truth->missed[known] = 0;
	return add_change(changes, FP_VERSION_VANISHED, known, NOWHERE);
}

static size_t count_missing(const struct matching *matching, size_t *present_before)
{
	size_t missing = 0;
	*present_before = 0;
	for (size_t i = 0; i < matching->known_count; i++) {
		if (matching->known[i].vanished)
			continue;
		(*present_before)++;
		missing += !matching->known_seen[i];
	}
	return missing;
}

/* Whether the listing's gaps say nothing about the feed but something about the listing. */
static bool is_suspicious(const struct matching *matching, struct fp_truth *truth)
{
	size_t before;
	size_t missing = count_missing(matching, &before);
	if (missing == 0)
		return false;
	if (matching->listing->count == 0) {
		snprintf(truth->reason, sizeof(truth->reason),
			"the feed lists no version any more, and listed %zu before", before);
		return true;
	}
	if (!matching->listing->complete) {
		snprintf(truth->reason, sizeof(truth->reason),
			"the feed's list was incomplete: it lacks %zu of the %zu versions known "
			"before",
			missing, before);
		return true;
	}
	return false;
}

static int apply(
	const struct matching *matching, struct fp_truth *truth, struct change_list *changes)
{
	for (size_t i = 0; i < matching->listing->count; i++) {
		int r = apply_listed(matching, (uint32_t)i, changes);
		if (r < 0)
			return r;
	}
	truth->suspicious = is_suspicious(matching, truth);
	for (size_t i = 0; i < matching->known_count; i++) {
		int r = 0;
		truth->missed[i] = matching->known_seen[i] ? 0 : matching->known[i].missed;
		if (!matching->known_seen[i] && !truth->suspicious)
			r = apply_missing(matching, (uint32_t)i, truth, changes);
		if (r < 0)
			return r;
	}
	return 0;
}

static int make_matching(struct matching *matching)
{
	size_t listed = matching->listing->count;
	matching->of_listed = malloc((listed + 1) * sizeof(*matching->of_listed));
	matching->known_seen = calloc(matching->known_count + 1, sizeof(*matching->known_seen));
	if (!matching->of_listed || !matching->known_seen)
		return -FP_ERROR_MEMORY;
	for (size_t i = 0; i < listed; i++)
		matching->of_listed[i] = NOWHERE;
	return match_all(matching);
}

int fp_truth_apply(const struct fp_known_version *known, size_t known_count,
	const struct fp_listing *listing, struct fp_truth *truth, struct fp_error *error)
{
	FP_CLEANUP(matching_release)
	struct matching matching = {.known = known, .known_count = known_count, .listing = listing};
	FP_CLEANUP(change_list_release) struct change_list changes = {0};
	FP_CLEANUP(fp_truth_release) struct fp_truth made = {0};
	made.missed = calloc(known_count + 1, sizeof(*made.missed));
	if (!made.missed || make_matching(&matching) < 0 || apply(&matching, &made, &changes) < 0)
		return fp_error_memory(error);
	made.changes = changes.items;
	made.change_count = changes.count;
	changes = (struct change_list){0};
	*truth = made;
	made = (struct fp_truth){0};
	return 0;
}
