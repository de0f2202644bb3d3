/*
 * Documents of static feeds in local files. Files are always read and compared by hash: a time of
 * change is too coarse to say that a small file is still the same.
 */
#include "forkpoint/feed/local_file.h"

#include "forkpoint/feed/body.h"
#include "forkpoint/feed/url.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void close_file(int *fd)
{
	if (*fd >= 0)
		close(*fd);
}

static int open_file(const char *path, int *fd, struct fp_error *error)
{
	/* O_NONBLOCK: opening a named pipe must not wait for its writer */
	*fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (*fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return FP_FETCH_NOT_FOUND;
	if (*fd < 0)
		return fp_error_set(error, errno == EACCES ? FP_ERROR_DENIED : FP_ERROR_UNAVAILABLE,
			"cannot open %s: %s", path, strerror(errno));
	struct stat st;
	if (fstat(*fd, &st) != 0 || !S_ISREG(st.st_mode))
		return fp_error_set(error, FP_ERROR_INVALID, "%s is no regular file", path);
	return 0;
}

static int read_file(int fd, const char *path, struct fp_body *body, struct fp_error *error)
{
	char data[65536];
	for (;;) {
		ssize_t n = read(fd, data, sizeof(data));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fp_error_set(error, FP_ERROR_UNAVAILABLE, "cannot read %s: %s", path,
				strerror(errno));
		if (n == 0)
			return fp_body_finish(body, error);
		int r = fp_body_feed(body, data, (size_t)n, error);
		if (r < 0)
			return r;
	}
}

int fp_local_file_fetch(
	struct fp_fetch *fetch, uint64_t max_bytes, uint64_t *bytes, struct fp_error *error)
{
	FP_CLEANUP_FREE char *path = fp_url_to_path(fetch->url);
	if (!path)
		return fp_error_set(error, FP_ERROR_INVALID, "%.*s names no local file",
			FP_STR_ARG(fp_url_shown(fetch->url)));
	FP_CLEANUP(close_file) int fd = -1;
	int r = open_file(path, &fd, error);
	if (r != 0 || fetch->head)
		return r;
	FP_CLEANUP(fp_body_free_cleanup)
	struct fp_body *body = fp_body_new(&(struct fp_body_options){
		.max_bytes = max_bytes,
		.kind = fetch->kind,
		.last = fetch->last,
		.body = fetch->body,
		.done = fetch->done,
		.context = fetch->context,
	});
	if (!body)
		return fp_error_memory(error);
	r = read_file(fd, path, body, error);
	*bytes = fp_body_bytes(body);
	if (r < 0) {
		fp_error_prefix(error, "%s", path);
		return r;
	}
	fetch->fresh = (struct fp_validators){
		.hash = fp_body_hash(body), .bytes = fp_body_bytes(body), .known = true};
	return r;
}
