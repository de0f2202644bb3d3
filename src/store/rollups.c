/* Counting requests in the first sums, and making the others of these. */
#include "rollups.h"

#include "forkpoint/base/array.h"
#include "forkpoint/base/time.h"

#include "history_write.h"
#include "latency.h"
#include "sql.h"

enum {
	/* Of the first sums that others are made of in one transaction, so that it stays short. */
	MADE_ROWS = 4096,
	MADE_CELLS = 32768,
	CATCH_UP_REQUESTS = 4096,
};

/* What is made of the first sums. */
struct coarse {
	enum fp_rollup_kind kind;
	enum { OF_TOPIC, OF_BRANCH, OF_REPO } level;
	bool daily;
	unsigned rows;
};

static const struct coarse coarse_kinds[] = {
	{FP_ROLLUP_TOPIC_HOUR, OF_TOPIC, false, FP_ROLLUP_WHOLE},
	{FP_ROLLUP_TOPIC_DAY, OF_TOPIC, true, FP_ROLLUP_WHOLE | FP_ROLLUP_CLIENTS},
	{FP_ROLLUP_BRANCH_HOUR, OF_BRANCH, false, FP_ROLLUP_WHOLE},
	{FP_ROLLUP_BRANCH_DAY, OF_BRANCH, true, FP_ROLLUP_WHOLE | FP_ROLLUP_CLIENTS},
	{FP_ROLLUP_REPO_HOUR, OF_REPO, false, FP_ROLLUP_WHOLE | FP_ROLLUP_CLIENTS},
	{FP_ROLLUP_REPO_DAY, OF_REPO, true, FP_ROLLUP_WHOLE | FP_ROLLUP_CLIENTS},
};

static int64_t hour_of(int64_t at_us)
{
	return at_us > 0 ? at_us / (FP_HOUR_S * FP_US_PER_S) : 0;
}

struct fp_rollup_cell fp_rollup_cell_of(
	int64_t at_us, int64_t topic, int64_t client, uint32_t duration_us)
{
	return (struct fp_rollup_cell){
		.key = fp_rollup_key(FP_ROLLUP_TOPIC_HOUR, hour_of(at_us), topic),
		.client = client,
		.bucket = fp_latency_bucket(duration_us),
		.count = 1,
	};
}

int fp_rollups_made(
	struct fp_store *store, enum fp_rollup_kind kind, int64_t *below, struct fp_error *error)
{
	const struct fp_sql_value values[] = {fp_sql_integer(kind)};
	int r = fp_sql_find(store, FP_SQL_ROLLUPS_MADE_GET,
		"SELECT below FROM rollups_made WHERE kind = ?", values, 1, below, error);

	return r == 1 ? fp_error_set(error, FP_ERROR_CORRUPT, "the sums of requests are damaged")
		      : r;
}

static int set_made(
	struct fp_store *store, enum fp_rollup_kind kind, int64_t below, struct fp_error *error)
{
	const struct fp_sql_value values[] = {fp_sql_integer(kind), fp_sql_integer(below)};

	return fp_sql_run(store, FP_SQL_ROLLUPS_MADE_SET,
		"UPDATE rollups_made SET below = ?2 WHERE kind = ?1", values, 2, error);
}

/* The sum that a first one is a part of. */
static int coarser(struct fp_store *store, const struct coarse *coarse, int64_t first, int64_t *key,
	struct fp_error *error)
{
	int64_t hour = fp_rollup_bucket(first), topic = fp_rollup_topic(first);
	struct fp_topic_wholes wholes;
	int r = 0;

	if (coarse->level != OF_TOPIC) {
		r = fp_store_topic_wholes(store, topic, &wholes, error);
		if (r < 0)
			return r;
		topic = coarse->level == OF_BRANCH ? wholes.branch : wholes.repo;
	}
	*key = fp_rollup_key(coarse->kind, coarse->daily ? hour / FP_DAY_HOURS : hour, topic);
	return 0;
}

/* ---- requests that come when their hour's sums are made ---- */

/* The cells are sorted, and of the first sums. */
static int add_late(struct fp_store *store, const struct coarse *coarse, int64_t below,
	const struct fp_rollup_cell *cells, size_t count, struct fp_error *error)
{
	FP_CLEANUP_FREE struct fp_rollup_cell *late = NULL;
	size_t late_count = 0;
	int r = 0;

	while (late_count < count && cells[late_count].key < below)
		late_count++;
	if (late_count == 0)
		return 0;
	late = calloc(late_count, sizeof(*late));
	if (!late)
		return fp_error_memory(error);
	for (size_t i = 0; r >= 0 && i < late_count; i++) {
		late[i] = cells[i];
		if (i > 0 && cells[i].key == cells[i - 1].key)
			late[i].key = late[i - 1].key;
		else
			r = coarser(store, coarse, cells[i].key, &late[i].key, error);
	}
	return r < 0 ? r : fp_rollup_rows_add(store, coarse->rows, late, late_count, error);
}

/* ---- making ---- */

struct cells {
	struct fp_rollup_cell *items;
	size_t count, capacity;
};

static void cells_release(struct cells *cells)
{
	free(cells->items);
}

/* 1: the row is damaged. */
static int take_client(struct cells *cells, int64_t key, int64_t client, struct fp_str latencies,
	struct fp_error *error)
{
	unsigned behind = 0;
	uint32_t count;

	while (fp_latency_next(&latencies, &behind, &count)) {
		if (fp_array_reserve((void **)&cells->items, &cells->capacity, cells->count + 1,
			    sizeof(*cells->items)) < 0)
			return fp_error_memory(error);
		cells->items[cells->count++] =
			(struct fp_rollup_cell){key, client, behind - 1, count};
	}
	return latencies.len ? 1 : 0;
}

