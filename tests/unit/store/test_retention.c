/* What is too old or too much is deleted, and nothing else. */
#include "history_model.h"

#include "forkpoint/base/time.h"
#include "forkpoint/store/journal.h"
#include "forkpoint/store/retention.h"

#include "sql.h"

#include <stdio.h>

enum { REQUESTS = 40000 };

struct room {
	struct fixture *fixture;
	struct fp_journal *journal;
	struct fp_retention *retention;
	struct fp_retention_limits limits;
	struct model model;
	int64_t now_us;
};

static void room_init(struct room *room, struct fixture *fixture, size_t requests)
{
	*room = (struct room){.fixture = fixture, .retention = fp_retention_new()};
	assert_ok(fixture,
		fp_journal_open(fixture->dir, 1 << 20, 1000000, &room->journal, &fixture->error));
	model_init(&room->model, 99);
	add_rows(&room->model, requests);
	write_rows(fixture, &room->model, true);
	room->now_us = room->model.rows[requests - 1].at_us + HOUR_US;
}

static void room_release(struct room *room)
{
	room->fixture->store->alive = NULL;
	fp_retention_free(room->retention);
	fp_journal_close(room->journal);
	model_release(&room->model);
}

static int step(struct room *room)
{
	int r = fp_retention_step(room->retention, room->fixture->store, room->journal,
		&room->limits, room->now_us, &room->fixture->error);

	if (r < 0)
		fail_msg("a step failed: %s", room->fixture->error.text);
	return r;
}

/* Until nothing was to be done for a while. */
static void run(struct room *room)
{
	int64_t until_us = room->now_us + HOUR_US / 6;

	for (int quiet = 0; quiet < 100 && room->now_us < until_us;) {
		quiet = step(room) ? 0 : quiet + 1;
		if (quiet)
			room->now_us += FP_US_PER_S;
	}
}

static int64_t number(struct room *room, const char *sql)
{
	return fixture_sql_number(room->fixture, "facts.db", sql);
}

/* Answers that lost their last request since the last sweep may still be there. */
static void assert_nothing_hangs(struct room *room, int64_t answers)
{
	assert_in_range(number(room, "SELECT count(*) FROM answers WHERE answer NOT IN"
				     " (SELECT answer FROM requests)"),
		0, answers);
	assert_int_equal(number(room, "SELECT count(*) FROM requests WHERE answer NOT IN"
				      " (SELECT answer FROM answers)"),
		0);
	assert_int_equal(number(room, "SELECT count(*) FROM segments s WHERE NOT EXISTS (SELECT 1"
				      " FROM requests WHERE request >> 14 = segment)"),
		0);
	assert_int_equal(number(room, "SELECT count(*) FROM request_index WHERE key >> 39 NOT IN"
				      " (SELECT segment FROM segments)"),
		0);
}

static void test_age(void **state)
{
	struct room room;
	char sql[160];
	int64_t before_us, sums, answers;

	room_init(&room, *state, REQUESTS);
	before_us = room.model.rows[REQUESTS / 4 * 3].at_us;
	sums = number(&room, "SELECT count(*) FROM rollups");
	answers = number(&room, "SELECT count(*) FROM answers");
	run(&room); /* no limits: nothing goes */
	assert_int_equal(number(&room, "SELECT count(*) FROM requests"), REQUESTS);
	room.limits.keep_us = room.now_us - before_us;
	run(&room);
	/* the day went on meanwhile */
	before_us = room.now_us - room.limits.keep_us;
	snprintf(sql, sizeof(sql),
		"SELECT count(*) FROM requests WHERE at_us < %lld - 120 * 1000000",
		(long long)before_us);
	assert_int_equal(number(&room, sql), 0);
	assert_true(number(&room, "SELECT count(*) FROM requests") > 0);
	assert_true(number(&room, "SELECT count(*) FROM answers") < answers);
	assert_nothing_hangs(&room, 100);
	assert_int_equal(number(&room, "SELECT count(*) FROM rollups"), sums);
	room_release(&room);
}

static void test_size(void **state)
{
	static const char used[] =
		"SELECT (page_count - (SELECT * FROM pragma_freelist_count)) * 8192"
		" FROM pragma_page_count";
	struct room room;
	int64_t bytes, sums;

	room_init(&room, *state, REQUESTS);
	bytes = number(&room, used);
	sums = number(&room, "SELECT count(*) FROM rollups");
	room.limits.max_bytes = (uint64_t)bytes * 9 / 10;
	run(&room);
	assert_true(number(&room, used) <= bytes * 9 / 10);
	assert_true(number(&room, "SELECT count(*) FROM requests") > REQUESTS / 4);
	/* the newest is there still */
	assert_int_equal(number(&room, "SELECT max(request) FROM requests"),
		(int64_t)room.model.rows[REQUESTS - 1].id);
	assert_nothing_hangs(&room, 0);
	/* a bound that cannot be kept is no reason to delete everything */
	room.limits.max_bytes = 1;
	for (int i = 0; i < 60; i++)
		run(&room);
	assert_true(number(&room, "SELECT count(*) FROM requests") > 100);
	assert_int_equal(number(&room, "SELECT count(*) FROM rollups"), sums);
	room_release(&room);
}

