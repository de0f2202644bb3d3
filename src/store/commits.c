/* Commits and what their trees say, kept as pages; see migrations/derived.sql. */
#include "facts_page.h"
#include "pages.h"

#include "forkpoint/graph/columns.h"

enum { COMMIT_PAGE_MAX_BYTES = 64 << 20 }; /* octopus merges' parents included */

void fp_facts_rows_release(struct fp_facts_rows *rows)
{
	for (size_t i = 0; i < rows->count; i++) {
		struct fp_facts_row *row = &rows->items[i];

		free(row->release);
		free(row->release_source);
		free(row->release_problem);
		free(row->branch);
		free(row->branch_source);
		free(row->branch_problem);
	}
	free(rows->items);
	*rows = (struct fp_facts_rows){0};
}

/* ---- loading ---- */

struct source {
	bool exists;
	bool is_other; /* read with another digest */
	bool whole;
	uint32_t commits, facts, reachable;
	struct fp_newest_refs newest; /* when so many were reachable */
};

/* More than any graph holds is damage, and becomes a number that no pages add up to. */
static uint32_t count_of(sqlite3_stmt *statement, int column)
{
	int64_t count = sqlite3_column_int64(statement, column);

	return count < 0 || count > FP_GRAPH_MAX_COMMITS ? FP_GRAPH_MAX_COMMITS + 1
							 : (uint32_t)count;
}

static int load_source(struct fp_store *store, int64_t repository, const char *digest,
	struct source *source, struct fp_error *error)
{
	FP_CLEANUP_SQL sqlite3_stmt *statement = NULL;
	const struct fp_sql_value values[] = {fp_sql_integer(repository)};
	int r = fp_sql_start(store, FP_SQL_SOURCE_GET,
		"SELECT commits, facts, source_digest, whole, reachable, ref_event, arrival"
		" FROM commit_sources WHERE repository = ?",
		values, 1, &statement, error);

	*source = (struct source){0};
	if (r >= 0)
		r = fp_sql_step(statement, error);
	if (r != 1)
		return r;
	source->exists = true;
	source->commits = count_of(statement, 0);
	source->facts = count_of(statement, 1);
	source->is_other = !fp_str_equal(fp_sql_column(statement, 2), fp_str(digest));
	source->whole = sqlite3_column_int64(statement, 3) != 0;
	source->reachable = count_of(statement, 4);
	source->newest.event = sqlite3_column_int64(statement, 5);
	source->newest.arrival = sqlite3_column_int64(statement, 6);
	return 0;
}

/* What loading fills; exactly one of the two is wanted for a kind of page. */
struct target {
	struct fp_graph *graph;
	struct fp_facts_rows *facts;
	uint32_t facts_count;
};

static int read_page(sqlite3_stmt *statement, enum fp_page_kind kind, uint32_t expected_first,
	uint32_t *count, const struct target *target, struct fp_error *error)
{
	struct fp_str content;
	uint32_t first;

	if (!fp_page_read(statement, &first, count, &content) || first != expected_first)
		return 1;
	if (kind == FP_PAGE_COMMITS)
		return fp_graph_append_page(
			target->graph, content, *count, target->facts_count, error);
	if (*count > target->facts_count - target->facts->count)
		return 1;
	return fp_facts_page_read(content, *count, target->facts, error);
}

/* 1 when a page is missing or damaged. */
static int read_pages(struct fp_store *store, int64_t repository, enum fp_page_kind kind,
	uint32_t total, const struct target *target, struct fp_error *error)
{
	FP_CLEANUP_SQL sqlite3_stmt *statement = NULL;
	uint32_t done = 0, count = 0;
	int r = fp_pages_start(store, repository, kind, &statement, error);

	while (r >= 0) {
		r = fp_sql_step(statement, error);
		if (r <= 0)
			break;
		r = read_page(statement, kind, done, &count, target, error);
		if (r != 0)
			return r;
		done += count;
	}
	return r < 0 ? r : done != total;
}

static int load_content(struct fp_store *store, int64_t repository, const struct source *source,
	struct fp_graph *graph, struct fp_facts_rows *facts, struct fp_error *error)
{
	struct target target = {graph, facts, source->facts};
	int r;

	facts->items = calloc(source->facts + (size_t)1, sizeof(*facts->items));
	if (!facts->items)
		return fp_error_memory(error);
	r = read_pages(store, repository, FP_PAGE_FACTS, source->facts, &target, error);
	if (r == 0 && fp_graph_expect(graph, source->commits) < 0)
		return fp_error_memory(error);
	if (r == 0)
		r = read_pages(store, repository, FP_PAGE_COMMITS, source->commits, &target, error);
	return r;
}

/* What cannot be relied on is found out again. */
static uint32_t reachable_of(const struct source *source, const struct fp_newest_refs *newest)
{
	bool is_sound = source->reachable <= source->commits &&
			source->newest.event <= newest->event &&
			source->newest.arrival <= newest->arrival;

	return is_sound ? source->reachable : 0;
}

int fp_store_load_commits(struct fp_store *store, int64_t repository, const char *source_digest,
	const struct fp_newest_refs *newest, struct fp_graph *graph, struct fp_facts_rows *facts,
	struct fp_commits_state *state, struct fp_error *error)
{
	struct fp_facts_rows FP_CLEANUP(fp_facts_rows_release) loaded = {0};
	struct source source;
	int r = fp_store_open_derived(store, error);

