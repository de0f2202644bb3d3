/* One connection to an upstream, in the fetch worker. */
#include "upstream.h"

#include "credentials.h"
#include "git_error.h"

#include <git2/sys/remote.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int fp_upstream_on_progress(const git_indexer_progress *stats, void *context)
{
	struct fp_upstream *upstream = context;
	struct fp_fetch_progress *progress = &upstream->progress;

	progress->phase = stats->total_deltas ? FP_FETCH_INDEXING : FP_FETCH_RECEIVING;
	progress->received_objects = stats->received_objects;
	progress->total_objects = stats->total_objects;
	progress->indexed_deltas = stats->indexed_deltas;
	progress->total_deltas = stats->total_deltas;
	progress->received_bytes = stats->received_bytes;
	upstream->report(upstream->context, progress);
	return 0;
}

/* "Counting objects" and the like: proof of life while there is nothing to receive yet. */
static int on_remote_text(const char *text, int len, void *context)
{
	struct fp_upstream *upstream = context;

	upstream->report(upstream->context, &upstream->progress);
	return 0;
}

static int make_transport(git_transport **out, git_remote *remote, void *context)
{
	struct fp_upstream *upstream = context;

	return fp_wire_transport(out, remote, &upstream->wire);
}

void fp_upstream_set_callbacks(struct fp_upstream *upstream, git_remote_callbacks *callbacks)
{
	callbacks->credentials = fp_credentials_acquire;
	callbacks->certificate_check = fp_credentials_check_peer;
	callbacks->transfer_progress = fp_upstream_on_progress;
	callbacks->sideband_progress = on_remote_text;
	callbacks->transport = make_transport;
	callbacks->payload = upstream;
}

int fp_upstream_fail(
	struct fp_upstream *upstream, int libgit2_rc, const char *what, struct fp_error *error)
{
	const git_error *last = git_error_last();
	int class = last ? last->klass : GIT_ERROR_NONE;
	enum fp_error_code code = FP_ERROR_UNAVAILABLE;

	if (upstream->refusal[0])
		return fp_error_set(error, FP_ERROR_DENIED, "%s", upstream->refusal);
	if (libgit2_rc == GIT_EAUTH || libgit2_rc == GIT_ECERTIFICATE)
		code = FP_ERROR_DENIED;
	else if (class == GIT_ERROR_INDEXER || class == GIT_ERROR_ZLIB)
		code = FP_ERROR_INVALID;
	else if (last && last->message && strstr(last->message, "parsing REF pkt-line"))
		return fp_error_set(error, FP_ERROR_UNAVAILABLE,
			"%s: its list of refs cannot be read; if it is a shallow clone, make it "
			"complete (git fetch --unshallow)",
			what);
	else if (upstream->job->url[0] == '/' && access(upstream->job->url, F_OK) < 0)
		return fp_error_set(error, code, "%s: there is no %s", what, upstream->job->url);
	return fp_git_error(error, code, "%s", what);
}

/*
 * The upstream is the one that the configuration says, and credentials go nowhere else: what
 * insteadOf in somebody's gitconfig would make of its URL is not asked. (That libgit2 1.5 leaks the
 * memory of each of its questions is another reason.)
 */
static int create_remote(struct fp_upstream *upstream)
{
	git_remote_create_options options = GIT_REMOTE_CREATE_OPTIONS_INIT;

	options.repository = upstream->repo;
	options.flags = GIT_REMOTE_CREATE_SKIP_INSTEADOF;
	return git_remote_create_with_opts(&upstream->remote, upstream->job->url, &options);
}

