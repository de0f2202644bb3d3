/* Folders: made with their parents, removed with everything in them. */
#include "forkpoint/base/file.h"

#include "forkpoint/base/array.h"

#include "system_error.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Each level holds a descriptor open while the walk is below it. */
enum { DEPTH_MAX = 128 };

static int create_one(const char *path, struct fp_error *error)
{
	struct stat status;
	if (mkdir(path, 0750) == 0)
		return 0;
	if (errno == EEXIST && stat(path, &status) == 0) {
		if (S_ISDIR(status.st_mode))
			return 0;
		errno = ENOTDIR;
	}
	return fp_system_error(error, "create the folder", path);
}

int fp_folder_create(const char *path, struct fp_error *error)
{
	FP_CLEANUP_FREE char *partial = strdup(path);
	if (!partial)
		return fp_error_memory(error);
	for (char *slash = strchr(partial, '/'); slash; slash = strchr(slash + 1, '/')) {
		if (slash == partial || slash[1] == '/' || slash[1] == '\0')
			continue;
		*slash = '\0';
		int result = create_one(partial, error);
		*slash = '/';
		if (result != 0)
			return result;
	}
	return create_one(path, error);
}

/* A folder that is being emptied. */
struct level {
	DIR *folder;
	char name[NAME_MAX + 1]; /* in the level above; unused at the top */
	bool removed_any;	 /* in this reading of the folder */
};

struct walk {
	const char *path; /* of the top, for error texts */
	struct level *levels;
	size_t depth, capacity;
};

static void walk_release(struct walk *walk)
{
	for (size_t i = 0; i < walk->depth; i++)
		closedir(walk->levels[i].folder);
	free(walk->levels);
}

static int remove_error(const struct walk *walk, const char *name, struct fp_error *error)
{
	int r = fp_system_error(error, "remove", name);

	fp_error_prefix(error, "in the folder %s", walk->path);
	return r;
}

/* Goes down into the folder `name` of the folder `parent`. Symbolic links are not followed. */
static int enter(struct walk *walk, int parent, const char *name, struct fp_error *error)
{
	if (walk->depth == DEPTH_MAX) {
		return fp_error_set(error, FP_ERROR_LIMIT,
			"the folder %s has more than %d levels: remove it by hand", walk->path,
			DEPTH_MAX);
	}
	if (fp_array_reserve((void **)&walk->levels, &walk->capacity, walk->depth + 1,
		    sizeof(*walk->levels)) != 0)
		return fp_error_memory(error);
	int descriptor = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (descriptor < 0)
		return remove_error(walk, name, error);
	struct level *level = &walk->levels[walk->depth];
	*level = (struct level){.folder = fdopendir(descriptor)};
	if (!level->folder) {
		close(descriptor);
		return remove_error(walk, name, error);
	}
	if (walk->depth > 0)
		strncpy(level->name, name, sizeof(level->name) - 1);
	walk->depth++;
	return 0;
}

static int remove_entry(struct walk *walk, const char *name, struct fp_error *error)
{
	struct level *level = &walk->levels[walk->depth - 1];
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return 0;
	if (unlinkat(dirfd(level->folder), name, 0) == 0) {
		level->removed_any = true;
		return 0;
	}
	if (errno == ENOENT)
		return 0;
	if (errno == EISDIR || errno == EPERM)
		return enter(walk, dirfd(level->folder), name, error);
	return remove_error(walk, name, error);
}

/* The innermost folder has no entries left to read: removes it, unless it has to be read again
 * because entries may have moved past the reader while others were removed. */
static int leave(struct walk *walk, struct fp_error *error)
{
	struct level *level = &walk->levels[walk->depth - 1];
	if (level->removed_any) {
		level->removed_any = false;
		rewinddir(level->folder);
		return 0;
	}
	closedir(level->folder);
	walk->depth--;
	if (walk->depth == 0)
		return 0;
	struct level *above = &walk->levels[walk->depth - 1];
	if (unlinkat(dirfd(above->folder), level->name, AT_REMOVEDIR) != 0)
		return remove_error(walk, level->name, error);
	above->removed_any = true;
	return 0;
}

static int empty(struct walk *walk, struct fp_error *error)
{
	int result = 0;
	while (result == 0 && walk->depth > 0) {
		errno = 0;
		struct dirent *entry = readdir(walk->levels[walk->depth - 1].folder);
		if (entry)
			result = remove_entry(walk, entry->d_name, error);
		else if (errno != 0)
			result = remove_error(walk, "an entry", error);
		else
			result = leave(walk, error);
	}
	return result;
}

int fp_folder_remove(const char *path, struct fp_error *error)
{
	struct walk walk FP_CLEANUP(walk_release) = {.path = path};
	struct stat status;
	if (lstat(path, &status) != 0 && errno == ENOENT)
		return 0;
	int result = enter(&walk, AT_FDCWD, path, error);
	if (result == 0)
		result = empty(&walk, error);
	if (result == 0 && rmdir(path) != 0)
		return fp_system_error(error, "remove the folder", path);
	return result;
}
