/*
 * Numbers about past answers: sums are read in the order of time, added up by what is told apart,
 * and given bucket by bucket.
 */
#include "forkpoint/store/stats.h"

#include "forkpoint/base/array.h"
#include "forkpoint/base/time.h"

#include "latency.h"
#include "rollups.h"
#include "sql.h"
#include "stats_groups.h"

enum { ROWS_OF_BUCKET_MAX = 65536, FIRST_SLOTS = 256, NAMES = 1024 };

/* One row in the making. */
struct sum {
	uint32_t group;
	int64_t client;
	struct fp_latency latency;
};

/* A client that was met, so that it is not looked up in every bucket. */
struct name {
	int64_t client; /* 0 = empty */
	char *text;
};

struct summing {
	struct fp_store *store;
	const struct fp_stats_query *query;
	struct fp_stats_groups groups;
	fp_stats_fn *row;
	void *context;
	int64_t bucket; /* that the sums are of */
	struct sum *sums;
	size_t count, capacity;
	/* Open addressing by group and client: a sum's place plus one. */
	uint32_t *slots;
	size_t slot_count;  /* a power of two, more than twice the sums */
	uint64_t passed;    /* rows given or passed over */
	struct name *names; /* NAMES of them: a new one displaces an old one */
	bool more;
};

static void summing_release(struct summing *summing)
{
	fp_stats_groups_release(&summing->groups);
	for (size_t i = 0; summing->names && i < NAMES; i++)
		free(summing->names[i].text);
	free(summing->names);
	free(summing->sums);
	free(summing->slots);
}

/* ---- adding up ---- */

static size_t slot_of(const struct summing *summing, uint32_t group, int64_t client)
{
	uint64_t key = ((uint64_t)group << 32 ^ (uint64_t)client) * UINT64_C(0x9e3779b97f4a7c15);
	size_t slot = (size_t)(key >> 32) & (summing->slot_count - 1);

	while (summing->slots[slot]) {
		const struct sum *sum = &summing->sums[summing->slots[slot] - 1];

		if (sum->group == group && sum->client == client)
			break;
		slot = (slot + 1) & (summing->slot_count - 1);
	}
	return slot;
}

static int grow_slots(struct summing *summing, struct fp_error *error)
{
	size_t wanted = summing->slot_count ? summing->slot_count * 2 : FIRST_SLOTS;
	uint32_t *slots = calloc(wanted, sizeof(*slots));

	if (!slots)
		return fp_error_memory(error);
	free(summing->slots);
	summing->slots = slots;
	summing->slot_count = wanted;
	for (size_t i = 0; i < summing->count; i++)
		slots[slot_of(summing, summing->sums[i].group, summing->sums[i].client)] =
			(uint32_t)i + 1;
	return 0;
}

static int find_sum(struct summing *summing, uint32_t group, int64_t client, struct sum **sum,
	struct fp_error *error)
{
	size_t slot;
	int r = 0;

	if (summing->count * 2 >= summing->slot_count)
		r = grow_slots(summing, error);
	if (r < 0)
		return r;
	slot = slot_of(summing, group, client);
	if (!summing->slots[slot]) {
		if (summing->count == ROWS_OF_BUCKET_MAX)
			return fp_error_set(error, FP_ERROR_LIMIT,
				"one bucket has more than %d rows: name a repository, or tell less "
				"apart",
				ROWS_OF_BUCKET_MAX);
		if (fp_array_reserve((void **)&summing->sums, &summing->capacity,
			    summing->count + 1, sizeof(*summing->sums)) < 0)
			return fp_error_memory(error);
		summing->sums[summing->count] = (struct sum){.group = group, .client = client};
		summing->slots[slot] = (uint32_t)++summing->count;
	}
	*sum = &summing->sums[summing->slots[slot] - 1];
	return 0;
}

static int damaged(struct fp_error *error)
{
	return fp_error_set(error, FP_ERROR_CORRUPT, "a sum of requests is damaged");
}

static int add_to_sum(struct summing *summing, uint32_t group, int64_t client,
	struct fp_str latencies, struct fp_error *error)
{
	struct sum *sum = NULL;
	int r = find_sum(summing, group, client, &sum, error);

	if (r < 0)
		return r;
	return fp_latency_add(&sum->latency, latencies) ? 0 : damaged(error);
}

