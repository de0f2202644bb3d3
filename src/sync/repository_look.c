/*
 * One look at a repository: fetch, read what is new, write it down, publish.
 *
 * What a look learns is written before it is published, so that a restart serves what was served
 * before. Commits that were appended to the graph by a look that failed later stay in it, unseen by
 * any snapshot, and are written with the next one.
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

/* The first whole commit id that somebody waits for. */
static struct fp_oid wanted_commit(const struct fp_waiting_looks *waiting)
{
	struct fp_oid oid = {0};

	for (size_t i = 0; i < waiting->count; i++)
		if (fp_oid_parse(fp_str(waiting->items[i].sha), &oid))
			return oid;
	return (struct fp_oid){0};
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
		.want = wanted_commit(look->waiting),
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
	if (rename(source->path, aside) == 0)
		fp_log(FP_LOG_WARNING, "mirror.set_aside", "repo=%s folder=%s",
			source->config->name, fp_log_quote(aside).text);
}

/* ---- reading commits ---- */

/* A reading that is cut off goes on behind what was written so far. */
enum { STORE_EVERY = 1 << 15 };

static bool is_known(void *context, const struct fp_oid *oid)
{
	const struct fp_look *look = context;
	struct fp_graph_view view = fp_graph_view(look->source->graph);
	bool known = fp_graph_find(&view, oid) != FP_NO_COMMIT;

	fp_graph_view_release(&view);
	return known;
}

static int append_commit(void *context, const struct fp_commit_row *row, struct fp_error *error)
{
	struct fp_look *look = context;
	uint32_t facts;
	int r = fp_source_reader_read(
		look->source->reader, look->blob_mirror, &row->tree, &facts, error);

	if (r < 0)
		return r;
	r = fp_graph_append(look->source->graph, row, facts, NULL, error);
	if (r >= 0 &&
		fp_graph_count(look->source->graph) >= look->source->stored_commits + STORE_EVERY)
		r = fp_repository_source_store_commits(look->source, false, error);
	return r < 0 ? r : 0;
}

/* A commit that no ref leads to: it is kept for ever, and since when it is here is a fact. */
static int take_arrival(struct fp_look *look, const struct fp_oid *oid, struct fp_error *error)
{
	struct fp_repository_source *source = look->source;
	int r = fp_mirror_keep(look->mirror, oid, 1, &look->sync->cancelled, error);

	if (r < 0)
		return r;
	return fp_store_add_arrival(
		source->store, source->id, oid, fp_clock_real_us(), &source->arrivals, error);
}

/* What was ever reachable is read again when everything is: past answers name it. */
static int list_kept(
	struct fp_look *look, struct fp_oid **kept, size_t *count, struct fp_error *error)
{
	*kept = NULL;
	*count = 0;
	if (look->source->whole)
		return 0;
	return fp_mirror_read_kept(look->mirror, kept, count, error);
}

/* Every ref's commit, and whole ids that somebody waits for and that are here now though no ref
 * leads to them (they were asked for by id). */
static int list_tips(
	struct fp_look *look, struct fp_oid **tips, size_t *count, struct fp_error *error)
{
	FP_CLEANUP_FREE struct fp_oid *kept = NULL;
	struct fp_oid *list, oid;
	int r = list_kept(look, &kept, count, error);

	if (r < 0)
		return r;
	list = calloc(look->refs.count + look->waiting->count + *count + 1, sizeof(*list));
	if (!list)
		return fp_error_memory(error);
	if (*count)
		memcpy(list, kept, *count * sizeof(*list));
	for (size_t i = 0; i < look->refs.count; i++)
		if (!fp_oid_is_zero(&look->refs.items[i].commit))
			list[(*count)++] = look->refs.items[i].commit;
	for (size_t i = 0; r >= 0 && i < look->waiting->count; i++) {
		if (!fp_oid_parse(fp_str(look->waiting->items[i].sha), &oid) ||
			is_known(look, &oid) ||
			fp_mirror_object_type(look->mirror, &oid) != FP_OBJECT_COMMIT)
			continue;
		list[(*count)++] = oid;
		r = take_arrival(look, &oid, error);
	}
	if (r < 0) {
		free(list);
		return r;
	}
	*tips = list;
	return 0;
}

static int read_commits(struct fp_look *look, struct fp_error *error)
{
	FP_CLEANUP_FREE struct fp_oid *tips = NULL;
	struct fp_mirror_walk walk = {
		.is_known = is_known,
		.emit = append_commit,
		.progress = fp_look_on_read,
		.context = look,
		.cancelled = &look->sync->cancelled,
	};
	int r = list_tips(look, &tips, &walk.tip_count, error);

	if (r < 0)
		return r;
	walk.tips = tips;
	fp_look_set_progress(look, FP_PHASE_READING, 0, 0, 0);
	r = fp_mirror_open(look->source->path, &look->blob_mirror, error);
	if (r == 0)
		r = fp_mirror_walk_commits(look->mirror, &walk, error);
	return r;
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
	       current->view.count == fp_graph_count(look->source->graph) &&
	       current->view.graph == look->source->graph;
}

static int publish(struct fp_look *look, struct fp_error *error)
{
	FP_CLEANUP(fp_branches_unref_cleanup) struct fp_branches *current = current_branches(look);
	struct fp_repository_source *source = look->source;
	struct fp_branches *next = NULL;
	int64_t now_us = fp_clock_real_us();
	int r;

	if (!is_current(look, current)) {
		fp_look_set_progress(look, FP_PHASE_BUILDING, 0, 0, 0);
		next = fp_repository_source_branches(
			source, &look->sync->settings->repositories[source->index], current);
		if (!next)
			return fp_error_memory(error);
	}
	r = fp_store_set_synced(source->store, "repository", source->id, now_us, error);
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
		r = read_commits(look, error);
	if (r >= 0)
		r = fp_repository_source_store_commits(look->source, true, error);
	if (r >= 0)
		r = fp_look_compare_refs(look, &events, error);
	if (r >= 0)
		r = fp_look_keep_old_tips(look, &events, error);
	if (r >= 0)
		r = fp_look_store_refs(look, &events, error);
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
	int r = fetch(look, &result, error);

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
	return r;
}
