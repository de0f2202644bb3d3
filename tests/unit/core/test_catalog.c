/* Building and searching catalogs. */
#include "catalog_fixture.h"

#include "forkpoint/core/nuget_version.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static const struct fixture_row rows[] = {
	{"2.4.2001312227-main"},
	{"2.4.2001312205-main", QUARANTINED},
	{"2.4.0-2001312205-MAIN", UNLISTED},
	{"1.0.0-rc.24409.2"},
	{"1.0.0-rtm.24409.1", INCOMPLETE},
	{"2.0.0"},
	{"3.0.2201010000-main", UNLISTED}, /* unrecognised comes before unlisted */
	{"2.4.2001312054-release_2_4", VANISHED},
	{"2.4.2001312054-Release_2_4"},
	{"2.4.2001312054-release_2_4+late"},
	{"not a version", VANISHED},
	{"2.4.2001312033-main", UNAVAILABLE | QUARANTINED},
	{"2.4.2001312028-main", UNAVAILABLE | INCOMPLETE},
	{"5.0.0-A", VANISHED},
	{"5.0.0-a"},
};

static void test_counts(void **state)
{
	FP_CLEANUP(fp_catalog_free_cleanup)
	struct fp_catalog *catalog = fixture_catalog(rows, FP_ARRAY_SIZE(rows), false);

	assert_int_equal(catalog->version_count, FP_ARRAY_SIZE(rows));
	assert_int_equal(catalog->listed_count, FP_ARRAY_SIZE(rows) - 3);
	assert_int_equal(catalog->unrecognised_count, 3);
	assert_int_equal(catalog->unlisted_count, 1);
}

static void test_order(void **state)
{
	FP_CLEANUP(fp_catalog_free_cleanup)
	struct fp_catalog *catalog = fixture_catalog(rows, FP_ARRAY_SIZE(rows), false);

	for (uint32_t i = 1; i < catalog->version_count; i++)
		assert_true(fp_version_text_compare(catalog->versions[i - 1].row.text,
				    catalog->versions[i].row.text) < 0);
}

static void test_standing(void **state)
{
	static const struct {
		unsigned state;
		enum fp_rejection dropping, keeping;
	} table[] = {
		{0, FP_REJECTION_NONE, FP_REJECTION_NONE},
		{UNLISTED, FP_REJECTION_UNLISTED, FP_REJECTION_NONE},
		{QUARANTINED, FP_REJECTION_QUARANTINED, FP_REJECTION_QUARANTINED},
		{UNAVAILABLE, FP_REJECTION_UNAVAILABLE, FP_REJECTION_UNAVAILABLE},
		{INCOMPLETE, FP_REJECTION_INCOMPLETE_SET, FP_REJECTION_INCOMPLETE_SET},
		/* the first in API.md's order */
		{UNLISTED | QUARANTINED, FP_REJECTION_UNLISTED, FP_REJECTION_QUARANTINED},
		{QUARANTINED | UNAVAILABLE, FP_REJECTION_QUARANTINED, FP_REJECTION_QUARANTINED},
		{UNAVAILABLE | INCOMPLETE, FP_REJECTION_UNAVAILABLE, FP_REJECTION_UNAVAILABLE},
		/* vanished versions keep a standing; they are no candidates */
		{VANISHED, FP_REJECTION_NONE, FP_REJECTION_NONE},
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(table); i++) {
		for (int keep = 0; keep < 2; keep++) {
			const struct fixture_row row = {"2.4.2001312227-main", table[i].state};
			FP_CLEANUP(fp_catalog_free_cleanup)
			struct fp_catalog *catalog = fixture_catalog(&row, 1, keep);
			enum fp_rejection expected = keep ? table[i].keeping : table[i].dropping;

			assert_int_equal(catalog->versions[0].standing, expected);
			assert_int_equal(catalog->versions[0].group == FP_CATALOG_NO_GROUP,
				(table[i].state & VANISHED) || expected == FP_REJECTION_UNLISTED);
		}
	}
}

