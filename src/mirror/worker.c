/*
 * The fetch worker: a process that reads one job, does it, and says what came of it.
 *
 * Order: objects first, refs last and all at once. A failure or a kill at any point leaves a mirror
 * whose refs are those of before, complete; what a killed worker leaves lying about is swept up by
 * the next.
 */
#include "forkpoint/mirror/fetch.h"

#include "fetch_message.h"
#include "git_error.h"
#include "handle.h"
#include "lock.h"
#include "upstream.h"

#include "forkpoint/base/file.h"
#include "forkpoint/base/time.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

enum {
	MAX_ORDER_BYTES = 64 << 20,
	READ_BYTES = 65536,
	LOCK_WAIT_MS = 10000,
	REPORT_EVERY_US = 100000,
};

struct worker {
	struct fp_fetch_order order;
	int64_t reported_us;
};

static void say(const struct fp_fetch_message *message)
{
	FP_CLEANUP_BUF struct fp_buf line;
	size_t done = 0;

	fp_buf_init(&line, 65536);
	fp_fetch_message_write(message, &line);
	while (done < line.len) {
		ssize_t n = write(STDOUT_FILENO, line.data + done, line.len - done);

		if (n < 0 && errno != EINTR)
			return;
		done += n > 0 ? (size_t)n : 0;
	}
}

static void report(void *context, const struct fp_fetch_progress *progress)
{
	struct worker *worker = context;
	int64_t now = fp_clock_monotonic_us();

	if (worker->reported_us && now - worker->reported_us < REPORT_EVERY_US)
		return;
	worker->reported_us = now;
	say(&(struct fp_fetch_message){
		.kind = FP_FETCH_SAYS_PROGRESS,
		.progress = *progress,
	});
}

static int read_order(struct worker *worker, struct fp_error *error)
{
	FP_CLEANUP_BUF struct fp_buf text;
	char piece[READ_BYTES];
	ssize_t n;
	int rc;

	fp_buf_init(&text, MAX_ORDER_BYTES);
	while ((n = read(STDIN_FILENO, piece, sizeof(piece))) != 0) {
		if (n < 0 && errno != EINTR)
			return fp_error_set(error, FP_ERROR_IO, "cannot read the fetch job: %s",
				strerror(errno));
		fp_buf_add(&text, piece, n > 0 ? (size_t)n : 0);
	}
	rc = fp_buf_check(&text, error);
	return rc ? rc : fp_fetch_order_read(fp_buf_str(&text), &worker->order, error);
}

/* A new one is made where none is, or where making one was cut off. */
static int open_repository(const char *path, git_repository **repo, struct fp_error *error)
{
	FP_CLEANUP(fp_mirror_close_cleanup) struct fp_mirror *checked = NULL;
	git_repository_init_options options = GIT_REPOSITORY_INIT_OPTIONS_INIT;
	int rc = fp_mirror_open(path, &checked, error);

	if (rc < 0)
		return rc;
	if (rc == 0 && git_repository_open_bare(repo, path) < 0)
		return fp_git_error(error, FP_ERROR_CORRUPT, "the mirror cannot be opened");
	if (rc == 0)
		return 0;
	options.flags = GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_MKPATH;
	options.initial_head = "main";
	if (git_repository_init_ext(repo, path, &options) < 0)
		return fp_git_error(error, FP_ERROR_IO, "cannot make the mirror %s", path);
	return 0;
}

static bool has_object(git_odb *odb, const struct fp_oid *oid)
{
	git_oid id = fp_git_oid(oid);

	return git_odb_exists(odb, &id) == 1;
}

static bool is_own(const struct fp_ref *ref)
{
	return fp_str_starts_with(fp_str(ref->name), FP_OWN_REFS);
}

/* What becomes of one ref of the upstream's: taken, or left as it was if its object did not come.
 */
static int take_ref(const struct fp_ref *wanted, const struct fp_ref_table *before, git_odb *odb,
	struct fp_ref_table *after, struct fp_fetch_result *result, struct fp_error *error)
{
	const struct fp_ref *old = fp_ref_table_find(before, wanted->name);

