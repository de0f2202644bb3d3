/* What is written down of a source's readings: what answers knew comes back at every moment, over
 * runs that end before what they learned was published. */
#include "../store/fixture.h"
#include "sources.h"

#include <stdlib.h>

enum { ROW = 3, STALE_AFTER_US = 100 };

static struct fp_source_state reading(int64_t synced_us, const char *trouble)
{
	return (struct fp_source_state){
		.kind = "package",
		.publication = FP_PUBLISHED_VERSIONS,
		.id = ROW,
		.is_served = synced_us >= 0,
		.synced_us = synced_us,
		.trouble = trouble,
		.stale_after_us = STALE_AFTER_US,
		.stale_before_us = STALE_AFTER_US,
	};
}

/* A run takes up what the store has. */
static struct fp_noted begin(struct fixture *fixture)
{
	struct fp_noted noted = {0};

	assert_ok(fixture, fp_store_get_synced(fixture->store, "package", ROW, &noted.synced_us,
				   &fixture->error));
	return noted;
}

static int64_t since_at(struct fixture *fixture, int64_t at_us)
{
	int64_t since_us = -1;
	char *trouble = NULL;
	int r = fp_store_find_gap(
		fixture->store, "package", ROW, at_us, &since_us, &trouble, &fixture->error);

	assert_true(r >= 0);
	assert_null(trouble);
	return r == 1 ? -1 : since_us;
}

static void assert_since(struct fixture *fixture, const int64_t (*rows)[2], size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (since_at(fixture, rows[i][0]) != rows[i][1])
			fail_msg("at %lld: %lld", (long long)rows[i][0],
				(long long)since_at(fixture, rows[i][0]));
}

static void note(struct fixture *fixture, struct fp_noted *noted, int64_t synced_us,
	const char *trouble, int64_t published_us)
{
	struct fp_source_state state = reading(synced_us, trouble);

	fp_note_published(fixture->store, noted, &state, published_us);
}

static void test_looks(void **state)
{
	struct fixture *fixture = *state;
	static const int64_t looks[][2] = {
		{-1, 990}, {1000, 1010},    /* done, published */
		{1150, 1170}, {1230, 1240}, /* read again soon enough */
		{1430, 1530}, {1680, 1730}, /* the next is done before the gap before it ends */
	};
	static const int64_t rows[][2] = {
		{1010, 1000}, /* nobody knew the look of 1150 before it was published */
		{1150, 1000},
		{1169, 1000},
		{1170, -1},
		{1529, 1230},
		{1530, 1430},
		{1729, 1430},
		{1730, -1},
	};
	struct fp_noted noted = begin(fixture);

	for (size_t i = 0; i < FP_ARRAY_SIZE(looks); i++)
		note(fixture, &noted, looks[i][0], NULL, looks[i][1]);
	assert_since(fixture, rows, FP_ARRAY_SIZE(rows));
	fp_noted_release(&noted);
}

/* A look that a run learned and did not publish is none: the next run knows the one before. */
static void test_a_run_that_ends(void **state)
{
	struct fixture *fixture = *state;
	struct fp_noted first = begin(fixture), second;
	static const int64_t rows[][2] = {{1150, 1000}, {1399, 1000}, {1400, -1}};

	note(fixture, &first, 1000, NULL, 1010);
	fp_noted_release(&first);
	second = begin(fixture);
	assert_int_equal(second.synced_us, 1000);
	note(fixture, &second, 1000, NULL, 1300);
	note(fixture, &second, 1390, NULL, 1400);
	assert_since(fixture, rows, FP_ARRAY_SIZE(rows));
	assert_int_equal(begin(fixture).synced_us, 1390);
	fp_noted_release(&second);
}