/* One row of the sums: its whole, or all of its clients. */
static int add(struct summing *summing, int64_t topic, unsigned rows, struct fp_str bytes,
	struct fp_error *error)
{
	bool by_client = summing->query->by & FP_STATS_BY_CLIENT;
	struct fp_str latencies;
	int64_t client = 0;
	uint32_t group;
	int r = fp_stats_group_of(&summing->groups, summing->store, topic, &group, error);

	if (r < 0 || group == FP_STATS_NO_GROUP)
		return r;
	if (rows == FP_ROLLUP_WHOLE)
		return add_to_sum(summing, group, 0, bytes, error);
	while (r >= 0 && fp_rollup_next_client(&bytes, &client, &latencies))
		r = add_to_sum(summing, group, by_client ? client : 0, latencies, error);
	return r >= 0 && bytes.len ? damaged(error) : r;
}

/* ---- giving ---- */

static int look_up_name(
	struct summing *summing, int64_t client, struct name *name, struct fp_error *error)
{
	FP_CLEANUP_SQL sqlite3_stmt *statement = NULL;
	const struct fp_sql_value values[] = {fp_sql_integer(client)};
	char *text;
	int r = fp_sql_start(summing->store, FP_SQL_CLIENT_READ,
		"SELECT text FROM clients WHERE id = ?", values, 1, &statement, error);

	if (r >= 0)
		r = fp_sql_step(statement, error);
	if (r < 0)
		return r;
	text = fp_str_dup(r == 1 ? fp_sql_column(statement, 0) : (struct fp_str){0});
	if (!text)
		return fp_error_memory(error);
	free(name->text);
	*name = (struct name){client, text};
	return 0;
}

static int name_of(
	struct summing *summing, int64_t client, struct fp_str *text, struct fp_error *error)
{
	struct name *name;
	int r = 0;

	if (!summing->names)
		summing->names = calloc(NAMES, sizeof(*summing->names));
	if (!summing->names)
		return fp_error_memory(error);
	name = &summing->names[client % NAMES];
	if (name->client != client)
		r = look_up_name(summing, client, name, error);
	if (r >= 0)
		*text = fp_str(name->text);
	return r;
}

static int give(struct summing *summing, const struct sum *sum, struct fp_error *error)
{
	static const unsigned per_mille[] = {500, 900, 990};
	const struct fp_stats_group *group = &summing->groups.items[sum->group];
	struct fp_stats_row row = {
		.bucket_s = summing->bucket * (summing->query->daily ? FP_DAY_S : FP_HOUR_S),
		.repo = group->parts[0],
		.branch = group->parts[1],
		.version = group->parts[2],
		.outcome = group->parts[3],
		.requests = sum->latency.total,
	};
	uint32_t durations[FP_ARRAY_SIZE(per_mille)];
	int r = 0;

	fp_latency_quantiles(&sum->latency, per_mille, FP_ARRAY_SIZE(per_mille), durations);
	row.p50_us = durations[0];
	row.p90_us = durations[1];
	row.p99_us = durations[2];
	if (sum->client > 0)
		r = name_of(summing, sum->client, &row.client, error);
	if (r >= 0)
		r = summing->row(summing->context, &row);
	return r < 0 ? r : 0;
}

/* The rows of a bucket; then it is empty. */
static int end_bucket(struct summing *summing, struct fp_error *error)
{
	const struct fp_stats_query *query = summing->query;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < summing->count; i++) {
		if (summing->passed >= query->offset + query->limit) {
			summing->more = true;
			break;
		}
		if (summing->passed++ >= query->offset)
			r = give(summing, &summing->sums[i], error);
	}
	summing->count = 0;
	if (summing->slot_count)
		memset(summing->slots, 0, summing->slot_count * sizeof(*summing->slots));
	return r;
}

/* ---- reading ---- */

/* The coarsest sums that still tell apart what is asked for. Clients of branches by the hour are
 * taken from the first sums: few ask for them, and keeping them would be four bytes a request. */
static enum fp_rollup_kind kind_of(const struct fp_stats_query *query)
{
	if (query->by & FP_STATS_BY_VERSION)
		return query->daily ? FP_ROLLUP_TOPIC_DAY : FP_ROLLUP_TOPIC_HOUR;
	if (query->by & (FP_STATS_BY_BRANCH | FP_STATS_BY_OUTCOME)) {
		if (query->daily)
			return FP_ROLLUP_BRANCH_DAY;
		return query->by & FP_STATS_BY_CLIENT ? FP_ROLLUP_TOPIC_HOUR
						      : FP_ROLLUP_BRANCH_HOUR;
	}
	return query->daily ? FP_ROLLUP_REPO_DAY : FP_ROLLUP_REPO_HOUR;
}

