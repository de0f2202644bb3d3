/* Catalogs under overrides: which of a package's versions are quarantined. */
#include "forkpoint/store/snapshot.h"

#include <stdlib.h>

/* Of which package of which repository, under which overrides. */
struct concern {
	struct fp_str repo, package;
	const struct fp_overrides *overrides;
};

static bool is_quarantined(const struct concern *concern, const struct fp_catalog_version *version)
{
	char text[FP_STAMP_TEXT_MAX];
	struct fp_str stamp = {0};

	if (version->decoded.grammar != FP_GRAMMAR_NONE &&
		fp_stamp_is_writable(version->decoded.minute)) {
		fp_stamp_format(version->decoded.minute, text);
		stamp = fp_str(text);
	}
	return fp_overrides_quarantine(concern->overrides, concern->repo, concern->package,
		       version->row.text, stamp) != NULL;
}

static bool has_quarantined(const struct fp_catalog *catalog)
{
	for (uint32_t i = 0; i < catalog->version_count; i++)
		if (catalog->versions[i].row.quarantined)
			return true;
	return false;
}

/* The rows that are to be told otherwise. */
static size_t list_changes(const struct concern *concern, const struct fp_catalog *catalog,
	struct fp_catalog_row *rows)
{
	size_t count = 0;

	for (uint32_t i = 0; i < catalog->version_count; i++) {
		const struct fp_catalog_version *version = &catalog->versions[i];
		bool quarantined = is_quarantined(concern, version);

		if (quarantined == version->row.quarantined)
			continue;
		rows[count] = version->row;
		rows[count++].quarantined = quarantined;
	}
	return count;
}

/* *changed gets NULL when the catalog is as it should be. */
static int change_catalog(const struct fp_package_settings *settings, const struct concern *concern,
	const struct fp_catalog *catalog, struct fp_catalog **changed)
{
	const struct fp_catalog_options options = {
		.grammars = settings->grammars,
		.grammar_count = settings->grammar_count,
		.keep_unlisted = settings->keep_unlisted,
	};
	FP_CLEANUP_FREE struct fp_catalog_row *rows = NULL;
	struct fp_error error;
	size_t count;

	*changed = NULL;
	if (!fp_overrides_concern(concern->overrides, concern->repo, concern->package) &&
		!has_quarantined(catalog))
		return 0;
	rows = malloc((catalog->version_count + 1) * sizeof(*rows));
	if (!rows)
		return -FP_ERROR_MEMORY;
	count = list_changes(concern, catalog, rows);
	if (count == 0)
		return 0;
	return fp_catalog_change(catalog, rows, count, &options, changed, &error);
}

int fp_package_state_quarantine(struct fp_package_state *state,
	const struct fp_package_settings *settings, struct fp_str repo,
	const struct fp_overrides *overrides)
{
	const struct concern concern = {repo, settings->id, overrides};
	struct fp_catalog *changed;
	int r = change_catalog(settings, &concern, state->catalog, &changed);

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
	const struct concern concern = {repo, settings->id, overrides};
	FP_CLEANUP(fp_catalog_free_cleanup) struct fp_catalog *changed = NULL;
	struct fp_package_state *under;

	if (change_catalog(settings, &concern, state->catalog, &changed) < 0)
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
