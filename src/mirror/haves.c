/* Which of our commits to tell a server of, and what to ask it for. */
#include "haves.h"

#include "git_error.h"

#include "forkpoint/mirror/commit_object.h"

#include <stdlib.h>

struct candidate {
	struct fp_oid oid;
	int64_t committer_s;
	bool moved;
};

void fp_oid_list_release(struct fp_oid_list *list)
{
	free(list->items);
	*list = (struct fp_oid_list){0};
}

static bool has_object(git_odb *odb, const struct fp_oid *oid)
{
	git_oid id = fp_git_oid(oid);

	return git_odb_exists(odb, &id) == 1;
}

/* False when it is no commit; tags of trees and the like help nobody. */
static bool read_time(git_odb *odb, const struct fp_oid *oid, int64_t *committer_s)
{
	struct fp_commit_header header;
	git_oid id = fp_git_oid(oid);
	git_odb_object *object;
	bool parsed;

	if (git_odb_read(&object, odb, &id) < 0)
		return false;
	parsed = git_odb_object_type(object) == GIT_OBJECT_COMMIT &&
		 fp_commit_header_parse(
			 fp_str_n(git_odb_object_data(object), git_odb_object_size(object)),
			 &header, NULL, NULL) == 0;
	git_odb_object_free(object);
	if (parsed)
		*committer_s = header.committer_s;
	return parsed;
}

/* Best first; equal commits side by side. */
static int by_worth(const void *a, const void *b)
{
	const struct candidate *x = a, *y = b;

	if (x->moved != y->moved)
		return x->moved ? -1 : 1;
	if (x->committer_s != y->committer_s)
		return x->committer_s > y->committer_s ? -1 : 1;
	return fp_oid_compare(&x->oid, &y->oid);
}

static size_t collect(git_odb *odb, const struct fp_ref_table *ours,
	const struct fp_ref_table *theirs, struct candidate *candidates)
{
	size_t count = 0;

	for (size_t i = 0; i < ours->count; i++) {
		const struct fp_ref *ref = &ours->items[i];
		const struct fp_ref *their = fp_ref_table_find(theirs, ref->name);
		struct candidate *candidate = &candidates[count];

		if (fp_str_starts_with(fp_str(ref->name), FP_OWN_REFS))
			continue;
		candidate->oid = fp_oid_is_zero(&ref->peeled) ? ref->oid : ref->peeled;
		candidate->moved = !their || !fp_oid_equal(&their->oid, &ref->oid);
		if (read_time(odb, &candidate->oid, &candidate->committer_s))
			count++;
	}
	return count;
}

int fp_haves_choose(git_odb *odb, const struct fp_ref_table *ours,
	const struct fp_ref_table *theirs, size_t max, struct fp_oid_list *haves,
	struct fp_error *error)
{
	FP_CLEANUP_FREE struct candidate *candidates = calloc(ours->count + 1, sizeof(*candidates));
	struct fp_oid_list chosen = {calloc(max, sizeof(*chosen.items)), 0};
	size_t count;

	if (!candidates || !chosen.items) {
		fp_oid_list_release(&chosen);
		return fp_error_memory(error);
	}
	count = collect(odb, ours, theirs, candidates);
	qsort(candidates, count, sizeof(*candidates), by_worth);
	for (size_t i = 0; i < count && chosen.count < max; i++)
		if (!chosen.count ||
			!fp_oid_equal(&chosen.items[chosen.count - 1], &candidates[i].oid))
			chosen.items[chosen.count++] = candidates[i].oid;
	*haves = chosen;
	return 0;
}

int fp_wants_choose(git_odb *odb, const struct fp_ref_table *theirs, struct fp_oid_list *wants,
	struct fp_error *error)
{
	struct fp_oid_list chosen = {calloc(theirs->count + 1, sizeof(*chosen.items)), 0};

	if (!chosen.items)
		return fp_error_memory(error);
	for (size_t i = 0; i < theirs->count; i++)
		if (!has_object(odb, &theirs->items[i].oid))
			chosen.items[chosen.count++] = theirs->items[i].oid;
	chosen.count = fp_oid_sort_unique(chosen.items, chosen.count);
	*wants = chosen;
	return 0;
}