/* Rows with keys from `begin` on, below `end`. */
struct range {
	int64_t begin, end;
	unsigned rows;	 /* FP_ROLLUP_WHOLE or FP_ROLLUP_CLIENTS */
	int64_t buckets; /* of theirs that are one of the query's */
};

static int start(struct summing *summing, const struct range *range, sqlite3_stmt **statement,
	struct fp_error *error)
{
	const struct fp_sql_value values[] = {
		fp_sql_integer(range->begin), fp_sql_integer(range->end)};

	if (range->rows == FP_ROLLUP_CLIENTS)
		return fp_sql_start(summing->store, FP_SQL_ROLLUPS_BY_CLIENT,
			"SELECT key, clients FROM rollup_clients WHERE key >= ? AND key < ? ORDER "
			"BY key",
			values, 2, statement, error);
	return fp_sql_start(summing->store, FP_SQL_ROLLUPS_LIST,
		"SELECT key, latencies FROM rollups WHERE key >= ? AND key < ? ORDER BY key",
		values, 2, statement, error);
}

static int sum_range(struct summing *summing, const struct range *range, struct fp_error *error)
{
	FP_CLEANUP_SQL sqlite3_stmt *statement = NULL;
	int r = start(summing, range, &statement, error);

	while (r >= 0 && !summing->more && (r = fp_sql_step(statement, error)) == 1) {
		int64_t key = sqlite3_column_int64(statement, 0);
		int64_t bucket = fp_rollup_bucket(key) / range->buckets;

		if (bucket != summing->bucket)
			r = end_bucket(summing, error);
		summing->bucket = bucket;
		if (r >= 0 && !summing->more)
			r = add(summing, fp_rollup_topic(key), range->rows,
				fp_sql_column(statement, 1), error);
	}
	return r;
}

/* The sums that are made, then the first sums that they are not made of yet: these are of the same
 * bucket as the last of those, or of a later one. */
static int sum_up(struct summing *summing, struct fp_error *error)
{
	const struct fp_stats_query *query = summing->query;
	enum fp_rollup_kind kind = kind_of(query);
	unsigned rows = query->by & FP_STATS_BY_CLIENT ? FP_ROLLUP_CLIENTS : FP_ROLLUP_WHOLE;
	int64_t hours = query->daily ? FP_DAY_HOURS : 1;
	int64_t bucket_us = hours * FP_HOUR_S * FP_US_PER_S;
	int64_t from = query->since_us / bucket_us;
	int64_t to = (query->until_us + bucket_us - 1) / bucket_us;
	const struct range made = {
		fp_rollup_key(kind, from, 0), fp_rollup_key(kind, to, 0), rows, 1};
	struct range rest = {fp_rollup_key(FP_ROLLUP_TOPIC_HOUR, from * hours, 0),
		fp_rollup_key(FP_ROLLUP_TOPIC_HOUR, to * hours, 0), FP_ROLLUP_CLIENTS, hours};
	int64_t below = 0;
	int r = 0;

	/* The clients of topics by the hour are the first sums themselves. */
	if (kind != FP_ROLLUP_TOPIC_HOUR || rows != FP_ROLLUP_CLIENTS) {
		r = fp_rollups_made(summing->store, kind, &below, error);
		if (r >= 0)
			r = sum_range(summing, &made, error);
	}
	if (below > rest.begin)
		rest.begin = below;
	if (r >= 0 && !summing->more)
		r = sum_range(summing, &rest, error);
	return r < 0 || summing->more ? r : end_bucket(summing, error);
}

int fp_store_list_stats(struct fp_store *store, const struct fp_stats_query *query,
	fp_stats_fn *row, void *context, bool *more, struct fp_error *error)
{
	struct summing FP_CLEANUP(summing_release)
		summing = {.store = store, .query = query, .row = row, .context = context};
	int r = fp_sql_run(store, FP_SQL_READ_BEGIN, "BEGIN", NULL, 0, error);

	if (r < 0)
		return r;
	summing.groups.query = query;
	r = sum_up(&summing, error);
	fp_sql_run(store, FP_SQL_READ_END, "COMMIT", NULL, 0, NULL);
	if (r < 0)
		return r;
	*more = summing.more;
	return 0;
}
