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

/* What the requests of a run have in common. */
enum depth { BY_REPO, BY_REPO_CLIENT, BY_TOPIC, BY_TOPIC_CLIENT };

static const enum fp_rollup_kind kinds[] = {
	[BY_REPO] = FP_ROLLUP_REPO,
	[BY_REPO_CLIENT] = FP_ROLLUP_REPO_CLIENT,
	[BY_TOPIC] = FP_ROLLUP_TOPIC,
	[BY_TOPIC_CLIENT] = FP_ROLLUP_TOPIC_CLIENT,
};

int64_t fp_rollup_hour(int64_t at_us)
{
	const int64_t hour_us = FP_HOUR_S * FP_US_PER_S;

	return at_us >= 0 ? at_us / hour_us : -((-at_us + hour_us - 1) / hour_us);
}

/* Rounded down, before 1970 too. */
static int64_t day_of(int64_t hour)
{
	return hour >= 0 ? hour / FP_DAY_HOURS : -((-hour + FP_DAY_HOURS - 1) / FP_DAY_HOURS);
}

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

static bool together(const struct fp_rolled *a, const struct fp_rolled *b, enum depth depth)
{
	bool by_topic = depth >= BY_TOPIC;
	bool by_client = depth == BY_REPO_CLIENT || depth == BY_TOPIC_CLIENT;

	return a->hour == b->hour &&
	       (by_topic ? a->topic == b->topic : a->repo_topic == b->repo_topic) &&
	       (!by_client || a->client == b->client);
}

static int write_sum(struct fp_store *store, const int64_t key[4], struct fp_latency *latency,
	struct fp_error *error)
{
	struct fp_buf FP_CLEANUP_BUF bytes = {0};
	const struct fp_sql_value values[] = {
		fp_sql_integer(key[0]),
		fp_sql_integer(key[1]),
		fp_sql_integer(key[2]),
		fp_sql_integer(key[3]),
	};
	FP_CLEANUP_SQL sqlite3_stmt *statement = NULL;
	int r = fp_sql_start(store, FP_SQL_ROLLUP_GET,
		"SELECT latencies FROM rollups WHERE kind = ? AND bucket = ? AND topic = ?"
		" AND client = ?",
		values, 4, &statement, error);

	if (r >= 0)
		r = fp_sql_step(statement, error);
	if (r < 0)
		return r;
	if (r == 1 && !fp_latency_add(latency, fp_sql_column(statement, 0)))
		return fp_error_set(error, FP_ERROR_CORRUPT, "a sum of requests is damaged");
	fp_buf_init(&bytes, 64 * 1024);
	fp_latency_write(latency, &bytes);
	r = fp_buf_check(&bytes, error);
	if (r < 0)
		return r;
	const struct fp_sql_value row[] = {values[0], values[1], values[2], values[3],
		fp_sql_integer((int64_t)latency->total), fp_sql_blob(bytes.data, bytes.len)};

	return fp_sql_run(store, FP_SQL_ROLLUP_PUT,
		"INSERT OR REPLACE INTO rollups (kind, bucket, topic, client, requests, latencies)"
		" VALUES (?, ?, ?, ?, ?, ?)",
		row, FP_ARRAY_SIZE(row), error);
}

/* Of the hour and of the day. */
static int write_run(struct fp_store *store, const struct fp_rolled *run, size_t count,
	enum depth depth, struct fp_error *error)
{
	bool by_client = depth == BY_REPO_CLIENT || depth == BY_TOPIC_CLIENT;
	int64_t key[4] = {kinds[depth], run->hour, depth >= BY_TOPIC ? run->topic : run->repo_topic,
		by_client ? run->client : 0};
	struct fp_latency hour = {.total = count}, day;
	int r;

	for (size_t i = 0; i < count; i++)
		hour.counts[fp_latency_bucket(run[i].duration_us)]++;
	day = hour;
	r = write_sum(store, key, &hour, error);
	if (r < 0)
		return r;
	key[0] += FP_ROLLUP_DAYS;
	key[1] = day_of(run->hour);
	return write_sum(store, key, &day, error);
}

static int write_runs(struct fp_store *store, const struct fp_rolled *items, size_t count,
	enum depth depth, struct fp_error *error)
{
	int r = 0;

	for (size_t from = 0, to; r >= 0 && from < count; from = to) {
		for (to = from + 1; to < count && together(&items[from], &items[to], depth);)
			to++;
		r = write_run(store, &items[from], to - from, depth, error);
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
	r = write_runs(store, items, count, BY_TOPIC_CLIENT, error);
	if (r >= 0)
		r = write_runs(store, items, count, BY_TOPIC, error);
	if (r < 0)
		return r;
	qsort(items, count, sizeof(*items), compare_by_repo);
	r = write_runs(store, items, count, BY_REPO_CLIENT, error);
	return r < 0 ? r : write_runs(store, items, count, BY_REPO, error);
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
