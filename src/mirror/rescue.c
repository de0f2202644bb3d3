/*
 * Bringing commits from a damaged mirror that was set aside.
 *
 * Its objects are read as alternates of a handle on the new mirror, so that neither refs nor HEAD
 * of the old one matter, and each commit becomes a pack of its own: one that cannot be read takes
 * no other with it. Rescues are rare and small, and consolidation rolls the packs up.
 */
#include "forkpoint/mirror/mirror.h"

#include "git_error.h"
#include "handle.h"
#include "lock.h"

#include <git2/pack.h>
#include <git2/sys/odb_backend.h>
#include <limits.h>
#include <stdio.h>

enum { LOCK_WAIT_MS = 10000 };

struct rescue {
	git_repository *repo; /* the new mirror, with the old one's objects beside its own */
	git_odb *odb;
	char pack_folder[PATH_MAX];
	const atomic_bool *cancelled;
};

static bool is_cancelled(const struct rescue *rescue)
{
	return rescue->cancelled && atomic_load_explicit(rescue->cancelled, memory_order_relaxed);
}

static int on_progress(int stage, uint32_t current, uint32_t total, void *context)
{
	return is_cancelled(context) ? GIT_EUSER : 0;
}

static int open_both(struct rescue *rescue, const struct fp_mirror *mirror, const char *from,
	struct fp_error *error)
{
	char objects[PATH_MAX];

	if ((size_t)snprintf(objects, sizeof(objects), "%s/objects", from) >= sizeof(objects) ||
		(size_t)snprintf(rescue->pack_folder, sizeof(rescue->pack_folder),
			"%s/objects/pack", mirror->path) >= sizeof(rescue->pack_folder))
		return fp_error_set(error, FP_ERROR_LIMIT, "the path %s is too long", from);
	if (git_repository_open_bare(&rescue->repo, mirror->path) < 0 ||
		git_repository_odb(&rescue->odb, rescue->repo) < 0)
		return fp_git_error(
			error, FP_ERROR_CORRUPT, "the mirror %s cannot be opened", mirror->path);
	if (git_odb_add_disk_alternate(rescue->odb, objects) < 0)
		return fp_git_error(error, FP_ERROR_IO, "the folder %s cannot be read", objects);
	return 0;
}

/* What the commit leads to and no ref of the mirror does, as a pack of the mirror's. */
static int pack_commit(
	const struct rescue *rescue, git_revwalk *walk, git_packbuilder *builder, const git_oid *id)
{
	int rc = git_revwalk_push(walk, id);

	if (!rc)
		rc = git_revwalk_hide_glob(walk, "refs/*");
	if (!rc)
		rc = git_packbuilder_insert_walk(builder, walk);
	if (!rc && git_packbuilder_object_count(builder) > 0)
		rc = git_packbuilder_write(builder, rescue->pack_folder, 0, NULL, NULL);
	return rc;
}

/* 1 when it came, 0 when it cannot be read whole. */
static int rescue_one(const struct rescue *rescue, const struct fp_oid *oid, struct fp_error *error)
{
	git_oid id = fp_git_oid(oid);
	git_packbuilder *builder = NULL;
	git_revwalk *walk = NULL;
	int rc;

	if (is_cancelled(rescue))
		return fp_error_set(error, FP_ERROR_CANCELLED, "the rescue was cancelled");
	if (git_packbuilder_new(&builder, rescue->repo) < 0 ||
		git_revwalk_new(&walk, rescue->repo) < 0) {
		git_packbuilder_free(builder);
		return fp_git_error(error, FP_ERROR_MEMORY, "cannot make a pack");
	}
	git_packbuilder_set_threads(builder, 1);
	git_packbuilder_set_callbacks(builder, on_progress, (void *)rescue);
	rc = pack_commit(rescue, walk, builder, &id);
	git_revwalk_free(walk);
	git_packbuilder_free(builder);
	if (rc && is_cancelled(rescue))
		return fp_error_set(error, FP_ERROR_CANCELLED, "the rescue was cancelled");
	return rc == 0;
}

static int rescue_all(struct rescue *rescue, struct fp_mirror *mirror, const struct fp_oid *oids,
	size_t count, size_t *rescued, struct fp_error *error)
{
	size_t came = 0;

	for (size_t i = 0; i < count; i++) {
		int r = 0;

		if (fp_mirror_object_type(mirror, &oids[i]) == FP_OBJECT_MISSING)
			r = rescue_one(rescue, &oids[i], error);
		if (r < 0)
			return r;
		if (r == 0)
			continue;
		if (git_odb_refresh(mirror->odb) < 0)
			return fp_git_error(error, FP_ERROR_CORRUPT, "the pack cannot be opened");
		r = fp_keep_commits(mirror->repo, mirror->odb, &oids[i], 1, error);
		if (r < 0)
			return r;
		came += fp_mirror_object_type(mirror, &oids[i]) == FP_OBJECT_COMMIT;
	}
	*rescued = came;
	return 0;
}

int fp_mirror_rescue(struct fp_mirror *mirror, const char *from, const struct fp_oid *oids,
	size_t count, const atomic_bool *cancelled, size_t *rescued, struct fp_error *error)
{
	FP_CLEANUP(fp_mirror_lock_drop) struct fp_mirror_lock lock = {-1};
	struct rescue rescue = {.cancelled = cancelled};
	int rc = fp_mirror_lock_take(mirror->path, LOCK_WAIT_MS, cancelled, &lock, error);

	if (!rc)
		rc = open_both(&rescue, mirror, from, error);
	if (!rc)
		rc = rescue_all(&rescue, mirror, oids, count, rescued, error);
	git_odb_free(rescue.odb);
	git_repository_free(rescue.repo);
	return rc;
}
