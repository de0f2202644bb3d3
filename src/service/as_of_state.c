/*
 * What was in force at a moment. What the present snapshot has and had then already is taken from
 * it; only the rest is looked up, in what was written down when it was published. So a publication
 * that is being written down at this moment is missed by nobody.
 */
#include "as_of_parts.h"

#include "forkpoint/store/past.h"
#include "forkpoint/store/publications.h"

#include <stdlib.h>

void fp_past_release(struct fp_past *past)
{
	for (size_t i = 0; i < past->package_count; i++) {
		free(past->packages[i].download);
		free(past->packages[i].trouble);
	}
	free(past->packages);
	free(past->trouble);
	fp_settings_unref(past->settings);
	*past = (struct fp_past){0};
}

/* ---- settings ---- */

static int load_settings(struct fp_worker *worker, const struct fp_snapshot *now,
	struct fp_past *past, int64_t number, struct fp_error *error)
{
	struct fp_buf FP_CLEANUP_BUF text = {0};
	FP_CLEANUP_FREE char *digest = fp_str_dup(now->settings->digest);
	int64_t current = -1;
	int r;

	if (!digest)
		return fp_error_memory(error);
	r = fp_store_find_configuration(worker->store, digest, &current, error);
	if (r >= 0 && current == number) {
		past->settings = fp_settings_ref(now->settings);
		return 0;
	}
	fp_buf_init(&text, 16 * 1024 * 1024);
	if (r >= 0)
		r = fp_store_load_configuration(worker->store, number, &text, error);
	if (r < 0)
		return r;
	past->settings = worker->service->settings_from_text && r == 0
				 ? worker->service->settings_from_text(fp_buf_str(&text))
				 : NULL;
	if (!past->settings)
		return fp_error_set(
			error, FP_ERROR_INVALID, "the configuration of then cannot be read again");
	return 0;
}

/* 1 when there was none. */
static int find_settings(struct fp_worker *worker, const struct fp_snapshot *now,
	struct fp_past *past, struct fp_error *error)
{
	int64_t number, stale_after_us = now->stale_after_us;
	int r;

	past->stale_after_us = stale_after_us;
	if (past->at_us >= fp_snapshot_since(now, now->settings_since_us)) {
		past->settings = fp_settings_ref(now->settings);
		return 0;
	}
	r = fp_store_find_publication(
		worker->store, FP_PUBLISHED_CONFIGURATION, 0, past->at_us, &number, NULL, error);
	if (r != 0)
		return r;
	r = fp_store_find_publication(worker->store, FP_PUBLISHED_STALE_AFTER, 0, past->at_us,
		&stale_after_us, NULL, error);
	past->stale_after_us = stale_after_us;
	return r < 0 ? r : load_settings(worker, now, past, number, error);
}

static const struct fp_repository_settings *find_repository(
	const struct fp_settings *settings, struct fp_str name)
{
	for (size_t i = 0; i < settings->repository_count; i++)
		if (fp_str_equal(settings->repositories[i].name, name))
			return &settings->repositories[i];
	return NULL;
}

/* ---- times and troubles ---- */

/* When a source was read last as answers knew it, and what kept it from being read again. */
struct times {
	int64_t synced_us;
	const char *trouble;
	int64_t since_us; /* in the present snapshot */
};

/* Outside every gap a source was read a moment before; when exactly is not kept. */
static int find_times(struct fp_worker *worker, const char *kind, int64_t id, int64_t at_us,
	const struct times *present, int64_t *synced_us, char **trouble, struct fp_error *error)
{
	int r;

	if (at_us >= present->since_us) {
		*synced_us = present->synced_us;
		*trouble = present->trouble ? fp_str_dup(fp_str(present->trouble)) : NULL;
		return present->trouble && !*trouble ? fp_error_memory(error) : 0;
	}
	r = fp_store_find_gap(worker->store, kind, id, at_us, synced_us, trouble, error);
	if (r == 1)
		*synced_us = present->synced_us >= 0 && present->synced_us < at_us
				     ? present->synced_us
				     : at_us;
	return r < 0 ? r : 0;
}

/* ---- refs ---- */

static int find_ref_revisions(struct fp_worker *worker, const struct fp_snapshot *now,
	const struct fp_snapshot_repository *present, struct fp_past *past, struct fp_error *error)
{
	int r;

	past->refs_known = true;
	if (past->settings == now->settings &&
		past->at_us >= fp_snapshot_since(now, present->since_us)) {
		past->branches = present->branches;
		past->refs = present->branches->revision;
		past->arrivals = present->branches->arrivals;
		return 0;
	}
	r = fp_store_find_publication(worker->store, FP_PUBLISHED_REFS, past->repository_id,
		past->at_us, &past->refs, NULL, error);
	past->refs_known = r == 0;
	if (r == 0)
		r = fp_store_find_publication(worker->store, FP_PUBLISHED_ARRIVALS,
			past->repository_id, past->at_us, &past->arrivals, NULL, error);
	return r < 0 ? r : 0;
}

