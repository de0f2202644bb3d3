/* Opening and closing a mirror, and what kind of object an id names. */
#include "forkpoint/mirror/mirror.h"

#include "git_error.h"
#include "handle.h"
#include "pack_check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* 1: nothing there. */
int fp_mirror_check_owner(const char *path, struct fp_error *error)
{
	struct stat info;

	if (stat(path, &info) < 0) {
		if (errno == ENOENT || errno == ENOTDIR)
			return 1;
		return fp_error_set(error, errno == EACCES ? FP_ERROR_FOREIGN : FP_ERROR_IO,
			"cannot look at the mirror %s: %s", path, strerror(errno));
	}
	if (!S_ISDIR(info.st_mode))
		return fp_error_set(error, FP_ERROR_FOREIGN,
			"%s is no folder, so no mirror can be kept there; move it away", path);
	if (info.st_uid != geteuid())
		return fp_error_set(error, FP_ERROR_FOREIGN,
			"the mirror %s belongs to user %u, not to user %u that Forkpoint runs as; "
			"change its owner or remove it",
			path, (unsigned)info.st_uid, (unsigned)geteuid());
	return 0;
}

/* git_repository_init makes objects first and HEAD last; without HEAD it never came to be. */
static bool has_head(const char *path)
{
	char name[4096];

	return (size_t)snprintf(name, sizeof(name), "%s/HEAD", path) < sizeof(name) &&
	       access(name, F_OK) == 0;
}

/* Of what could not be opened just now. What a process that has too many files open cannot open is
 * not damaged: a mirror is cloned again only for what was read of it. */
static enum fp_error_code code_of_failed_open(void)
{
	const git_error *last = git_error_last();

	return last && last->klass == GIT_ERROR_OS ? FP_ERROR_IO : FP_ERROR_CORRUPT;
}

/* libgit2 reads it when it connects, and would call the upstream out of reach. */
static int check_config(const char *path, struct fp_error *error)
{
	git_config *config = NULL;
	char name[4096];
	int failed;

	if ((size_t)snprintf(name, sizeof(name), "%s/config", path) >= sizeof(name))
		return fp_error_set(error, FP_ERROR_LIMIT, "the path %s is too long", path);
	if (access(name, R_OK) < 0 && errno == EACCES)
		return fp_error_set(error, FP_ERROR_FOREIGN,
			"%s may not be read: change its owner or its mode", name);
	failed = git_config_open_ondisk(&config, name) < 0;
	git_config_free(config);
	return failed ? fp_git_error(
				error, code_of_failed_open(), "the mirror's config cannot be read")
		      : 0;
}

int fp_mirror_open(const char *path, struct fp_mirror **mirror, struct fp_error *error)
{
	FP_CLEANUP(fp_mirror_close_cleanup) struct fp_mirror *opened = calloc(1, sizeof(*opened));
	int rc = fp_mirror_check_owner(path, error);

	if (rc)
		return rc;
	if (!has_head(path))
		return 1;
	if (!opened || !(opened->path = fp_str_dup(fp_str(path))))
		return fp_error_memory(error);
	rc = fp_pack_check_all(path, error);
	if (!rc)
		rc = check_config(path, error);
	if (rc)
		return rc;
	if (git_repository_open_bare(&opened->repo, path) < 0 ||
		git_repository_odb(&opened->odb, opened->repo) < 0)
		return fp_git_error(
			error, code_of_failed_open(), "the mirror %s cannot be opened", path);
	*mirror = opened;
	opened = NULL;
	return 0;
}

void fp_mirror_close(struct fp_mirror *mirror)
{
	if (!mirror)
		return;
	git_odb_free(mirror->odb);
	git_repository_free(mirror->repo);
	free(mirror->path);
	free(mirror);
}

enum fp_object_type fp_mirror_object_type(struct fp_mirror *mirror, const struct fp_oid *oid)
{
	git_oid id = fp_git_oid(oid);
	git_object_t type;
	size_t size;

	if (git_odb_read_header(&size, &type, mirror->odb, &id) < 0)
		return FP_OBJECT_MISSING;
	switch ((int)type) {
	case GIT_OBJECT_COMMIT: return FP_OBJECT_COMMIT;
	case GIT_OBJECT_TREE: return FP_OBJECT_TREE;
	case GIT_OBJECT_BLOB: return FP_OBJECT_BLOB;
	case GIT_OBJECT_TAG: return FP_OBJECT_TAG;
	default: return FP_OBJECT_MISSING;
	}
}
