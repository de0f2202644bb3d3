/* Branches' reaches between two runs: written when the daemon stops, lent to the first snapshot of
 * the next one. A daemon that is killed builds them anew. */
#include "sources.h"

#include "forkpoint/base/log.h"

#include <stdlib.h>

enum { KEPT_MAX = 64 };

static int collect(const struct fp_branches *branches, struct fp_reach **reaches)
{
	int count = 0;

	for (size_t i = 0; i < branches->count && count < KEPT_MAX; i++)
		if (branches->items[i].reach)
			reaches[count++] = branches->items[i].reach;
	return count;
}

/* Reaches name commits by their places in the graph, so these must be kept as they stand there. */
static bool may_be_kept(
	const struct fp_repository_source *source, const struct fp_branches *branches)
{
	return source && branches && source->whole && branches->view.graph == source->graph &&
	       fp_graph_count(source->graph) == source->stored_commits;
}

void fp_repository_sources_keep_reaches(struct fp_sync *sync)
{
	const struct fp_snapshot *snapshot = fp_publisher_lock(sync->publisher);

	for (size_t i = 0; i < sync->source_count; i++) {
		struct fp_repository_source *source = sync->sources[i].repository;
		const struct fp_branches *branches =
			source ? snapshot->repositories[source->index].branches : NULL;
		struct fp_reach *reaches[KEPT_MAX];
		struct fp_error error;

		if (may_be_kept(source, branches) &&
			fp_store_put_reaches(source->store, source->id, reaches,
				(size_t)collect(branches, reaches), &error) < 0)
			fp_log_error(FP_LOG_WARNING, "mirror.reaches_not_kept", &error, "repo=%s",
				source->config->name);
	}
	fp_publisher_unlock(sync->publisher, NULL);
}

int fp_repository_source_load_reaches(struct fp_repository_source *source, struct fp_error *error)
{
	struct fp_graph_view view = fp_graph_view(source->graph);
	int r = 0;

	source->kept.items = calloc(KEPT_MAX, sizeof(*source->kept.items));
	if (!source->kept.items)
		r = fp_error_memory(error);
	else
		r = fp_store_load_reaches(source->store, source->id, &view, source->kept.items,
			KEPT_MAX, &source->kept.count, error);
	fp_graph_view_release(&view);
	return r;
}
