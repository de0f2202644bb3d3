/*
 * One look at a repository: fetch, read what is new, write it down, publish.
 *
 * What a look learns is written before it is published, so that a restart serves what was served
 * before; only when it was learned is written behind it (noted.c). Commits are written before the
 * refs and arrivals that lead to them. Those of a look that failed or was cut off in between stay
 * in the graph and in the store, but nobody is told of them until facts lead to them: what is
 * answered must be what can be told afterwards.
 */
#include "repository_look.h"

#include "forkpoint/base/log.h"
#include "forkpoint/base/time.h"
#include "forkpoint/config/secret.h"

#include <stdio.h>
#include <stdlib.h>

#define STALL_TIMEOUT_US (120 * FP_US_PER_S)

/* ---- fetching ---- */

static int read_secret(
	const struct fp_config_repository *config, struct fp_buf *password, struct fp_error *error)
{
	if (!config->password.env && !config->password.file)
		return 0;
	return fp_config_secret_read(&config->password, password, error);
}

/* A branch that was renamed is one ref that goes and another that comes: that builds now start from
 * the other is seen here alone. */
static void note_default_branch(struct fp_look *look, const struct fp_fetch_result *result)
{
	struct fp_repository_status *status = &look->source->status;

	pthread_mutex_lock(&look->sync->lock);
	memcpy(status->default_branch, result->head, sizeof(status->default_branch));
	if (result->head_before[0]) {
		memcpy(status->default_branch_before, result->head_before,
			sizeof(status->default_branch_before));
		status->default_branch_us = fp_clock_real_us();
	}
	pthread_mutex_unlock(&look->sync->lock);
	if (result->head_before[0])
		fp_log(FP_LOG_WARNING, "mirror.default_branch_renamed", "repo=%s from=%s to=%s",
			look->source->config->name, fp_log_quote(result->head_before).text,
			fp_log_quote(result->head).text);
}

/* result says what the fetch changed. */
static int fetch(struct fp_look *look, struct fp_fetch_result *result, struct fp_error *error)
{
	const struct fp_config_repository *config = look->source->config;
	struct fp_buf FP_CLEANUP_BUF password = {0};
	struct fp_fetch_job job = {
		.url = config->url,
		.path = look->source->path,
		.refs = (const char *const *)config->refs,
		.ref_count = config->ref_count,
		.username = config->username,
		.ssh_key_file = config->ssh_key_file,
		.ssh_known_hosts_file = config->ssh_known_hosts_file,
		.ca_file = config->ca_file,
		.wants = look->wants,
		.want_count = look->want_count,
		.timeout_us = config->fetch_timeout_us,
		.stall_timeout_us = STALL_TIMEOUT_US,
		.cancelled = &look->sync->cancelled,
	};
	int r;

	fp_buf_init(&password, 64 * 1024);
	r = read_secret(config, &password, error);
	if (r < 0)
		return r;
	if (password.len)
		job.password = password.data;
	fp_look_set_progress(look, FP_PHASE_FETCHING, 0, 0, 0);
	r = fp_fetch_run(look->sync->options.program, &job, fp_look_on_fetch, look, result, error);
	if (r >= 0 && result->refs_failed)
		fp_log(FP_LOG_WARNING, "mirror.refs_failed", "repo=%s refs=%u first=%s",
			config->name, result->refs_failed, fp_log_quote(result->ref_note).text);
	if (r >= 0)
		note_default_branch(look, result);
	return r;
}

/* A damaged mirror is put aside, for whoever wants to know why; the next look clones anew. */
static void set_aside(struct fp_repository_source *source)
{
	char aside[4096];

	snprintf(aside, sizeof(aside), "%s" FP_SET_ASIDE "%lld", source->path,
		(long long)(fp_clock_real_us() / FP_US_PER_S));
	source->taken_in = false;
	source->rescued = false;
	fp_look_forget_asides(source);
	if (rename(source->path, aside) == 0)
		fp_log(FP_LOG_WARNING, "mirror.set_aside", "repo=%s folder=%s",
			source->config->name, fp_log_quote(aside).text);
}

/* ---- the look ---- */

