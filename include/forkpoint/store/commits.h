#pragma once
/* Commits, derived: pages of up to 4,096, as the graph holds them in memory, with a checksum. */
#include "forkpoint/graph/reach.h"
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

/* What is known of the commits that are kept; see migrations/derived.sql. */
struct fp_commits_state {
	bool whole;	    /* false where a first reading was cut off: it goes on from there */
	uint32_t reachable; /* 0 where facts.db lost what led to them */
	const char *why;    /* a static sentence where there are none */
};

/* The newest ref event and the newest arrival of a repository that facts.db has. */
struct fp_newest_refs {
	int64_t event, arrival;
};

/*
 * Fills an empty graph and the facts; newest: as facts.db has them now. 1 when what is kept is
 * missing, damaged, or was read with another source digest: the graph and facts are then to be
 * thrown away and made again from the mirror (state->why says which).
 */
int fp_store_load_commits(struct fp_store *store, int64_t repository, const char *source_digest,
	const struct fp_newest_refs *newest, struct fp_graph *graph, struct fp_facts_rows *facts,
	struct fp_commits_state *state, struct fp_error *error);

/* What is written next to what is kept. */
struct fp_commits_append {
	const char *source_digest;
	uint32_t first; /* of the view's commits; 0 drops what was there and writes all */
	const struct fp_facts_row *facts; /* all of them; from number first_facts on are new */
	size_t first_facts, facts_count;
	bool whole; /* all that the refs lead to is there now; stays so until first is 0 */
};

/* Writes the view's commits and the facts that are new, in one transaction. */
int fp_store_append_commits(struct fp_store *store, int64_t repository,
	const struct fp_graph_view *view, const struct fp_commits_append *append,
	struct fp_error *error);

/* Refs and arrivals that lead to the first so many commits are written, up to `newest`. */
int fp_store_set_reachable(struct fp_store *store, int64_t repository, uint32_t commits,
	const struct fp_newest_refs *newest, struct fp_error *error);

/* Keeps the reaches, in the place of those that were kept. All of their commits must be kept. */
int fp_store_put_reaches(struct fp_store *store, int64_t repository,
	struct fp_reach *const *reaches, size_t count, struct fp_error *error);
/* Those that are kept, with a reference each for the caller; damaged ones are left out. The view is
 * of a graph that was loaded from what is kept. */
int fp_store_load_reaches(struct fp_store *store, int64_t repository,
	const struct fp_graph_view *view, struct fp_reach **reaches, size_t max, size_t *count,
	struct fp_error *error);
