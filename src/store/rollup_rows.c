/*
 * Writing sums of requests. What is to be counted is sorted, so that what is counted together lies
 * together, and each sum is read and written once for all of it.
 */
#include "latency.h"
#include "rollups.h"
#include "sql.h"
#include "varint.h"

/* Some hundred thousand clients in one hour. */
enum { SUM_MAX_BYTES = 16 * 1024 * 1024 };

bool fp_rollup_next_client(struct fp_str *clients, int64_t *client, struct fp_str *latencies)
{
	struct fp_str rest = *clients;
	uint64_t step, bytes;

	if (!fp_varint_take(&rest, &step) || !fp_varint_take(&rest, &bytes) || bytes > rest.len)
		return false;
	*client += (int64_t)step;
	*latencies = fp_str_n(rest.ptr, (size_t)bytes);
	*clients = fp_str_n(rest.ptr + bytes, rest.len - (size_t)bytes);
	return true;
}

static int compare(int64_t a, int64_t b)
{
	return a < b ? -1 : a > b;
}

static int compare_cells(const void *left, const void *right)
{
	const struct fp_rollup_cell *a = left, *b = right;
	int order = compare(a->key, b->key);

	return order ? order : compare(a->client, b->client);
}

static int damaged(struct fp_error *error)
{
	return fp_error_set(error, FP_ERROR_CORRUPT, "a sum of requests is damaged");
}

/* What is counted in one sum, by client. */
struct run {
	const struct fp_rollup_cell *cells;
	size_t count;
};

/* How many from the first on are of its client. */
static size_t same_client(struct run run)
{
	size_t count = 1;

	while (count < run.count && run.cells[count].client == run.cells->client)
		count++;
	return count;
}

static void count_cells(
	struct fp_latency *latency, const struct fp_rollup_cell *cells, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		latency->total += cells[i].count;
		latency->counts[cells[i].bucket] += cells[i].count;
	}
}

static void add_client(
	struct fp_buf *out, int64_t *previous, int64_t client, struct fp_str latencies)
{
	fp_varint_add(out, (uint64_t)(client - *previous));
	fp_varint_add(out, latencies.len);
	fp_buf_add_str(out, latencies);
	*previous = client;
}

/* The run's first client, with what the row has of it; the run goes on behind it. */
static bool add_counted_client(
	struct fp_buf *out, int64_t *previous, struct run *run, struct fp_str before)
{
	struct fp_latency latency = {0};
	struct fp_buf FP_CLEANUP_BUF bytes = {0};
	size_t count = same_client(*run);
	bool fine = fp_latency_add(&latency, before);

	fp_buf_init(&bytes, out->max);
	count_cells(&latency, run->cells, count);
	fp_latency_write(&latency, &bytes);
	add_client(out, previous, run->cells->client, fp_buf_str(&bytes));
	run->cells += count;
	run->count -= count;
	return fine && bytes.state == FP_BUF_OK;
}

/* A row's clients with the run's. */
static int merge_clients(
	struct fp_str clients, struct run run, struct fp_buf *out, struct fp_error *error)
{
	int64_t client = 0, previous = 0;
	struct fp_str latencies;
	bool fine = true;

	while (fine && fp_rollup_next_client(&clients, &client, &latencies)) {
		while (fine && run.count && run.cells->client < client)
			fine = add_counted_client(out, &previous, &run, (struct fp_str){0});
		if (fine && run.count && run.cells->client == client)
			fine = add_counted_client(out, &previous, &run, latencies);
		else
			add_client(out, &previous, client, latencies);
	}
	while (fine && run.count)
		fine = add_counted_client(out, &previous, &run, (struct fp_str){0});
	return fine && clients.len == 0 ? fp_buf_check(out, error) : damaged(error);
}

/* The column of a row; *statement holds it. */
static int find_row(struct fp_store *store, enum fp_sql number, const char *sql, int64_t key,
	sqlite3_stmt **statement, struct fp_str *bytes, struct fp_error *error)
{
	const struct fp_sql_value values[] = {fp_sql_integer(key)};
	int r = fp_sql_start(store, number, sql, values, 1, statement, error);

	if (r >= 0)
		r = fp_sql_step(*statement, error);
	if (r == 1)
		*bytes = fp_sql_column(*statement, 0);
	return r;
}

static int write_whole(struct fp_store *store, struct run run, struct fp_error *error)
{
	FP_CLEANUP_SQL sqlite3_stmt *statement = NULL;
	struct fp_buf FP_CLEANUP_BUF bytes = {0};
	struct fp_latency latency = {0};
	struct fp_str before = {0};
	int64_t key = run.cells->key;
	int r = find_row(store, FP_SQL_ROLLUP_GET, "SELECT latencies FROM rollups WHERE key = ?",
		key, &statement, &before, error);

	if (r < 0)
		return r;
	if (!fp_latency_add(&latency, before))
		return damaged(error);
	count_cells(&latency, run.cells, run.count);
	fp_buf_init(&bytes, SUM_MAX_BYTES);
	fp_latency_write(&latency, &bytes);
	r = fp_buf_check(&bytes, error);
	const struct fp_sql_value row[] = {fp_sql_integer(key), fp_sql_blob(bytes.data, bytes.len)};

	return r < 0 ? r
		     : fp_sql_run(store, FP_SQL_ROLLUP_PUT,
			       "INSERT INTO rollups (key, latencies) VALUES (?, ?)"
			       " ON CONFLICT (key) DO UPDATE SET latencies = excluded.latencies",
			       row, FP_ARRAY_SIZE(row), error);
}

static int write_clients(struct fp_store *store, struct run run, struct fp_error *error)
{
	FP_CLEANUP_SQL sqlite3_stmt *statement = NULL;
	struct fp_buf FP_CLEANUP_BUF bytes = {0};
	struct fp_str before = {0};
	int64_t key = run.cells->key;
	int r = find_row(store, FP_SQL_ROLLUP_CLIENTS_GET,
		"SELECT clients FROM rollup_clients WHERE key = ?", key, &statement, &before,
		error);

	fp_buf_init(&bytes, SUM_MAX_BYTES);
	if (r >= 0)
		r = merge_clients(before, run, &bytes, error);
	if (r < 0)
		return r;
	const struct fp_sql_value row[] = {fp_sql_integer(key), fp_sql_blob(bytes.data, bytes.len)};

	return fp_sql_run(store, FP_SQL_ROLLUP_CLIENTS_PUT,
		"INSERT INTO rollup_clients (key, clients) VALUES (?, ?)"
		" ON CONFLICT (key) DO UPDATE SET clients = excluded.clients",
		row, FP_ARRAY_SIZE(row), error);
}

int fp_rollup_rows_add(struct fp_store *store, unsigned rows, struct fp_rollup_cell *cells,
	size_t count, struct fp_error *error)
{
	int r = 0;

	if (count)
		qsort(cells, count, sizeof(*cells), compare_cells);
	for (size_t from = 0, to; r >= 0 && from < count; from = to) {
		for (to = from + 1; to < count && cells[to].key == cells[from].key;)
			to++;
		if (rows & FP_ROLLUP_WHOLE)
			r = write_whole(store, (struct run){&cells[from], to - from}, error);
		if (r >= 0 && rows & FP_ROLLUP_CLIENTS)
			r = write_clients(store, (struct run){&cells[from], to - from}, error);
	}
	return r;
}
