/* Numbers about past answers against counting them; histograms against sorting. */
#include "history_model.h"

#include "forkpoint/store/stats.h"

#include "latency.h"

#include <stdio.h>

/* ---- histograms ---- */

static void test_buckets(void **state)
{
	unsigned last = 0;

	(void)state;
	for (uint64_t us = 0; us <= UINT32_MAX; us += 1 + us / 1000) {
		unsigned bucket = fp_latency_bucket((uint32_t)us);
		int64_t off = (int64_t)fp_latency_value(bucket) - (int64_t)us;

		assert_true(bucket == last || bucket == last + 1);
		assert_true(bucket < FP_LATENCY_BUCKETS);
		assert_true((off < 0 ? -off : off) * 1000 <= (int64_t)us * 70);
		last = bucket;
	}
	assert_int_equal(last, FP_LATENCY_BUCKETS - 1);
	assert_int_equal(fp_latency_bucket(UINT32_MAX), FP_LATENCY_BUCKETS - 1);
}

static void test_quantiles(void **state)
{
	/* a row per case: how many of 10 µs, how many of 15 µs, and what the quantiles are */
	static const struct {
		uint32_t tens, fifteens, p50, p90, p99;
	} rows[] = {
		{0, 0, 0, 0, 0},    /* of nothing */
		{1, 0, 10, 10, 10}, /* of one */
		{0, 1, 15, 15, 15},
		{1, 1, 10, 15, 15},   /* the lower one of two is the median */
		{50, 50, 10, 15, 15}, /* exactly half */
		{49, 51, 15, 15, 15},
		{90, 10, 10, 10, 15},
		{99, 1, 10, 10, 10},
		{9899, 101, 10, 10, 15},
	};
	static const unsigned per_mille[] = {500, 900, 990};
	uint32_t found[3];

	(void)state;
	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		struct fp_latency latency = {.total = rows[i].tens + rows[i].fifteens};

		latency.counts[10] = rows[i].tens;
		latency.counts[15] = rows[i].fifteens;
		fp_latency_quantiles(&latency, per_mille, 3, found);
		assert_int_equal(found[0], rows[i].p50);
		assert_int_equal(found[1], rows[i].p90);
		assert_int_equal(found[2], rows[i].p99);
	}
}

static void test_written_and_read(void **state)
{
	struct fp_latency latency = {0}, read = {0};
	struct fp_buf buf;

	(void)state;
	fp_buf_init(&buf, 65536);
	for (unsigned i = 0; i < FP_LATENCY_BUCKETS; i += i % 7 + 1) {
		latency.counts[i] = 1 + i * i * i;
		latency.total += latency.counts[i];
	}
	fp_latency_write(&latency, &buf);
	assert_true(fp_latency_add(&read, fp_buf_str(&buf)));
	assert_memory_equal(&latency, &read, sizeof(read));
	/* cut anywhere but between two buckets it is damaged */
	assert_false(fp_latency_add(&read, fp_str_n(buf.data, buf.len - 1)));
	assert_false(fp_latency_add(&read, FP_STR_LITERAL("\x7f\x01\x7f\x01")));
	assert_false(
		fp_latency_add(&read, FP_STR_LITERAL("\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff")));
	fp_buf_release(&buf);
}

/* ---- against the model ---- */

struct check {
	struct model *model;
	struct fp_stats_query *query;
	size_t rows;
	uint64_t requests;
	int64_t last_bucket_s;
};

static bool row_belongs(
	const struct row *row, const struct fp_stats_query *query, const struct fp_stats_row *stats)
{
	int64_t bucket_s = query->daily ? 86400 : 3600;
	struct fp_record record;

	if (row->at_us / 1000000 / bucket_s * bucket_s != stats->bucket_s)
		return false;
	record = record_of(row);
	return (!query->repo.len || fp_str_equal(record.repo, query->repo)) &&
	       (!(query->by & FP_STATS_BY_REPO) || fp_str_equal(record.repo, stats->repo)) &&
	       (!(query->by & FP_STATS_BY_BRANCH) || fp_str_equal(record.branch, stats->branch)) &&
	       (!(query->by & FP_STATS_BY_VERSION) ||
		       fp_str_equal(record.version, stats->version)) &&
	       (!(query->by & FP_STATS_BY_OUTCOME) ||
		       fp_str_equal(record.outcome, stats->outcome)) &&
	       (!(query->by & FP_STATS_BY_CLIENT) || fp_str_equal(record.client, stats->client));
}

