#pragma once
/* How refs and versions were at a revision, an earlier one as a rule: the sum of the events up to
 * it. */
#include "forkpoint/store/snapshot.h"

/* The refs after the event of that number. */
int fp_store_load_past_refs(struct fp_store *store, int64_t repository, int64_t revision,
	struct fp_ref_rows *rows, struct fp_error *error);

/* Every commit that a ref led to up to that event, and those that had come by their id up to that
 * arrival; each at least once. free(*tips). */
int fp_store_load_past_tips(struct fp_store *store, int64_t repository, int64_t revision,
	int64_t arrivals, struct fp_oid **tips, size_t *count, struct fp_error *error);
/* Has the branches know only what those lead to, as of their revision and arrivals: 1 when that is
 * not every commit of their view. See fp_branches_limit. */
int fp_store_limit_branches(struct fp_store *store, int64_t repository,
	struct fp_branches *branches, struct fp_error *error);

/* The versions after the event of that number; with `later`, also those that were seen only
 * afterwards (not_yet_seen). download is copied; NULL where there was none. */
int fp_store_load_past_versions(struct fp_store *store, int64_t package, int64_t revision,
	bool later, const char *download, struct fp_version_rows *rows, struct fp_error *error);
/* The number of the package's newest event, 0 = none. */
int fp_store_version_revision(
	struct fp_store *store, int64_t package, int64_t *revision, struct fp_error *error);

/* Numbers for names that are there already: 1 when they are not. */
int fp_store_find_repository(
	struct fp_store *store, const char *name, int64_t *id, struct fp_error *error);
int fp_store_find_package(struct fp_store *store, const char *feed, const char *package,
	int64_t *id, struct fp_error *error);