/* Rows and their text belong to the caller again as soon as the catalog stands. */
static void test_owns_text(void **state)
{
	char text[] = "2.4.2001312227-main";
	const struct fixture_row row = {text, INCOMPLETE};
	FP_CLEANUP(fp_catalog_free_cleanup)
	struct fp_catalog *catalog = fixture_catalog(&row, 1, false);

	memset(text, 'x', sizeof(text) - 1);
	assert_string_equal(fixture_text(catalog, 0), "2.4.2001312227-main");
	assert_true(fp_str_equal(catalog->versions[0].decoded.label, FP_STR_LITERAL("main")));
	assert_true(fp_str_equal(catalog->groups[0].label, FP_STR_LITERAL("main")));
	assert_true(fp_str_equal(catalog->versions[0].row.missing_ids, FP_STR_LITERAL("other.id")));
}

static void test_groups(void **state)
{
	FP_CLEANUP(fp_catalog_free_cleanup)
	struct fp_catalog *catalog = fixture_catalog(rows, FP_ARRAY_SIZE(rows), false);

	for (uint32_t i = 0; i < catalog->version_count; i++) {
		const struct fp_catalog_version *version = &catalog->versions[i];
		const struct fp_catalog_group *group;

		if (version->group == FP_CATALOG_NO_GROUP)
			continue;
		group = &catalog->groups[version->group];
		assert_int_equal(group->grammar, version->decoded.grammar);
		assert_true(fp_release_equal(&group->release, &version->decoded.release));
		assert_true(fp_str_equal_nocase(group->label, version->decoded.label));
	}
	/* main of 2.4; release_2_4; rc, rtm, and both of them for who asks for 1.0.0 */
	assert_int_equal(catalog->group_count, 5);
}

static void test_empty(void **state)
{
	FP_CLEANUP(fp_catalog_free_cleanup)
	struct fp_catalog *catalog = fixture_catalog(NULL, 0, false);

	assert_int_equal(catalog->version_count, 0);
	assert_int_equal(catalog->group_count, 0);
	assert_null(fp_catalog_find(catalog, FP_STR_LITERAL("1.0.0")));
	fp_catalog_free(NULL);
}

static void test_find(void **state)
{
	static const struct {
		const char *wanted, *found; /* NULL: none */
	} table[] = {
		{"2.4.2001312227-main", "2.4.2001312227-main"},
		/* this very text, whether vanished or not */
		{"2.4.2001312054-release_2_4", "2.4.2001312054-release_2_4"},
		{"2.4.2001312054-Release_2_4", "2.4.2001312054-Release_2_4"},
		/* one version for NuGet: case, metadata, zeros; a listed one first */
		{"2.4.2001312054-RELEASE_2_4", "2.4.2001312054-Release_2_4"},
		{"2.4.2001312054-release_2_4+zzz", "2.4.2001312054-Release_2_4"},
		{"5.0.0-a+x", "5.0.0-a"},
		{"2.4.2001312227-Main+x", "2.4.2001312227-main"},
		{"2", "2.0.0"},
		{"02.0.0.0", "2.0.0"},
		/* what is no version is only itself */
		{"3.0.2201010000-main", "3.0.2201010000-main"},
		{"3.0.2201010000-MAIN", NULL},
		{"not a version", "not a version"},
		/* none, before, between and behind all others */
		{"", NULL},
		{"0.1", NULL},
		{"2.4.2001312206-main", NULL},
		{"99.0", NULL},
	};
	FP_CLEANUP(fp_catalog_free_cleanup)
	struct fp_catalog *catalog = fixture_catalog(rows, FP_ARRAY_SIZE(rows), false);

	for (size_t i = 0; i < FP_ARRAY_SIZE(table); i++) {
		const struct fp_catalog_version *version =
			fp_catalog_find(catalog, fp_str(table[i].wanted));

		print_message("%s\n", table[i].wanted);
		assert_int_equal(version != NULL, table[i].found != NULL);
		if (version)
			assert_true(fp_str_equal(version->row.text, fp_str(table[i].found)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_standing),
		cmocka_unit_test(test_owns_text),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_find),
	};

	return cmocka_run_group_tests_name("catalog", tests, NULL, NULL);
}
