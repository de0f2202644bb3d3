/* One writer per mirror, and sweeping up after those that were killed. */
#include "lock.h"

#include "forkpoint/base/str.h"
#include "forkpoint/base/time.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

enum { RETRY_MS = 20, MAX_OPEN_FOLDERS = 16 };

static int join(
	char *path, size_t size, const char *folder, const char *name, struct fp_error *error)
{
	if ((size_t)snprintf(path, size, "%s/%s", folder, name) < size)
		return 0;
	return fp_error_set(error, FP_ERROR_LIMIT, "the path %s is too long", folder);
}

int fp_mirror_lock_take(const char *mirror_path, int wait_ms, const atomic_bool *cancelled,
	struct fp_mirror_lock *lock, struct fp_error *error)
{
	const struct timespec pause = {.tv_nsec = RETRY_MS * 1000000L};
	int64_t until_us = fp_clock_monotonic_us() + wait_ms * FP_US_PER_MS;
	char path[4096];
	int fd, rc = join(path, sizeof(path), mirror_path, "forkpoint.lock", error);

	if (rc)
		return rc;
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (fd < 0)
		return fp_error_set(error, errno == ENOSPC ? FP_ERROR_FULL : FP_ERROR_IO,
			"cannot open %s: %s", path, strerror(errno));
	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (cancelled && atomic_load_explicit(cancelled, memory_order_relaxed)) {
			close(fd);
			return fp_error_set(error, FP_ERROR_CANCELLED,
				"waiting for the mirror %s was cancelled", mirror_path);
		}
		if (errno != EWOULDBLOCK || fp_clock_monotonic_us() >= until_us) {
			close(fd);
			return fp_error_set(error, FP_ERROR_BUSY,
				"another process is changing the mirror %s", mirror_path);
		}
		nanosleep(&pause, NULL);
	}
	lock->fd = fd;
	return 0;
}

void fp_mirror_lock_drop(struct fp_mirror_lock *lock)
{
	if (lock->fd >= 0)
		close(lock->fd);
	lock->fd = -1;
}

static int remove_left_lock(const char *path, const struct stat *info, int kind, struct FTW *at)
{
	if (kind == FTW_F && fp_str_ends_with(fp_str(path), ".lock"))
		unlink(path);
	return 0;
}

/* libgit2 receives into pack_git2_*, git into tmp_*. */
static int remove_left_pack(const char *path, const struct stat *info, int kind, struct FTW *at)
{
	struct fp_str name = fp_str(path + at->base);

	if (kind == FTW_F &&
		(fp_str_starts_with(name, "pack_git2_") || fp_str_starts_with(name, "tmp_")))
		unlink(path);
	return 0;
}

void fp_mirror_sweep(const char *mirror_path)
{
	static const char *const single[] = {"packed-refs.lock", "HEAD.lock", "config.lock"};
	char path[4096];

	for (size_t i = 0; i < sizeof(single) / sizeof(single[0]); i++)
		if (join(path, sizeof(path), mirror_path, single[i], NULL) == 0)
			unlink(path);
	if (join(path, sizeof(path), mirror_path, "refs", NULL) == 0)
		nftw(path, remove_left_lock, MAX_OPEN_FOLDERS, FTW_PHYS);
	if (join(path, sizeof(path), mirror_path, "objects/pack", NULL) == 0)
		nftw(path, remove_left_pack, MAX_OPEN_FOLDERS, FTW_PHYS);
}