static int find_refs(struct fp_worker *worker, const struct fp_snapshot *now,
	const struct fp_snapshot_repository *present, struct fp_past *past, struct fp_error *error)
{
	FP_CLEANUP_FREE char *name = fp_str_dup(past->repository->name);
	const struct times times = {present->refs_synced_us, present->refs_trouble,
		fp_snapshot_since(now, present->times_since_us)};
	int r;

	if (!name)
		return fp_error_memory(error);
	r = fp_store_find_repository(worker->store, name, &past->repository_id, error);
	if (r != 0)
		return r < 0 ? r : 0;
	r = find_ref_revisions(worker, now, present, past, error);
	if (r < 0)
		return r;
	return find_times(worker, "repository", past->repository_id, past->at_us, &times,
		&past->synced_us, &past->trouble, error);
}

/* ---- packages ---- */

/* The present one of that id and feed; NULL. */
static const struct fp_snapshot_package *find_present(
	const struct fp_snapshot_repository *present, const struct fp_package_settings *settings)
{
	for (size_t i = 0; i < present->settings->package_count; i++) {
		const struct fp_package_settings *own = &present->settings->packages[i];

		if (fp_str_equal(own->id, settings->id) && fp_str_equal(own->feed, settings->feed))
			return &present->packages[i];
	}
	return NULL;
}

static int find_id(struct fp_worker *worker, const struct fp_past *past, struct fp_str feed,
	struct fp_str id, const struct times *times, struct fp_past_package *package,
	struct fp_error *error)
{
	FP_CLEANUP_FREE char *feed_name = fp_str_dup(feed);
	FP_CLEANUP_FREE char *name = fp_str_dup(id);
	int r;

	if (!feed_name || !name)
		return fp_error_memory(error);
	r = fp_store_find_package(worker->store, feed_name, name, &package->id, error);
	if (r != 0)
		return r < 0 ? r : 0;
	r = fp_store_find_publication(worker->store, FP_PUBLISHED_VERSIONS, package->id,
		past->at_us, &package->revision, &package->download, error);
	package->known = r == 0;
	if (r >= 0 && past->later)
		r = fp_store_version_revision(worker->store, package->id, &package->newest, error);
	if (r < 0)
		return r;
	return find_times(worker, "package", package->id, past->at_us, times, &package->synced_us,
		&package->trouble, error);
}

/* A package and its set, one id after the other, into past->packages. */
static int find_package(struct fp_worker *worker, const struct fp_snapshot *now,
	const struct fp_snapshot_repository *present, struct fp_past *past,
	const struct fp_package_settings *own, struct fp_error *error)
{
	const struct fp_snapshot_package *same = find_present(present, own);
	struct fp_past_package *first = &past->packages[past->package_count];
	struct times times = {.synced_us = -1, .since_us = INT64_MAX};
	int r = 0;

	if (same && past->settings == now->settings)
		times = (struct times){same->feed_synced_us, same->feed_trouble,
			fp_snapshot_since(now, same->times_since_us)};
	else if (same)
		times.synced_us = same->feed_synced_us;
	for (size_t i = 0; r >= 0 && i <= own->set_count; i++)
		r = find_id(worker, past, own->feed, i ? own->set[i - 1] : own->id, &times,
			&past->packages[past->package_count++], error);
	if (r >= 0 && same && same->state && past->settings == now->settings &&
		past->at_us >= fp_snapshot_since(now, same->since_us)) {
		first->state = same->state;
		first->known = true;
		first->revision = same->state->revision;
	}
	return r;
}

static size_t count_packages(const struct fp_repository_settings *settings)
{
	size_t count = 0;

	for (size_t i = 0; i < settings->package_count; i++)
		count += 1 + settings->packages[i].set_count;
	return count;
}

static int find_packages(struct fp_worker *worker, const struct fp_snapshot *now,
	const struct fp_snapshot_repository *present, struct fp_past *past, struct fp_error *error)
{
	int r = 0;

	past->packages = calloc(count_packages(past->repository) + 1, sizeof(*past->packages));
	if (!past->packages)
		return fp_error_memory(error);
	for (size_t i = 0; r >= 0 && i < past->repository->package_count; i++)
		r = find_package(worker, now, present, past, &past->repository->packages[i], error);
	return r < 0 ? r : 0;
}

static bool knows_any(const struct fp_past *past)
{
	for (size_t i = 0; i < past->package_count; i++)
		if (past->packages[i].known)
			return true;
	return past->package_count == 0;
}

/* ---- decisions ---- */