/* The branches that are published now, with a reference for us; NULL when there are none. */
static struct fp_branches *current_branches(struct fp_look *look)
{
	const struct fp_snapshot *snapshot = fp_publisher_lock(look->sync->publisher);
	struct fp_branches *branches = snapshot->repositories[look->source->index].branches;

	if (branches)
		fp_branches_ref(branches);
	fp_publisher_unlock(look->sync->publisher, NULL);
	return branches;
}

static bool is_current(const struct fp_look *look, const struct fp_branches *current)
{
	return current && current->revision == look->source->revision &&
	       current->arrivals == look->source->arrivals &&
	       current->view.count == fp_graph_count(look->source->graph) &&
	       current->view.graph == look->source->graph;
}

static int publish(struct fp_look *look, struct fp_error *error)
{
	FP_CLEANUP(fp_branches_unref_cleanup) struct fp_branches *current = current_branches(look);
	struct fp_repository_source *source = look->source;
	struct fp_branches *next = NULL;
	int64_t now_us = fp_clock_real_us();
	int r = 0;

	if (!is_current(look, current)) {
		fp_look_set_progress(look, FP_PHASE_BUILDING, 0, 0, 0);
		r = fp_repository_source_branches(source,
			&look->sync->settings->repositories[source->index], current, &next, error);
	}
	if (r >= 0)
		r = fp_note_first_reading(
			source->store, &source->noted, "repository", source->id, now_us, error);
	if (r < 0) {
		fp_branches_unref(next);
		return r;
	}
	source->synced_us = now_us;
	return fp_publish_repository(look->sync, source->index, next, now_us, NULL, error);
}

static int open_mirror(struct fp_look *look, struct fp_error *error)
{
	int r = fp_mirror_open(look->source->path, &look->mirror, error);

	if (r == 1)
		return fp_error_set(
			error, FP_ERROR_CORRUPT, "there is no mirror at %s", look->source->path);
	return r;
}

/* Everything after a fetch that brought something: local. */
static int take_in(struct fp_look *look, struct fp_error *error)
{
	struct fp_ref_events events = {0};
	int r = open_mirror(look, error);

	if (r >= 0)
		r = fp_look_rescue(look, error);
	if (r >= 0)
		r = fp_mirror_read_refs(look->mirror, &look->refs, error);
	if (r >= 0)
		r = fp_look_read_commits(look, error);
	if (r >= 0)
		r = fp_repository_source_store_commits(look->source, true, error);
	if (r >= 0)
		r = fp_look_compare_refs(look, &events, error);
	if (r >= 0)
		r = fp_look_keep_old_tips(look, &events, error);
	if (r >= 0)
		r = fp_look_store_arrivals(look, error);
	if (r >= 0)
		r = fp_look_store_refs(look, &events, error);
	if (r >= 0 && look->was_reachable)
		fp_repository_source_note_reachable(look->source);
	if (r >= 0)
		r = publish(look, error);
	if (r >= 0 && events.count)
		fp_log(FP_LOG_INFO, "mirror.synced", "repo=%s refs_moved=%zu commits=%u ms=%lld",
			look->source->config->name, events.count,
			fp_graph_count(look->source->graph),
			(long long)((fp_clock_real_us() - look->started_us) / FP_US_PER_MS));
	free(events.items);
	return r;
}

/* Whether a fetch that changed no ref can have left anything to take in: what an earlier look of
 * this run did not finish, or a commit that was asked for by its id. */
static bool is_nothing_new(const struct fp_look *look, const struct fp_fetch_result *result)
{
	if (!look->source->taken_in || result->refs_updated || result->refs_pruned)
		return false;
	for (size_t i = 0; i < look->waiting->count; i++)
		if (look->waiting->items[i].sha[0])
			return false;
	return true;
}

