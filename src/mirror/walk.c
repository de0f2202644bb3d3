/*
 * All new commits below some tips, parents before children.
 *
 * First everything is read into a table (traverse), then handed out (walk_emit.c): a walk that
 * fails has told its caller nothing. A few commits, as after an ordinary fetch, are read one by one
 * through libgit2; many through pack_scan.h.
 */
#include "forkpoint/mirror/mirror.h"

#include "commit_table.h"
#include "git_error.h"
#include "handle.h"
#include "pack_scan.h"
#include "walk_emit.h"

#include "forkpoint/base/array.h"

#include <stdlib.h>
#include <unistd.h>

enum {
	ONE_BY_ONE = 1000, /* commits read singly before whole windows of packs are */
	PROGRESS_EVERY = 4096,
	MAX_DEFAULT_THREADS = 4,
};

struct numbers {
	uint32_t *items;
	size_t count, capacity;
};

struct walk {
	struct fp_mirror *mirror;
	const struct fp_mirror_walk *params;
	struct fp_commit_table table;
	struct numbers stack, missing;
	struct fp_pack_scan scan;
	bool scan_ready;
	size_t read_singly;
	size_t reported;
};

static void walk_release(struct walk *walk)
{
	fp_commit_table_release(&walk->table);
	free(walk->stack.items);
	free(walk->missing.items);
	if (walk->scan_ready)
		fp_pack_scan_release(&walk->scan);
}

static int push(struct numbers *numbers, uint32_t number, struct fp_error *error)
{
	if (fp_array_reserve((void **)&numbers->items, &numbers->capacity, numbers->count + 1,
		    sizeof(*numbers->items)) < 0)
		return fp_error_memory(error);
	numbers->items[numbers->count++] = number;
	return 0;
}

static int check_cancelled(const struct fp_mirror_walk *params, struct fp_error *error)
{
	if (params->cancelled && atomic_load_explicit(params->cancelled, memory_order_relaxed))
		return fp_error_set(error, FP_ERROR_CANCELLED, "the walk was cancelled");
	return 0;
}

static void report(struct walk *walk, bool at_end)
{
	if (!walk->params->progress ||
		(!at_end && walk->table.count < walk->reported + PROGRESS_EVERY))
		return;
	walk->reported = walk->table.count;
	walk->params->progress(walk->params->context, walk->table.count, 0, 0);
}

/* Looks at a commit that a tip or a child led to. */
static int visit(struct walk *walk, uint32_t number, struct fp_error *error)
{
	struct fp_commit_entry *entry = &walk->table.entries[number];
	int rc = 0;

	if (entry->flags & FP_COMMIT_VISITED)
		return 0;
	if (!(entry->flags & (FP_COMMIT_KNOWN | FP_COMMIT_MISSING)) &&
		walk->params->is_known(walk->params->context, &entry->oid))
		entry->flags |= FP_COMMIT_KNOWN;
	if (entry->flags & FP_COMMIT_KNOWN) {
		entry->flags |= FP_COMMIT_VISITED;
		return 0;
	}
	if (!(entry->flags & FP_COMMIT_READ)) {
		if (entry->flags & FP_COMMIT_MISSING)
			return 0;
		entry->flags |= FP_COMMIT_MISSING;
		return push(&walk->missing, number, error);
	}
	entry->flags |= FP_COMMIT_VISITED;
	for (uint32_t i = 0; i < entry->parent_count && !rc; i++)
		rc = push(&walk->stack, walk->table.parents[entry->first_parent + i], error);
	return rc;
}

static int follow(struct walk *walk, struct fp_error *error)
{
	for (size_t seen = 1; walk->stack.count; seen++) {
		int rc = visit(walk, walk->stack.items[--walk->stack.count], error);

		if (!rc && seen % PROGRESS_EVERY == 0)
			rc = check_cancelled(walk->params, error);
		if (rc)
			return rc;
	}
	return 0;
}

