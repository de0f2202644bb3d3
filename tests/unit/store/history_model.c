/* Random records. */
#include "history_model.h"

#include "forkpoint/store/stats.h"

#include <stdio.h>

enum { BATCH = 1500 };

static const char *const outcomes[OUTCOMES] = {"ok", "no-database", "unknown-commit"};

static uint64_t next_random(struct model *model)
{
	model->random ^= model->random << 13;
	model->random ^= model->random >> 7;
	model->random ^= model->random << 17;
	return model->random;
}

unsigned below(struct model *model, unsigned limit)
{
	return (unsigned)(next_random(model) >> 20) % limit;
}

/* Few are frequent, many are rare. */
static unsigned skewed(struct model *model, unsigned limit)
{
	unsigned some = below(model, limit) + 1;

	return below(model, below(model, some) + 1);
}

void row_write_texts(struct row *row)
{
	struct texts *texts = &row->texts;

	*texts = (struct texts){0};
	snprintf(texts->repo, sizeof(texts->repo), "repo%u", row->repo);
	snprintf(texts->branch, sizeof(texts->branch), "branch/%u", row->branch);
	if (!row->outcome)
		snprintf(texts->version, sizeof(texts->version), "2.%u.0", row->version);
	snprintf(texts->sha, sizeof(texts->sha), "%08x%032x", row->sha * 2654435761u, row->sha);
	snprintf(texts->client, sizeof(texts->client), "10.0.0.%u", row->client);
	if (row->build)
		snprintf(texts->build, sizeof(texts->build), "run-%u", row->build);
	snprintf(texts->document, sizeof(texts->document), "%u %u %u %u %u", row->repo, row->branch,
		row->version, row->outcome, row->sha);
}

static int64_t time_of(struct model *model, size_t number)
{
	int64_t us = INT64_C(1700000000000000) + (int64_t)number * 5 * 1000 * 1000;

	/* the clock is not quite even, and was set back once */
	us += below(model, 20) * 1000000;
	return number > RECORDS_MAX / 3 ? us - INT64_C(3) * HOUR_US : us;
}

void add_rows(struct model *model, size_t count)
{
	uint64_t id = model->count ? model->rows[model->count - 1].id : 40000;

	assert_true(model->count + count <= RECORDS_MAX);
	for (; count > 0; count--) {
		struct row *row = &model->rows[model->count];

		/* some numbers are never recorded, and once very many */
		id += below(model, 40) == 0 ? 1 + below(model, 30) : 1;
		id += model->count == RECORDS_MAX / 4 ? 100000 : 0;
		*row = (struct row){
			.id = id,
			.at_us = time_of(model, model->count),
			.as_of_us = below(model, 50) ? 0 : INT64_C(1600000000000000),
			.repo = skewed(model, REPOS),
			.branch = skewed(model, BRANCHES),
			/* versions come and go */
			.version = (unsigned)(model->count * VERSIONS / RECORDS_MAX +
					      skewed(model, 3)) %
				   VERSIONS,
			.outcome = skewed(model, OUTCOMES),
			.sha = skewed(model, SHAS),
			.client = skewed(model, CLIENTS),
			.build = below(model, 3)
					 ? 0
					 : 1 + (unsigned)(model->count * BUILDS / RECORDS_MAX),
			.duration_us = 20 + below(model, 1 << below(model, 20)),
		};
		row_write_texts(row);
		model->count++;
	}
}

/* ---- writing ---- */

struct fp_record record_of(const struct row *row)
{
	const struct texts *texts = &row->texts;
	struct fp_record record = {
		.id = row->id,
		.at_us = row->at_us,
		.as_of_us = row->as_of_us,
		.feed_synced_us = -1,
		.refs_synced_us = -1,
		.duration_us = row->duration_us,
		.status = row->outcome ? 404 : 200,
		.form = "json",
		.agent = FP_STR_LITERAL("curl"),
		.outcome = fp_str(outcomes[row->outcome]),
		.repo = fp_str(texts->repo),
		.branch = fp_str(texts->branch),
		.version = fp_str(texts->version),
		.sha = fp_str(texts->sha),
		.client = fp_str(texts->client),
		.build = fp_str(texts->build),
		.document = fp_str(texts->document),
	};

	for (size_t i = 0; i < FP_HOLE_COUNT; i++)
		record.holes[i] = FP_NO_HOLE;
	return record;
}

