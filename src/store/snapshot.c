/* Snapshots: put together from shared parts, published with a pointer swap, read without locks. */
#include "forkpoint/store/snapshot.h"

#include "forkpoint/base/array.h"

#include <stdlib.h>

struct fp_settings *fp_settings_ref(struct fp_settings *settings)
{
	atomic_fetch_add_explicit(&settings->references, 1, memory_order_relaxed);
	return settings;
}

void fp_settings_unref(struct fp_settings *settings)
{
	if (settings &&
		atomic_fetch_sub_explicit(&settings->references, 1, memory_order_acq_rel) == 1)
		settings->free(settings);
}

/* ---- putting together ---- */

static int name_repositories(struct fp_snapshot *snapshot)
{
	const struct fp_settings *settings = snapshot->settings;

	for (size_t i = 0; i < settings->repository_count; i++) {
		const struct fp_repository_settings *own = &settings->repositories[i];
		struct fp_snapshot_repository *repository = &snapshot->repositories[i];

		repository->settings = own;
		repository->refs_synced_us = -1;
		repository->packages =
			calloc(own->package_count + 1, sizeof(*repository->packages));
		if (!repository->packages ||
			fp_map_set(&snapshot->by_name, own->name, (uint32_t)i) < 0)
			return -FP_ERROR_MEMORY;
		for (size_t k = 0; k < own->package_count; k++) {
			repository->packages[k].settings = &own->packages[k];
			repository->packages[k].feed_synced_us = -1;
		}
	}
	return 0;
}

struct fp_snapshot *fp_snapshot_new(struct fp_settings *settings)
{
	struct fp_snapshot *snapshot = calloc(1, sizeof(*snapshot));

	if (!snapshot)
		return NULL;
	snapshot->settings = fp_settings_ref(settings);
	snapshot->stale_after_us = settings->stale_after_us;
	snapshot->repositories =
		calloc(settings->repository_count + 1, sizeof(*snapshot->repositories));
	if (!snapshot->repositories || name_repositories(snapshot) < 0) {
		fp_snapshot_free(snapshot);
		return NULL;
	}
	return snapshot;
}

/* A part that came with the snapshot that is copied has been there since its publication. */
static int64_t since(int64_t part_us, const struct fp_snapshot *snapshot)
{
	return part_us ? part_us : atomic_load(&snapshot->published_us);
}

static int copy_repository(const struct fp_snapshot *snapshot, struct fp_snapshot_repository *to,
	const struct fp_snapshot_repository *from)
{
	to->since_us = since(from->since_us, snapshot);
	to->times_since_us = since(from->times_since_us, snapshot);
	to->branches = from->branches ? fp_branches_ref(from->branches) : NULL;
	to->trained = from->trained ? fp_trained_ref(from->trained) : NULL;
	to->refs_synced_us = from->refs_synced_us;
	if (fp_snapshot_set_trouble(&to->refs_trouble, from->refs_trouble) < 0)
		return -FP_ERROR_MEMORY;
	for (size_t i = 0; i < from->settings->package_count; i++) {
		const struct fp_snapshot_package *package = &from->packages[i];

		to->packages[i].state =
			package->state ? fp_package_state_ref(package->state) : NULL;
		to->packages[i].since_us = since(package->since_us, snapshot);
		to->packages[i].times_since_us = since(package->times_since_us, snapshot);
		to->packages[i].feed_synced_us = package->feed_synced_us;
		if (fp_snapshot_set_trouble(&to->packages[i].feed_trouble, package->feed_trouble) <
			0)
			return -FP_ERROR_MEMORY;
	}
	return 0;
}

void fp_snapshot_take_overrides(struct fp_snapshot *snapshot, const struct fp_snapshot *from)
{
	snapshot->overrides = fp_overrides_ref(from->overrides);
	snapshot->overrides_since_us = since(from->overrides_since_us, from);
}

struct fp_snapshot *fp_snapshot_copy(const struct fp_snapshot *snapshot)
{
	struct fp_snapshot *copy = fp_snapshot_new(snapshot->settings);

	if (copy) {
		copy->settings_since_us = since(snapshot->settings_since_us, snapshot);
		fp_snapshot_take_overrides(copy, snapshot);
	}
	for (size_t i = 0; copy && i < snapshot->settings->repository_count; i++) {
		if (copy_repository(snapshot, &copy->repositories[i], &snapshot->repositories[i]) <
			0) {
			fp_snapshot_free(copy);
			return NULL;
		}
	}
	return copy;
}

