/* The refs of a mirror with the commits that they lead to, and refs of our own that keep commits.
 */
#include "forkpoint/mirror/mirror.h"

#include "git_error.h"
#include "handle.h"
#include "lock.h"
#include "ref_table.h"

#include <stdlib.h>

enum { LOCK_WAIT_MS = 10000, MAX_TAG_DEPTH = 64 };

void fp_mirror_refs_release(struct fp_mirror_refs *refs)
{
	for (size_t i = 0; i < refs->count; i++)
		free(refs->items[i].name);
	free(refs->items);
	*refs = (struct fp_mirror_refs){0};
}

static struct fp_oid tag_target(struct fp_mirror *mirror, const struct fp_oid *oid)
{
	git_oid id = fp_git_oid(oid);
	struct fp_oid target = {0};
	git_tag *tag;

	if (git_tag_lookup(&tag, mirror->repo, &id) < 0)
		return target;
	target = fp_git_oid_back(git_tag_target_id(tag));
	git_tag_free(tag);
	return target;
}

/* Zero when it leads to something else, or to nothing. */
static struct fp_oid peel_to_commit(struct fp_mirror *mirror, const struct fp_ref *ref)
{
	struct fp_oid oid = fp_oid_is_zero(&ref->peeled) ? ref->oid : ref->peeled;

	for (unsigned depth = 0; depth < MAX_TAG_DEPTH; depth++) {
		enum fp_object_type type = fp_mirror_object_type(mirror, &oid);

		if (type == FP_OBJECT_COMMIT)
			return oid;
		if (type != FP_OBJECT_TAG)
			break;
		oid = tag_target(mirror, &oid);
	}
	return (struct fp_oid){0};
}

static bool is_own(const struct fp_ref *ref)
{
	return fp_str_starts_with(fp_str(ref->name), FP_OWN_REFS);
}

int fp_mirror_read_refs(
	struct fp_mirror *mirror, struct fp_mirror_refs *refs, struct fp_error *error)
{
	FP_CLEANUP(fp_ref_table_release) struct fp_ref_table table = {0};
	struct fp_mirror_refs read = {0};
	int rc = fp_ref_table_read(mirror->repo, &table, error);

	if (rc)
		return rc;
	read.items = calloc(table.count + 1, sizeof(*read.items));
	if (!read.items)
		return fp_error_memory(error);
	for (size_t i = 0; i < table.count; i++) {
		struct fp_ref *ref = &table.items[i];

		if (is_own(ref))
			continue;
		read.items[read.count++] = (struct fp_mirror_ref){
			.name = ref->name,
			.oid = ref->oid,
			.commit = peel_to_commit(mirror, ref),
		};
		ref->name = NULL;
	}
	*refs = read;
	return 0;
}

static int add_kept(struct fp_ref_table *table, const struct fp_oid *oid, struct fp_error *error)
{
	char name[sizeof(FP_KEPT_REFS) + FP_OID_HEX];

	memcpy(name, FP_KEPT_REFS, sizeof(FP_KEPT_REFS));
	fp_oid_format(oid, name + sizeof(FP_KEPT_REFS) - 1);
	return fp_ref_table_add(table, fp_str(name), oid, NULL, error);
}

/* The table sorted and without the repetitions that adding made. */
static void settle(struct fp_ref_table *table)
{
	size_t kept = 0;

	fp_ref_table_sort(table);
	for (size_t i = 0; i < table->count; i++) {
		if (kept && strcmp(table->items[kept - 1].name, table->items[i].name) == 0)
			free(table->items[i].name);
		else
			table->items[kept++] = table->items[i];
	}
	table->count = kept;
}

int fp_keep_commits(git_repository *repo, git_odb *odb, const struct fp_oid *oids, size_t count,
	struct fp_error *error)
{
	FP_CLEANUP(fp_ref_table_release) struct fp_ref_table table = {0};
	struct fp_mirror mirror = {.repo = repo, .odb = odb};
	int rc = fp_ref_table_read(repo, &table, error);
	size_t before = table.count;

	for (size_t i = 0; i < count && !rc; i++)
		if (fp_mirror_object_type(&mirror, &oids[i]) == FP_OBJECT_COMMIT)
			rc = add_kept(&table, &oids[i], error);
	if (rc)
		return rc;
	settle(&table);
	return table.count == before ? 0
				     : fp_ref_table_write(git_repository_path(repo), &table, error);
}

int fp_mirror_keep(struct fp_mirror *mirror, const struct fp_oid *oids, size_t count,
	const atomic_bool *cancelled, struct fp_error *error)
{
	FP_CLEANUP(fp_mirror_lock_drop) struct fp_mirror_lock lock = {-1};
	int rc = fp_mirror_lock_take(mirror->path, LOCK_WAIT_MS, cancelled, &lock, error);

	return rc ? rc : fp_keep_commits(mirror->repo, mirror->odb, oids, count, error);
}
