#pragma once
/* One connection to an upstream, in the fetch worker. */
#include "ref_table.h"

#include "forkpoint/mirror/fetch.h"

#include <git2.h>

struct fp_upstream {
	const struct fp_fetch_job *job;
	git_repository *repo;
	git_remote *remote;
	void (*report)(void *context, const struct fp_fetch_progress *progress);
	void *context;
	struct fp_fetch_progress progress;
	unsigned asked;	   /* how often credentials were asked for */
	char refusal[256]; /* what is wrong with credentials or host key, in our words; or empty */
};

int fp_upstream_connect(struct fp_upstream *upstream, struct fp_error *error);
void fp_upstream_release(struct fp_upstream *upstream);
/* The upstream's refs that the job's globs take, sorted. Those that cannot be mirrored (no legal
 * name, or below our own refs) are counted in *result instead. Also finds the default branch. */
int fp_upstream_refs(struct fp_upstream *upstream, struct fp_ref_table *refs,
	struct fp_fetch_result *result, struct fp_error *error);
/* Brings the objects of these refs here, as one pack; refs are left alone. */
int fp_upstream_download(
	struct fp_upstream *upstream, const struct fp_ref_table *refs, struct fp_error *error);
/* One commit by its id. 1: the upstream does not serve it. */
int fp_upstream_download_commit(
	struct fp_upstream *upstream, const struct fp_oid *oid, struct fp_error *error);
