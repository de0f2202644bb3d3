/* What a mirror takes on disk. */
#include "forkpoint/mirror/mirror.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>

/* Folders of a bare repository that hold nearly everything; loose objects do not come from fetches.
 * No tree walk: libc's takes no context, and this is asked for on each look. */
static int add_folder(const char *mirror_path, const char *name, struct fp_mirror_size *size,
	struct fp_error *error)
{
	char path[PATH_MAX];
	struct dirent *entry;
	struct stat info;
	DIR *folder;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", mirror_path, name) >= sizeof(path))
		return fp_error_set(error, FP_ERROR_LIMIT, "the path %s is too long", mirror_path);
	folder = opendir(path);
	if (!folder)
		return errno == ENOENT ? 0
				       : fp_error_set(error, FP_ERROR_IO, "cannot read %s: %s",
						 path, strerror(errno));
	while ((entry = readdir(folder))) {
		if (fstatat(dirfd(folder), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) < 0 ||
			!S_ISREG(info.st_mode))
			continue;
		size->bytes += (uint64_t)info.st_blocks * 512;
		if (fp_str_ends_with(fp_str(entry->d_name), ".pack"))
			size->packs++;
	}
	closedir(folder);
	return 0;
}

int fp_mirror_measure(const char *path, struct fp_mirror_size *size, struct fp_error *error)
{
	struct fp_mirror_size measured = {0};
	int rc = add_folder(path, ".", &measured, error);

	if (!rc)
		rc = add_folder(path, "objects/pack", &measured, error);
	if (!rc)
		rc = add_folder(path, "objects/info", &measured, error);
	if (!rc)
		*size = measured;
	return rc;
}