static int compare_durations(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;

	return a < b ? -1 : a > b;
}

static void assert_near(uint32_t found, const uint32_t *durations, size_t count, unsigned share)
{
	uint32_t expected = durations[(count * share + 99) / 100 - 1];
	int64_t off = (int64_t)found - expected;

	if ((off < 0 ? -off : off) * 100 > (int64_t)expected * 7)
		fail_msg("p%u is %u instead of %u", share, found, expected);
}

static int take(void *context, const struct fp_stats_row *stats)
{
	struct check *check = context;
	uint32_t *durations = calloc(check->model->count, sizeof(*durations));
	size_t count = 0;

	for (size_t i = 0; i < check->model->count; i++)
		if (row_belongs(&check->model->rows[i], check->query, stats))
			durations[count++] = check->model->rows[i].duration_us;
	assert_int_equal(stats->requests, count);
	qsort(durations, count, sizeof(*durations), compare_durations);
	assert_near(stats->p50_us, durations, count, 50);
	assert_near(stats->p90_us, durations, count, 90);
	assert_near(stats->p99_us, durations, count, 99);
	free(durations);
	assert_true(stats->bucket_s >= check->last_bucket_s);
	check->last_bucket_s = stats->bucket_s;
	check->rows++;
	check->requests += stats->requests;
	return 0;
}

/* The buckets from the one that holds `since` to the last that begins before `until`. */
static uint64_t count_asked(const struct model *model, const struct fp_stats_query *query)
{
	int64_t bucket_us = (query->daily ? 86400 : 3600) * INT64_C(1000000);
	uint64_t count = 0;

	for (size_t i = 0; i < model->count; i++) {
		int64_t begin_us = model->rows[i].at_us / bucket_us * bucket_us;

		count += begin_us + bucket_us > query->since_us && begin_us < query->until_us &&
			 (!query->repo.len ||
				 fp_str_equal(record_of(&model->rows[i]).repo, query->repo));
	}
	return count;
}

static void check_query(struct fixture *fixture, struct model *model, struct fp_stats_query *query)
{
	struct check check = {.model = model, .query = query};
	bool more = true;

	query->offset = 0;
	while (more) {
		size_t before = check.rows;

		assert_ok(fixture, fp_store_list_stats(fixture->store, query, take, &check, &more,
					   &fixture->error));
		assert_true(check.rows - before <= query->limit);
		assert_true(!more || check.rows - before == query->limit);
		query->offset += query->limit;
	}
	assert_int_equal(check.requests, count_asked(model, query));
}

static void check_queries(struct fixture *fixture, struct model *model)
{
	for (unsigned i = 0; i < 64; i++) {
		const struct row *some = &model->rows[below(model, (unsigned)model->count)];
		struct fp_stats_query query = {
			.by = i % 32,
			.daily = i >= 32,
			.repo = below(model, 3) ? FP_STR_LITERAL("") : FP_STR_LITERAL("repo1"),
			.since_us = below(model, 2) ? 0 : some->at_us,
			.until_us = below(model, 2) ? INT64_C(2000000000000000)
						    : some->at_us + INT64_C(7200000000),
			.limit = 1 + below(model, 100),
		};

		check_query(fixture, model, &query);
	}
}

/* While all sums are still to be made, while some are, and of times that are long over. */
static void test_model(void **state)
{
	struct fixture *fixture = *state;
	struct model model;

	model_init(&model, 4711);
	add_rows(&model, 300);
	write_rows(fixture, &model, true);
	check_queries(fixture, &model);
	add_rows(&model, 2700);
	write_rows(fixture, &model, true);
	check_queries(fixture, &model);
	add_rows(&model, 200);
	for (size_t i = 3000; i < model.count; i++)
		model.rows[i].at_us -= below(&model, 4) * HOUR_US;
	write_rows(fixture, &model, true);
	check_queries(fixture, &model);
	assert_all_sums(fixture);
	model_release(&model);
}

