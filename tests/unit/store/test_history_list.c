/*
 * The history as a list, and the sums beside it, against a model: random records, in and out of
 * order, and every choice of conditions.
 */
#include "fixture.h"

#include "forkpoint/store/history_list.h"

#include <stdio.h>

enum {
	RECORDS_MAX = 120000,
	BATCH = 1500,
	REPOS = 3,
	BRANCHES = 4,
	VERSIONS = 12,
	OUTCOMES = 3,
	SHAS = 400,
	CLIENTS = 7,
	BUILDS = 900,
};

#define HOUR_US (INT64_C(3600) * 1000 * 1000)

static const char *const outcomes[OUTCOMES] = {"ok", "no-database", "unknown-commit"};

struct row {
	uint64_t id;
	int64_t at_us, as_of_us;
	unsigned repo, branch, version, outcome, sha, client, build; /* build 0: none */
	uint32_t duration_us;
	bool written;
};

struct model {
	struct row *rows; /* by id */
	size_t count;
	uint64_t random;
};

static uint64_t next_random(struct model *model)
{
	model->random ^= model->random << 13;
	model->random ^= model->random >> 7;
	model->random ^= model->random << 17;
	return model->random;
}

static unsigned below(struct model *model, unsigned limit)
{
	return (unsigned)(next_random(model) >> 20) % limit;
}

/* Few are frequent, many are rare. */
static unsigned skewed(struct model *model, unsigned limit)
{
	unsigned some = below(model, limit) + 1;

	return below(model, below(model, some) + 1);
}

static int64_t time_of(struct model *model, size_t number)
{
	int64_t us = INT64_C(1700000000000000) + (int64_t)number * 5 * 1000 * 1000;

	/* the clock is not quite even, and was set back once */
	us += below(model, 20) * 1000000;
	return number > RECORDS_MAX / 3 ? us - INT64_C(3) * HOUR_US : us;
}

static void add_rows(struct model *model, size_t count)
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
		model->count++;
	}
}

/* ---- writing ---- */

struct texts {
	char repo[16], branch[16], version[32], sha[41], client[24], build[24], document[160];
};

static void sha_of(unsigned sha, char text[41])
{
	snprintf(text, 41, "%08x%032x", sha * 2654435761u, sha);
}

static struct fp_record record_of(const struct row *row, struct texts *texts)
{
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
	};

	snprintf(texts->repo, sizeof(texts->repo), "repo%u", row->repo);
	snprintf(texts->branch, sizeof(texts->branch), "branch/%u", row->branch);
	snprintf(texts->version, sizeof(texts->version), "2.%u.0", row->version);
	sha_of(row->sha, texts->sha);
	snprintf(texts->client, sizeof(texts->client), "10.0.0.%u", row->client);
	snprintf(texts->build, sizeof(texts->build), "run-%u", row->build);
	snprintf(texts->document, sizeof(texts->document), "%u %u %u %u %u", row->repo, row->branch,
		row->version, row->outcome, row->sha);
	record.repo = fp_str(texts->repo);
	record.branch = fp_str(texts->branch);
	record.version = row->outcome ? fp_str("") : fp_str(texts->version);
	record.sha = fp_str(texts->sha);
	record.client = fp_str(texts->client);
	record.build = row->build ? fp_str(texts->build) : fp_str("");
	record.document = fp_str(texts->document);
	for (size_t i = 0; i < FP_HOLE_COUNT; i++)
		record.holes[i] = FP_NO_HOLE;
	return record;
}

/* Writes some of what is not written yet, in any order within the batch; some is left for later. */
static void write_rows(struct fixture *fixture, struct model *model, bool all)
{
	struct fp_record *records = calloc(BATCH, sizeof(*records));
	struct texts *texts = calloc(BATCH, sizeof(*texts));

	for (size_t at = 0; at < model->count;) {
		size_t count = 0;

		for (; at < model->count && count < BATCH; at++) {
			struct row *row = &model->rows[at];
			struct fp_record swap;
			size_t other;

			if (row->written || (!all && below(model, 500) == 0))
				continue;
			row->written = true;
			records[count] = record_of(row, &texts[count]);
			other = below(model, (unsigned)count + 1);
			swap = records[other];
			records[other] = records[count];
			records[count++] = swap;
		}
		assert_ok(fixture,
			fp_store_write_records(fixture->store, records, count, &fixture->error));
	}
	free(records);
	free(texts);
}