static int read_one(struct walk *walk, uint32_t number, struct fp_error *error)
{
	const struct fp_oid oid = walk->table.entries[number].oid;
	struct fp_commit_header header;
	git_oid id = fp_git_oid(&oid);
	git_odb_object *object = NULL;
	char hex[FP_OID_HEX + 1];
	int rc;

	fp_oid_format(&oid, hex);
	if (git_odb_read(&object, walk->mirror->odb, &id) < 0)
		return fp_git_error(error, FP_ERROR_CORRUPT, "commit %s cannot be read", hex);
	if (git_odb_object_type(object) != GIT_OBJECT_COMMIT)
		rc = fp_error_set(error, FP_ERROR_CORRUPT, "object %s is no commit", hex);
	else
		rc = fp_commit_header_parse(
			fp_str_n(git_odb_object_data(object), git_odb_object_size(object)), &header,
			NULL, error);
	if (rc)
		rc = fp_error_set(error, FP_ERROR_CORRUPT, "commit %s is damaged", hex);
	else
		rc = fp_commit_table_add(&walk->table, &oid, &header, error);
	git_odb_object_free(object);
	return rc;
}

static int read_windows(struct walk *walk, struct fp_error *error)
{
	FP_CLEANUP_FREE struct fp_oid *wanted = calloc(walk->missing.count, sizeof(*wanted));
	int rc = 0;

	if (!wanted)
		return fp_error_memory(error);
	if (!walk->scan_ready) {
		walk->scan_ready = true;
		rc = fp_pack_scan_init(&walk->scan, walk->mirror->path, walk->params->threads,
			walk->params->cancelled, error);
	}
	for (size_t i = 0; i < walk->missing.count; i++)
		wanted[i] = walk->table.entries[walk->missing.items[i]].oid;
	return rc ? rc
		  : fp_pack_scan_read(
			    &walk->scan, wanted, walk->missing.count, &walk->table, error);
}

/* Reads what follow() found missing and puts it on the stack again. */
static int read_missing(struct walk *walk, struct fp_error *error)
{
	int rc = 0;

	if (walk->read_singly + walk->missing.count > ONE_BY_ONE)
		rc = read_windows(walk, error);
	for (size_t i = 0; i < walk->missing.count && !rc; i++) {
		uint32_t number = walk->missing.items[i];

		if (!(walk->table.entries[number].flags & FP_COMMIT_READ)) {
			rc = read_one(walk, number, error);
			walk->read_singly++;
		}
		if (!rc)
			rc = push(&walk->stack, number, error);
	}
	walk->missing.count = 0;
	return rc ? rc : check_cancelled(walk->params, error);
}

static int push_tips(struct walk *walk, struct fp_error *error)
{
	int rc = 0;

	for (size_t i = 0; i < walk->params->tip_count && !rc; i++) {
		uint32_t number;

		rc = fp_commit_table_intern(&walk->table, &walk->params->tips[i], &number, error);
		if (!rc)
			rc = push(&walk->stack, number, error);
	}
	return rc;
}

static int traverse(struct walk *walk, struct fp_error *error)
{
	int rc = push_tips(walk, error);

	while (!rc && walk->stack.count) {
		rc = follow(walk, error);
		if (!rc)
			rc = read_missing(walk, error);
		report(walk, false);
	}
	report(walk, true);
	return rc;
}

static unsigned default_threads(void)
{
	long cores = sysconf(_SC_NPROCESSORS_ONLN);

	return cores < 1 ? 1 : cores > MAX_DEFAULT_THREADS ? MAX_DEFAULT_THREADS : (unsigned)cores;
}

int fp_mirror_walk_commits(
	struct fp_mirror *mirror, const struct fp_mirror_walk *params, struct fp_error *error)
{
	struct fp_mirror_walk chosen = *params;
	FP_CLEANUP(walk_release) struct walk walk = {.mirror = mirror, .params = &chosen};
	int rc;

	if (!chosen.threads)
		chosen.threads = default_threads();
	rc = traverse(&walk, error);
	return rc ? rc : fp_walk_emit(&walk.table, &chosen, error);
}
