/*
 * The data folder's lock: an open-file-description lock on the file `lock`, which goes with the
 * process however it ends. The file names its holder's process id, for people.
 */
#include "lock.h"
#include "sql.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

struct fp_store_lock {
	int fd;
};

void fp_store_unlock(struct fp_store_lock *lock)
{
	if (!lock)
		return;
	if (lock->fd >= 0)
		close(lock->fd);
	free(lock);
}
FP_DEFINE_CLEANUP(struct fp_store_lock *, fp_store_unlock)

static int refuse(int fd, const char *path, struct fp_error *error)
{
	char holder[32] = "";
	ssize_t len = pread(fd, holder, sizeof(holder) - 1, 0);

	holder[len > 0 ? len : 0] = '\0';
	holder[strcspn(holder, "\n")] = '\0';
	return fp_error_set(error, FP_ERROR_BUSY,
		"%s is held by process %s: stop that Forkpoint first, or give this one a data_dir "
		"of its own",
		path, *holder ? holder : "(unknown)");
}

static int write_holder(int fd, const char *path, struct fp_error *error)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "%ld\n", (long)getpid());

	if (ftruncate(fd, 0) == 0 && pwrite(fd, text, (size_t)len, 0) == len)
		return 0;
	return fp_error_set(error, errno == ENOSPC ? FP_ERROR_FULL : FP_ERROR_IO,
		"cannot write %s: %s", path, strerror(errno));
}

int fp_store_lock_take(const char *data_dir, struct fp_store_lock **lock, struct fp_error *error)
{
	FP_CLEANUP_FREE char *path = fp_store_path(data_dir, "lock");
	FP_CLEANUP(fp_store_unlock_cleanup) struct fp_store_lock *taken = malloc(sizeof(*taken));
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int r;

	if (taken)
		taken->fd = -1;
	if (!path || !taken)
		return fp_error_memory(error);
	taken->fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0640);
	if (taken->fd < 0 && errno == EACCES)
		return fp_error_set(error, FP_ERROR_DENIED,
			"cannot open %s: %s: the data folder must belong to the user that "
			"Forkpoint "
			"runs as, number %lu",
			path, strerror(errno), (unsigned long)geteuid());
	if (taken->fd < 0)
		return fp_error_set(
			error, FP_ERROR_IO, "cannot open %s: %s", path, strerror(errno));
	if (fcntl(taken->fd, F_OFD_SETLK, &whole) < 0)
		return refuse(taken->fd, path, error);
	r = write_holder(taken->fd, path, error);
	if (r < 0)
		return r;
	*lock = taken;
	taken = NULL;
	return 0;
}

bool fp_store_is_locked(const char *data_dir)
{
	FP_CLEANUP_FREE char *path = fp_store_path(data_dir, "lock");
	struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	bool locked;

	if (fd < 0)
		return false;
	locked = fcntl(fd, F_OFD_GETLK, &whole) == 0 && whole.l_type != F_UNLCK;
	close(fd);
	return locked;
}
