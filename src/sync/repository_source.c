/*
 * A repository as a source: fetch, read what is new, write it down, publish.
 *
 * What a look learns is written before it is published, so that a restart serves what was served
 * before. Commits that were appended to the graph by a look that failed later stay in it, unseen by
 * any snapshot, and are written with the next one.
 */
#include "sources.h"

#include "forkpoint/base/log.h"
#include "forkpoint/base/time.h"
#include "forkpoint/graph/walk.h"
#include "forkpoint/config/secret.h"
#include "forkpoint/mirror/fetch.h"

#include <stdio.h>
#include <stdlib.h>

#define PROGRESS_LOG_US (5 * FP_US_PER_S)
#define STALL_TIMEOUT_US (120 * FP_US_PER_S)

/* What one look carries along. */
struct look {
	struct fp_sync *sync;
	struct fp_repository_source *source;
	struct fp_waiting_looks *waiting;
	struct fp_mirror *mirror;      /* refs and commits */
	struct fp_mirror *blob_mirror; /* version files, while the other walks */
	struct fp_mirror_refs refs;
	int64_t started_us, logged_us;
};

/* ---- progress ---- */

static void set_progress(struct look *look, enum fp_repository_phase phase, uint64_t done,
	uint64_t total, uint64_t bytes)
{
	struct fp_repository_status *status = &look->source->status;
	int64_t now_us = fp_clock_real_us();

	pthread_mutex_lock(&look->sync->lock);
	if (status->phase != phase) {
		status->phase = phase;
		status->phase_since_us = now_us;
		look->logged_us = now_us;
	}
	status->done = done;
	status->total = total;
	status->received_bytes = bytes;
	status->left_us = -1;
	status->rate_per_s = 0;
	if (now_us - status->phase_since_us > FP_US_PER_S / 10) {
		status->rate_per_s =
			done * (uint64_t)FP_US_PER_S / (uint64_t)(now_us - status->phase_since_us);
		if (total > done && status->rate_per_s)
			status->left_us =
				(int64_t)((total - done) / status->rate_per_s) * FP_US_PER_S;
	}
	pthread_mutex_unlock(&look->sync->lock);
}

static const char *phase_event(enum fp_repository_phase phase)
{
	switch (phase) {
	case FP_PHASE_FETCHING: return "mirror.fetching";
	case FP_PHASE_READING: return "mirror.reading";
	case FP_PHASE_BUILDING: return "mirror.building";
	case FP_PHASE_WAITING: break;
	}
	return "mirror.waiting";
}

/* Long work shows in the log every few seconds; short work does not show at all. */
static void log_progress(struct look *look)
{
	const struct fp_repository_status *status = &look->source->status;
	int64_t now_us = fp_clock_real_us();

	if (now_us - look->logged_us < PROGRESS_LOG_US)
		return;
	look->logged_us = now_us;
	fp_log(FP_LOG_INFO, phase_event(status->phase),
		"repo=%s done=%llu total=%llu rate_per_s=%llu left_s=%lld bytes=%llu",
		look->source->config->name, (unsigned long long)status->done,
		(unsigned long long)status->total, (unsigned long long)status->rate_per_s,
		(long long)(status->left_us < 0 ? -1 : status->left_us / FP_US_PER_S),
		(unsigned long long)status->received_bytes);
}

static void on_fetch_progress(void *context, const struct fp_fetch_progress *progress)
{
	struct look *look = context;

	set_progress(look, FP_PHASE_FETCHING, progress->received_objects, progress->total_objects,
		progress->received_bytes);
	log_progress(look);
}

static void on_read_progress(void *context, uint64_t read, uint64_t emitted, uint64_t total)
{
	struct look *look = context;

	set_progress(look, FP_PHASE_READING, total ? emitted : read, total, 0);
	log_progress(look);
}

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

static int fetch(struct look *look, struct fp_error *error)
{
	const struct fp_config_repository *config = look->source->config;
	struct fp_buf FP_CLEANUP_BUF password = {0};
	struct fp_fetch_result result;
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
	set_progress(look, FP_PHASE_FETCHING, 0, 0, 0);
	r = fp_fetch_run(
		look->sync->options.program, &job, on_fetch_progress, look, &result, error);
	if (r >= 0 && result.refs_failed)
		fp_log(FP_LOG_WARNING, "mirror.refs_failed", "repo=%s refs=%u first=%s",
			config->name, result.refs_failed, fp_log_quote(result.ref_note).text);
	return r;
}