static int find_overrides(struct fp_worker *worker, const struct fp_snapshot *now,
	struct fp_past *past, struct fp_error *error)
{
	int r;

	if (past->at_us >= fp_snapshot_since(now, now->overrides_since_us)) {
		past->overrides = now->overrides ? now->overrides->revision : 0;
		return 0;
	}
	r = fp_store_find_publication(worker->store, FP_PUBLISHED_OVERRIDES, 0, past->at_us,
		&past->overrides, NULL, error);
	return r < 0 ? r : 0;
}

/* ---- all of it ---- */

static int refuse(enum fp_as_of_result *result, enum fp_as_of_result why)
{
	*result = why;
	return 1;
}

/* The first publication, or the present one while that is being written down. */
static int find_first_of(struct fp_worker *worker, enum fp_publication_kind kind, int64_t id,
	int64_t present_us, int64_t *first_us, struct fp_error *error)
{
	int r = fp_store_first_publication(worker->store, kind, id, first_us, error);

	if (r == 1 && present_us >= 0) {
		*first_us = present_us;
		return 0;
	}
	return r;
}

/* When the records of a repository that is tracked now begin: with the later of its first refs and
 * the first versions of its default package. */
static int find_first(struct fp_worker *worker, const struct fp_snapshot *now,
	const struct fp_snapshot_repository *present, struct fp_past *past, struct fp_error *error)
{
	const struct fp_repository_settings *settings = present->settings;
	const struct fp_snapshot_package *first = &present->packages[0];
	FP_CLEANUP_FREE char *name = fp_str_dup(settings->name);
	FP_CLEANUP_FREE char *feed = fp_str_dup(settings->packages[0].feed);
	FP_CLEANUP_FREE char *package = fp_str_dup(settings->packages[0].id);
	int64_t repository, id, refs_us, versions_us;
	int r;

	if (!name || !feed || !package)
		return fp_error_memory(error);
	r = fp_store_find_repository(worker->store, name, &repository, error);
	if (r == 0)
		r = find_first_of(worker, FP_PUBLISHED_REFS, repository,
			present->branches ? fp_snapshot_since(now, present->since_us) : -1,
			&refs_us, error);
	if (r == 0)
		r = fp_store_find_package(worker->store, feed, package, &id, error);
	if (r == 0)
		r = find_first_of(worker, FP_PUBLISHED_VERSIONS, id,
			first->state ? fp_snapshot_since(now, first->since_us) : -1, &versions_us,
			error);
	if (r == 0)
		past->first_us = refs_us > versions_us ? refs_us : versions_us;
	return r < 0 ? r : 0;
}

static int refuse_before(struct fp_worker *worker, const struct fp_snapshot *now,
	const struct fp_snapshot_repository *present, struct fp_past *past,
	enum fp_as_of_result *result, struct fp_error *error)
{
	int r = present->settings->package_count ? find_first(worker, now, present, past, error)
						 : 0;

	return r < 0 ? r : refuse(result, FP_AS_OF_BEFORE_RECORDS);
}

static int find_rest(struct fp_worker *worker, const struct fp_snapshot *now,
	const struct fp_snapshot_repository *present, struct fp_past *past,
	enum fp_as_of_result *result, struct fp_error *error)
{
	int r = find_refs(worker, now, present, past, error);

	if (r >= 0)
		r = find_packages(worker, now, present, past, error);
	if (r >= 0)
		r = find_overrides(worker, now, past, error);
	if (r < 0)
		return r;
	if (!past->refs_known || !knows_any(past))
		return refuse_before(worker, now, present, past, result, error);
	if (!fp_str_equal(past->repository->source_digest, present->settings->source_digest))
		return refuse(result, FP_AS_OF_OTHER_SOURCES);
	return 0;
}

int fp_past_find(struct fp_worker *worker, const struct fp_snapshot *now, struct fp_str repo,
	int64_t at_us, bool later, struct fp_past *past, enum fp_as_of_result *result,
	struct fp_error *error)
{
	const struct fp_snapshot_repository *present = fp_snapshot_find(now, repo);
	int r;

	*past = (struct fp_past){.at_us = at_us, .later = later, .first_us = -1};
	r = find_settings(worker, now, past, error);
	if (r < 0)
		return r;
	if (r == 1 && !present)
		return refuse(result, FP_AS_OF_UNKNOWN_REPOSITORY);
	if (r == 1)
		return refuse_before(worker, now, present, past, result, error);
	past->repository = find_repository(past->settings, repo);
	/* It was not tracked then, and that is the answer. */
	if (!past->repository)
		return find_overrides(worker, now, past, error);
	if (!present)
		return refuse(result, FP_AS_OF_UNKNOWN_REPOSITORY);
	if (!present->branches)
		return refuse(result, FP_AS_OF_NOT_READY);
	return find_rest(worker, now, present, past, result, error);
}