/* ---- questions ---- */

struct question {
	struct row like;
	bool repo, branch, version, outcome, sha, client, build;
	unsigned sha_digits;
	struct fp_history_query query;
	struct texts texts;
};

static void ask(struct model *model, struct question *question)
{
	unsigned mask = below(model, 512);

	*question = (struct question){
		.like = model->rows[below(model, (unsigned)model->count)],
		.repo = mask & 1,
		.branch = mask & 2,
		.version = (mask & 12) == 12,
		.outcome = mask & 16,
		.sha = (mask & 96) == 96,
		.client = mask & 128,
		.build = (mask & 257) == 257,
		.sha_digits = below(model, 2) ? 40 : 2 + below(model, 8),
	};
	if (below(model, 20) == 0) /* what may never have gone together, or never been at all */
		question->like.client = below(model, CLIENTS + 2);
	if (below(model, 20) == 0)
		question->like.sha = below(model, SHAS + 20);
	struct fp_record record = record_of(&question->like, &question->texts);

	question->query = (struct fp_history_query){.since_us = -1, .until_us = -1};
	if (question->repo)
		question->query.repo = record.repo;
	if (question->branch)
		question->query.branch = record.branch;
	question->version = question->version && record.version.len;
	if (question->version)
		question->query.version = record.version;
	if (question->outcome)
		question->query.outcome = record.outcome;
	if (question->sha)
		question->query.sha = fp_str_n(record.sha.ptr, question->sha_digits);
	if (question->client)
		question->query.client = record.client;
	question->build = question->build && record.build.len;
	if (question->build)
		question->query.build = record.build;
	if (below(model, 3) == 0)
		question->query.since_us =
			question->like.at_us - (int64_t)below(model, 100) * HOUR_US;
	if (below(model, 3) == 0)
		question->query.until_us =
			question->like.at_us + (int64_t)below(model, 100) * HOUR_US + 1;
}

static bool row_fits(const struct question *question, const struct row *row)
{
	const struct row *like = &question->like;
	char sha[41];

	if (!row->written ||
		(question->query.since_us >= 0 && row->at_us < question->query.since_us) ||
		(question->query.until_us >= 0 && row->at_us >= question->query.until_us))
		return false;
	if (question->sha)
		sha_of(row->sha, sha);
	return (!question->repo || row->repo == like->repo) &&
	       (!question->branch || row->branch == like->branch) &&
	       (!question->version || (!row->outcome && row->version == like->version)) &&
	       (!question->outcome || row->outcome == like->outcome) &&
	       (!question->client || row->client == like->client) &&
	       (!question->build || row->build == like->build) &&
	       (!question->sha || memcmp(sha, question->texts.sha, question->sha_digits) == 0);
}

/* What the list gives, one row after the other, held against the model. */
struct walk {
	const struct model *model;
	const struct question *question;
	size_t at; /* rows from here on were given or do not fit */
	size_t given;
};

static void assert_record(const struct row *row, const struct fp_record *record)
{
	struct texts texts;
	struct fp_record expected = record_of(row, &texts);

	assert_int_equal(record->id, expected.id);
	assert_int_equal(record->at_us, expected.at_us);
	assert_int_equal(record->as_of_us, expected.as_of_us);
	assert_int_equal(record->status, expected.status);
	assert_int_equal(record->duration_us, expected.duration_us);
	assert_true(fp_str_equal(record->repo, expected.repo));
	assert_true(fp_str_equal(record->branch, expected.branch));
	assert_true(fp_str_equal(record->version, expected.version));
	assert_true(fp_str_equal(record->outcome, expected.outcome));
	assert_true(fp_str_equal(record->sha, expected.sha));
	assert_true(fp_str_equal(record->client, expected.client));
	assert_true(fp_str_equal(record->agent, expected.agent));
	assert_true(fp_str_equal(record->build, expected.build));
	assert_string_equal(record->form, expected.form);
}

