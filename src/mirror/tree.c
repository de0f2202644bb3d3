/* Raw tree objects: `MODE NAME\0` and twenty bytes of id, over and over. And blobs by path. */
#include "tree.h"

#include "git_error.h"
#include "handle.h"

#include "forkpoint/mirror/commit_object.h"

enum { FILE_TYPE_MASK = 0170000, FOLDER = 0040000, REGULAR = 0100000 };

int fp_tree_next(struct fp_str *rest, struct fp_tree_entry *entry)
{
	unsigned mode = 0;
	size_t at = 0;
	const char *end;

	if (rest->len == 0)
		return 1;
	for (; at < rest->len && rest->ptr[at] >= '0' && rest->ptr[at] <= '7' && at < 7; at++)
		mode = mode * 8 + (unsigned)(rest->ptr[at] - '0');
	if (at == 0 || at == rest->len || rest->ptr[at++] != ' ')
		return -FP_ERROR_INVALID;
	end = memchr(rest->ptr + at, '\0', rest->len - at);
	if (!end || (size_t)(rest->ptr + rest->len - end) < 1 + FP_OID_BYTES)
		return -FP_ERROR_INVALID;
	entry->kind = (mode & FILE_TYPE_MASK) == FOLDER	   ? FP_TREE_FOLDER
		      : (mode & FILE_TYPE_MASK) == REGULAR ? FP_TREE_FILE
							   : FP_TREE_OTHER;
	entry->name = fp_str_n(rest->ptr + at, (size_t)(end - (rest->ptr + at)));
	memcpy(entry->oid.bytes, end + 1, FP_OID_BYTES);
	at = (size_t)(end - rest->ptr) + 1 + FP_OID_BYTES;
	*rest = fp_str_n(rest->ptr + at, rest->len - at);
	return 0;
}

/* 1: the tree has no such entry. */
static int find_entry(struct fp_mirror *mirror, const struct fp_oid *tree, struct fp_str name,
	struct fp_tree_entry *entry, struct fp_error *error)
{
	char hex[FP_OID_HEX + 1];
	git_oid id = fp_git_oid(tree);
	git_odb_object *object;
	struct fp_str rest;
	int rc;

	fp_oid_format(tree, hex);
	if (git_odb_read(&object, mirror->odb, &id) < 0)
		return fp_git_error(error, FP_ERROR_CORRUPT, "tree %s cannot be read", hex);
	rest = fp_str_n(git_odb_object_data(object), git_odb_object_size(object));
	rc = git_odb_object_type(object) == GIT_OBJECT_TREE ? 0 : -FP_ERROR_INVALID;
	while (!rc && (rc = fp_tree_next(&rest, entry)) == 0)
		if (fp_str_equal(entry->name, name))
			break;
	git_odb_object_free(object); /* entry->name dangles from here on */
	entry->name = name;
	return rc < 0 ? fp_error_set(error, FP_ERROR_CORRUPT, "tree %s is damaged", hex) : rc;
}

int fp_mirror_blob_read(struct fp_mirror *mirror, const struct fp_oid *blob, struct fp_buf *content,
	struct fp_error *error)
{
	char hex[FP_OID_HEX + 1];
	git_oid id = fp_git_oid(blob);
	git_odb_object *object;
	git_object_t type;
	size_t size;

	fp_oid_format(blob, hex);
	if (git_odb_read_header(&size, &type, mirror->odb, &id) < 0)
		return fp_git_error(error, FP_ERROR_CORRUPT, "blob %s cannot be read", hex);
	if (size > content->max)
		return fp_error_set(error, FP_ERROR_LIMIT,
			"is %zu bytes long, more than the limit of %zu", size, content->max);
	if (git_odb_read(&object, mirror->odb, &id) < 0)
		return fp_git_error(error, FP_ERROR_CORRUPT, "blob %s cannot be read", hex);
	fp_buf_add(content, git_odb_object_data(object), git_odb_object_size(object));
	git_odb_object_free(object);
	return fp_buf_check(content, error);
}

int fp_mirror_find_blob(struct fp_mirror *mirror, const struct fp_oid *tree, const char *path,
	struct fp_oid *blob, struct fp_buf *content, struct fp_error *error)
{
	struct fp_tree_entry entry = {.kind = FP_TREE_FOLDER, .oid = *tree};
	const char *end;

	for (; *path; path = *end ? end + 1 : end) {
		int rc;

		end = strchrnul(path, '/');
		if (entry.kind != FP_TREE_FOLDER)
			return 1;
		if (end == path)
			continue;
		struct fp_oid folder = entry.oid;
		rc = find_entry(
			mirror, &folder, fp_str_n(path, (size_t)(end - path)), &entry, error);
		if (rc)
			return rc;
	}
	if (entry.kind != FP_TREE_FILE)
		return 1;
	*blob = entry.oid;
	return content ? fp_mirror_blob_read(mirror, blob, content, error) : 0;
}

int fp_mirror_read_file(struct fp_mirror *mirror, const struct fp_oid *commit, const char *path,
	struct fp_buf *content, struct fp_error *error)
{
	struct fp_commit_header header;
	char hex[FP_OID_HEX + 1];
	git_oid id = fp_git_oid(commit);
	git_odb_object *object;
	struct fp_oid blob;
	int rc;

	fp_oid_format(commit, hex);
	if (git_odb_read(&object, mirror->odb, &id) < 0)
		return fp_git_error(error, FP_ERROR_CORRUPT, "commit %s cannot be read", hex);
	rc = fp_commit_header_parse(
		fp_str_n(git_odb_object_data(object), git_odb_object_size(object)), &header, NULL,
		error);
	git_odb_object_free(object);
	return rc < 0 ? rc : fp_mirror_find_blob(mirror, &header.tree, path, &blob, content, error);
}