/* A row of the first sums, as part of the sum with that key. 1: it is damaged. */
static int take_row(struct cells *cells, int64_t key, struct fp_str clients, struct fp_error *error)
{
	struct fp_str latencies;
	int64_t client = 0;
	int r = 0;

	while (r == 0 && fp_rollup_next_client(&clients, &client, &latencies))
		r = take_client(cells, key, client, latencies, error);
	return r == 0 && clients.len ? 1 : r;
}

/* Takes some of the first sums from *below on; *below gets behind them. 1: one is damaged. */
static int take_rows(struct fp_store *store, const struct coarse *coarse, int64_t until,
	int64_t *below, struct cells *cells, struct fp_error *error)
{
	FP_CLEANUP_SQL sqlite3_stmt *statement = NULL;
	const struct fp_sql_value values[] = {
		fp_sql_integer(*below), fp_sql_integer(until), fp_sql_integer(MADE_ROWS)};
	size_t rows = 0;
	int64_t key = 0;
	int r = fp_sql_start(store, FP_SQL_ROLLUPS_FIRST,
		"SELECT key, clients FROM rollup_clients WHERE key >= ? AND key < ? ORDER BY key"
		" LIMIT ?",
		values, 3, &statement, error);

	while (r >= 0 && cells->count < MADE_CELLS && (r = fp_sql_step(statement, error)) == 1) {
		int64_t first = sqlite3_column_int64(statement, 0);

		r = coarser(store, coarse, first, &key, error);
		if (r >= 0)
			r = take_row(cells, key, fp_sql_column(statement, 1), error);
		if (r != 0)
			return r;
		*below = first + 1;
		rows++;
	}
	if (r == 0 && rows < MADE_ROWS && cells->count < MADE_CELLS)
		*below = until;
	return r;
}

/*
 * Makes some more sums of a kind, of first ones before `until`. Where one of these is damaged, it
 * stays where it is found by whoever reads it: requests can be recorded all the same.
 */
static int make(struct fp_store *store, const struct coarse *coarse, int64_t below, int64_t until,
	struct fp_error *error)
{
	struct cells FP_CLEANUP(cells_release) cells = {0};
	int r;

	if (below >= until)
		return 0;
	r = take_rows(store, coarse, until, &below, &cells, error);
	if (r != 0)
		return r < 0 ? r : 0;
	r = fp_rollup_rows_add(store, coarse->rows, cells.items, cells.count, error);
	return r < 0 ? r : set_made(store, coarse->kind, below, error);
}

int fp_rollups_add(
	struct fp_store *store, struct fp_rollup_cell *cells, size_t count, struct fp_error *error)
{
	int64_t below = 0, until;
	int r = fp_rollup_rows_add(store, FP_ROLLUP_CLIENTS, cells, count, error);

	if (r < 0 || count == 0)
		return r;
	/* The first hour of this transaction; most requests of those before it have come. */
	until = fp_rollup_key(FP_ROLLUP_TOPIC_HOUR, fp_rollup_bucket(cells->key), 0);
	for (size_t i = 0; r >= 0 && i < FP_ARRAY_SIZE(coarse_kinds); i++) {
		r = fp_rollups_made(store, coarse_kinds[i].kind, &below, error);
		if (r >= 0)
			r = add_late(store, &coarse_kinds[i], below, cells, count, error);
		if (r >= 0)
			r = make(store, &coarse_kinds[i], below, until, error);
	}
	return r;
}

/* ---- requests that came before there were sums ---- */

/* Newest first; *below gets the number under which the rest lie. */
static int read_old(struct fp_store *store, struct fp_rollup_cell *cells, size_t *count,
	int64_t *below, struct fp_error *error)
{
	FP_CLEANUP_SQL sqlite3_stmt *statement = NULL;
	const struct fp_sql_value values[] = {
		fp_sql_integer(*below), fp_sql_integer(CATCH_UP_REQUESTS)};
	int r = fp_sql_start(store, FP_SQL_NOT_SUMMED_READ,
		"SELECT request, at_us, topic, client, duration_us FROM requests"
		" WHERE request <= ? ORDER BY request DESC LIMIT ?",
		values, 2, &statement, error);

	while (r >= 0 && (r = fp_sql_step(statement, error)) == 1) {
		*below = sqlite3_column_int64(statement, 0) - 1;
		cells[(*count)++] = fp_rollup_cell_of(sqlite3_column_int64(statement, 1),
			sqlite3_column_int64(statement, 2), sqlite3_column_int64(statement, 3),
			(uint32_t)sqlite3_column_int64(statement, 4));
	}
	return r;
}

int fp_rollups_catch_up(struct fp_store *store, bool *done, struct fp_error *error)
{
	FP_CLEANUP_FREE struct fp_rollup_cell *cells = NULL;
	size_t count = 0;
	int64_t below = 0;
	int r = fp_sql_find(store, FP_SQL_NOT_SUMMED_GET, "SELECT request FROM not_summed", NULL, 0,
		&below, error);

	if (r < 0)
		return r;
	if (r == 1 || below == 0) {
		*done = true;
		return 0;
	}
	cells = calloc(CATCH_UP_REQUESTS, sizeof(*cells));
	if (!cells)
		return fp_error_memory(error);
	r = read_old(store, cells, &count, &below, error);
	if (r >= 0)
		r = fp_rollups_add(store, cells, count, error);
	if (r < 0)
		return r;
	const struct fp_sql_value values[] = {fp_sql_integer(count ? below : 0)};

	return fp_sql_run(store, FP_SQL_NOT_SUMMED_SET, "UPDATE not_summed SET request = ?", values,
		1, error);
}
