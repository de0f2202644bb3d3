/*
 * Keeping the sums of requests.
 *
 * A transaction's requests are sorted, so that those that are counted together lie together, and
 * each sum is read and written once for all of them. Most transactions lie within one hour: then
 * what is one run by the hour is one by the day as well. Where two hours meet, the day's sum is
 * simply added to twice.
 */
#include "rollups.h"

#include "forkpoint/base/time.h"

#include "latency.h"
#include "sql.h"
#include "varint.h"

/* Some hundred thousand clients in one hour. */
enum { SUM_MAX_BYTES = 16 * 1024 * 1024 };

int64_t fp_rollup_hour(int64_t at_us)
{
	return at_us > 0 ? at_us / (FP_HOUR_S * FP_US_PER_S) : 0;
}

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

/* ---- order ---- */

static int compare(int64_t a, int64_t b)
{
	return a < b ? -1 : a > b;
}

static int compare_by_topic(const void *left, const void *right)
{
	const struct fp_rolled *a = left, *b = right;
	int order = compare(a->hour, b->hour);

	if (order == 0)
		order = compare(a->topic, b->topic);
	return order ? order : compare(a->client, b->client);
}

static int compare_by_repo(const void *left, const void *right)
{
	const struct fp_rolled *a = left, *b = right;
	int order = compare(a->hour, b->hour);

	if (order == 0)
		order = compare(a->repo_topic, b->repo_topic);
	return order ? order : compare(a->client, b->client);
}

/* ---- one sum ---- */

static int damaged(struct fp_error *error)
{
	return fp_error_set(error, FP_ERROR_CORRUPT, "a sum of requests is damaged");
}

/* Requests of one bucket and topic, by client. */
struct run {
	const struct fp_rolled *items;
	size_t count;
};

/* How many from the first on are of its client. */
static size_t same_client(struct run run)
{
	size_t count = 1;

	while (count < run.count && run.items[count].client == run.items->client)
		count++;
	return count;
}