int fp_upstream_connect(struct fp_upstream *upstream, struct fp_error *error)
{
	git_remote_connect_options options = GIT_REMOTE_CONNECT_OPTIONS_INIT;
	int rc;

	fp_upstream_set_callbacks(upstream, &options.callbacks);
	options.proxy_opts.type = GIT_PROXY_AUTO;
	upstream->report(upstream->context, &upstream->progress);
	rc = fp_credentials_prepare(upstream->job, error);
	if (rc)
		return rc;
	rc = create_remote(upstream);
	if (!rc)
		rc = git_remote_connect_ext(upstream->remote, GIT_DIRECTION_FETCH, &options);
	return rc ? fp_upstream_fail(upstream, rc, "cannot connect to the upstream", error) : 0;
}

void fp_upstream_disconnect(struct fp_upstream *upstream)
{
	git_remote_free(upstream->remote);
	upstream->remote = NULL;
	upstream->asked = 0;
}

void fp_upstream_init(struct fp_upstream *upstream, const struct fp_fetch_job *job)
{
	*upstream = (struct fp_upstream){.job = job};
	fp_wire_init(&upstream->wire);
}

void fp_upstream_release(struct fp_upstream *upstream)
{
	fp_upstream_disconnect(upstream);
	fp_wire_release(&upstream->wire);
}

static void note_failure(struct fp_fetch_result *result, const char *name, const char *why)
{
	if (result->refs_failed++ == 0)
		snprintf(result->ref_note, sizeof(result->ref_note), "%.150s %s", name, why);
}

static bool is_wanted(const struct fp_fetch_job *job, const char *name)
{
	for (size_t i = 0; i < job->ref_count; i++)
		if (fp_str_matches_glob(fp_str(name), job->refs[i]))
			return true;
	return false;
}

/* An annotated tag is followed by a line of what it leads to: `refs/tags/v1^{}`. */
static bool is_peeled_line(const char *name)
{
	return fp_str_ends_with(fp_str(name), "^{}");
}

static int add_head(const struct fp_fetch_job *job, const git_remote_head *head,
	const git_remote_head *next, struct fp_ref_table *refs, struct fp_fetch_result *result,
	struct fp_error *error)
{
	struct fp_oid oid = fp_git_oid_back(&head->oid), peeled = {0};
	size_t len = strlen(head->name);
	int valid = 0;

	if (is_peeled_line(head->name) || !is_wanted(job, head->name))
		return 0;
	if (fp_str_starts_with(fp_str(head->name), FP_OWN_REFS))
		return 0;
	if (git_reference_name_is_valid(&valid, head->name) < 0 || !valid ||
		!fp_str_starts_with(fp_str(head->name), "refs/")) {
		note_failure(result, head->name, "has no name that a mirror can keep");
		return 0;
	}
	if (next && is_peeled_line(next->name) && strncmp(next->name, head->name, len) == 0 &&
		strlen(next->name) == len + 3)
		peeled = fp_git_oid_back(&next->oid);
	return fp_ref_table_add(refs, fp_str(head->name), &oid, &peeled, error);
}

/* Stays empty where the upstream does not say. */
static void find_default_branch(struct fp_upstream *upstream, struct fp_fetch_result *result)
{
	git_buf name = {0};

	if (git_remote_default_branch(&name, upstream->remote) == 0 &&
		name.size < sizeof(result->head) && fp_str_is_utf8(fp_str(name.ptr)))
		snprintf(result->head, sizeof(result->head), "%s", name.ptr);
	git_buf_dispose(&name);
}

int fp_upstream_refs(struct fp_upstream *upstream, struct fp_ref_table *refs,
	struct fp_fetch_result *result, struct fp_error *error)
{
	const git_remote_head **heads;
	size_t count;
	int rc = git_remote_ls(&heads, &count, upstream->remote);

	if (rc)
		return fp_upstream_fail(upstream, rc, "the upstream does not list its refs", error);
	upstream->listed = count;
	for (size_t i = 0; i < count && !rc; i++)
		rc = add_head(upstream->job, heads[i], i + 1 < count ? heads[i + 1] : NULL, refs,
			result, error);
	fp_ref_table_sort(refs);
	find_default_branch(upstream, result);
	return rc;
}
