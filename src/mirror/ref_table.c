/* All refs of a mirror as one sorted table: see the header for why they are written whole. */
#include "ref_table.h"

#include "git_error.h"

#include "forkpoint/base/array.h"
#include "forkpoint/base/file.h"

#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { MAX_OPEN_FOLDERS = 16 };

void fp_ref_table_release(struct fp_ref_table *table)
{
	for (size_t i = 0; i < table->count; i++)
		free(table->items[i].name);
	free(table->items);
	*table = (struct fp_ref_table){0};
}

int fp_ref_table_add(struct fp_ref_table *table, struct fp_str name, const struct fp_oid *oid,
	const struct fp_oid *peeled, struct fp_error *error)
{
	struct fp_ref *item;

	if (fp_array_reserve((void **)&table->items, &table->capacity, table->count + 1,
		    sizeof(*table->items)) < 0)
		return fp_error_memory(error);
	item = &table->items[table->count];
	*item = (struct fp_ref){.name = fp_str_dup(name), .oid = *oid};
	if (!item->name)
		return fp_error_memory(error);
	if (peeled)
		item->peeled = *peeled;
	table->count++;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct fp_ref *)a)->name, ((const struct fp_ref *)b)->name);
}

void fp_ref_table_sort(struct fp_ref_table *table)
{
	if (table->count)
		qsort(table->items, table->count, sizeof(*table->items), by_name);
}

const struct fp_ref *fp_ref_table_find(const struct fp_ref_table *table, const char *name)
{
	struct fp_ref key = {.name = (char *)name};

	if (!table->count)
		return NULL;
	return bsearch(&key, table->items, table->count, sizeof(*table->items), by_name);
}

static int add_reference(
	git_reference *reference, struct fp_ref_table *table, struct fp_error *error)
{
	const git_oid *target = git_reference_target(reference);
	const git_oid *peel = git_reference_target_peel(reference);
	struct fp_oid oid, peeled = {0};

	if (!target)
		return 0; /* symbolic: only HEAD is, and it is not below refs/ */
	oid = fp_git_oid_back(target);
	if (peel)
		peeled = fp_git_oid_back(peel);
	return fp_ref_table_add(table, fp_str(git_reference_name(reference)), &oid, &peeled, error);
}

int fp_ref_table_read(git_repository *repo, struct fp_ref_table *table, struct fp_error *error)
{
	struct fp_ref_table read = {0};
	git_reference_iterator *iterator = NULL;
	git_reference *reference;
	int rc = 0, next = 0;

	if (git_reference_iterator_new(&iterator, repo) < 0)
		return fp_git_error(error, FP_ERROR_CORRUPT, "the mirror's refs cannot be read");
	while (!rc && (next = git_reference_next(&reference, iterator)) == 0) {
		rc = add_reference(reference, &read, error);
		git_reference_free(reference);
	}
	git_reference_iterator_free(iterator);
	if (!rc && next != GIT_ITEROVER)
		rc = fp_git_error(error, FP_ERROR_CORRUPT, "the mirror's refs cannot be read");
	if (rc) {
		fp_ref_table_release(&read);
		return rc;
	}
	fp_ref_table_sort(&read);
	*table = read;
	return 0;
}

static void add_line(struct fp_buf *text, const struct fp_ref *ref)
{
	char hex[FP_OID_HEX + 1];

	fp_oid_format(&ref->oid, hex);
	fp_buf_add(text, hex, FP_OID_HEX);
	fp_buf_add_char(text, ' ');
	fp_buf_add_text(text, ref->name);
	fp_buf_add_char(text, '\n');
	if (fp_oid_is_zero(&ref->peeled) || fp_oid_equal(&ref->peeled, &ref->oid))
		return;
	fp_oid_format(&ref->peeled, hex);
	fp_buf_add_char(text, '^');
	fp_buf_add(text, hex, FP_OID_HEX);
	fp_buf_add_char(text, '\n');
}

static int remove_loose(const char *path, const struct stat *info, int kind, struct FTW *at)
{
	if (at->level == 0)
		return 0;
	if (kind == FTW_DP)
		rmdir(path);
	else if (kind == FTW_F)
		unlink(path);
	return 0;
}

/* Loose refs would hide the packed ones; git itself makes `refs` again at need, but not the rest.
 */
static int remove_loose_refs(const char *mirror_path, struct fp_error *error)
{
	char path[PATH_MAX];

	if ((size_t)snprintf(path, sizeof(path), "%s/refs", mirror_path) >= sizeof(path))
		return fp_error_set(error, FP_ERROR_LIMIT, "the path %s is too long", mirror_path);
	nftw(path, remove_loose, MAX_OPEN_FOLDERS, FTW_PHYS | FTW_DEPTH);
	return 0;
}

int fp_ref_table_write(
	const char *mirror_path, const struct fp_ref_table *table, struct fp_error *error)
{
	FP_CLEANUP_BUF struct fp_buf text;
	char path[PATH_MAX];
	int rc;

	fp_buf_init(&text, SIZE_MAX / 2);
	fp_buf_add_text(&text, "# pack-refs with: peeled fully-peeled sorted \n");
	for (size_t i = 0; i < table->count; i++)
		add_line(&text, &table->items[i]);
	rc = fp_buf_check(&text, error);
	if (rc)
		return rc;
	if ((size_t)snprintf(path, sizeof(path), "%s/packed-refs", mirror_path) >= sizeof(path))
		return fp_error_set(error, FP_ERROR_LIMIT, "the path %s is too long", mirror_path);
	rc = fp_file_replace(path, fp_buf_str(&text), error);
	return rc ? rc : remove_loose_refs(mirror_path, error);
}
