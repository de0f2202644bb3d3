/* A repository as a source: what it keeps between looks, from and to the store. */
#include "sources.h"

#include "forkpoint/base/log.h"
#include "forkpoint/store/past.h"

#include <stdio.h>
#include <stdlib.h>

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

int fp_repository_source_store_commits(
	struct fp_repository_source *source, bool whole, struct fp_error *error)
{
	struct fp_graph_view view = fp_graph_view(source->graph);
	struct fp_facts_rows facts = {0};
	int r = 0;

	if (view.count > source->stored_commits ||
		fp_source_reader_count(source->reader) > source->stored_facts ||
		(whole && !source->whole)) {
		r = borrow_facts(source->reader, &facts);
		if (r < 0)
			r = fp_error_memory(error);
		else
			r = fp_store_append_commits(source->store, source->id, &view,
				&(struct fp_commits_append){
					.source_digest = source->config->source_digest,
					.first = source->stored_commits,
					.facts = facts.items,
					.first_facts = source->stored_facts,
					.facts_count = facts.count,
					.whole = whole,
				},
				error);
	}
	if (r >= 0) {
		source->whole |= whole;
		source->stored_commits = view.count;
		source->stored_facts = fp_source_reader_count(source->reader);
	}
	free(facts.items);
	fp_graph_view_release(&view);
	return r;
}

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

static struct fp_branches *build_branches(struct fp_repository_source *source,
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
			previous, &source->kept, &source->scratch);
	fp_kept_reaches_release(&source->kept);
	if (branches)
		branches->arrivals = source->arrivals;
	free(facts.items);
	fp_graph_view_release(&view);
	return branches;
}

bool fp_repository_source_is_reachable(const struct fp_repository_source *source)
{
	return source->reachable == fp_graph_count(source->graph);
}

void fp_repository_source_note_reachable(struct fp_repository_source *source)
{
	uint32_t count = fp_graph_count(source->graph);
	const struct fp_newest_refs newest = {source->revision, source->arrivals};
	struct fp_error error;

	if (source->reachable == count)
		return;
	source->reachable = count;
	if (fp_store_set_reachable(source->store, source->id, count, &newest, &error) < 0)
		fp_log_error(FP_LOG_WARNING, "mirror.reachable_not_kept", &error, "repo=%s",
			source->config->name);
}

int fp_repository_source_branches(struct fp_repository_source *source,
	const struct fp_repository_settings *settings, const struct fp_branches *previous,
	struct fp_branches **branches, struct fp_error *error)
{
	struct fp_branches *built = build_branches(source, settings, previous);
	int r = built ? 0 : fp_error_memory(error);

	if (r >= 0 && !fp_repository_source_is_reachable(source)) {
		r = fp_store_limit_branches(source->store, source->id, built, error);
		if (r == 0)
			fp_repository_source_note_reachable(source);
	}
	if (r < 0) {
		fp_branches_unref(built);
		return r;
	}
	*branches = built;
	return 0;
}

void fp_repository_source_settle_known(
	struct fp_repository_source *source, struct fp_waiting_looks *looks)
{
	struct fp_graph_view view;
	size_t left = 0;

	if (!fp_repository_source_is_reachable(source))
		return;
	view = fp_graph_view(source->graph);
	for (size_t i = 0; i < looks->count; i++) {
		struct fp_waiting_look *look = &looks->items[i];
		struct fp_oid oid;

		if (!fp_oid_parse(fp_str(look->sha), &oid) ||
			fp_graph_find(&view, &oid) == FP_NO_COMMIT) {
			looks->items[left++] = *look;
			continue;
		}
		fp_ticket_settle(look->ticket, FP_LOOK_DONE);
		fp_ticket_unref(look->ticket);
	}
	looks->count = left;
	fp_graph_view_release(&view);
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
	struct fp_commits_state state;
	int r;

	source->graph = fp_graph_new();
	if (!source->graph)
		return fp_error_memory(error);
	r = fp_store_load_commits(source->store, source->id, source->config->source_digest,
		&(struct fp_newest_refs){source->revision, source->arrivals}, source->graph, &facts,
		&state, error);
	if (r == 1) {
		if (source->refs.count)
			fp_log(FP_LOG_INFO, "mirror.commits_dropped", "repo=%s why=%s",
				source->config->name, fp_log_quote(state.why).text);
		fp_graph_unref(source->graph);
		source->graph = fp_graph_new();
		r = source->graph ? 0 : fp_error_memory(error);
	} else if (r == 0) {
		source->whole = state.whole;
		source->reachable = state.reachable;
		r = restore_facts(source, &facts, error);
		if (r >= 0)
			r = fp_repository_source_load_reaches(source, error);
		if (r >= 0 && !source->whole)
			fp_log(FP_LOG_INFO, "mirror.reading_resumed", "repo=%s commits=%u",
				source->config->name, fp_graph_count(source->graph));
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
		r = fp_store_last_arrival(source->store, source->id, &source->arrivals, error);
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
	made->status.left_us = made->status.default_branch_us = -1;
	r = open_source(sync, made, error);
	if (r < 0) {
		fp_repository_source_free(made);
		return r;
	}
	made->status.last_success_us = made->noted.synced_us = made->synced_us;
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
	fp_kept_reaches_release(&source->kept);
	fp_scratch_release(&source->scratch);
	fp_noted_release(&source->noted);
	fp_store_close(source->store);
	free(source->branch_specs);
	free(source->release_specs);
	free(source->path);
	free(source);
}
