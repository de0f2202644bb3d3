/* Catalogs under overrides: which of a package's versions are quarantined. */
#include "forkpoint/core/nuget_version.h"
#include "forkpoint/store/snapshot.h"

#include <stdlib.h>

struct range {
	fp_minute first, last;
};

/* What is quarantined of one package. Named versions are looked for in the catalog, once each,
 * rather than its many versions among the names. */
struct rules {
	bool *is_named; /* per version of the catalog */
	struct range *ranges;
	size_t range_count;
};

static void rules_release(struct rules *rules)
{
	free(rules->is_named);
	free(rules->ranges);
}

static void name_version(
	struct rules *rules, const struct fp_catalog *catalog, struct fp_str version)
{
	uint32_t first, end;

	fp_catalog_find_equals(catalog, version, &first, &end);
	for (uint32_t i = first; i < end; i++)
		rules->is_named[i] |= fp_version_is_same(catalog->versions[i].row.text, version);
}

static void add_rule(
	struct rules *rules, const struct fp_catalog *catalog, const struct fp_override *override)
{
	struct range *range = &rules->ranges[rules->range_count];

	if (override->version.len)
		name_version(rules, catalog, override->version);
	else if (fp_stamp_parse(override->first_stamp, &range->first) &&
		 fp_stamp_parse(override->last_stamp, &range->last))
		rules->range_count++;
}

static int read_rules(struct rules *rules, const struct fp_catalog *catalog, struct fp_str repo,
	struct fp_str package, const struct fp_overrides *overrides)
{
	size_t count = overrides ? overrides->count : 0;

	rules->is_named = calloc((size_t)catalog->version_count + 1, sizeof(*rules->is_named));
	rules->ranges = calloc(count + 1, sizeof(*rules->ranges));
	if (!rules->is_named || !rules->ranges)
		return -FP_ERROR_MEMORY;
	for (size_t i = 0; i < count; i++) {
		const struct fp_override *item = &overrides->items[i];

		if (item->kind == FP_OVERRIDE_QUARANTINE && fp_str_equal(item->repo, repo) &&
			fp_str_equal_nocase(item->package, package))
			add_rule(rules, catalog, item);
	}
	return 0;
}

static bool is_in_range(const struct rules *rules, const struct fp_catalog_version *version)
{
	if (version->decoded.grammar == FP_GRAMMAR_NONE)
		return false;
	for (size_t i = 0; i < rules->range_count; i++)
		if (version->decoded.minute >= rules->ranges[i].first &&
			version->decoded.minute <= rules->ranges[i].last)
			return true;
	return false;
}

static bool is_quarantined(
	const struct rules *rules, const struct fp_catalog *catalog, uint32_t index)
{
	return rules->is_named[index] || is_in_range(rules, &catalog->versions[index]);
}

/* The rows that are to be told otherwise. */
static size_t list_changes(
	const struct rules *rules, const struct fp_catalog *catalog, struct fp_catalog_row *rows)
{
	size_t count = 0;

	for (uint32_t i = 0; i < catalog->version_count; i++) {
		const struct fp_catalog_version *version = &catalog->versions[i];
		bool quarantined = is_quarantined(rules, catalog, i);

		if (quarantined == version->row.quarantined)
			continue;
		rows[count] = version->row;
		rows[count++].quarantined = quarantined;
	}
	return count;
}

static bool covers(const struct fp_override *override, const struct fp_catalog_version *version)
{
	struct range range;

	if (override->version.len)
		return fp_version_is_same(override->version, version->row.text);
	return version->decoded.grammar != FP_GRAMMAR_NONE &&
	       fp_stamp_parse(override->first_stamp, &range.first) &&
	       fp_stamp_parse(override->last_stamp, &range.last) &&
	       version->decoded.minute >= range.first && version->decoded.minute <= range.last;
}

const struct fp_override *fp_overrides_next_quarantine(const struct fp_overrides *overrides,
	struct fp_str repo, struct fp_str package, const struct fp_catalog_version *version,
	const struct fp_override *last)
{
	size_t from = last ? (size_t)(last - overrides->items) + 1 : 0;

	for (size_t i = from; overrides && version && i < overrides->count; i++) {
		const struct fp_override *item = &overrides->items[i];

		if (item->kind == FP_OVERRIDE_QUARANTINE && fp_str_equal(item->repo, repo) &&
			fp_str_equal_nocase(item->package, package) && covers(item, version))
			return item;
	}
	return NULL;
}

/* *changed gets NULL when the catalog is as it should be. */
static int change_catalog(const struct fp_package_settings *settings, struct fp_str repo,
	const struct fp_overrides *overrides, const struct fp_catalog *catalog,
	struct fp_catalog **changed)
{
	const struct fp_catalog_options options = {
		.grammars = settings->grammars,
		.grammar_count = settings->grammar_count,
		.keep_unlisted = settings->keep_unlisted,
	};
	FP_CLEANUP_FREE struct fp_catalog_row *rows = NULL;
	FP_CLEANUP(rules_release) struct rules rules = {0};
	struct fp_error error;
	size_t count;

	*changed = NULL;
	if (read_rules(&rules, catalog, repo, settings->id, overrides) < 0)
		return -FP_ERROR_MEMORY;
	rows = malloc((catalog->version_count + 1) * sizeof(*rows));
	if (!rows)
		return -FP_ERROR_MEMORY;
	count = list_changes(&rules, catalog, rows);
	if (count == 0)
		return 0;
	return fp_catalog_change(catalog, rows, count, &options, changed, &error);
}

int fp_package_state_quarantine(struct fp_package_state *state,
	const struct fp_package_settings *settings, struct fp_str repo,
	const struct fp_overrides *overrides)
{
	struct fp_catalog *changed;
	int r = change_catalog(settings, repo, overrides, state->catalog, &changed);

	if (r < 0 || !changed)
		return r;
	fp_catalog_free(state->catalog);
	state->catalog = changed;
	return 0;
}

struct fp_package_state *fp_package_state_under(struct fp_package_state *state,
	const struct fp_package_settings *settings, struct fp_str repo,
	const struct fp_overrides *overrides)
{
	FP_CLEANUP(fp_catalog_free_cleanup) struct fp_catalog *changed = NULL;
	struct fp_package_state *under;

	if (change_catalog(settings, repo, overrides, state->catalog, &changed) < 0)
		return NULL;
	if (!changed)
		return fp_package_state_ref(state);
	under = calloc(1, sizeof(*under));
	if (!under || fp_version_rows_share(&state->rows, &under->rows) < 0) {
		free(under);
		return NULL;
	}
	atomic_init(&under->references, 1);
	under->revision = state->revision;
	under->catalog = changed;
	changed = NULL;
	return under;
}

int fp_snapshot_set_overrides(struct fp_snapshot *snapshot, struct fp_overrides *overrides)
{
	fp_overrides_unref(snapshot->overrides);
	snapshot->overrides = overrides;
	snapshot->overrides_since_us = 0;
	for (size_t i = 0; i < snapshot->settings->repository_count; i++) {
		struct fp_snapshot_repository *repository = &snapshot->repositories[i];

		for (size_t k = 0; k < repository->settings->package_count; k++) {
			struct fp_snapshot_package *package = &repository->packages[k];
			struct fp_package_state *state;

			if (!package->state)
				continue;
			state = fp_package_state_under(package->state, package->settings,
				repository->settings->name, overrides);
			if (!state)
				return -FP_ERROR_MEMORY;
			if (state == package->state)
				fp_package_state_unref(state);
			else
				fp_snapshot_set_state(package, state);
		}
	}
	return 0;
}
