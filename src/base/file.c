/* Whole small files: read at once, replaced at once. Folders are in folder.c. */
#include "forkpoint/base/file.h"

#include "system_error.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int fp_system_error(struct fp_error *error, const char *what, const char *path)
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

static int read_all(int fd, const char *path, struct fp_buf *buf, struct fp_error *error)
{
	char piece[16384];
	ssize_t got;

	while ((got = read(fd, piece, sizeof(piece))) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return fp_system_error(error, "read", path);
		fp_buf_add(buf, piece, (size_t)got);
		if (buf->state == FP_BUF_TOO_LARGE)
			return fp_error_set(error, FP_ERROR_LIMIT,
				"%s is larger than the limit of %zu bytes", path, buf->max);
		if (buf->state != FP_BUF_OK)
			return fp_error_memory(error);
	}
	return 0;
}

int fp_file_read(const char *path, struct fp_buf *buf, struct fp_error *error)
{
	FP_CLEANUP(close_descriptor) int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len_before = buf->len;
	int r;

	if (fd < 0)
		return fp_system_error(error, "open", path);
	r = read_all(fd, path, buf, error);
	if (r < 0 && buf->data) { /* half a file is none */
		buf->len = len_before;
		buf->data[buf->len] = '\0';
	}
	return r;
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

/* Makes the new name itself survive a crash. */
static int sync_parent(const char *path, struct fp_error *error)
{
	const char *slash = strrchr(path, '/');
	FP_CLEANUP_FREE char *parent =
		slash ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
	FP_CLEANUP(close_descriptor) int fd = -1;

	if (!parent)
		return fp_error_memory(error);
	fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd >= 0 && fsync(fd) == 0 ? 0 : fp_system_error(error, "write the folder", parent);
}

int fp_file_replace(const char *path, struct fp_str content, struct fp_error *error)
{
	FP_CLEANUP_FREE char *beside = NULL;
	FP_CLEANUP(close_descriptor) int fd = -1;

	if (asprintf(&beside, "%s.XXXXXX", path) < 0) {
		beside = NULL;
		return fp_error_memory(error);
	}
	/* A name of its own, so that two who replace the same file do not meet. */
	fd = mkostemp(beside, O_CLOEXEC);
	if (fd < 0)
		return fp_system_error(error, "create a file beside", path);
	if (fchmod(fd, 0640) < 0 || write_all(fd, content) < 0 || rename(beside, path) < 0) {
		int r = fp_system_error(error, "replace", path);

		unlink(beside);
		return r;
	}
	return sync_parent(path, error);
}