/* Who asked for a commit that did not turn up is told so, and what it is if it is no commit. */
static void settle(struct fp_look *look, enum fp_look_result result)
{
	for (size_t i = 0; i < look->waiting->count; i++) {
		struct fp_waiting_look *waiting = &look->waiting->items[i];
		enum fp_look_result own = result;
		struct fp_oid oid;

		if (result == FP_LOOK_DONE && fp_oid_parse(fp_str(waiting->sha), &oid) &&
			look->mirror) {
			enum fp_object_type type = fp_mirror_object_type(look->mirror, &oid);

			if (type != FP_OBJECT_MISSING && type != FP_OBJECT_COMMIT)
				own = FP_LOOK_NOT_A_COMMIT;
			if (type != FP_OBJECT_COMMIT) {
				pthread_mutex_lock(&look->sync->lock);
				fp_vain_looks_note(
					&look->source->vain, waiting->sha, fp_clock_real_us());
				pthread_mutex_unlock(&look->sync->lock);
			}
		}
		fp_ticket_settle(waiting->ticket, own);
		fp_ticket_unref(waiting->ticket);
	}
	free(look->waiting->items);
	*look->waiting = (struct fp_waiting_looks){0};
}

static void measure(struct fp_look *look)
{
	struct fp_repository_status *status = &look->source->status;
	struct fp_mirror_size size = {0};
	struct fp_error error;

	if (fp_mirror_measure(look->source->path, &size, &error) < 0)
		size = (struct fp_mirror_size){0};
	pthread_mutex_lock(&look->sync->lock);
	status->mirror_bytes = size.bytes;
	status->packs = size.packs;
	status->graph_bytes = fp_graph_memory_bytes(look->source->graph);
	pthread_mutex_unlock(&look->sync->lock);
}

/* How many packs pile up before they are rolled into one. */
enum { PACKS_MAX = 50 };

static void tidy(struct fp_look *look)
{
	struct fp_error error;
	int r = 1;

	if (look->mirror && look->source->status.packs > PACKS_MAX)
		r = fp_mirror_consolidate(look->mirror, PACKS_MAX, &look->sync->cancelled, &error);
	if (r < 0 && r != -FP_ERROR_BUSY && r != -FP_ERROR_CANCELLED)
		fp_log_error(FP_LOG_WARNING, "mirror.not_consolidated", &error, "repo=%s",
			look->source->config->name);
}

static int fetch_and_take_in(struct fp_look *look, struct fp_error *error)
{
	struct fp_fetch_result result = {0};
	int r = fp_look_list_wants(look, error);

	if (r >= 0)
		r = fetch(look, &result, error);
	if (r < 0)
		return r;
	if (is_nothing_new(look, &result))
		return publish(look, error);
	look->source->taken_in = false;
	r = take_in(look, error);
	look->source->taken_in = r >= 0;
	return r;
}

/* The last good state goes on being served, and says why it is old. That somebody else is at work
 * on the mirror, or that we are asked to stop, is no trouble of the upstream's. */
static void note_trouble(struct fp_look *look, int r, const struct fp_error *error)
{
	struct fp_error publishing;

	if (r == -FP_ERROR_CORRUPT)
		set_aside(look->source);
	if (r == -FP_ERROR_CANCELLED || r == -FP_ERROR_BUSY)
		return;
	if (fp_publish_repository(look->sync, look->source->index, NULL, look->source->synced_us,
		    error->text, &publishing) < 0)
		fp_log_error(FP_LOG_ERROR, "mirror.not_published", &publishing, "repo=%s",
			look->source->config->name);
}

int fp_repository_source_look(struct fp_sync *sync, struct fp_repository_source *source,
	struct fp_waiting_looks *looks, struct fp_error *error)
{
	struct fp_look look = {
		.sync = sync,
		.source = source,
		.waiting = looks,
		.started_us = fp_clock_real_us(),
		.logged_us = fp_clock_real_us(),
	};
	int r = fetch_and_take_in(&look, error);

	if (r < 0)
		note_trouble(&look, r, error);
	if (r != -FP_ERROR_CANCELLED && r != -FP_ERROR_BUSY)
		settle(&look, r < 0 ? FP_LOOK_FAILED : FP_LOOK_DONE);
	if (look.mirror || r < 0)
		measure(&look);
	tidy(&look);
	fp_look_set_progress(&look, FP_PHASE_WAITING, 0, 0, 0);
	fp_mirror_refs_release(&look.refs);
	fp_mirror_close(look.blob_mirror);
	fp_mirror_close(look.mirror);
	free(look.wants);
	free(look.tips);
	free(look.arrivals);
	return r;
}
