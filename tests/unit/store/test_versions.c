/* Versions: events in, present state out. */
#include "fixture.h"

#include "forkpoint/store/versions.h"

enum { SEEN = 1, LISTED, UNLISTED, VANISHED, RETURNED, UNAVAILABLE, AVAILABLE };

static int64_t package;

static int setup(void **state)
{
	struct fixture *fixture;

	fixture_setup(state);
	fixture = *state;
	assert_ok(fixture, fp_store_package_id(fixture->store, "mux", "MUXPGODatabase", &package,
				   &fixture->error));
	return 0;
}

static int64_t apply(
	struct fixture *fixture, int kind, const char *text, int64_t published, int64_t now)
{
	const struct fp_version_event event = {kind, fp_str(text), published};
	int64_t revision;

	assert_ok(fixture, fp_store_apply_version_events(fixture->store, package, NULL, &event, 1,
				   NULL, 0, "https://feed/{id}", now, &revision, &fixture->error));
	return revision;
}

/* A life in steps; what the row says after each. */
static void test_life(void **state)
{
	struct fixture *fixture = *state;
	static const struct {
		int kind;
		int64_t published, now;
		int64_t expected_published, unlisted, vanished, returned, unavailable;
	} rows[] = {
		{SEEN, -1, 10, -1, -1, -1, -1, -1},
		{UNLISTED, -1, 20, -1, 20, -1, -1, -1},
		{LISTED, 5, 30, 5, -1, -1, -1, -1}, /* published is known by now */
		{VANISHED, -1, 40, 5, -1, 40, -1, -1},
		{RETURNED, -1, 50, 5, -1, -1, 50, -1},
		{UNAVAILABLE, -1, 60, 5, -1, -1, 50, 60},
		{AVAILABLE, -1, 70, 5, -1, -1, 50, -1},
		{VANISHED, -1, 80, 5, -1, 80, 50, -1},
		{RETURNED, 6, 90, 6, -1, -1, 90, -1},
	};
	int64_t before = 0;

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		struct fp_version_rows loaded;
		int64_t revision, newest = apply(fixture, rows[i].kind, "1.0.0", rows[i].published,
					  rows[i].now);
		const struct fp_version_row *row;

		assert_true(newest > before);
		before = newest;
		assert_ok(fixture, fp_store_load_versions(fixture->store, package, &loaded,
					   &revision, &fixture->error));
		assert_int_equal(revision, newest);
		assert_int_equal(loaded.count, 1);
		row = &loaded.items[0];
		assert_string_equal(row->text, "1.0.0");
		assert_int_equal(row->first_seen_us, 10);
		assert_int_equal(row->published_us, rows[i].expected_published);
		assert_int_equal(row->unlisted_us, rows[i].unlisted);
		assert_int_equal(row->vanished_us, rows[i].vanished);
		assert_int_equal(row->returned_us, rows[i].returned);
		assert_int_equal(row->unavailable_us, rows[i].unavailable);
		assert_int_equal(row->missed, 0);
		assert_string_equal(loaded.download, "https://feed/{id}");
		fp_version_rows_release(&loaded);
	}
	assert_int_equal(
		fixture_sql_number(fixture, "facts.db", "SELECT count(*) FROM version_events"),
		FP_ARRAY_SIZE(rows));
}

/* Rows come in NuGet's order, what is no version first. */
static void test_order(void **state)
{
	struct fixture *fixture = *state;
	static const char *const added[] = {"2.4.2001312227-main", "10.0.0", "2.4.2001312205-main",
		"not a version", "9.0.0", "9.0.0-rc"};
	static const char *const expected[] = {"not a version", "2.4.2001312205-main",
		"2.4.2001312227-main", "9.0.0-rc", "9.0.0", "10.0.0"};
	struct fp_version_rows rows;
	int64_t revision;

	for (size_t i = 0; i < FP_ARRAY_SIZE(added); i++)
		apply(fixture, SEEN, added[i], -1, 1);
	assert_ok(fixture,
		fp_store_load_versions(fixture->store, package, &rows, &revision, &fixture->error));
	assert_int_equal(rows.count, FP_ARRAY_SIZE(expected));
	for (size_t i = 0; i < rows.count; i++)
		assert_string_equal(rows.items[i].text, expected[i]);
	fp_version_rows_release(&rows);
}

/* One version in two spellings is one row, in the first spelling, letter for letter. */
static void test_spellings(void **state)
{
	struct fixture *fixture = *state;
	struct fp_version_rows rows;
	int64_t first, second, revision;

	first = apply(fixture, SEEN, "1.0.0-RC", -1, 1);
	second = apply(fixture, SEEN, "1.0.0.0-rc", -1, 2);
	assert_int_equal(first, second); /* nothing happened */
	apply(fixture, UNLISTED, "1.0.0-rc", -1, 3);
	assert_ok(fixture,
		fp_store_load_versions(fixture->store, package, &rows, &revision, &fixture->error));
	assert_int_equal(rows.count, 1);
	assert_string_equal(rows.items[0].text, "1.0.0-RC");
	assert_int_equal(rows.items[0].unlisted_us, 3);
	fp_version_rows_release(&rows);
}

static void test_missed_and_download(void **state)
{
	struct fixture *fixture = *state;
	struct fp_version_rows rows;
	struct fp_version_missed missed;
	int64_t revision, newest = apply(fixture, SEEN, "1.0.0", -1, 1);

	assert_ok(fixture,
		fp_store_load_versions(fixture->store, package, &rows, &revision, &fixture->error));
	missed = (struct fp_version_missed){rows.items[0].id, 1};
	fp_version_rows_release(&rows);
	assert_ok(fixture, fp_store_apply_version_events(fixture->store, package, NULL, NULL, 0,
				   &missed, 1, NULL, 2, &revision, &fixture->error));
	assert_int_equal(revision, newest); /* no event: the same revision */
	assert_ok(fixture,
		fp_store_load_versions(fixture->store, package, &rows, &revision, &fixture->error));
	assert_int_equal(rows.items[0].missed, 1);
	assert_null(rows.download);
	fp_version_rows_release(&rows);
}

/* Where one event cannot be written none is. */
static void test_all_or_nothing(void **state)
{
	struct fixture *fixture = *state;
	const struct fp_version_event events[] = {
		{SEEN, FP_STR_LITERAL("1.0.0"), -1},
		{VANISHED, FP_STR_LITERAL("2.0.0"), -1}, /* never seen */
	};
	struct fp_version_rows rows;
	int64_t revision = 77;

	assert_code(fixture, -FP_ERROR_INTERNAL,
		fp_store_apply_version_events(fixture->store, package, NULL, events, 2, NULL, 0,
			"x", 1, &revision, &fixture->error));
	assert_non_null(strstr(fixture->error.text, "2.0.0"));
	assert_int_equal(revision, 77);
	assert_ok(fixture,
		fp_store_load_versions(fixture->store, package, &rows, &revision, &fixture->error));
	assert_int_equal(rows.count, 0);
	assert_null(rows.download);
	fp_version_rows_release(&rows);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_life, setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_order, setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_spellings, setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_missed_and_download, setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_all_or_nothing, setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
