/* Numbers for names, configurations, and when sources were last read. */
#include "fixture.h"

static void test_ids(void **state)
{
	struct fixture *fixture = *state;
	static const struct {
		const char *feed, *package;
		size_t same_as; /* an earlier row */
	} rows[] = {
		{"mux", "MUXPGODatabase", 0},
		{"other", "MUXPGODatabase", 1}, /* another feed: another package */
		{"mux", "muxpgodatabase", 2}, /* names are the configuration's, letter for letter */
		{"mux", "MUXPGODatabase", 0}, /* found again */
		{"o'brien; --", "\"", 4},     /* bound, never pasted */
		{"o'brien; --", "\"", 4},
	};
	int64_t ids[FP_ARRAY_SIZE(rows)], winui, terminal, again;

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		assert_ok(fixture, fp_store_package_id(fixture->store, rows[i].feed,
					   rows[i].package, &ids[i], &fixture->error));
		for (size_t k = 0; k < i; k++)
			assert_int_equal(ids[i] == ids[k], rows[i].same_as == rows[k].same_as);
	}
	assert_ok(
		fixture, fp_store_repository_id(fixture->store, "winui", &winui, &fixture->error));
	assert_ok(fixture,
		fp_store_repository_id(fixture->store, "terminal", &terminal, &fixture->error));
	assert_ok(
		fixture, fp_store_repository_id(fixture->store, "winui", &again, &fixture->error));
	assert_int_equal(winui, again);
	assert_int_not_equal(winui, terminal);
}

static void test_configurations(void **state)
{
	struct fixture *fixture = *state;
	static const struct {
		const char *digest;
		int64_t now;
		int64_t kept, events;
	} rows[] = {
		{"aa", 10, 1, 1}, {"aa", 20, 1, 1}, /* still in force: nothing new */
		{"bb", 30, 2, 2},
		{"aa", 40, 2, 3}, /* back again: kept already, but in force from now on */
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		assert_ok(fixture, fp_store_note_config(fixture->store, rows[i].digest,
					   FP_STR_LITERAL("{}"), rows[i].now, &fixture->error));
		assert_int_equal(fixture_sql_number(fixture, "facts.db",
					 "SELECT count(*) FROM configurations"),
			rows[i].kept);
		assert_int_equal(fixture_sql_number(fixture, "facts.db",
					 "SELECT count(*) FROM configuration_events"),
			rows[i].events);
	}
	/* the time when it was first in force stays */
	assert_int_equal(fixture_sql_number(fixture, "facts.db",
				 "SELECT first_us FROM configurations WHERE digest = 'aa'"),
		10);
}

static void test_synced(void **state)
{
	struct fixture *fixture = *state;
	static const struct {
		const char *kind;
		int64_t id, set; /* -1: only read */
		int64_t expected;
	} rows[] = {
		{"repository", 1, -1, -1}, /* never */
		{"repository", 1, 100, 100},
		{"package", 1, -1, -1}, /* another kind */
		{"repository", 1, 50, 50},
		{"repository", 2, -1, -1},
		{"package", 1, 7, 7},
		{"repository", 1, -1, 50},
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		int64_t synced = 0;

		if (rows[i].set >= 0)
			assert_ok(fixture, fp_store_set_synced(fixture->store, rows[i].kind,
						   rows[i].id, rows[i].set, &fixture->error));
		assert_ok(fixture, fp_store_get_synced(fixture->store, rows[i].kind, rows[i].id,
					   &synced, &fixture->error));
		assert_int_equal(synced, rows[i].expected);
	}
	/* a kind that nobody knows is a bug, and is noticed */
	assert_true(fp_store_set_synced(fixture->store, "planet", 1, 1, &fixture->error) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_ids, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_configurations, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_synced, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