	*state = (struct fp_commits_state){.why = "the kept commits are damaged"};
	if (r >= 0)
		r = load_source(store, repository, source_digest, &source, error);
	if (r >= 0 && !source.exists)
		state->why = "no commits are kept yet";
	else if (r >= 0 && source.is_other)
		state->why = "the kept commits were read with other settings";
	if (r >= 0 && (!source.exists || source.is_other))
		return 1;
	if (r >= 0)
		r = load_content(store, repository, &source, graph, &loaded, error);
	if (r == -FP_ERROR_CORRUPT)
		r = 1;
	if (r != 0)
		return r;
	state->whole = source.whole;
	state->reachable = reachable_of(&source, newest);
	*facts = loaded;
	loaded = (struct fp_facts_rows){0};
	return 0;
}

/* ---- appending ---- */

/* From the page on in which `first` lies: that one is written again, fuller. */
static int put_commits(struct fp_store *store, int64_t repository, const struct fp_graph_view *view,
	uint32_t first, struct fp_error *error)
{
	struct fp_buf FP_CLEANUP_BUF page = {0};
	int r = 0;

	fp_buf_init(&page, COMMIT_PAGE_MAX_BYTES);
	first -= first % FP_GRAPH_CHUNK;
	for (; r >= 0 && first < view->count; first += FP_GRAPH_CHUNK) {
		uint32_t left = view->count - first;
		uint32_t count = left < FP_GRAPH_CHUNK ? left : FP_GRAPH_CHUNK;

		fp_buf_clear(&page);
		fp_graph_write_page(view, first, count, &page);
		r = fp_page_put(store,
			&(struct fp_page_place){repository, FP_PAGE_COMMITS, first, count}, &page,
			error);
	}
	return r;
}

static int put_facts(struct fp_store *store, int64_t repository,
	const struct fp_commits_append *append, struct fp_error *error)
{
	struct fp_buf FP_CLEANUP_BUF page = {0};
	size_t count = append->facts_count - append->first_facts;

	if (count == 0)
		return 0;
	fp_buf_init(&page, FP_FACTS_PAGE_MAX_BYTES);
	fp_facts_page_write(append->facts + append->first_facts, count, &page);
	return fp_page_put(store,
		&(struct fp_page_place){
			repository, FP_PAGE_FACTS, (uint32_t)append->first_facts, (uint32_t)count},
		&page, error);
}

static int set_source(struct fp_store *store, int64_t repository, uint32_t commits,
	const struct fp_commits_append *append, struct fp_error *error)
{
	const struct fp_sql_value values[] = {
		fp_sql_integer(repository),
		fp_sql_text(fp_str(append->source_digest)),
		fp_sql_integer(commits),
		fp_sql_integer((int64_t)append->facts_count),
		fp_sql_integer(append->whole),
	};

	return fp_sql_run(store, FP_SQL_SOURCE_SET,
		"INSERT INTO commit_sources (repository, source_digest, commits, facts, whole)"
		" VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET commits = excluded.commits,"
		" facts = excluded.facts, whole = max(whole, excluded.whole)",
		values, FP_ARRAY_SIZE(values), error);
}

int fp_store_set_reachable(struct fp_store *store, int64_t repository, uint32_t commits,
	const struct fp_newest_refs *newest, struct fp_error *error)
{
	const struct fp_sql_value values[] = {
		fp_sql_integer(commits),
		fp_sql_integer(newest->event),
		fp_sql_integer(newest->arrival),
		fp_sql_integer(repository),
	};
	int r = fp_store_open_derived(store, error);

	return r < 0 ? r
		     : fp_sql_run(store, FP_SQL_SOURCE_REACHABLE,
			       "UPDATE commit_sources SET reachable = ?, ref_event = ?, arrival = ?"
			       " WHERE repository = ?",
			       values, FP_ARRAY_SIZE(values), error);
}

/* Drops what there is, or makes sure that it ends where the new rows begin. */
static int make_way(struct fp_store *store, int64_t repository,
	const struct fp_commits_append *append, struct fp_error *error)
{
	const struct fp_sql_value values[] = {fp_sql_integer(repository)};
	struct source source;
	int r;

	if (append->first == 0)
		return fp_sql_run(store, FP_SQL_SOURCE_DROP,
			"DELETE FROM commit_sources WHERE repository = ?", values, 1, error);
	r = load_source(store, repository, append->source_digest, &source, error);
	if (r >= 0 && (!source.exists || source.is_other || source.commits != append->first ||
			      source.facts != append->first_facts))
		return fp_error_set(error, FP_ERROR_INTERNAL,
			"commits from %u and facts from %zu do not follow the %u and %u that are "
			"kept",
			append->first, append->first_facts, source.commits, source.facts);
	return r;
}

int fp_store_append_commits(struct fp_store *store, int64_t repository,
	const struct fp_graph_view *view, const struct fp_commits_append *append,
	struct fp_error *error)
{
	FP_CLEANUP_TRANSACTION struct fp_transaction transaction = {0};
	struct fp_commits_append all = *append;
	int r = fp_store_open_derived(store, error);

	if (all.first == 0)
		all.first_facts = 0;
	if (r >= 0 && all.first_facts > all.facts_count)
		r = fp_error_set(error, FP_ERROR_INTERNAL, "facts from %zu on, of %zu",
			all.first_facts, all.facts_count);
	if (r >= 0)
		r = fp_transaction_begin(&transaction, store, true, error);
	if (r >= 0)
		r = make_way(store, repository, &all, error);
	if (r >= 0)
		r = set_source(store, repository, view->count, &all, error);
	if (r >= 0)
		r = put_commits(store, repository, view, all.first, error);
	if (r >= 0)
		r = put_facts(store, repository, &all, error);
	return r < 0 ? r : fp_transaction_commit(&transaction, error);
}
