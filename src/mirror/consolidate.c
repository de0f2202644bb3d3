/*
 * Rolling many small packs into one.
 *
 * Every fetch leaves a pack, and each look-up of an object asks them all. The packs are kept in a
 * geometric row: the small ones up to the first that holds at least twice as much as all smaller
 * ones together become one, so that an object is written anew only about as often as the mirror
 * doubles, and the large first pack hardly ever.
 *
 * Readers are not stopped: the new pack is complete and on disk before an old one goes; who has an
 * old one open or mapped reads on in it, and who misses it looks again at the folder.
 */
#include "forkpoint/mirror/mirror.h"

#include "git_error.h"
#include "handle.h"
#include "lock.h"
#include "pack.h"

#include <fcntl.h>
#include <git2/pack.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { LOCK_WAIT_MS = 2000, CHECK_EVERY = 256 };

static int by_count(const void *a, const void *b)
{
	const struct fp_pack *x = a, *y = b;

	if (x->count != y->count)
		return x->count < y->count ? -1 : 1;
	return strcmp(x->path, y->path);
}

/* How many of the packs, smallest first, are to become one. */
static size_t choose(const struct fp_pack_list *list, unsigned threshold)
{
	uint64_t smaller = 0;
	size_t chosen = 0;

	if (list->count < 2 || list->count <= threshold)
		return 0;
	for (size_t i = 0; i < list->count; i++) {
		if (i > 1 && list->items[i].count >= 2 * smaller)
			break;
		smaller += list->items[i].count;
		chosen = i + 1;
	}
	return chosen;
}

static bool is_cancelled(const atomic_bool *cancelled)
{
	return cancelled && atomic_load_explicit(cancelled, memory_order_relaxed);
}

static int on_progress(int stage, uint32_t current, uint32_t total, void *context)
{
	return is_cancelled(context) ? GIT_EUSER : 0;
}

static int cancelled_error(struct fp_error *error)
{
	return fp_error_set(error, FP_ERROR_CANCELLED, "the consolidation was cancelled");
}

static int insert_pack(git_packbuilder *builder, const struct fp_pack *pack,
	const atomic_bool *cancelled, struct fp_error *error)
{
	for (uint32_t row = 0; row < pack->count; row++) {
		git_oid id = fp_git_oid(fp_pack_oid(pack, row));

		if (row % CHECK_EVERY == 0 && is_cancelled(cancelled))
			return cancelled_error(error);
		if (git_packbuilder_insert(builder, &id, NULL) < 0)
			return fp_git_error(error, FP_ERROR_CORRUPT,
				"an object of %s cannot be read", pack->path);
	}
	return 0;
}

static int sync_file(const char *path, struct fp_error *error)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int failed = fd < 0 || fsync(fd) < 0;

	if (fd >= 0)
		close(fd);
	return failed ? fp_error_set(error, FP_ERROR_IO, "cannot sync %s", path) : 0;
}

/* The new pack's index must take every object of the old packs before these go. */
static int check_new(const char *new_path, const struct fp_pack_list *list, size_t chosen,
	struct fp_error *error)
{
	struct fp_pack pack;
	uint32_t found;
	int rc = fp_pack_open(new_path, &pack, error);

	if (rc)
		return rc < 0 ? rc
			      : fp_error_set(
					error, FP_ERROR_INTERNAL, "%s was not written", new_path);
	for (size_t i = 0; i < chosen && !rc; i++)
		for (uint32_t row = 0; row < list->items[i].count && !rc; row++)
			if (!fp_pack_find(&pack, fp_pack_oid(&list->items[i], row), &found))
				rc = fp_error_set(error, FP_ERROR_INTERNAL,
					"%s lacks an object of %s", new_path, list->items[i].path);
	fp_pack_close(&pack);
	return rc ? rc : sync_file(new_path, error);
}

/* The index goes first: without it nobody takes the pack for one. */
static void remove_pack(const struct fp_pack *pack)
{
	char path[PATH_MAX];
	size_t len = strlen(pack->path);

	if (len >= sizeof(path))
		return;
	memcpy(path, pack->path, len + 1);
	memcpy(path + len - 4, "idx", 4);
	unlink(path);
	unlink(pack->path);
}

static int write_pack(struct fp_mirror *mirror, git_packbuilder *builder,
	const struct fp_pack_list *list, size_t chosen, const atomic_bool *cancelled,
	struct fp_error *error)
{
	char folder[PATH_MAX], path[PATH_MAX];
	int rc;

	if ((size_t)snprintf(folder, sizeof(folder), "%s/objects/pack", mirror->path) >=
		sizeof(folder))
		return fp_error_set(error, FP_ERROR_LIMIT, "the path %s is too long", mirror->path);
	if (git_packbuilder_write(builder, folder, 0, NULL, NULL) < 0)
		return is_cancelled(cancelled)
			       ? cancelled_error(error)
			       : fp_git_error(error, FP_ERROR_IO, "cannot write a pack");
	if ((size_t)snprintf(path, sizeof(path), "%s/pack-%s.pack", folder,
		    git_packbuilder_name(builder)) >= sizeof(path))
		return fp_error_set(error, FP_ERROR_LIMIT, "the path %s is too long", folder);
	rc = check_new(path, list, chosen, error);
	for (size_t i = 0; i < chosen && !rc; i++)
		if (strcmp(list->items[i].path, path) != 0)
			remove_pack(&list->items[i]);
	return rc;
}

static int roll_up(struct fp_mirror *mirror, const struct fp_pack_list *list, size_t chosen,
	const atomic_bool *cancelled, struct fp_error *error)
{
	git_packbuilder *builder;
	int rc = 0;

	if (git_packbuilder_new(&builder, mirror->repo) < 0)
		return fp_git_error(error, FP_ERROR_MEMORY, "cannot make a pack");
	git_packbuilder_set_threads(builder, 1);
	git_packbuilder_set_callbacks(builder, on_progress, (void *)cancelled);
	for (size_t i = 0; i < chosen && !rc; i++)
		rc = insert_pack(builder, &list->items[i], cancelled, error);
	if (!rc)
		rc = write_pack(mirror, builder, list, chosen, cancelled, error);
	git_packbuilder_free(builder);
	return rc;
}

int fp_mirror_consolidate(struct fp_mirror *mirror, unsigned pack_threshold,
	const atomic_bool *cancelled, struct fp_error *error)
{
	FP_CLEANUP(fp_mirror_lock_drop) struct fp_mirror_lock lock = {-1};
	FP_CLEANUP(fp_pack_list_close) struct fp_pack_list list = {0};
	size_t chosen;
	int rc = fp_mirror_lock_take(mirror->path, LOCK_WAIT_MS, cancelled, &lock, error);

	if (!rc)
		rc = fp_pack_list_open(mirror->path, &list, error);
	if (rc)
		return rc;
	if (list.count)
		qsort(list.items, list.count, sizeof(*list.items), by_count);
	chosen = choose(&list, pack_threshold);
	return chosen < 2 ? 1 : roll_up(mirror, &list, chosen, cancelled, error);
}