void fp_snapshot_free(struct fp_snapshot *snapshot)
{
	if (!snapshot)
		return;
	for (size_t i = 0; snapshot->repositories && i < snapshot->settings->repository_count;
		i++) {
		struct fp_snapshot_repository *repository = &snapshot->repositories[i];

		for (size_t k = 0; repository->packages && k < repository->settings->package_count;
			k++) {
			fp_package_state_unref(repository->packages[k].state);
			free(repository->packages[k].feed_trouble);
		}
		fp_branches_unref(repository->branches);
		fp_trained_unref(repository->trained);
		free(repository->refs_trouble);
		free(repository->packages);
	}
	free(snapshot->repositories);
	fp_map_release(&snapshot->by_name);
	fp_overrides_unref(snapshot->overrides);
	fp_settings_unref(snapshot->settings);
	free(snapshot);
}

const struct fp_snapshot_repository *fp_snapshot_find(
	const struct fp_snapshot *snapshot, struct fp_str name)
{
	uint32_t index;

	return fp_map_get(&snapshot->by_name, name, &index) ? &snapshot->repositories[index] : NULL;
}

void fp_snapshot_set_branches(
	struct fp_snapshot_repository *repository, struct fp_branches *branches)
{
	fp_branches_unref(repository->branches);
	repository->branches = branches;
	repository->since_us = 0;
}

void fp_snapshot_set_state(struct fp_snapshot_package *package, struct fp_package_state *state)
{
	fp_package_state_unref(package->state);
	package->state = state;
	package->since_us = 0;
}

int fp_snapshot_set_trouble(char **trouble, const char *text)
{
	char *copy = text ? fp_str_dup(fp_str(text)) : NULL;

	if (text && !copy)
		return -FP_ERROR_MEMORY;
	free(*trouble);
	*trouble = copy;
	return 0;
}

/* ---- training commits ---- */

static int compare_minutes(const void *a, const void *b)
{
	fp_minute left = *(const fp_minute *)a, right = *(const fp_minute *)b;

	return left < right ? -1 : left > right;
}

struct minutes {
	fp_minute *items;
	size_t count, capacity;
};

static void minutes_release(struct minutes *minutes)
{
	free(minutes->items);
}

static int add_minute(struct minutes *minutes, const struct fp_decoded *decoded)
{
	if (decoded->grammar != FP_GRAMMAR_PRERELEASE_STAMP &&
		decoded->grammar != FP_GRAMMAR_PATCH_STAMP)
		return 0;
	if (fp_array_reserve((void **)&minutes->items, &minutes->capacity, minutes->count + 1,
		    sizeof(*minutes->items)) < 0)
		return -FP_ERROR_MEMORY;
	minutes->items[minutes->count++] = decoded->minute;
	return 0;
}

/* Ascending, each once. */
static void arrange_minutes(struct minutes *minutes)
{
	size_t kept = 0;

	if (minutes->count)
		qsort(minutes->items, minutes->count, sizeof(*minutes->items), compare_minutes);
	for (size_t i = 0; i < minutes->count; i++)
		if (i == 0 || minutes->items[i] != minutes->items[i - 1])
			minutes->items[kept++] = minutes->items[i];
	minutes->count = kept;
}

static int collect_all(const struct fp_snapshot_repository *repository, struct minutes *minutes)
{
	for (size_t i = 0; i < repository->settings->package_count; i++) {
		const struct fp_package_state *state = repository->packages[i].state;

		for (uint32_t k = 0; state && k < state->catalog->version_count; k++)
			if (add_minute(minutes, &state->catalog->versions[k].decoded) < 0)
				return -FP_ERROR_MEMORY;
	}
	arrange_minutes(minutes);
	return 0;
}

static int set_trained(struct fp_snapshot_repository *repository, struct fp_trained *trained)
{
	if (!trained)
		return -FP_ERROR_MEMORY;
	fp_trained_unref(repository->trained);
	repository->trained = trained;
	return 0;
}

int fp_snapshot_retrain(struct fp_snapshot_repository *repository)
{
	FP_CLEANUP(minutes_release) struct minutes minutes = {0};

	if (!repository->branches)
		return 0;
	if (collect_all(repository, &minutes) < 0)
		return -FP_ERROR_MEMORY;
	return set_trained(
		repository, fp_trained_build(&repository->branches->view, minutes.items,
				    minutes.count, repository->settings->committer_time));
}

int fp_snapshot_retrain_fresh(
	struct fp_snapshot_repository *repository, const struct fp_package_state *state)
{
	FP_CLEANUP(minutes_release) struct minutes minutes = {0};

	if (!repository->trained || state->is_all_fresh)
		return fp_snapshot_retrain(repository);
	for (uint32_t i = 0; i < state->fresh_count; i++)
		if (add_minute(&minutes, &state->catalog->versions[state->fresh[i]].decoded) < 0)
			return -FP_ERROR_MEMORY;
	arrange_minutes(&minutes);
	return set_trained(repository,
		fp_trained_extend(repository->trained, &repository->branches->view, minutes.items,
			minutes.count, repository->settings->committer_time));
}