/* A damaged mirror is put aside, for whoever wants to know why; the next look clones anew. */
static void set_aside(struct fp_repository_source *source)
{
	char aside[4096];

	snprintf(aside, sizeof(aside), "%s.damaged-%lld", source->path,
		(long long)(fp_clock_real_us() / FP_US_PER_S));
	if (rename(source->path, aside) == 0)
		fp_log(FP_LOG_WARNING, "mirror.set_aside", "repo=%s folder=%s",
			source->config->name, fp_log_quote(aside).text);
}

/* ---- reading commits ---- */

static bool is_known(void *context, const struct fp_oid *oid)
{
	const struct look *look = context;
	struct fp_graph_view view = fp_graph_view(look->source->graph);
	bool known = fp_graph_find(&view, oid) != FP_NO_COMMIT;

	fp_graph_view_release(&view);
	return known;
}

static int append_commit(void *context, const struct fp_commit_row *row, struct fp_error *error)
{
	struct look *look = context;
	uint32_t facts;
	int r = fp_source_reader_read(
		look->source->reader, look->blob_mirror, &row->tree, &facts, error);

	if (r < 0)
		return r;
	r = fp_graph_append(look->source->graph, row, facts, NULL, error);
	return r < 0 ? r : 0;
}

/* Every ref's commit, and whole ids that somebody waits for and that are here now though no ref
 * leads to them (they were asked for by id): those are kept for ever. */
static int list_tips(struct look *look, struct fp_oid **tips, size_t *count, struct fp_error *error)
{
	struct fp_oid *list = calloc(look->refs.count + look->waiting->count + 1, sizeof(*list));
	struct fp_oid oid;
	int r = 0;

	if (!list)
		return fp_error_memory(error);
	*count = 0;
	for (size_t i = 0; i < look->refs.count; i++)
		if (!fp_oid_is_zero(&look->refs.items[i].commit))
			list[(*count)++] = look->refs.items[i].commit;
	for (size_t i = 0; r >= 0 && i < look->waiting->count; i++) {
		if (!fp_oid_parse(fp_str(look->waiting->items[i].sha), &oid) ||
			is_known(look, &oid) ||
			fp_mirror_object_type(look->mirror, &oid) != FP_OBJECT_COMMIT)
			continue;
		list[(*count)++] = oid;
		r = fp_mirror_keep(look->mirror, &oid, 1, error);
	}
	if (r < 0) {
		free(list);
		return r;
	}
	*tips = list;
	return 0;
}

static int read_commits(struct look *look, struct fp_error *error)
{
	FP_CLEANUP_FREE struct fp_oid *tips = NULL;
	struct fp_mirror_walk walk = {
		.is_known = is_known,
		.emit = append_commit,
		.progress = on_read_progress,
		.context = look,
		.cancelled = &look->sync->cancelled,
	};
	int r = list_tips(look, &tips, &walk.tip_count, error);

	if (r < 0)
		return r;
	walk.tips = tips;
	set_progress(look, FP_PHASE_READING, 0, 0, 0);
	r = fp_mirror_open(look->source->path, &look->blob_mirror, error);
	if (r == 0)
		r = fp_mirror_walk_commits(look->mirror, &walk, error);
	return r;
}

/* The reader's facts as the store's rows; the texts stay the reader's. */
static int borrow_facts(const struct fp_source_reader *reader, struct fp_facts_rows *rows)
{
	rows->count = fp_source_reader_count(reader);
	rows->items = calloc(rows->count + 1, sizeof(*rows->items));
	if (!rows->items)
		return -FP_ERROR_MEMORY;
	for (uint32_t i = 0; i < rows->count; i++) {
		const struct fp_source_facts *facts = fp_source_reader_get(reader, i);

		rows->items[i] = (struct fp_facts_row){
			.release = facts->release,
			.release_source = facts->release_source,
			.release_problem = facts->release_problem,
			.branch = facts->branch,
			.branch_source = facts->branch_source,
			.branch_problem = facts->branch_problem,
		};
	}
	return 0;
}

static int store_commits(struct fp_repository_source *source, struct fp_error *error)
{
	struct fp_graph_view view = fp_graph_view(source->graph);
	struct fp_facts_rows facts = {0};
	int r = 0;

	if (view.count > source->stored_commits ||
		fp_source_reader_count(source->reader) > source->stored_facts) {
		r = borrow_facts(source->reader, &facts);
		if (r < 0)
			r = fp_error_memory(error);
		else
			r = fp_store_append_commits(source->store, source->id,
				source->config->source_digest, &view, source->stored_commits,
				facts.items, source->stored_facts, facts.count, error);
	}
	if (r >= 0) {
		source->stored_commits = view.count;
		source->stored_facts = fp_source_reader_count(source->reader);
	}
	free(facts.items);
	fp_graph_view_release(&view);
	return r;
}

