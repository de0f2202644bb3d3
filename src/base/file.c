/* Whole small files, and folders. */
#include "forkpoint/base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int system_error(struct fp_error *error, const char *what, const char *path)
{
	enum fp_error_code code = errno == ENOSPC || errno == EDQUOT  ? FP_ERROR_FULL
				  : errno == EACCES || errno == EPERM ? FP_ERROR_DENIED
								      : FP_ERROR_IO;

	return fp_error_set(error, code, "cannot %s %s: %s", what, path, strerror(errno));
}

static void close_descriptor(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

int fp_file_read(const char *path, struct fp_buf *buf, struct fp_error *error)
{
	FP_CLEANUP(close_descriptor) int fd = open(path, O_RDONLY | O_CLOEXEC);
	char piece[16384];
	ssize_t got;

	if (fd < 0)
		return system_error(error, "open", path);
	while ((got = read(fd, piece, sizeof(piece))) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return system_error(error, "read", path);
		fp_buf_add(buf, piece, (size_t)got);
		if (fp_buf_check(buf, error) < 0) {
			fp_error_prefix(error, "%s", path);
			return -(int)(buf->state == FP_BUF_TOO_LARGE ? FP_ERROR_LIMIT
								     : FP_ERROR_MEMORY);
		}
	}
	return 0;
}

static int write_all(int fd, struct fp_str content)
{
	while (content.len) {
		ssize_t written = write(fd, content.ptr, content.len);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -1;
		content.ptr += written;
		content.len -= (size_t)written;
	}
	return fsync(fd);
}

int fp_file_replace(const char *path, struct fp_str content, struct fp_error *error)
{
	FP_CLEANUP_FREE char *beside = NULL;
	int fd;

	if (asprintf(&beside, "%s.new", path) < 0) {
		beside = NULL;
		return fp_error_memory(error);
	}
	fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	if (fd < 0)
		return system_error(error, "create", beside);
	if (write_all(fd, content) < 0) {
		int r = system_error(error, "write", beside);

		close(fd);
		unlink(beside);
		return r;
	}
	close(fd);
	if (rename(beside, path) < 0)
		return system_error(error, "replace", path);
	return 0;
}

int fp_folder_create(const char *path, struct fp_error *error)
{
	FP_CLEANUP_FREE char *partial = strdup(path);

	if (!partial)
		return fp_error_memory(error);
	for (char *slash = partial + 1; *partial; slash++) {
		char end = *slash;

		if (end != '/' && end != '\0')
			continue;
		*slash = '\0';
		if (mkdir(partial, 0750) < 0 && errno != EEXIST)
			return system_error(error, "create folder", partial);
		*slash = end;
		if (end == '\0')
			break;
	}
	return 0;
}

/* How deep folders may be nested below one that is removed. */
enum { REMOVE_DEPTH_MAX = 128 };

/* Removes what is in an open folder, which it closes. Returns 0 or -1 with errno. Recursion ends at
 * REMOVE_DEPTH_MAX. */
static int empty_folder(int fd, int depth)
{
	DIR *folder = depth < REMOVE_DEPTH_MAX ? fdopendir(fd) : NULL;
	struct dirent *entry;
	int r = 0;

	if (!folder) {
		close(fd);
		return -1;
	}
	while (r == 0 && (entry = readdir(folder))) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		if (unlinkat(fd, entry->d_name, 0) == 0)
			continue;
		if (errno == EISDIR || errno == EPERM) {
			int child = openat(
				fd, entry->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

			r = child < 0 ? -1 : empty_folder(child, depth + 1);
			if (r == 0)
				r = unlinkat(fd, entry->d_name, AT_REMOVEDIR);
		} else {
			r = -1;
		}
	}
	closedir(folder);
	return r;
}

int fp_folder_remove(const char *path, struct fp_error *error)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		return 0;
	if (fd < 0 || empty_folder(fd, 0) < 0 || rmdir(path) < 0)
		return system_error(error, "remove", path);
	return 0;
}
