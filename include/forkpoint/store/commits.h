#pragma once
/*
 * Commits, derived: pages of up to 4,096 rows of fixed shape with a checksum, because a million
 * commits load from pages in a fifth of the time that a row each takes.
 */
#include "forkpoint/graph/graph.h"
#include "forkpoint/store/store.h"

/* What a commit's tree says, numbered from 0 per repository; see mirror/source.h. NULL where there
 * is none. */
struct fp_facts_row {
	char *release, *release_source, *release_problem;
	char *branch, *branch_source, *branch_problem;
};

struct fp_facts_rows {
	struct fp_facts_row *items;
	size_t count;
};

void fp_facts_rows_release(struct fp_facts_rows *rows);

/*
 * Fills an empty graph and the facts. 1 when what is kept is missing, damaged, or was read with
 * another source digest: the graph and facts are then to be thrown away and made again from the
 * mirror (*why gets a static sentence).
 */
int fp_store_load_commits(struct fp_store *store, int64_t repository, const char *source_digest,
	struct fp_graph *graph, struct fp_facts_rows *facts, const char **why,
	struct fp_error *error);

/* Writes the view's commits from index `first` on, and of all facts (facts_count of them) those
 * from number first_facts on, in one transaction. first 0 drops what was there and writes all. */
int fp_store_append_commits(struct fp_store *store, int64_t repository, const char *source_digest,
	const struct fp_graph_view *view, uint32_t first, const struct fp_facts_row *facts,
	size_t first_facts, size_t facts_count, struct fp_error *error);