/* ---- refs ---- */

static int is_forward(struct fp_repository_source *source, const struct fp_ref_event *event,
	struct fp_error *error)
{
	struct fp_graph_view view = fp_graph_view(source->graph);
	uint32_t from = fp_graph_find(&view, &event->old_commit);
	uint32_t to = fp_graph_find(&view, &event->new_commit);
	int r = 0;

	if (from != FP_NO_COMMIT && to != FP_NO_COMMIT)
		r = fp_walk_is_ancestor(&view, &source->scratch, from, to, error);
	fp_graph_view_release(&view);
	return r;
}

struct ref_events {
	struct fp_ref_event *items;
	size_t count;
};

static int add_event(struct look *look, struct ref_events *events, const struct fp_ref_row *old,
	const struct fp_mirror_ref *new, struct fp_error *error)
{
	struct fp_ref_event *event = &events->items[events->count];
	int r;

	*event = (struct fp_ref_event){.name = old ? old->name : new->name};
	if (old) {
		event->old_oid = old->oid;
		event->old_commit = old->commit;
	}
	if (new) {
		event->new_oid = new->oid;
		event->new_commit = new->commit;
	}
	if (old && new) {
		if (fp_oid_equal(&old->oid, &new->oid))
			return 0;
		r = is_forward(look->source, event, error);
		if (r < 0)
			return r;
		event->movement = r ? FP_REF_FORWARD : FP_REF_REWRITTEN;
	} else {
		event->movement = old ? FP_REF_DELETED : FP_REF_CREATED;
	}
	events->count++;
	return 0;
}

/* Both lists are in the order of names. */
static int compare_refs(struct look *look, struct ref_events *events, struct fp_error *error)
{
	const struct fp_ref_rows *old = &look->source->refs;
	const struct fp_mirror_refs *new = &look->refs;
	size_t i = 0, k = 0;

	events->items = calloc(old->count + new->count + 1, sizeof(*events->items));
	if (!events->items)
		return fp_error_memory(error);
	while (i < old->count || k < new->count) {
		int order = i == old->count   ? 1
			    : k == new->count ? -1
					      : strcmp(old->items[i].name, new->items[k].name);
		int r = add_event(look, events, order <= 0 ? &old->items[i] : NULL,
			order >= 0 ? &new->items[k] : NULL, error);

		if (r < 0)
			return r;
		i += order <= 0;
		k += order >= 0;
	}
	return 0;
}

static int store_refs(struct look *look, const struct ref_events *events, struct fp_error *error)
{
	struct fp_repository_source *source = look->source;
	int r;

	if (events->count == 0)
		return 0;
	r = fp_store_apply_ref_events(source->store, source->id, events->items, events->count,
		fp_clock_real_us(), &source->revision, error);
	if (r < 0)
		return r;
	fp_ref_rows_release(&source->refs);
	return fp_store_load_refs(
		source->store, source->id, &source->refs, &source->revision, error);
}

/* ---- the look ---- */

static int copy_refs(const struct fp_ref_rows *from, struct fp_ref_rows *to)
{
	*to = (struct fp_ref_rows){.items = calloc(from->count + 1, sizeof(*to->items))};
	if (!to->items)
		return -FP_ERROR_MEMORY;
	for (size_t i = 0; i < from->count; i++) {
		to->items[i] = from->items[i];
		to->items[i].name = fp_str_dup(fp_str(from->items[i].name));
		if (!to->items[i].name)
			return -FP_ERROR_MEMORY;
		to->count++;
	}
	return 0;
}

struct fp_branches *fp_repository_source_branches(struct fp_repository_source *source,
	const struct fp_repository_settings *settings, const struct fp_branches *previous)
{
	struct fp_graph_view view = fp_graph_view(source->graph);
	struct fp_branches *branches = NULL;
	struct fp_facts_rows facts = {0};
	struct fp_ref_rows refs;

	if (copy_refs(&source->refs, &refs) < 0 || borrow_facts(source->reader, &facts) < 0)
		fp_ref_rows_release(&refs);
	else
		branches = fp_branches_build(settings, &view, &refs, source->revision, &facts,
			previous, &source->scratch);
	free(facts.items);
	fp_graph_view_release(&view);
	return branches;
}