/* As the schema before had it: all sums written with the requests, and none of branches. */
static void make_old(struct fixture *fixture, struct model *model)
{
	fixture_sql(fixture, "facts.db", "UPDATE rollups_made SET below = 3 << 59");
	write_rows(fixture, model, true);
	fixture_sql(fixture, "facts.db",
		"DELETE FROM rollups WHERE key >> 59 > 4;"
		"DELETE FROM rollup_clients WHERE key >> 59 > 4;"
		"DELETE FROM topics WHERE version = '' AND outcome <> ''"
		" AND topic NOT IN (SELECT topic FROM requests);"
		"DROP TABLE rollups_made; PRAGMA user_version = 5");
}

static void test_upgrade(void **state)
{
	struct fixture *fixture = *state;
	struct model model;

	model_init(&model, 4713);
	add_rows(&model, 3000);
	make_old(fixture, &model);
	fixture_close(fixture);
	fixture_prepare(fixture);
	check_queries(fixture, &model);
	assert_all_sums(fixture);
	for (int i = 0; i < 3; i++) {
		add_rows(&model, 800);
		write_rows(fixture, &model, true);
		assert_all_sums(fixture);
	}
	check_queries(fixture, &model);
	model_release(&model);
}

/* What tells no versions apart is read where there are none, but for the last hour or two, and for
 * clients of branches by the hour. */
static bool reads_first_sums(const struct fp_stats_query *query)
{
	if (query->by & FP_STATS_BY_VERSION)
		return true;
	return query->by & FP_STATS_BY_CLIENT && !query->daily &&
	       query->by & (FP_STATS_BY_BRANCH | FP_STATS_BY_OUTCOME);
}

static void test_coarse(void **state)
{
	struct fixture *fixture = *state;
	struct fp_stats_query query = {.until_us = INT64_MAX / 2, .limit = 1000};
	struct check check = {.query = &query};
	struct model model;
	bool more;

	model_init(&model, 4714);
	check.model = &model;
	add_rows(&model, 4000);
	write_rows(fixture, &model, true);
	fixture_sql(fixture, "facts.db",
		"UPDATE rollups SET latencies = x'80' WHERE key >> 59 IN (2, 4);"
		"UPDATE rollup_clients SET clients = x'80' WHERE key >> 59 = 4 OR key >> 59 = 2 AND"
		" key < (SELECT min(below) FROM rollups_made)");
	for (unsigned by = 0; by < 64; by++) {
		query.by = by % 32;
		query.daily = by >= 32;
		check.last_bucket_s = 0;
		if (reads_first_sums(&query))
			assert_code(fixture, -FP_ERROR_CORRUPT,
				fp_store_list_stats(fixture->store, &query, take, &check, &more,
					&fixture->error));
		else
			assert_ok(fixture, fp_store_list_stats(fixture->store, &query, take, &check,
						   &more, &fixture->error));
	}
	model_release(&model);
}

/* A damaged sum is no number; but where others would be made of it, requests are recorded all the
 * same. */
static void test_damage(void **state)
{
	struct fixture *fixture = *state;
	struct fp_stats_query query = {.until_us = INT64_MAX / 2, .limit = 10};
	struct check check = {0};
	struct model model;
	bool more;

	model_init(&model, 4712);
	add_rows(&model, 100);
	write_rows(fixture, &model, true);
	fixture_sql(fixture, "facts.db", "UPDATE rollup_clients SET clients = x'80'");
	for (int times = 0; times < 2; times++) {
		size_t before = model.count;

		assert_code(fixture, -FP_ERROR_CORRUPT,
			fp_store_list_stats(
				fixture->store, &query, take, &check, &more, &fixture->error));
		add_rows(&model, 1500);
		for (size_t i = before; i < model.count; i++)
			model.rows[i].at_us += HOUR_US;
		write_rows(fixture, &model, true);
		assert_int_equal(
			fixture_sql_number(fixture, "facts.db", "SELECT count(*) FROM requests"),
			model.count);
	}
	model_release(&model);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_buckets),
		cmocka_unit_test(test_quantiles),
		cmocka_unit_test(test_written_and_read),
		cmocka_unit_test_setup_teardown(
			test_model, fixture_setup_in_memory, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_upgrade, fixture_setup_in_memory, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_coarse, fixture_setup_in_memory, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_damage, fixture_setup_in_memory, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
