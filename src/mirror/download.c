/* Bringing an upstream's objects here: by our own question where the server can be asked so
 * (upload_pack.h), by libgit2's otherwise: upstreams that are paths, and odd servers. */
#include "upstream.h"

#include "git_error.h"
#include "upload_pack.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

enum { MAX_HAVES = 4096 }; /* 200 KB of request */

static void on_text(void *context)
{
	struct fp_upstream *upstream = context;

	upstream->report(upstream->context, &upstream->progress);
}

/* A stateful server has said all after one answer: whoever has another question comes again. */
static int reconnect_if_spoken(struct fp_upstream *upstream, struct fp_error *error)
{
	if (upstream->wire.stateless || !upstream->wire.spoken)
		return 0;
	fp_upstream_disconnect(upstream);
	return fp_upstream_connect(upstream, error);
}

static int ask(struct fp_upstream *upstream, git_odb *odb, const struct fp_oid_list *wants,
	const struct fp_oid_list *haves, struct fp_error *error)
{
	char folder[PATH_MAX];
	struct fp_upload_pack request = {
		.wire = &upstream->wire,
		.wants = wants->items,
		.want_count = wants->count,
		.haves = haves->items,
		.have_count = haves->count,
		.odb = odb,
		.pack_folder = folder,
		.on_progress = fp_upstream_on_progress,
		.on_text = on_text,
		.context = upstream,
	};
	int rc;

	if ((size_t)snprintf(folder, sizeof(folder), "%s/objects/pack", upstream->job->path) >=
		sizeof(folder))
		return fp_error_set(
			error, FP_ERROR_LIMIT, "the path %s is too long", upstream->job->path);
	rc = reconnect_if_spoken(upstream, error);
	if (!rc)
		rc = fp_upload_pack_run(&request, error);
	if (!rc && git_odb_refresh(odb) < 0)
		rc = fp_git_error(error, FP_ERROR_CORRUPT, "the new pack cannot be opened");
	return rc;
}

static int download(
	struct fp_upstream *upstream, char **specs, size_t count, struct fp_error *error)
{
	git_fetch_options options = GIT_FETCH_OPTIONS_INIT;
	git_strarray array = {specs, count};
	int rc;

	fp_upstream_set_callbacks(upstream, &options.callbacks);
	options.proxy_opts.type = GIT_PROXY_AUTO;
	options.download_tags = GIT_REMOTE_DOWNLOAD_TAGS_NONE;
	options.update_fetchhead = 0;
	rc = git_remote_download(upstream->remote, &array, &options);
	return rc ? fp_upstream_fail(
			    upstream, rc, "the upstream's objects could not be received", error)
		  : 0;
}

/* Full names rather than the job's globs: libgit2 takes globs with one star only. */
static int download_by_name(
	struct fp_upstream *upstream, const struct fp_ref_table *refs, struct fp_error *error)
{
	char **specs = calloc(refs->count + 1, sizeof(*specs));
	int rc = specs ? 0 : fp_error_memory(error);

	for (size_t i = 0; i < refs->count && !rc; i++)
		if (asprintf(&specs[i], "+%s:%s", refs->items[i].name, refs->items[i].name) < 0) {
			specs[i] = NULL;
			rc = fp_error_memory(error);
		}
	if (!rc)
		rc = download(upstream, specs, refs->count, error);
	for (size_t i = 0; specs && i < refs->count; i++)
		free(specs[i]);
	free(specs);
	return rc;
}

int fp_upstream_download(struct fp_upstream *upstream, git_odb *odb,
	const struct fp_ref_table *ours, const struct fp_ref_table *theirs, struct fp_error *error)
{
	FP_CLEANUP(fp_oid_list_release) struct fp_oid_list wants = {0}, haves = {0};
	int rc = fp_wants_choose(odb, theirs, &wants, error);

	if (rc || !wants.count)
		return rc;
	if (!fp_upload_pack_possible(&upstream->wire))
		return download_by_name(upstream, theirs, error);
	rc = fp_haves_choose(odb, ours, theirs, MAX_HAVES, &haves, error);
	if (!rc)
		rc = ask(upstream, odb, &wants, &haves, error);
	/* a ref that moved on between listing and asking */
	return rc > 0 ? -FP_ERROR_UNAVAILABLE : rc;
}

/* Whether asking for a commit that is no tip can succeed at all. */
static bool serves_commits(struct fp_upstream *upstream)
{
	return fp_wire_offers(&upstream->wire, "allow-reachable-sha1-in-want") ||
	       fp_wire_offers(&upstream->wire, "allow-tip-sha1-in-want");
}

/* One by one: a server that lacks one of several gives none. */
static int ask_for_each(struct fp_upstream *upstream, git_odb *odb,
	const struct fp_oid_list *commits, const struct fp_oid_list *haves, struct fp_error *error)
{
	int rc = 0;

	for (size_t i = 0; i < commits->count && rc >= 0; i++)
		rc = ask(upstream, odb, &(struct fp_oid_list){&commits->items[i], 1}, haves, error);
	return rc < 0 ? rc : 0;
}

int fp_upstream_download_commits(struct fp_upstream *upstream, git_odb *odb,
	const struct fp_ref_table *ours, const struct fp_oid_list *commits, struct fp_error *error)
{
	FP_CLEANUP(fp_oid_list_release) struct fp_oid_list haves = {0};
	int rc;

	if (!fp_upload_pack_possible(&upstream->wire) || !serves_commits(upstream))
		return 0;
	rc = fp_haves_choose(odb, ours, ours, MAX_HAVES, &haves, error);
	if (!rc)
		rc = ask(upstream, odb, commits, &haves, error);
	if (rc > 0 && commits->count > 1)
		rc = ask_for_each(upstream, odb, commits, &haves, error);
	return rc < 0 ? rc : 0;
}
