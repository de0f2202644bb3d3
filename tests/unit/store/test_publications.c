/* What was in force when: publications, gaps, arrivals, configurations by number. */
#include "fixture.h"

#include "forkpoint/store/publications.h"

static void test_publications(void **state)
{
	struct fixture *fixture = *state;
	static const struct {
		struct fp_publication given;
		int64_t rows; /* of all afterwards */
	} rows[] = {
		{{FP_PUBLISHED_REFS, 1, 5, NULL, 100}, 1},
		{{FP_PUBLISHED_REFS, 1, 5, NULL, 200}, 1}, /* still the same */
		{{FP_PUBLISHED_REFS, 2, 5, NULL, 200}, 2}, /* another repository */
		{{FP_PUBLISHED_VERSIONS, 1, 5, "a", 200}, 3},
		{{FP_PUBLISHED_VERSIONS, 1, 5, "b", 300}, 4}, /* another template */
		{{FP_PUBLISHED_VERSIONS, 1, 5, NULL, 400}, 5},
		{{FP_PUBLISHED_VERSIONS, 1, 5, NULL, 500}, 5},
		{{FP_PUBLISHED_REFS, 1, 9, NULL, 600}, 6},
		{{FP_PUBLISHED_CONFIGURATION, 0, 1, NULL, 600}, 7},
		{{FP_PUBLISHED_CONFIGURATION, 0, 2, NULL, 700}, 8},
		{{FP_PUBLISHED_CONFIGURATION, 0, 1, NULL, 800}, 9}, /* back again */
	};
	static const struct {
		enum fp_publication_kind kind;
		int64_t id, at_us, revision; /* -1 = none */
		const char *text;
	} asked[] = {
		{FP_PUBLISHED_REFS, 1, 99, -1, NULL}, /* before the first */
		{FP_PUBLISHED_REFS, 1, 100, 5, NULL}, /* its own moment counts */
		{FP_PUBLISHED_REFS, 1, 599, 5, NULL},
		{FP_PUBLISHED_REFS, 1, 600, 9, NULL},
		{FP_PUBLISHED_REFS, 3, 600, -1, NULL},
		{FP_PUBLISHED_VERSIONS, 1, 299, 5, "a"},
		{FP_PUBLISHED_VERSIONS, 1, 300, 5, "b"},
		{FP_PUBLISHED_VERSIONS, 1, 400, 5, NULL},
		{FP_PUBLISHED_CONFIGURATION, 0, 750, 2, NULL},
		{FP_PUBLISHED_CONFIGURATION, 0, 900, 1, NULL},
		{FP_PUBLISHED_OVERRIDES, 0, 900, -1, NULL},
	};
	int64_t first_us;

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		assert_ok(fixture,
			fp_store_note_publication(fixture->store, &rows[i].given, &fixture->error));
		assert_int_equal(fixture_sql_number(
					 fixture, "facts.db", "SELECT count(*) FROM publications"),
			rows[i].rows);
	}
	for (size_t i = 0; i < FP_ARRAY_SIZE(asked); i++) {
		int64_t revision = -1;
		char *text = NULL;

		assert_code(fixture, asked[i].revision < 0,
			fp_store_find_publication(fixture->store, asked[i].kind, asked[i].id,
				asked[i].at_us, &revision, &text, &fixture->error));
		assert_int_equal(revision, asked[i].revision);
		if (asked[i].text)
			assert_string_equal(text, asked[i].text);
		else
			assert_null(text);
		free(text);
	}
	assert_ok(fixture, fp_store_first_publication(fixture->store, FP_PUBLISHED_VERSIONS, 1,
				   &first_us, &fixture->error));
	assert_int_equal(first_us, 200);
	assert_code(fixture, 1,
		fp_store_first_publication(
			fixture->store, FP_PUBLISHED_VERSIONS, 7, &first_us, &fixture->error));
}

