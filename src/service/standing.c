/* Repositories from the databases. */
#include "forkpoint/service/standing.h"

#include "forkpoint/store/commits.h"
#include "forkpoint/store/past.h"
#include "forkpoint/store/publications.h"

/* What a repository is read into. */
struct reading {
	struct fp_graph *graph;
	struct fp_facts_rows facts;
	struct fp_ref_rows refs;
	int64_t id, revision, arrivals;
	struct fp_commits_state commits;
};

static void reading_release(struct reading *reading)
{
	fp_graph_unref(reading->graph);
	fp_facts_rows_release(&reading->facts);
	fp_ref_rows_release(&reading->refs);
}

/* 1 when it is not there as a whole. */
static int read_repository(struct fp_store *store, const struct fp_repository_settings *settings,
	struct reading *reading, struct fp_error *error)
{
	FP_CLEANUP_FREE char *name = fp_str_dup(settings->name);
	FP_CLEANUP_FREE char *digest = fp_str_dup(settings->source_digest);
	int r;

	reading->graph = fp_graph_new();
	if (!name || !digest || !reading->graph)
		return fp_error_memory(error);
	r = fp_store_find_repository(store, name, &reading->id, error);
	if (r == 0)
		r = fp_store_load_refs(
			store, reading->id, &reading->refs, &reading->revision, error);
	if (r == 0)
		r = fp_store_last_arrival(store, reading->id, &reading->arrivals, error);
	if (r == 0)
		r = fp_store_load_commits(store, reading->id, digest,
			&(struct fp_newest_refs){reading->revision, reading->arrivals},
			reading->graph, &reading->facts, &reading->commits, error);
	return r == 0 && !reading->commits.whole ? 1 : r;
}

static int load_repository(
	struct fp_store *store, struct fp_snapshot_repository *repository, struct fp_error *error)
{
	FP_CLEANUP(reading_release) struct reading reading = {0};
	struct fp_scratch scratch = {0};
	struct fp_branches *branches;
	struct fp_graph_view view;
	int r = read_repository(store, repository->settings, &reading, error);

	if (r != 0)
		return r < 0 ? r : 0;
	view = fp_graph_view(reading.graph);
	branches = fp_branches_build(repository->settings, &view, &reading.refs, reading.revision,
		&reading.facts, NULL, NULL, &scratch);
	fp_graph_view_release(&view);
	fp_scratch_release(&scratch);
	if (!branches)
		return fp_error_memory(error);
	branches->arrivals = reading.arrivals;
	fp_snapshot_set_branches(repository, branches);
	if (reading.commits.reachable < branches->view.count)
		r = fp_store_limit_branches(store, reading.id, branches, error);
	return r < 0 ? r : 0;
}

int fp_service_load_standing(struct fp_store *store, struct fp_settings *settings,
	struct fp_snapshot **snapshot, struct fp_error *error)
{
	struct fp_snapshot *made = fp_snapshot_new(settings);
	int r = made ? 0 : fp_error_memory(error);

	for (size_t i = 0; r >= 0 && i < settings->repository_count; i++)
		r = load_repository(store, &made->repositories[i], error);
	if (r < 0) {
		fp_snapshot_free(made);
		return r;
	}
	*snapshot = made;
	return 0;
}
