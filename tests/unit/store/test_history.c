/* Records into the database and out of it, and documents whose holes are filled again. */
#include "records.h"

#include "forkpoint/base/time.h"
#include "forkpoint/store/stats.h"

#include <stdio.h>

static void write_ids(struct fixture *fixture, uint64_t from, uint64_t to, unsigned documents)
{
	for (uint64_t id = from; id <= to; id++) {
		struct made_record made;

		record_make(&made, id, (unsigned)(id % documents), 200);
		assert_ok(fixture,
			fp_store_write_records(fixture->store, &made.record, 1, &fixture->error));
	}
}

static void test_round_trip(void **state)
{
	struct fixture *fixture = *state;
	struct fp_stored_record stored;
	uint64_t last;

	assert_ok(fixture, fp_store_last_record_id(fixture->store, &last, &fixture->error));
	assert_int_equal(last, 0);
	write_ids(fixture, 1, 60, 7);
	for (uint64_t id = 1; id <= 60; id++)
		record_assert_stored(fixture, id, (unsigned)(id % 7), 200);
	assert_code(fixture, 1, fp_store_read_record(fixture->store, 61, &stored, &fixture->error));
	assert_code(fixture, 1,
		fp_store_read_record(fixture->store, UINT64_MAX, &stored, &fixture->error));
	assert_ok(fixture, fp_store_last_record_id(fixture->store, &last, &fixture->error));
	assert_int_equal(last, 60);
	assert_int_equal(
		fixture_sql_number(fixture, "facts.db", "SELECT count(*) FROM answers"), 7);
	assert_int_equal(fixture_sql_number(fixture, "facts.db", "SELECT count(*) FROM builds"), 2);
}

/* Twice the same is once; another connection has nothing in memory and finds the same rows. */
static void test_idempotent(void **state)
{
	struct fixture *fixture = *state;

	write_ids(fixture, 1, 20, 3);
	write_ids(fixture, 5, 25, 3);
	fixture_close(fixture);
	fixture_prepare(fixture);
	write_ids(fixture, 1, 30, 3);
	assert_int_equal(record_count(fixture), 30);
	assert_int_equal(
		fixture_sql_number(fixture, "facts.db", "SELECT count(*) FROM answers"), 3);
	assert_int_equal(
		fixture_sql_number(fixture, "facts.db", "SELECT count(*) FROM clients"), 3);
	for (uint64_t id = 1; id <= 30; id++)
		record_assert_stored(fixture, id, (unsigned)(id % 3), 200);
}

/* A transaction that fails leaves nothing, in the database nor in memory. */
static void test_rollback(void **state)
{
	struct fixture *fixture = *state;
	struct made_record made[2];

	record_make(&made[0], 1, 1, 200);
	record_make(&made[1], 2, 2, 200);
	const struct fp_record pair[] = {made[0].record, made[1].record};

	fixture_sql(fixture, "facts.db",
		"CREATE TRIGGER t BEFORE INSERT ON requests WHEN NEW.request = 2"
		" BEGIN SELECT RAISE(ABORT, 'no'); END");
	assert_true(fp_store_write_records(fixture->store, pair, 2, &fixture->error) < 0);
	assert_int_equal(record_count(fixture), 0);
	assert_int_equal(
		fixture_sql_number(fixture, "facts.db", "SELECT count(*) FROM answers"), 0);
	fixture_sql(fixture, "facts.db", "DROP TRIGGER t");
	/* numbers that the rolled-back transaction gave out are not used */
	fixture_sql(fixture, "facts.db",
		"INSERT INTO clients (text) VALUES ('a'), ('b'); INSERT INTO agents (text) VALUES"
		" ('a'), ('b')");
	assert_ok(fixture, fp_store_write_records(fixture->store, pair, 2, &fixture->error));
	record_assert_stored(fixture, 1, 1, 200);
	record_assert_stored(fixture, 2, 2, 200);
}

enum { MANY = 200 };

static int add_up(void *context, const struct fp_stats_row *row)
{
	*(uint64_t *)context += row->requests;
	return 0;
}

static uint64_t count_summed(struct fixture *fixture)
{
	const struct fp_stats_query query = {.until_us = INT64_MAX / 2, .limit = 1000};
	uint64_t total = 0;
	bool more;

	assert_ok(fixture, fp_store_list_stats(
				   fixture->store, &query, add_up, &total, &more, &fixture->error));
	return total;
}

/* In one transaction, as threads hand them over and as a file with repetitions has them: each is
 * there once, and counted once; where one fails, none is. */