static int take(void *context, const struct fp_record *record)
{
	struct walk *walk = context;

	do
		assert_true(walk->at-- > 0);
	while (!row_fits(walk->question, &walk->model->rows[walk->at]));
	assert_record(&walk->model->rows[walk->at], record);
	walk->given++;
	return 0;
}

static void assert_nothing_left(const struct walk *walk)
{
	for (size_t at = walk->at; at > 0; at--)
		if (row_fits(walk->question, &walk->model->rows[at - 1]))
			fail_msg("request %llu is missing",
				(unsigned long long)walk->model->rows[at - 1].id);
}

static size_t check_question(
	struct fixture *fixture, struct model *model, struct question *question, bool growing)
{
	struct walk walk = {model, question, model->count, 0};
	unsigned pages = 0;

	question->query.limit = 1 + below(model, 60);
	do {
		size_t before = walk.given;
		uint64_t next = 0;

		assert_ok(fixture, fp_store_list_history(fixture->store, &question->query, take,
					   &walk, &next, &fixture->error));
		assert_true(walk.given - before <= question->query.limit);
		if (walk.given - before < question->query.limit && next == 0)
			assert_nothing_left(&walk);
		question->query.before = next;
		if (growing && model->count < RECORDS_MAX) {
			add_rows(model, 1);
			write_rows(fixture, model, true);
		}
		/* an empty page is allowed, standing still is not */
		assert_true(++pages < 2000);
	} while (question->query.before && pages < (growing ? 40 : 5));
	return walk.given;
}

static void check_questions(struct fixture *fixture, struct model *model, unsigned count)
{
	unsigned with_rows = 0;

	for (unsigned i = 0; i < count; i++) {
		struct question question;

		ask(model, &question);
		with_rows += check_question(fixture, model, &question, false) > 0;
	}
	assert_true(with_rows > count / 2);
}

/* ---- sums ---- */

static void assert_sums(struct fixture *fixture, int kind, const char *bucket, const char *topic,
	const char *client)
{
	char sql[1024];

	snprintf(sql, sizeof(sql),
		"SELECT count(*) FROM (SELECT %s AS b, %s AS t, %s AS c, count(*) AS n FROM "
		"requests r"
		" GROUP BY 1, 2, 3) LEFT JOIN rollups ON kind = %d AND bucket = b AND topic = t"
		" AND rollups.client = c WHERE requests IS NOT n",
		bucket, topic, client, kind);
	assert_int_equal(fixture_sql_number(fixture, "facts.db", sql), 0);
	snprintf(sql, sizeof(sql),
		"SELECT (SELECT sum(requests) FROM rollups WHERE kind = %d)"
		" - (SELECT count(*) FROM requests)",
		kind);
	assert_int_equal(fixture_sql_number(fixture, "facts.db", sql), 0);
}

static void assert_all_sums(struct fixture *fixture)
{
	static const char whole[] = "(SELECT w.topic FROM topics t JOIN topics w ON w.repo = t.repo"
				    " AND w.outcome = '' WHERE t.topic = r.topic)";
	static const struct {
		int kind;
		const char *bucket, *topic, *client;
	} rows[] = {
		{1, "at_us / 3600000000", whole, "0"},
		{2, "at_us / 3600000000", whole, "client"},
		{3, "at_us / 3600000000", "topic", "0"},
		{4, "at_us / 3600000000", "topic", "client"},
		{5, "at_us / 86400000000", whole, "0"},
		{6, "at_us / 86400000000", whole, "client"},
		{7, "at_us / 86400000000", "topic", "0"},
		{8, "at_us / 86400000000", "topic", "client"},
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++)
		assert_sums(fixture, rows[i].kind, rows[i].bucket, rows[i].topic, rows[i].client);
}

/* ---- tests ---- */

static void model_init(struct model *model, uint64_t seed)
{
	*model = (struct model){.random = seed, .rows = calloc(RECORDS_MAX, sizeof(struct row))};
	assert_non_null(model->rows);
}