static void test_gaps(void **state)
{
	struct fixture *fixture = *state;
	static const struct fp_sync_gap gaps[] = {
		{100, 100, 900, NULL}, /* looks too far apart, and in between: */
		{100, 300, 500, "refused"},
		{100, 500, 900, "timed out"},
		{1000, 1000, 1300, NULL},
		{1200, 1200, 1900, NULL}, /* done at 1200, published at 1300 */
		{2000, 2100, -1, "goes on"},
	};
	static const struct {
		int64_t at_us, since_us; /* -1 = in none */
		const char *trouble;
	} asked[] = {
		{99, -1, NULL},
		{100, 100, NULL},
		{300, 100, "refused"}, /* trouble says more than none */
		{499, 100, "refused"},
		{500, 100, "timed out"},
		{900, -1, NULL}, /* it has ended */
		{1199, 1000, NULL},
		{1250, 1000, NULL}, /* answers knew the older look alone */
		{1300, 1200, NULL},
		{2099, -1, NULL},
		{999999, 2000, "goes on"},
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(gaps); i++)
		assert_ok(fixture,
			fp_store_add_gap(fixture->store, "package", 3, &gaps[i], &fixture->error));
	for (size_t i = 0; i < FP_ARRAY_SIZE(asked); i++) {
		int64_t since_us = -1;
		char *trouble = NULL;

		assert_code(fixture, asked[i].since_us < 0,
			fp_store_find_gap(fixture->store, "package", 3, asked[i].at_us, &since_us,
				&trouble, &fixture->error));
		assert_int_equal(since_us, asked[i].since_us);
		if (asked[i].trouble)
			assert_string_equal(trouble, asked[i].trouble);
		else
			assert_null(trouble);
		free(trouble);
	}
	/* of another source */
	assert_ok(
		fixture, fp_store_end_gaps(fixture->store, "repository", 3, 3000, &fixture->error));
	assert_int_equal(fixture_sql_number(fixture, "facts.db",
				 "SELECT count(*) FROM sync_gaps WHERE until_us IS NULL"),
		1);
	assert_ok(fixture, fp_store_end_gaps(fixture->store, "package", 3, 3000, &fixture->error));
	assert_int_equal(fixture_sql_number(fixture, "facts.db",
				 "SELECT until_us FROM sync_gaps WHERE trouble = 'goes on'"),
		3000);
	assert_int_equal(fixture_sql_number(fixture, "facts.db",
				 "SELECT until_us FROM sync_gaps WHERE trouble = 'refused'"),
		500);
}

static void test_arrivals(void **state)
{
	struct fixture *fixture = *state;
	struct fp_oid oid = {.bytes = {1}};
	int64_t repository, other, first, second, last;

	assert_ok(fixture,
		fp_store_repository_id(fixture->store, "winui", &repository, &fixture->error));
	assert_ok(
		fixture, fp_store_repository_id(fixture->store, "other", &other, &fixture->error));
	assert_ok(
		fixture, fp_store_last_arrival(fixture->store, repository, &last, &fixture->error));
	assert_int_equal(last, 0);
	assert_ok(fixture, fp_store_add_arrival(
				   fixture->store, repository, &oid, 10, &first, &fixture->error));
	assert_ok(fixture, fp_store_add_arrival(
				   fixture->store, repository, &oid, 20, &second, &fixture->error));
	assert_true(first > 0 && second > first);
	assert_ok(
		fixture, fp_store_last_arrival(fixture->store, repository, &last, &fixture->error));
	assert_int_equal(last, second);
	assert_ok(fixture, fp_store_last_arrival(fixture->store, other, &last, &fixture->error));
	assert_int_equal(last, 0);
}

static void test_configurations(void **state)
{
	struct fixture *fixture = *state;
	struct fp_buf FP_CLEANUP_BUF text = {0};
	int64_t number;

	fp_buf_init(&text, 1000);
	assert_ok(fixture, fp_store_note_config(fixture->store, "aa", FP_STR_LITERAL("{\"a\":1}"),
				   10, &fixture->error));
	assert_ok(fixture,
		fp_store_find_configuration(fixture->store, "aa", &number, &fixture->error));
	assert_ok(fixture,
		fp_store_load_configuration(fixture->store, number, &text, &fixture->error));
	assert_string_equal(text.data, "{\"a\":1}");
	assert_code(fixture, 1,
		fp_store_find_configuration(fixture->store, "bb", &number, &fixture->error));
	assert_code(fixture, 1,
		fp_store_load_configuration(fixture->store, 77, &text, &fixture->error));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_publications, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_gaps, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(test_arrivals, fixture_setup, fixture_teardown),
		cmocka_unit_test_setup_teardown(
			test_configurations, fixture_setup, fixture_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