/* The branches that are published now, with a reference for us; NULL when there are none. */
static struct fp_branches *current_branches(struct look *look)
{
	const struct fp_snapshot *snapshot = fp_publisher_lock(look->sync->publisher);
	struct fp_branches *branches = snapshot->repositories[look->source->index].branches;

	if (branches)
		fp_branches_ref(branches);
	fp_publisher_unlock(look->sync->publisher, NULL);
	return branches;
}

static bool is_current(const struct look *look, const struct fp_branches *current)
{
	return current && current->revision == look->source->revision &&
	       current->view.count == fp_graph_count(look->source->graph) &&
	       current->view.graph == look->source->graph;
}

static int publish(struct look *look, struct fp_error *error)
{
	FP_CLEANUP(fp_branches_unref_cleanup) struct fp_branches *current = current_branches(look);
	struct fp_repository_source *source = look->source;
	struct fp_branches *next = NULL;
	int64_t now_us = fp_clock_real_us();
	int r;

	if (!is_current(look, current)) {
		set_progress(look, FP_PHASE_BUILDING, 0, 0, 0);
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

/* Everything after the fetch: local, and the same whether the fetch brought anything or not. */
static int take_in(struct look *look, struct fp_error *error)
{
	struct ref_events events = {0};
	int r = fp_mirror_open(look->source->path, &look->mirror, error);

	if (r == 1)
		r = fp_error_set(
			error, FP_ERROR_CORRUPT, "there is no mirror at %s", look->source->path);
	if (r >= 0)
		r = fp_mirror_read_refs(look->mirror, &look->refs, error);
	if (r >= 0)
		r = read_commits(look, error);
	if (r >= 0)
		r = store_commits(look->source, error);
	if (r >= 0)
		r = compare_refs(look, &events, error);
	if (r >= 0)
		r = store_refs(look, &events, error);
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

/* Who asked for a commit that did not turn up is told so, and what it is if it is no commit. */
static void settle(struct look *look, enum fp_look_result result)
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

static void measure(struct look *look)
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

static void tidy(struct look *look)
{
	struct fp_error error;
	int r = 1;

	if (look->mirror && look->source->status.packs > PACKS_MAX)
		r = fp_mirror_consolidate(look->mirror, PACKS_MAX, &look->sync->cancelled, &error);
	if (r < 0)
		fp_log_error(FP_LOG_WARNING, "mirror.not_consolidated", &error, "repo=%s",
			look->source->config->name);
}

static int fetch_and_take_in(struct look *look, struct fp_error *error)
{
	struct fp_error publishing;
	int r = fetch(look, error);

	if (r >= 0)
		r = take_in(look, error);
	if (r >= 0)
		return 0;
	if (r == -FP_ERROR_CORRUPT)
		set_aside(look->source);
	/* The last good state goes on being served, and says why it is old. */
	if (r != -FP_ERROR_CANCELLED)
		fp_publish_repository(look->sync, look->source->index, NULL,
			look->source->synced_us, error->text, &publishing);
	return r;
}

int fp_repository_source_look(struct fp_sync *sync, struct fp_repository_source *source,
	struct fp_waiting_looks *looks, struct fp_error *error)
{
	struct look look = {
		.sync = sync,
		.source = source,
		.waiting = looks,
		.started_us = fp_clock_real_us(),
		.logged_us = fp_clock_real_us(),
	};
	int r = fetch_and_take_in(&look, error);

	settle(&look, r < 0 ? FP_LOOK_FAILED : FP_LOOK_DONE);
	measure(&look);
	tidy(&look);
	set_progress(&look, FP_PHASE_WAITING, 0, 0, 0);
	fp_mirror_refs_release(&look.refs);
	fp_mirror_close(look.blob_mirror);
	fp_mirror_close(look.mirror);
	return r;
}

/* ---- life ---- */

static int copy_spec(struct fp_repository_source *source)
{
	const struct fp_config_repository *config = source->config;

	source->branch_specs =
		calloc(config->branch_source_count + 1, sizeof(*source->branch_specs));
	source->release_specs =
		calloc(config->release_source_count + 1, sizeof(*source->release_specs));
	if (!source->branch_specs || !source->release_specs)
		return -FP_ERROR_MEMORY;
	for (size_t i = 0; i < config->branch_source_count; i++)
		source->branch_specs[i] = (struct fp_source_branch_spec){
			.file = config->branch_sources[i].file,
			.variable = config->branch_sources[i].variable,
			.element = config->branch_sources[i].element,
		};
	for (size_t i = 0; i < config->release_source_count; i++)
		source->release_specs[i] = (struct fp_source_release_spec){
			.fixed = config->release_sources[i].fixed,
			.file = config->release_sources[i].file,
			.major = config->release_sources[i].major,
			.minor = config->release_sources[i].minor,
			.patch = config->release_sources[i].patch,
			.prerelease = config->release_sources[i].prerelease,
		};
	source->spec = (struct fp_source_spec){
		.branches = source->branch_specs,
		.branch_count = config->branch_source_count,
		.releases = source->release_specs,
		.release_count = config->release_source_count,
		.max_file_bytes = config->max_version_file_bytes,
	};
	return 0;
}

static int restore_facts(struct fp_repository_source *source, const struct fp_facts_rows *rows,
	struct fp_error *error)
{
	for (size_t i = 0; i < rows->count; i++) {
		const struct fp_source_facts facts = {
			.release = rows->items[i].release,
			.release_source = rows->items[i].release_source,
			.release_problem = rows->items[i].release_problem,
			.branch = rows->items[i].branch,
			.branch_source = rows->items[i].branch_source,
			.branch_problem = rows->items[i].branch_problem,
		};
		int r = fp_source_reader_restore(source->reader, &facts, error);

		if (r < 0)
			return r;
	}
	return 0;
}

/* Commits and facts from the store, or none of either. */
static int load_commits(struct fp_repository_source *source, struct fp_error *error)
{
	struct fp_facts_rows facts = {0};
	const char *why = "";
	int r;

	source->graph = fp_graph_new();
	if (!source->graph)
		return fp_error_memory(error);
	r = fp_store_load_commits(source->store, source->id, source->config->source_digest,
		source->graph, &facts, &why, error);
	if (r == 1) {
		if (source->refs.count)
			fp_log(FP_LOG_INFO, "mirror.commits_dropped", "repo=%s why=%s",
				source->config->name, fp_log_quote(why).text);
		fp_graph_unref(source->graph);
		source->graph = fp_graph_new();
		r = source->graph ? 0 : fp_error_memory(error);
	} else if (r == 0) {
		r = restore_facts(source, &facts, error);
	}
	fp_facts_rows_release(&facts);
	if (r < 0)
		return r;
	source->stored_commits = fp_graph_count(source->graph);
	source->stored_facts = fp_source_reader_count(source->reader);
	return 0;
}

static int open_source(
	struct fp_sync *sync, struct fp_repository_source *source, struct fp_error *error)
{
	int r;

	if (asprintf(&source->path, "%s/mirrors/%s.git", sync->options.data_dir,
		    source->config->name) < 0) {
		source->path = NULL;
		return fp_error_memory(error);
	}
	if (copy_spec(source) < 0)
		return fp_error_memory(error);
	r = fp_source_reader_new(&source->spec, &source->reader, error);
	if (r >= 0)
		r = fp_store_open(sync->options.data_dir, false, &source->store, error);
	if (r >= 0)
		r = fp_store_repository_id(source->store, source->config->name, &source->id, error);
	if (r >= 0)
		r = fp_store_get_synced(
			source->store, "repository", source->id, &source->synced_us, error);
	if (r >= 0)
		r = fp_store_load_refs(
			source->store, source->id, &source->refs, &source->revision, error);
	if (r >= 0)
		r = load_commits(source, error);
	return r;
}

int fp_repository_source_new(struct fp_sync *sync, size_t index,
	struct fp_repository_source **source, struct fp_error *error)
{
	struct fp_repository_source *made = calloc(1, sizeof(*made));
	int r;

	if (!made)
		return fp_error_memory(error);
	made->config = &sync->config->repositories[index];
	made->index = index;
	made->status.last_attempt_us = made->status.next_attempt_us = -1;
	made->status.left_us = -1;
	r = open_source(sync, made, error);
	if (r < 0) {
		fp_repository_source_free(made);
		return r;
	}
	made->status.last_success_us = made->synced_us;
	*source = made;
	return 0;
}

void fp_repository_source_free(struct fp_repository_source *source)
{
	if (!source)
		return;
	fp_source_reader_free(source->reader);
	fp_graph_unref(source->graph);
	fp_ref_rows_release(&source->refs);
	fp_scratch_release(&source->scratch);
	fp_store_close(source->store);
	free(source->branch_specs);
	free(source->release_specs);
	free(source->path);
	free(source);
}
