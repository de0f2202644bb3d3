#pragma once
/*
 * All refs of a mirror as one sorted table, read through libgit2 and written as one packed-refs
 * file.
 *
 * Why not through libgit2 one by one: upstream turning `x` into `x/y` makes its writer fail for
 * good (a folder stands where a file should), thousands of loose files make every later fetch slow,
 * and readers would see half of a change. A rename replaces all refs at once, D/F conflicts have
 * nothing to conflict in, and a kill leaves the old file or the new.
 */
#include "forkpoint/base/error.h"
#include "forkpoint/base/map.h"
#include "forkpoint/base/oid.h"

#include <git2.h>

#define FP_OWN_REFS "refs/forkpoint/"
#define FP_KEPT_REFS "refs/forkpoint/kept/"

struct fp_ref {
	char *name;
	struct fp_oid oid;
	struct fp_oid peeled; /* zero: oid is no annotated tag, or it was not asked */
};

struct fp_ref_table {
	struct fp_ref *items;
	size_t count, capacity;
};

void fp_ref_table_release(struct fp_ref_table *table);
/* Copies the name. Duplicates are the caller's to avoid. */
int fp_ref_table_add(struct fp_ref_table *table, struct fp_str name, const struct fp_oid *oid,
	const struct fp_oid *peeled, struct fp_error *error);
/* By name, byte order. */
void fp_ref_table_sort(struct fp_ref_table *table);
/* In a sorted table; NULL when there is none. */
const struct fp_ref *fp_ref_table_find(const struct fp_ref_table *table, const char *name);

/* All direct refs, sorted, own ones included. -FP_ERROR_CORRUPT when they cannot be read. */
int fp_ref_table_read(git_repository *repo, struct fp_ref_table *table, struct fp_error *error);
/* Replaces all refs of the mirror by the (sorted) table. Needs the mirror's lock. */
int fp_ref_table_write(
	const char *mirror_path, const struct fp_ref_table *table, struct fp_error *error);