	if (old && fp_oid_equal(&old->oid, &wanted->oid))
		return fp_ref_table_add(after, fp_str(old->name), &old->oid, &old->peeled, error);
	if (has_object(odb, &wanted->oid)) {
		result->refs_updated++;
		return fp_ref_table_add(
			after, fp_str(wanted->name), &wanted->oid, &wanted->peeled, error);
	}
	if (result->refs_failed++ == 0)
		snprintf(result->ref_note, sizeof(result->ref_note),
			"%.150s: its object was not sent", wanted->name);
	return old ? fp_ref_table_add(after, fp_str(old->name), &old->oid, &old->peeled, error) : 0;
}

/* Refs that the upstream has no more go; ours stay. */
static int take_rest(const struct fp_ref_table *before, const struct fp_ref_table *wanted,
	struct fp_ref_table *after, struct fp_fetch_result *result, struct fp_error *error)
{
	int rc = 0;

	for (size_t i = 0; i < before->count && !rc; i++) {
		const struct fp_ref *old = &before->items[i];

		if (is_own(old))
			rc = fp_ref_table_add(
				after, fp_str(old->name), &old->oid, &old->peeled, error);
		else if (!fp_ref_table_find(wanted, old->name))
			result->refs_pruned++;
	}
	return rc;
}

/* is_new: the mirror is, so that its HEAD is only our own first guess. */
static int set_head(
	const char *path, bool is_new, struct fp_fetch_result *result, struct fp_error *error)
{
	char name[PATH_MAX], text[300], old[300] = "";
	int len = snprintf(text, sizeof(text), "ref: %s\n", result->head);
	FILE *file;

	if ((size_t)snprintf(name, sizeof(name), "%s/HEAD", path) >= sizeof(name))
		return fp_error_set(error, FP_ERROR_LIMIT, "the path %s is too long", path);
	file = fopen(name, "re");
	if (file && !fgets(old, sizeof(old), file))
		old[0] = '\0';
	if (file)
		fclose(file);
	if (!result->head[0] || strcmp(old, text) == 0)
		return 0;
	if (!is_new && strncmp(old, "ref: ", 5) == 0)
		snprintf(result->head_before, sizeof(result->head_before), "%.*s",
			(int)strcspn(old + 5, "\n"), old + 5);
	return fp_file_replace(name, fp_str_n(text, (size_t)len), error);
}

static int update_refs(struct fp_upstream *upstream, git_odb *odb,
	const struct fp_ref_table *before, const struct fp_ref_table *wanted,
	struct fp_fetch_result *result, struct fp_error *error)
{
	FP_CLEANUP(fp_ref_table_release) struct fp_ref_table after = {0};
	int rc = 0;

	upstream->progress.phase = FP_FETCH_UPDATING_REFS;
	upstream->report(upstream->context, &upstream->progress);
	for (size_t i = 0; i < wanted->count && !rc; i++)
		rc = take_ref(&wanted->items[i], before, odb, &after, result, error);
	if (!rc)
		rc = take_rest(before, wanted, &after, result, error);
	fp_ref_table_sort(&after);
	if (!rc && result->refs_updated + result->refs_pruned)
		rc = fp_ref_table_write(upstream->job->path, &after, error);
	return rc ? rc : set_head(upstream->job->path, before->count == 0, result, error);
}

/* The commits that were asked for by their ids, unless they have come with the refs. That the
 * upstream does not serve one is no failure: whoever asked sees that it is not there. */
static int fetch_commits(struct fp_upstream *upstream, git_odb *odb,
	const struct fp_ref_table *ours, struct fp_error *error)
{
	const struct fp_fetch_job *job = upstream->job;
	FP_CLEANUP(fp_oid_list_release)
	struct fp_oid_list missing = {calloc(job->want_count + 1, sizeof(*missing.items)), 0};
	int rc;

	if (!missing.items)
		return fp_error_memory(error);
	for (size_t i = 0; i < job->want_count; i++)
		if (!has_object(odb, &job->wants[i]))
			missing.items[missing.count++] = job->wants[i];
	if (!missing.count)
		return 0;
	rc = fp_upstream_download_commits(upstream, odb, ours, &missing, error);
	return rc ? rc : fp_keep_commits(upstream->repo, odb, missing.items, missing.count, error);
}