void write_rows(struct fixture *fixture, struct model *model, bool all)
{
	struct fp_record *records = calloc(BATCH, sizeof(*records));

	for (size_t at = 0; at < model->count;) {
		size_t count = 0;

		for (; at < model->count && count < BATCH; at++) {
			struct row *row = &model->rows[at];
			struct fp_record swap;
			size_t other;

			if (row->written || (!all && below(model, 500) == 0))
				continue;
			row->written = true;
			records[count] = record_of(row);
			other = below(model, (unsigned)count + 1);
			swap = records[other];
			records[other] = records[count];
			records[count++] = swap;
		}
		assert_ok(fixture,
			fp_store_write_records(fixture->store, records, count, &fixture->error));
	}
	free(records);
}

void model_init(struct model *model, uint64_t seed)
{
	*model = (struct model){.random = seed, .rows = calloc(RECORDS_MAX, sizeof(struct row))};
	assert_non_null(model->rows);
}

void model_release(struct model *model)
{
	free(model->rows);
}

/* ---- sums ---- */

#define FIRST_KEY "((2 << 59) | ((at_us / 3600000000) << 35) | r.topic)"

/* What is in a sum is held against the model in test_stats.c; here, which sums there are: those of
 * all requests that meet a condition, and no others. */
static void assert_sums(struct fixture *fixture, int kind, const char *table, const char *bucket,
	const char *topic, const char *condition)
{
	char sums[256], wanted[1024], sql[4096];

	snprintf(sums, sizeof(sums), "SELECT key FROM %s WHERE key >> 59 = %d", table, kind);
	snprintf(wanted, sizeof(wanted),
		"SELECT (%d << 59) | ((%s) << 35) | %s FROM requests r JOIN topics t USING (topic)"
		" WHERE %s",
		kind, bucket, topic, condition);
	snprintf(sql, sizeof(sql),
		"SELECT (SELECT count(*) FROM (%s EXCEPT %s)) + (SELECT count(*) FROM (%s EXCEPT"
		" %s))",
		sums, wanted, wanted, sums);
	assert_int_equal(fixture_sql_number(fixture, "facts.db", sql), 0);
}

/* Of the first sums below where it says. */
static void assert_made(struct fixture *fixture, int kind, const char *bucket, const char *topic)
{
	char condition[256];

	snprintf(condition, sizeof(condition),
		FIRST_KEY " < (SELECT below FROM rollups_made WHERE kind = %d)", kind);
	assert_sums(fixture, kind, "rollups", bucket, topic, condition);
	/* Those of kind 2 are the first sums, and those of kind 5 are not kept. */
	if (kind != 2)
		assert_sums(fixture, kind, "rollup_clients", bucket, topic,
			kind == 5 ? "false" : condition);
}

static int add_up(void *context, const struct fp_stats_row *row)
{
	*(uint64_t *)context += row->requests;
	return 0;
}

/* All requests are in the sums, once. */
static void assert_total(struct fixture *fixture, unsigned by, bool daily)
{
	const struct fp_stats_query query = {
		.by = by, .daily = daily, .until_us = INT64_MAX / 2, .limit = UINT32_MAX};
	uint64_t total = 0;
	bool more;

	assert_ok(fixture, fp_store_list_stats(
				   fixture->store, &query, add_up, &total, &more, &fixture->error));
	assert_int_equal(
		total, fixture_sql_number(fixture, "facts.db", "SELECT count(*) FROM requests"));
}

void assert_all_sums(struct fixture *fixture)
{
	static const char repo[] = "(SELECT w.topic FROM topics w WHERE w.repo = t.repo AND"
				   " w.branch = '' AND w.version = '' AND w.outcome = '')";
	static const char branch[] = "(SELECT w.topic FROM topics w WHERE w.repo = t.repo AND"
				     " w.branch = t.branch AND w.version = '' AND"
				     " w.outcome = t.outcome)";
	static const char hour[] = "at_us / 3600000000", day[] = "at_us / 86400000000";

	assert_sums(fixture, 2, "rollup_clients", hour, "topic", "true");
	assert_made(fixture, 1, hour, repo);
	assert_made(fixture, 2, hour, "topic");
	assert_made(fixture, 3, day, repo);
	assert_made(fixture, 4, day, "topic");
	assert_made(fixture, 5, hour, branch);
	assert_made(fixture, 6, day, branch);
	for (unsigned by = 0; by < 32; by++) {
		assert_total(fixture, by, false);
		assert_total(fixture, by, true);
	}
}
