#pragma once
/* One connection to an upstream, in the fetch worker. */
#include "haves.h"
#include "ref_table.h"
#include "wire.h"

#include "forkpoint/mirror/fetch.h"

#include <git2.h>

struct fp_upstream {
	const struct fp_fetch_job *job;
	git_repository *repo;
	git_remote *remote;
	struct fp_wire wire;
	void (*report)(void *context, const struct fp_fetch_progress *progress);
	void *context;
	struct fp_fetch_progress progress;
	size_t listed;	   /* refs of the upstream, those that the job does not take as well */
	unsigned asked;	   /* how often credentials were asked for */
	char refusal[256]; /* what is wrong with credentials or host key, in our words; or empty */
};

void fp_upstream_init(struct fp_upstream *upstream, const struct fp_fetch_job *job);
void fp_upstream_release(struct fp_upstream *upstream);
int fp_upstream_connect(struct fp_upstream *upstream, struct fp_error *error);
void fp_upstream_disconnect(struct fp_upstream *upstream);

/* The upstream's refs that the job's globs take, sorted. Those that cannot be mirrored (no legal
 * name) are counted in *result instead. Also finds the default branch. */
int fp_upstream_refs(struct fp_upstream *upstream, struct fp_ref_table *refs,
	struct fp_fetch_result *result, struct fp_error *error);

/* Brings the objects of the upstream's refs here, as one pack; our refs are left alone. */
int fp_upstream_download(struct fp_upstream *upstream, git_odb *odb,
	const struct fp_ref_table *ours, const struct fp_ref_table *theirs, struct fp_error *error);
/* The same for commits by their ids, as far as the upstream serves them. */
int fp_upstream_download_commits(struct fp_upstream *upstream, git_odb *odb,
	const struct fp_ref_table *ours, const struct fp_oid_list *commits, struct fp_error *error);

/* For this connection's own files. */
void fp_upstream_set_callbacks(struct fp_upstream *upstream, git_remote_callbacks *callbacks);
int fp_upstream_on_progress(const git_indexer_progress *stats, void *context);
/* libgit2_rc is what libgit2 returned. */
int fp_upstream_fail(
	struct fp_upstream *upstream, int libgit2_rc, const char *what, struct fp_error *error);
