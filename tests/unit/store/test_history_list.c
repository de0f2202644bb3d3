/*
 * The history as a list, and the sums beside it, against a model: random records, in and out of
 * order, and every choice of conditions.
 */
#include "history_model.h"

#include "forkpoint/store/history_list.h"

#include <stdio.h>

/* ---- questions ---- */

struct question {
	struct row like;
	bool repo, branch, version, outcome, sha, client, build;
	unsigned sha_digits;
	struct fp_history_query query;
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
	row_write_texts(&question->like);
	struct fp_record record = record_of(&question->like);

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

	if (!row->written ||
		(question->query.since_us >= 0 && row->at_us < question->query.since_us) ||
		(question->query.until_us >= 0 && row->at_us >= question->query.until_us))
		return false;
	return (!question->repo || row->repo == like->repo) &&
	       (!question->branch || row->branch == like->branch) &&
	       (!question->version || (!row->outcome && row->version == like->version)) &&
	       (!question->outcome || row->outcome == like->outcome) &&
	       (!question->client || row->client == like->client) &&
	       (!question->build || row->build == like->build) &&
	       (!question->sha ||
		       memcmp(row->texts.sha, like->texts.sha, question->sha_digits) == 0);
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
	struct fp_record expected = record_of(row);

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

/* ---- tests ---- */

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
	model_release(&model);
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
	model_release(&model);
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
	model_release(&model);
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
		"DELETE FROM rollups; DELETE FROM rollup_clients; UPDATE rollups_made SET below = "
		"2 << 59; UPDATE not_summed SET request = "
		"(SELECT max(request) FROM"
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
	model_release(&model);
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
	model_release(&model);
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