static void count_durations(struct fp_latency *latency, const struct fp_rolled *items, size_t count)
{
	latency->total += count;
	for (size_t i = 0; i < count; i++)
		latency->counts[fp_latency_bucket(items[i].duration_us)]++;
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
	count_durations(&latency, run->items, count);
	fp_latency_write(&latency, &bytes);
	add_client(out, previous, run->items->client, fp_buf_str(&bytes));
	run->items += count;
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
		while (fine && run.count && run.items->client < client)
			fine = add_counted_client(out, &previous, &run, (struct fp_str){0});
		if (fine && run.count && run.items->client == client)
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

static int write_whole(struct fp_store *store, int64_t key, struct run run, struct fp_error *error)
{
	FP_CLEANUP_SQL sqlite3_stmt *statement = NULL;
	struct fp_buf FP_CLEANUP_BUF bytes = {0};
	struct fp_latency latency = {0};
	struct fp_str before = {0};
	int r = find_row(store, FP_SQL_ROLLUP_GET, "SELECT latencies FROM rollups WHERE key = ?",
		key, &statement, &before, error);

	if (r < 0)
		return r;
	if (!fp_latency_add(&latency, before))
		return damaged(error);
	count_durations(&latency, run.items, run.count);
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

static int write_clients(
	struct fp_store *store, int64_t key, struct run run, struct fp_error *error)
{
	FP_CLEANUP_SQL sqlite3_stmt *statement = NULL;
	struct fp_buf FP_CLEANUP_BUF bytes = {0};
	struct fp_str before = {0};
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

static int write_sum(struct fp_store *store, int64_t key, struct run run, struct fp_error *error)
{
	int r = write_whole(store, key, run, error);

	return r < 0 ? r : write_clients(store, key, run, error);
}

/* ---- all of them ---- */

static bool together(const struct fp_rolled *a, const struct fp_rolled *b, bool by_topic)
{
	return a->hour == b->hour &&
	       (by_topic ? a->topic == b->topic : a->repo_topic == b->repo_topic);
}

/* By the hour and by the day. */
static int write_run(struct fp_store *store, struct run run, bool by_topic, struct fp_error *error)
{
	int64_t topic = by_topic ? run.items->topic : run.items->repo_topic;
	int64_t hour = run.items->hour;
	int r = write_sum(store,
		fp_rollup_key(by_topic ? FP_ROLLUP_TOPIC_HOUR : FP_ROLLUP_REPO_HOUR, hour, topic),
		run, error);

	return r < 0 ? r
		     : write_sum(store,
			       fp_rollup_key(by_topic ? FP_ROLLUP_TOPIC_DAY : FP_ROLLUP_REPO_DAY,
				       hour / FP_DAY_HOURS, topic),
			       run, error);
}

static int write_runs(struct fp_store *store, const struct fp_rolled *items, size_t count,
	bool by_topic, struct fp_error *error)
{
	int r = 0;

	for (size_t from = 0, to; r >= 0 && from < count; from = to) {
		for (to = from + 1; to < count && together(&items[from], &items[to], by_topic);)
			to++;
		r = write_run(store, (struct run){&items[from], to - from}, by_topic, error);
	}
	return r;
}

int fp_rollups_add(
	struct fp_store *store, struct fp_rolled *items, size_t count, struct fp_error *error)
{
	int r;

	if (count == 0)
		return 0;
	qsort(items, count, sizeof(*items), compare_by_topic);
	r = write_runs(store, items, count, true, error);
	if (r < 0)
		return r;
	qsort(items, count, sizeof(*items), compare_by_repo);
	return write_runs(store, items, count, false, error);
}

/* ---- requests that came before there were sums ---- */

enum { CATCH_UP_REQUESTS = 4096 };

/* Newest first; *below gets the number under which the rest lie. */
static int read_old(struct fp_store *store, struct fp_rolled *items, size_t *count, int64_t *below,
	struct fp_error *error)
{
	FP_CLEANUP_SQL sqlite3_stmt *statement = NULL;
	const struct fp_sql_value values[] = {
		fp_sql_integer(*below), fp_sql_integer(CATCH_UP_REQUESTS)};
	int r = fp_sql_start(store, FP_SQL_NOT_SUMMED_READ,
		"SELECT request, at_us, r.topic, whole.topic, client, duration_us FROM requests r"
		" JOIN topics t ON t.topic = r.topic JOIN topics whole ON whole.repo = t.repo"
		" AND whole.branch = '' AND whole.version = '' AND whole.outcome = ''"
		" WHERE request <= ? ORDER BY request DESC LIMIT ?",
		values, 2, &statement, error);

	while (r >= 0 && (r = fp_sql_step(statement, error)) == 1) {
		*below = sqlite3_column_int64(statement, 0) - 1;
		items[(*count)++] = (struct fp_rolled){
			.hour = fp_rollup_hour(sqlite3_column_int64(statement, 1)),
			.topic = sqlite3_column_int64(statement, 2),
			.repo_topic = sqlite3_column_int64(statement, 3),
			.client = sqlite3_column_int64(statement, 4),
			.duration_us = (uint32_t)sqlite3_column_int64(statement, 5),
		};
	}
	return r;
}

int fp_rollups_catch_up(struct fp_store *store, bool *done, struct fp_error *error)
{
	FP_CLEANUP_FREE struct fp_rolled *items = NULL;
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
	items = calloc(CATCH_UP_REQUESTS, sizeof(*items));
	if (!items)
		return fp_error_memory(error);
	r = read_old(store, items, &count, &below, error);
	if (r >= 0)
		r = fp_rollups_add(store, items, count, error);
	if (r < 0)
		return r;
	const struct fp_sql_value values[] = {fp_sql_integer(count ? below : 0)};

	return fp_sql_run(store, FP_SQL_NOT_SUMMED_SET, "UPDATE not_summed SET request = ?", values,
		1, error);
}
