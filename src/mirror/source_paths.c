/* Several paths looked up in one tree after the other, cheaply. */
#include "source_paths.h"

#include "git_error.h"
#include "handle.h"
#include "tree.h"

#include "forkpoint/base/array.h"

#include <stdlib.h>

void fp_source_paths_release(struct fp_source_paths *paths)
{
	for (uint32_t i = 0; i < paths->path_count; i++)
		free(paths->names[i]);
	free(paths->names);
	free(paths->blobs);
	free(paths->nodes);
	*paths = (struct fp_source_paths){0};
}

static int add_node(struct fp_source_paths *paths, struct fp_str name, uint32_t parent,
	uint32_t *number, struct fp_error *error)
{
	for (uint32_t i = 1; i < paths->count; i++) {
		if (paths->nodes[i].parent == parent && fp_str_equal(paths->nodes[i].name, name)) {
			*number = i;
			return 0;
		}
	}
	if (fp_array_reserve((void **)&paths->nodes, &paths->capacity, (size_t)paths->count + 1,
		    sizeof(*paths->nodes)) < 0)
		return fp_error_memory(error);
	paths->nodes[paths->count] =
		(struct fp_source_node){.name = name, .parent = parent, .path = -1};
	if (paths->count)
		paths->nodes[parent].has_children = true;
	*number = paths->count++;
	return 0;
}

static int add_copy(struct fp_source_paths *paths, const char *path, struct fp_error *error)
{
	if (paths->path_count >= FP_SOURCE_MAX_PATHS)
		return fp_error_set(
			error, FP_ERROR_LIMIT, "more than %d version files", FP_SOURCE_MAX_PATHS);
	if (!paths->names)
		paths->names = calloc(FP_SOURCE_MAX_PATHS, sizeof(*paths->names));
	if (!paths->blobs)
		paths->blobs = calloc(FP_SOURCE_MAX_PATHS, sizeof(*paths->blobs));
	if (!paths->names || !paths->blobs ||
		!(paths->names[paths->path_count] = fp_str_dup(fp_str(path))))
		return fp_error_memory(error);
	paths->path_count++;
	return 0;
}

int fp_source_paths_add(
	struct fp_source_paths *paths, const char *path, uint32_t *number, struct fp_error *error)
{
	const char *part, *end;
	uint32_t node = 0;
	int rc = paths->count ? 0 : add_node(paths, FP_STR_LITERAL(""), 0, &node, error);

	for (uint32_t i = 0; i < paths->path_count; i++) {
		if (strcmp(paths->names[i], path) == 0) {
			*number = i;
			return 0;
		}
	}
	if (!rc)
		rc = add_copy(paths, path, error);
	if (rc)
		return rc;
	part = paths->names[paths->path_count - 1];
	for (node = 0; *part && !rc; part = *end ? end + 1 : end) {
		end = strchrnul(part, '/');
		if (end != part)
			rc = add_node(
				paths, fp_str_n(part, (size_t)(end - part)), node, &node, error);
	}
	if (rc)
		return rc;
	if (paths->nodes[node].path >= 0) { /* another spelling, such as a//b of a/b: no new node */
		free(paths->names[--paths->path_count]);
		*number = (uint32_t)paths->nodes[node].path;
		return 0;
	}
	*number = paths->path_count - 1;
	if (node)
		paths->nodes[node].path = (int)*number;
	return 0;
}

/* Every child of a node becomes absent, and what was read below is forgotten. */
static void clear_children(struct fp_source_paths *paths, uint32_t parent)
{
	for (uint32_t i = 1; i < paths->count; i++) {
		if (paths->nodes[i].parent != parent)
			continue;
		paths->nodes[i].oid = (struct fp_oid){0};
		paths->nodes[i].is_folder = false;
	}
}

static void take_entry(
	struct fp_source_paths *paths, uint32_t parent, const struct fp_tree_entry *entry)
{
	for (uint32_t i = parent + 1; i < paths->count; i++) {
		struct fp_source_node *node = &paths->nodes[i];

		if (node->parent != parent || !fp_str_equal(node->name, entry->name))
			continue;
		node->is_folder = entry->kind == FP_TREE_FOLDER;
		node->oid = entry->kind == FP_TREE_OTHER ? (struct fp_oid){0} : entry->oid;
	}
}

static int read_folder(struct fp_source_paths *paths, struct fp_mirror *mirror, uint32_t number,
	const struct fp_oid *tree, struct fp_error *error)
{
	git_oid id = fp_git_oid(tree);
	char hex[FP_OID_HEX + 1];
	struct fp_tree_entry entry;
	git_odb_object *object;
	struct fp_str rest;
	int rc;

	fp_oid_format(tree, hex);
	if (git_odb_read(&object, mirror->odb, &id) < 0)
		return fp_git_error(error, FP_ERROR_CORRUPT, "tree %s cannot be read", hex);
	clear_children(paths, number);
	rest = fp_str_n(git_odb_object_data(object), git_odb_object_size(object));
	rc = git_odb_object_type(object) == GIT_OBJECT_TREE ? 0 : -FP_ERROR_INVALID;
	while (!rc && (rc = fp_tree_next(&rest, &entry)) == 0)
		take_entry(paths, number, &entry);
	git_odb_object_free(object);
	paths->nodes[number].tree = rc < 0 ? (struct fp_oid){0} : *tree;
	return rc < 0 ? fp_error_set(error, FP_ERROR_CORRUPT, "tree %s is damaged", hex) : 0;
}

/* Nodes come after their parents: one pass from the front sees each folder's id before it. */
int fp_source_paths_look_up(struct fp_source_paths *paths, struct fp_mirror *mirror,
	const struct fp_oid *tree, struct fp_error *error)
{
	if (!paths->count)
		return 0;
	paths->nodes[0].oid = *tree;
	paths->nodes[0].is_folder = true;
	for (uint32_t i = 0; i < paths->count; i++) {
		struct fp_source_node *node = &paths->nodes[i];
		int rc;

		if (node->path >= 0)
			paths->blobs[node->path] = node->is_folder ? (struct fp_oid){0} : node->oid;
		if (!node->has_children)
			continue;
		if (!node->is_folder) {
			clear_children(paths, i);
			node->tree = (struct fp_oid){0};
			continue;
		}
		if (fp_oid_equal(&node->oid, &node->tree))
			continue;
		rc = read_folder(paths, mirror, i, &node->oid, error);
		if (rc)
			return rc;
	}
	return 0;
}
