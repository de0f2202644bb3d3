/* The packs of a mirror, and the cheap look whether they are whole. */
#include "pack.h"
#include "pack_check.h"

#include "forkpoint/base/array.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_pack(const struct dirent *entry)
{
	struct fp_str name = fp_str(entry->d_name);

	return fp_str_starts_with(name, "pack-") && fp_str_ends_with(name, ".pack");
}

static int add_pack(struct fp_pack_list *list, size_t *capacity, const char *folder,
	const char *name, struct fp_error *error)
{
	char path[4096];
	int rc;

	if ((size_t)snprintf(path, sizeof(path), "%s/%s", folder, name) >= sizeof(path))
		return fp_error_set(error, FP_ERROR_LIMIT, "the path of %s is too long", name);
	if (fp_array_reserve(
		    (void **)&list->items, capacity, list->count + 1, sizeof(*list->items)) < 0)
		return fp_error_memory(error);
	rc = fp_pack_open(path, &list->items[list->count], error);
	if (rc == 0)
		list->count++;
	return rc < 0 ? rc : 0;
}

int fp_pack_list_open(const char *mirror_path, struct fp_pack_list *list, struct fp_error *error)
{
	struct fp_pack_list opened = {0};
	struct dirent **names = NULL;
	size_t capacity = 0;
	char folder[4096];
	int rc = 0, found;

	if ((size_t)snprintf(folder, sizeof(folder), "%s/objects/pack", mirror_path) >=
		sizeof(folder))
		return fp_error_set(error, FP_ERROR_LIMIT, "the path %s is too long", mirror_path);
	found = scandir(folder, &names, is_pack, by_name);
	if (found < 0 && errno != ENOENT && errno != ENOTDIR)
		return fp_error_set(error, errno == ENOMEM ? FP_ERROR_MEMORY : FP_ERROR_IO,
			"cannot list %s: %s", folder, strerror(errno));
	for (int i = 0; i < found; i++) {
		if (!rc)
			rc = add_pack(&opened, &capacity, folder, names[i]->d_name, error);
		free(names[i]);
	}
	free(names);
	if (rc)
		fp_pack_list_close(&opened);
	else
		*list = opened;
	return rc;
}

void fp_pack_list_close(struct fp_pack_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		fp_pack_close(&list->items[i]);
	free(list->items);
	*list = (struct fp_pack_list){0};
}

int fp_pack_check_all(const char *mirror_path, struct fp_error *error)
{
	struct fp_pack_list list;
	int rc = fp_pack_list_open(mirror_path, &list, error);

	if (!rc)
		fp_pack_list_close(&list);
	return rc;
}
