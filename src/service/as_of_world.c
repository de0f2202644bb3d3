/* The snapshot of another moment, made of the facts. */
#include "as_of_parts.h"

#include "forkpoint/store/past.h"

#include <stdlib.h>

/* ---- its key ---- */

struct fp_hash128 fp_past_key(const struct fp_past *past)
{
	struct fp_buf FP_CLEANUP_BUF text = {0};

	fp_buf_init(&text, 16 * 1024 * 1024);
	fp_buf_addf(&text, "%.*s\n%.*s\n%lld %lld %lld %d\n", FP_STR_ARG(past->settings->digest),
		FP_STR_ARG(past->repository ? past->repository->name : (struct fp_str){0}),
		(long long)past->refs, (long long)past->arrivals, (long long)past->overrides,
		past->later);
	for (size_t i = 0; i < past->package_count; i++) {
		const struct fp_past_package *package = &past->packages[i];

		fp_buf_addf(&text, "%lld %d %lld %lld %s\n", (long long)package->id, package->known,
			(long long)package->revision, (long long)package->newest,
			package->download ? package->download : "");
	}
	return fp_hash128(text.data, text.len);
}

/* ---- its branches ---- */

static int make_branches(struct fp_worker *worker, const struct fp_snapshot_repository *present,
	const struct fp_past *past, struct fp_branches **branches, struct fp_error *error)
{
	struct fp_branches *made;
	struct fp_ref_rows refs;
	int r;

	if (past->branches) {
		*branches = fp_branches_ref(past->branches);
		return 0;
	}
	r = fp_store_load_past_refs(worker->store, past->repository_id, past->refs, &refs, error);
	if (r < 0)
		return r;
	made = fp_branches_build_past(past->repository, present->branches, &refs);
	if (!made)
		return fp_error_memory(error);
	made->revision = past->refs;
	made->arrivals = past->arrivals;
	r = fp_store_limit_branches(worker->store, past->repository_id, made, error);
	if (r < 0) {
		fp_branches_unref(made);
		return r;
	}
	*branches = made;
	return 0;
}

/* ---- its packages ---- */

struct id_rows {
	struct fp_version_rows *items; /* the package's, then its set's */
	const struct fp_version_rows **sets;
	size_t count;
};

static void id_rows_release(struct id_rows *rows)
{
	for (size_t i = 0; rows->items && i < rows->count; i++)
		fp_version_rows_release(&rows->items[i]);
	free(rows->items);
	free(rows->sets);
}

static int load_rows(struct fp_worker *worker, const struct fp_past *past,
	const struct fp_past_package *packages, struct id_rows *rows, int64_t *revision,
	struct fp_error *error)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < rows->count; i++) {
		const struct fp_past_package *package = &packages[i];

		if (package->known)
			r = fp_store_load_past_versions(worker->store, package->id,
				package->revision, past->later && i == 0, package->download,
				&rows->items[i], error);
		if (package->revision > *revision)
			*revision = package->revision;
		if (i)
			rows->sets[i - 1] = &rows->items[i];
	}
	return r;
}

/* packages: this package's part of them. NULL state when it was not read for all of them by then.
 */
static int make_state(struct fp_worker *worker, const struct fp_past *past,
	const struct fp_overrides *overrides, const struct fp_package_settings *settings,
	const struct fp_past_package *packages, struct fp_package_state **state,
	struct fp_error *error)
{
	FP_CLEANUP(id_rows_release)
	struct id_rows rows = {.count = settings->set_count + 1};
	int64_t revision = 0;
	int r;

	*state = NULL;
	if (packages[0].state) {
		*state = fp_package_state_under(
			packages[0].state, settings, past->repository->name, overrides);
		return *state ? 0 : fp_error_memory(error);
	}
	for (size_t i = 0; i < rows.count; i++)
		if (!packages[i].known)
			return 0;
	rows.items = calloc(rows.count, sizeof(*rows.items));
	rows.sets = calloc(rows.count, sizeof(*rows.sets));
	if (!rows.items || !rows.sets)
		return fp_error_memory(error);
	r = load_rows(worker, past, packages, &rows, &revision, error);
	if (r < 0)
		return r;
	*state = fp_package_state_new(settings, &rows.items[0], rows.sets, revision, NULL);
	if (!*state || fp_package_state_quarantine(
			       *state, settings, past->repository->name, overrides) < 0) {
		fp_package_state_unref(*state);
		return fp_error_memory(error);
	}
	return 0;
}

/* ---- the world ---- */

static int fill(struct fp_worker *worker, const struct fp_snapshot *now, const struct fp_past *past,
	const struct fp_overrides *overrides, struct fp_snapshot_repository *repository,
	struct fp_error *error)
{
	const struct fp_snapshot_repository *present =
		fp_snapshot_find(now, past->repository->name);
	const struct fp_past_package *at = past->packages;
	struct fp_branches *branches = NULL;
	int r = make_branches(worker, present, past, &branches, error);

	if (r < 0)
		return r;
	fp_snapshot_set_branches(repository, branches);
	for (size_t i = 0; i < past->repository->package_count; i++) {
		const struct fp_package_settings *settings = &past->repository->packages[i];
		struct fp_package_state *state;

		r = make_state(worker, past, overrides, settings, at, &state, error);
		if (r < 0)
			return r;
		fp_snapshot_set_state(&repository->packages[i], state);
		at += 1 + settings->set_count;
	}
	return fp_snapshot_retrain(repository) < 0 ? fp_error_memory(error) : 0;
}

int fp_past_build(struct fp_worker *worker, const struct fp_snapshot *now,
	const struct fp_past *past, struct fp_snapshot **world, struct fp_error *error)
{
	struct fp_snapshot *made = fp_snapshot_new(past->settings);
	int r = 0;

	if (!made)
		return fp_error_memory(error);
	if (past->overrides > 0)
		r = fp_store_load_overrides(
			worker->store, past->overrides, &made->overrides, error);
	if (r >= 0 && past->repository)
		r = fill(worker, now, past, made->overrides,
			&made->repositories[past->repository - past->settings->repositories],
			error);
	if (r < 0) {
		fp_snapshot_free(made);
		return r;
	}
	*world = made;
	return 0;
}

/* A package with a set is as old as the oldest of its ids. */
static int fill_package(const struct fp_past_package *packages, struct fp_snapshot_package *package)
{
	const char *trouble = NULL;

	package->feed_synced_us = packages[0].synced_us;
	for (size_t i = 0; i <= package->settings->set_count; i++) {
		if (packages[i].synced_us < package->feed_synced_us)
			package->feed_synced_us = packages[i].synced_us;
		trouble = trouble ? trouble : packages[i].trouble;
	}
	if (!package->state)
		package->feed_synced_us = -1;
	return fp_snapshot_set_trouble(&package->feed_trouble, trouble);
}

int fp_past_fill_times(const struct fp_past *past, struct fp_snapshot *world)
{
	const struct fp_past_package *at = past->packages;
	struct fp_snapshot_repository *repository;
	int r;

	world->past_us = past->at_us;
	world->stale_after_us = past->stale_after_us;
	if (!past->repository)
		return 0;
	/* By name: a remembered world may have another copy of the same settings. */
	repository =
		(struct fp_snapshot_repository *)fp_snapshot_find(world, past->repository->name);
	repository->refs_synced_us = past->synced_us;
	r = fp_snapshot_set_trouble(&repository->refs_trouble, past->trouble);
	for (size_t i = 0; r >= 0 && i < repository->settings->package_count; i++) {
		r = fill_package(at, &repository->packages[i]);
		at += 1 + repository->settings->packages[i].set_count;
	}
	return r;
}