static void test_sticky_answers_stay(void **state)
{
	struct room room;
	char sql[240];
	uint64_t kept;

	room_init(&room, *state, 3000);
	kept = room.model.rows[1234].id;
	snprintf(sql, sizeof(sql),
		"INSERT INTO sticky_answers (key, version, request, at_us)"
		" VALUES (x'00112233445566778899aabbccddeeff', '1.0', %llu, 1)",
		(unsigned long long)kept);
	fixture_sql(room.fixture, "facts.db", sql);
	room.limits.keep_us = 1;
	run(&room);
	assert_int_equal(number(&room, "SELECT request FROM requests"), (int64_t)kept);
	assert_int_equal(number(&room, "SELECT count(*) FROM requests"), 1);
	assert_int_equal(number(&room, "SELECT count(*) FROM answers"), 1);
	assert_nothing_hangs(&room, 0);
	fixture_sql(room.fixture, "facts.db", "DELETE FROM sticky_answers");
	room.now_us += 24 * HOUR_US;
	run(&room);
	assert_int_equal(number(&room, "SELECT count(*) FROM requests"), 0);
	assert_int_equal(number(&room, "SELECT count(*) FROM answers"), 0);
	room_release(&room);
}

/* ---- documents that the journal remembers ---- */

static struct fp_hash128 append(struct room *room, unsigned sha)
{
	struct row row = {
		.id = fp_journal_next_id(room->journal), .at_us = room->now_us, .sha = sha};
	struct fp_record record;
	struct fp_hash128 hash;

	row_write_texts(&row);
	record = record_of(&row);
	assert_ok(room->fixture,
		fp_journal_append(room->journal, &record, &hash, &room->fixture->error));
	return hash;
}

static void drain(struct room *room)
{
	assert_true(
		fp_journal_drain(room->journal, room->fixture->store, &room->fixture->error) >= 0);
}

static void assert_documents(struct room *room, int64_t answers)
{
	assert_int_equal(number(room, "SELECT count(*) FROM answers"), answers);
	assert_int_equal(
		number(room, "SELECT count(*) FROM answers WHERE length(document) = 0"), 0);
	assert_int_equal(number(room, "SELECT count(*) FROM requests WHERE answer NOT IN"
				      " (SELECT answer FROM answers)"),
		0);
}

/* Given again at every moment between two steps, drained at once or later: its document is there
 * whenever its request is. */
static void test_given_again_meanwhile(void **state)
{
	struct room room;

	room_init(&room, *state, 200);
	for (unsigned moment = 0; moment < 40; moment++) {
		struct fp_hash128 hash = append(&room, 7);

		assert_true(fp_journal_knows(room.journal, hash));
		drain(&room);
		/* its request is old already, and goes; the next sweep is due */
		room.limits.keep_us = 1;
		room.now_us += 24 * HOUR_US;
		for (unsigned i = 0; i < moment; i++)
			if (!step(&room))
				room.now_us += FP_US_PER_S;
		append(&room, 7);
		room.limits.keep_us = 0; /* the new one may stay for now */
		if (moment % 2)
			drain(&room);
		for (int quiet = 0; quiet < 10;) {
			quiet = step(&room) ? 0 : quiet + 1;
			if (quiet == 5)
				drain(&room); /* what waits for the journal goes on */
			if (quiet)
				room.now_us += FP_US_PER_S;
		}
		drain(&room);
		assert_int_equal(number(&room, "SELECT count(*) FROM requests WHERE answer NOT IN"
					       " (SELECT answer FROM answers)"),
			0);
		assert_int_equal(
			number(&room, "SELECT count(*) FROM answers WHERE length(document) = 0"),
			0);
		assert_true(number(&room, "SELECT count(*) FROM requests") > 0);
	}
	room_release(&room);
}

static void test_forgotten_and_given_again(void **state)
{
	struct room room;
	struct fp_hash128 hash;

	room_init(&room, *state, 200);
	hash = append(&room, 7);
	drain(&room);
	room.limits.keep_us = 1;
	room.now_us += 24 * HOUR_US;
	run(&room);
	assert_documents(&room, 0);
	assert_false(fp_journal_knows(room.journal, hash));
	room.limits.keep_us = 0;
	append(&room, 7);
	append(&room, 7);
	drain(&room);
	assert_documents(&room, 1);
	assert_int_equal(number(&room, "SELECT count(*) FROM requests"), 2);
	room_release(&room);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_age, fixture_setup_in_memory, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_size, fixture_setup_in_memory, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_sticky_answers_stay, fixture_setup_in_memory, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_given_again_meanwhile, fixture_setup_in_memory, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_forgotten_and_given_again, fixture_setup_in_memory, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