/* A first reading is kept before it is published, a later one behind it. */
static void test_a_first_reading(void **state)
{
	struct fixture *fixture = *state;
	struct fp_noted noted = begin(fixture);

	assert_int_equal(noted.synced_us, -1);
	assert_ok(fixture, fp_note_first_reading(
				   fixture->store, &noted, "package", ROW, 1000, &fixture->error));
	assert_int_equal(begin(fixture).synced_us, 1000);
	note(fixture, &noted, 1000, NULL, 1300);
	assert_int_equal(since_at(fixture, 1200), -1);
	assert_ok(fixture, fp_note_first_reading(
				   fixture->store, &noted, "package", ROW, 1310, &fixture->error));
	assert_int_equal(begin(fixture).synced_us, 1000);
	fp_noted_release(&noted);
}

/* Of the settings before: nothing was stale while they were in force, or not known to be. */
static void test_other_settings(void **state)
{
	struct fixture *fixture = *state;
	struct fp_noted noted = begin(fixture);
	struct fp_source_state now = reading(1000, NULL);

	note(fixture, &noted, 1000, NULL, 1010);
	fp_noted_release(&noted);
	noted = begin(fixture);
	now.stale_before_us = 1000;
	fp_note_published(fixture->store, &noted, &now, 1200);
	assert_int_equal(since_at(fixture, 1150), -1);
	fp_noted_release(&noted);
	noted = begin(fixture);
	now.stale_before_us = -1;
	fp_note_published(fixture->store, &noted, &now, 1300);
	assert_int_equal(since_at(fixture, 1150), -1);
	fp_noted_release(&noted);
	noted = begin(fixture);
	now.stale_before_us = STALE_AFTER_US;
	fp_note_published(fixture->store, &noted, &now, 1400);
	assert_int_equal(since_at(fixture, 1150), 1000);
	fp_noted_release(&noted);
}

/* Trouble is served from its publication until the next one without it. */
static void test_trouble(void **state)
{
	struct fixture *fixture = *state;
	struct fp_noted noted = begin(fixture);
	static const struct {
		int64_t at_us, since_us;
		const char *trouble;
	} rows[] = {
		{1049, 1000, NULL},
		{1050, 1000, "refused"},
		{1069, 1000, "refused"},
		{1070, 1000, "timed out"},
		{1299, 1000, "timed out"},
		{1300, -1, NULL},
	};

	note(fixture, &noted, 1000, NULL, 1010);
	note(fixture, &noted, 1000, "refused", 1050);
	note(fixture, &noted, 1000, "timed out", 1070);
	note(fixture, &noted, 1290, NULL, 1300);
	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		int64_t since_us = -1;
		char *trouble = NULL;
		int r = fp_store_find_gap(fixture->store, "package", ROW, rows[i].at_us, &since_us,
			&trouble, &fixture->error);

		assert_int_equal(r, rows[i].since_us < 0);
		assert_int_equal(since_us, rows[i].since_us);
		assert_int_equal(!trouble, !rows[i].trouble);
		if (trouble)
			assert_string_equal(trouble, rows[i].trouble);
		free(trouble);
	}
	fp_noted_release(&noted);
}

/* Without a disk nothing is kept, and nothing is lost: the next publication writes it. */
static void test_a_store_that_refuses(void **state)
{
	struct fixture *fixture = *state;
	struct fp_noted noted = begin(fixture);
	struct fp_store *writable = fixture->store;

	note(fixture, &noted, 1000, NULL, 1010);
	assert_ok(fixture, fp_store_open(fixture->dir, true, &fixture->store, &fixture->error));
	note(fixture, &noted, 1200, NULL, 1300);
	fp_store_close(fixture->store);
	fixture->store = writable;
	assert_int_equal(begin(fixture).synced_us, 1000);
	assert_int_equal(since_at(fixture, 1250), -1);
	note(fixture, &noted, 1310, NULL, 1320);
	assert_int_equal(begin(fixture).synced_us, 1310);
	assert_int_equal(since_at(fixture, 1250), 1000);
	fp_noted_release(&noted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_looks, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_a_run_that_ends, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_a_first_reading, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_other_settings, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_trouble, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_a_store_that_refuses, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