static void test_model(void **state)
{
	struct fixture *fixture = *state;
	struct model model;

	model_init(&model, UINT64_C(0x9e3779b97f4a7c15));
	add_rows(&model, 3000); /* nothing is indexed yet */
	write_rows(fixture, &model, false);
	check_questions(fixture, &model, 200);
	for (int i = 0; i < 5; i++) {
		add_rows(&model, 15000);
		write_rows(fixture, &model, false);
		check_questions(fixture, &model, 250);
	}
	/* what was left out comes when its segments are full */
	write_rows(fixture, &model, true);
	assert_true(fixture_sql_number(fixture, "facts.db", "SELECT count(*) FROM segments") >= 4);
	check_questions(fixture, &model, 600);
	assert_all_sums(fixture);
	/* another connection knows nothing from before */
	fixture_close(fixture);
	fixture_prepare(fixture);
	add_rows(&model, 20000);
	write_rows(fixture, &model, true);
	check_questions(fixture, &model, 250);
	assert_all_sums(fixture);
	free(model.rows);
}

static void test_pages_while_answers_arrive(void **state)
{
	struct fixture *fixture = *state;
	struct model model;

	model_init(&model, UINT64_C(0x123456789abcdef1));
	add_rows(&model, 40000);
	write_rows(fixture, &model, true);
	for (unsigned i = 0; i < 60; i++) {
		struct question question;

		ask(&model, &question);
		check_question(fixture, &model, &question, true);
	}
	free(model.rows);
}

/* A record that is there already is counted once. */
static void test_once(void **state)
{
	struct fixture *fixture = *state;
	struct model model;

	model_init(&model, 77);
	add_rows(&model, 500);
	write_rows(fixture, &model, true);
	for (size_t i = 0; i < 400; i++)
		model.rows[i].written = false;
	write_rows(fixture, &model, true);
	assert_all_sums(fixture);
	assert_int_equal(
		fixture_sql_number(fixture, "facts.db", "SELECT count(*) FROM requests"), 500);
	free(model.rows);
}

/* Requests from before there were sums are added to them by and by. */
static void test_catching_up(void **state)
{
	struct fixture *fixture = *state;
	struct model model;

	model_init(&model, 78);
	add_rows(&model, 10000);
	write_rows(fixture, &model, true);
	fixture_sql(fixture, "facts.db",
		"DELETE FROM rollups; UPDATE not_summed SET request = (SELECT max(request) FROM"
		" requests)");
	fixture_close(fixture);
	fixture_prepare(fixture);
	for (int i = 0; i < 5; i++) {
		add_rows(&model, 10);
		write_rows(fixture, &model, true);
	}
	assert_all_sums(fixture);
	assert_int_equal(
		fixture_sql_number(fixture, "facts.db", "SELECT request FROM not_summed"), 0);
	free(model.rows);
}

static int ignore(void *context, const struct fp_record *record)
{
	return 0;
}

/* A damaged index is an error, never a shorter list. */
static void test_damage(void **state)
{
	struct fixture *fixture = *state;
	const struct fp_history_query query = {.repo = FP_STR_LITERAL("repo0"),
		.since_us = -1,
		.until_us = -1,
		.limit = 1000,
		.before = 50000};
	struct model model;
	uint64_t next;

	model_init(&model, 79);
	add_rows(&model, 40000);
	write_rows(fixture, &model, true);
	assert_ok(fixture, fp_store_list_history(
				   fixture->store, &query, ignore, NULL, &next, &fixture->error));
	fixture_sql(fixture, "facts.db",
		"UPDATE request_index SET postings = substr(postings, 1, length(postings) / 2)");
	assert_code(fixture, -FP_ERROR_CORRUPT,
		fp_store_list_history(
			fixture->store, &query, ignore, NULL, &next, &fixture->error));
	free(model.rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_model, fixture_setup_in_memory, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_pages_while_answers_arrive, fixture_setup_in_memory, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_once, fixture_setup_in_memory, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_catching_up, fixture_setup_in_memory, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_damage, fixture_setup_in_memory, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