/* That every branch was deleted at once is less likely than that the upstream lost them. */
static int refuse_nothing(const struct fp_ref_table *before, struct fp_error *error)
{
	for (size_t i = 0; i < before->count; i++)
		if (!is_own(&before->items[i]))
			return fp_error_set(error, FP_ERROR_INVALID,
				"the upstream lists no refs any more: what is known of it stays; "
				"if it is meant to be empty, take the repository out of the "
				"configuration");
	return 0;
}

static int fetch_refs(struct fp_upstream *upstream, git_odb *odb, struct fp_fetch_result *result,
	struct fp_error *error)
{
	FP_CLEANUP(fp_ref_table_release) struct fp_ref_table wanted = {0}, before = {0};
	int rc = fp_upstream_connect(upstream, error);

	if (!rc)
		rc = fp_upstream_refs(upstream, &wanted, result, error);
	if (!rc)
		rc = fp_ref_table_read(upstream->repo, &before, error);
	if (!rc && upstream->listed == 0)
		rc = refuse_nothing(&before, error);
	if (!rc)
		rc = fp_upstream_download(upstream, odb, &before, &wanted, error);
	if (!rc)
		rc = update_refs(upstream, odb, &before, &wanted, result, error);
	if (!rc)
		rc = fetch_commits(upstream, odb, &wanted, error);
	result->received_bytes = upstream->progress.received_bytes;
	result->received_objects = upstream->progress.received_objects;
	return rc;
}

/* The mirror's folder exists and is locked. */
static int fetch_locked(
	struct fp_upstream *upstream, struct fp_fetch_result *result, struct fp_error *error)
{
	git_odb *odb = NULL;
	int rc;

	fp_mirror_sweep(upstream->job->path);
	rc = open_repository(upstream->job->path, &upstream->repo, error);
	if (!rc && git_repository_odb(&odb, upstream->repo) < 0)
		rc = fp_git_error(error, FP_ERROR_CORRUPT, "the mirror cannot be opened");
	if (!rc)
		rc = fetch_refs(upstream, odb, result, error);
	git_odb_free(odb);
	return rc;
}

static int fetch(struct worker *worker, struct fp_fetch_result *result, struct fp_error *error)
{
	const struct fp_fetch_job *job = &worker->order.job;
	FP_CLEANUP(fp_mirror_lock_drop) struct fp_mirror_lock lock = {-1};
	struct fp_upstream upstream;
	int rc = fp_mirror_check_owner(job->path, error);

	if (rc == 1)
		rc = fp_folder_create(job->path, error);
	if (!rc)
		rc = fp_mirror_lock_take(job->path, LOCK_WAIT_MS, NULL, &lock, error);
	if (rc)
		return rc;
	fp_upstream_init(&upstream, job);
	upstream.report = report;
	upstream.context = worker;
	rc = fetch_locked(&upstream, result, error);
	fp_upstream_release(&upstream);
	git_repository_free(upstream.repo);
	return rc;
}

/* The worker must not outlive the daemon: the kernel kills it when its parent goes; a parent that
 * was gone before the kernel knew is seen by the changed parent. */
static int tie_to_parent(struct fp_error *error)
{
	pid_t parent = getppid();

	signal(SIGPIPE, SIG_IGN); /* libgit2 writes to sockets whose other end may have gone */
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
		return fp_error_set(error, FP_ERROR_CANCELLED, "the daemon is gone");
	return 0;
}

static int work(struct worker *worker, struct fp_fetch_result *result, struct fp_error *error)
{
	int rc = tie_to_parent(error);

	if (!rc)
		rc = read_order(worker, error);
	if (!rc)
		rc = fp_mirror_library_init(error);
	return rc ? rc : fetch(worker, result, error);
}

int fp_fetch_worker_main(void)
{
	struct worker worker = {0};
	struct fp_fetch_message message = {.kind = FP_FETCH_SAYS_RESULT};
	int rc = work(&worker, &message.result, &message.error);

	if (rc)
		message.kind = FP_FETCH_SAYS_ERROR;
	say(&message);
	fp_fetch_order_release(&worker.order);
	return rc ? 1 : 0;
}