static void test_many(void **state)
{
	/* a row per order: how far a number comes too early, and what is repeated behind what */
	static const struct {
		uint64_t swapped, repeated;
	} rows[] = {{1, 0}, {2, 0}, {7, 0}, {40, 0}, {1, 1}, {1, 5}, {3, 40}, {64, 100}};
	struct fixture *fixture = *state;
	struct made_record *made = calloc(MANY, sizeof(*made));
	struct fp_record records[2 * MANY];

	for (uint64_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		uint64_t base = i * 1000 + 1;
		size_t count = 0;

		for (uint64_t k = 0; k < MANY; k++) {
			uint64_t id = base + (k - k % rows[i].swapped) +
				      (rows[i].swapped - 1 - k % rows[i].swapped);

			record_make(&made[k], id, (unsigned)(id % 5), 200);
			records[count++] = made[k].record;
			if (rows[i].repeated && k >= rows[i].repeated && k % 3 == 0)
				records[count++] = made[k - rows[i].repeated].record;
		}
		fixture_sql(fixture, "facts.db",
			"CREATE TRIGGER t BEFORE INSERT ON requests WHEN NEW.request % 1000 = 150"
			" BEGIN SELECT RAISE(ABORT, 'no'); END");
		assert_true(fp_store_write_records(
				    fixture->store, records, count, &fixture->error) < 0);
		assert_int_equal(record_count(fixture), i * MANY);
		fixture_sql(fixture, "facts.db", "DROP TRIGGER t");
		for (int times = 0; times < 2; times++)
			assert_ok(fixture, fp_store_write_records(fixture->store, records, count,
						   &fixture->error));
		assert_int_equal(record_count(fixture), (i + 1) * MANY);
		assert_int_equal(count_summed(fixture), (i + 1) * MANY);
		for (uint64_t k = 0; k < MANY; k++)
			record_assert_stored(
				fixture, made[k].record.id, (unsigned)(made[k].record.id % 5), 200);
	}
	free(made);
}

/* Numbers never come again, even when every record was deleted. */
static void test_last_id_survives_deletion(void **state)
{
	struct fixture *fixture = *state;
	uint64_t last;

	write_ids(fixture, 1, 9, 3);
	fixture_sql(fixture, "facts.db", "DELETE FROM requests");
	assert_ok(fixture, fp_store_last_record_id(fixture->store, &last, &fixture->error));
	assert_int_equal(last, 9);
}

static void test_answer(void **state)
{
	struct fixture *fixture = *state;
	struct fp_stored_record stored;
	struct made_record made;
	struct fp_hash128 hash, other;

	write_ids(fixture, 1, 9, 3);
	record_make(&made, 4, 4 % 3, 200);
	hash = fp_document_hash(made.record.document);
	assert_ok(fixture, fp_store_read_answer(fixture->store, hash, &stored, &fixture->error));
	assert_true(fp_str_equal(stored.record.document, made.record.document));
	assert_true(fp_str_equal(stored.record.sha, made.record.sha));
	assert_int_equal(stored.record.id, 1); /* the first that got it */
	fp_stored_record_release(&stored);
	fixture_sql(fixture, "facts.db", "DELETE FROM requests");
	assert_ok(fixture, fp_store_read_answer(fixture->store, hash, &stored, &fixture->error));
	assert_true(fp_str_equal(stored.record.document, made.record.document));
	assert_int_equal(stored.record.id, 0);
	fp_stored_record_release(&stored);
	other = hash;
	other.low++;
	assert_code(
		fixture, 1, fp_store_read_answer(fixture->store, other, &stored, &fixture->error));
}

static void test_filling(void **state)
{
	/* a row per hole: where, and what stands there afterwards */
	static const struct {
		enum fp_hole hole;
		const char *expected;
	} rows[] = {
		{FP_HOLE_ID, "00000000000000ff"},
		{FP_HOLE_RESOLVED_AT, "2020-01-31T22:05:00Z"},
		{FP_HOLE_FEED_SYNCED_AT, "2020-01-31T22:04:00Z"},
		{FP_HOLE_REFS_SYNCED_AT, "2020-01-31T22:03:00Z"},
		{FP_HOLE_INSTANCE, "00000000000000ff"},
		{FP_HOLE_REPLAY, "00000000000000010000000000000002"},
	};
	const int64_t at = 1580508300 * FP_US_PER_S;

	(void)state;
	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		char document[] = "{\"a\":\"................................\",\"b\":1}";
		char expected[sizeof(document)];
		uint32_t holes[FP_HOLE_COUNT];

		for (size_t k = 0; k < FP_HOLE_COUNT; k++)
			holes[k] = k == rows[i].hole ? 6 : FP_NO_HOLE;
		strcpy(expected, document);
		memcpy(expected + 6, rows[i].expected, strlen(rows[i].expected));
		fp_document_fill(document, holes, 255, at, at - 60 * FP_US_PER_S,
			at - 120 * FP_US_PER_S, (struct fp_hash128){1, 2});
		assert_string_equal(document, expected);
	}
}

/* Holes outside their document are damage, not an invitation to write there. */
static void test_damaged_holes(void **state)
{
	struct fixture *fixture = *state;
	static const struct {
		const char *holes; /* hex */
		bool fine;
	} rows[] = {
		{"b8000000", true},  /* 184 + 16 = 200: ends where the document does */
		{"b9000000", false}, /* one byte further */
		{"ffffff7f", false},
		{"feffffff", false},
		{"ffffffff", true}, /* none */
		{"", true},	    /* as an older Forkpoint with fewer kinds wrote it */
		{"00", true},
	};

	write_ids(fixture, 1, 1, 1);
	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		struct fp_stored_record stored;
		char sql[128];
		int r;

		snprintf(sql, sizeof(sql), "UPDATE answers SET holes = x'%s'", rows[i].holes);
		fixture_sql(fixture, "facts.db", sql);
		r = fp_store_read_record(fixture->store, 1, &stored, &fixture->error);
		assert_int_equal(r, rows[i].fine ? 0 : -FP_ERROR_CORRUPT);
		if (r == 0)
			fp_stored_record_release(&stored);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_round_trip, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_idempotent, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_rollback, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_many, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_last_id_survives_deletion, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_answer, fixture_setup, fixture_teardown),
		cmocka_unit_test(test_filling),
		cmocka_unit_test_setup_teardown(
			test_damaged_holes, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
