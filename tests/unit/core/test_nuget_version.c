/* NuGet versions: what is one, what equals what, and NuGet.exe's order (NUGET.md, "Versions"). */
#include "forkpoint/core/nuget_version.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

struct parse_case {
	const char *text;
	bool is_version;
	uint32_t number[4];
	unsigned number_count;
	const char *prerelease, *metadata;
};

static const struct parse_case parse_cases[] = {
	/* one to four numbers */
	{"1", true, {1}, 1, "", ""},
	{"1.2", true, {1, 2}, 2, "", ""},
	{"1.2.3", true, {1, 2, 3}, 3, "", ""},
	{"1.2.3.4", true, {1, 2, 3, 4}, 4, "", ""},
	/* a fifth */
	{"1.2.3.4.5", false},
	/* leading zeros are digits like others */
	{"01.002.0003", true, {1, 2, 3}, 3, "", ""},
	/* the last number that fits, and the first that does not: patch-stamp's end */
	{"2.4.2147483647", true, {2, 4, 2147483647}, 3, "", ""},
	{"2.4.2147483648", false},
	{"3.0.2201010000-main", false},
	{"99999999999999999999999.0", false},
	/* labels with hyphens, dots, digits; and the underscore that servers take */
	{"1.0.0-a-b.c.1", true, {1}, 3, "a-b.c.1", ""},
	{"2.4.2001312054-release_2_4", true, {2, 4, 2001312054}, 3, "release_2_4", ""},
	{"1.0.0--1", true, {1}, 3, "-1", ""},
	{"1.0--", true, {1}, 2, "-", ""},
	/* metadata, which may hold hyphens and follow a release or a prerelease */
	{"1.0.0+a-b.c", true, {1}, 3, "", "a-b.c"},
	{"1.0.0-rc+meta", true, {1}, 3, "rc", "meta"},
	/* empty labels */
	{"1.0.0-", false},
	{"1.0.0-.a", false},
	{"1.0.0-a.", false},
	{"1.0.0-a..b", false},
	{"1.0.0+", false},
	{"1.0.0-a+", false},
	{"1.0.0+a..b", false},
	{"1.0.0+a+b", false},
	/* empty or foreign numbers */
	{"", false},
	{"-main", false},
	{".1", false},
	{"1.", false},
	{"1..2", false},
	{"v1.0", false},
	{"1.x", false},
	{"+1", false},
	{" 1.0", false},
	{"1.0 ", false},
	/* foreign bytes in labels */
	{"1.0.0-a/b", false},
	{"1.0.0-a#b", false},
	{"1.0.0-\xc3\xa9", false},
	{"1.0.0-a b", false},
};

static void assert_text(struct fp_str text, const char *expected)
{
	assert_int_equal(text.len, strlen(expected));
	if (text.len)
		assert_memory_equal(text.ptr, expected, text.len);
}

static void test_parse(void **state)
{
	for (size_t i = 0; i < FP_ARRAY_SIZE(parse_cases); i++) {
		const struct parse_case *row = &parse_cases[i];
		struct fp_nuget_version version = {.number_count = 77};

		print_message("%s\n", row->text);
		assert_int_equal(
			fp_nuget_version_parse(fp_str(row->text), &version), row->is_version);
		if (!row->is_version) {
			assert_int_equal(version.number_count, 77); /* written on success only */
			continue;
		}
		assert_memory_equal(version.number, row->number, sizeof(row->number));
		assert_int_equal(version.number_count, row->number_count);
		assert_text(version.prerelease, row->prerelease);
		assert_text(version.metadata, row->metadata);
	}
}

static void test_length(void **state)
{
	char text[FP_VERSION_MAX_BYTES + 2] = "1.0.0-";
	struct fp_nuget_version version;

	memset(text + 6, 'a', sizeof(text) - 7);
	assert_true(fp_nuget_version_parse(fp_str_n(text, FP_VERSION_MAX_BYTES), &version));
	assert_false(fp_nuget_version_parse(fp_str_n(text, FP_VERSION_MAX_BYTES + 1), &version));
	assert_false(fp_nuget_version_parse(fp_str_n(NULL, 0), &version));
}

/* NuGet.exe's own descending order, from NUGET.md. */
static const char *const descending[] = {"1.0.0.1", "1.0.0.1-beta", "1.0.0", "1.0.0-z-", "1.0.0-Z",
	"1.0.0-rc+meta", "1.0.0-alpha-9", "1.0.0-alpha-10", "1.0.0-alpha.beta", "1.0.0-alpha.10",
	"1.0.0-alpha.9", "1.0.0-Alpha.1", "1.0.0-alpha", "1.0.0-a", "1.0.0-9999999999",
	"1.0.0-2501011234-main", "1.0.0-2501011234", "1.0.0-2147483648", "1.0.0-10000000000",
	"1.0.0-0a", "1.0.0-2147483647", "1.0.0-1", "1.0.0--1"};

static int sign(int order)
{
	return (order > 0) - (order < 0);
}

static void test_order(void **state)
{
	for (size_t i = 0; i < FP_ARRAY_SIZE(descending); i++) {
		for (size_t k = 0; k < FP_ARRAY_SIZE(descending); k++) {
			struct fp_str left = fp_str(descending[i]), right = fp_str(descending[k]);
			struct fp_nuget_version a, b;
			int expected = i < k ? 1 : i > k ? -1 : 0;

			print_message("%s, %s\n", descending[i], descending[k]);
			assert_true(fp_nuget_version_parse(left, &a));
			assert_true(fp_nuget_version_parse(right, &b));
			assert_int_equal(sign(fp_nuget_version_compare(&a, &b)), expected);
			assert_int_equal(sign(fp_version_text_compare(left, right)), expected);
		}
	}
}

struct pair_case {
	const char *left, *right;
	int order;
};

static const struct pair_case pairs[] = {
	/* one version: missing numbers, zeros, metadata, case */
	{"1", "1.0.0.0", 0},
	{"1.0", "1.0.0", 0},
	{"1.0.0", "1.0.0+x", 0},
	{"1.0.0+x", "1.0.0+y", 0},
	{"01.0.00", "1.0.0", 0},
	{"1.0.0-alpha", "1.0.0-ALPHA", 0},
	{"1.0.0-alpha.BETA+a", "1.0.0-ALPHA.beta", 0},
	/* numbers as numbers */
	{"1.10.0", "1.9.0", 1},
	{"1.0.0.1", "1.0.1", -1},
	{"2.4.2001312227-main", "2.4.0-2001312227-main", 1},
	/* the ends of 32 bits with a sign: -2147483648 is a number, -2147483649 is text */
	{"1.0.0--2147483648", "1.0.0--2147483647", -1},
	{"1.0.0--2147483649", "1.0.0-2147483647", 1},
	/* numbers with zeros before them are numbers still */
	{"1.0.0-007", "1.0.0-7", 0},
	{"1.0.0-a.007", "1.0.0-a.8", -1},
	/* minus nothing is text */
	{"1.0.0--", "1.0.0-5", 1},
	/* `_` stands after Z and before nothing else: text is upper-cased, not lower-cased */
	{"1.0.0-a_b", "1.0.0-azb", 1},
	{"1.0.0-a_b", "1.0.0-aZb", 1},
	{"1.0.0-release_2_4", "1.0.0-release-2-4", 1},
	/* a shorter list first */
	{"1.0.0-a.b", "1.0.0-a.b.c", -1},
	{"1.0.0-1", "1.0.0-1.0", -1},
};

static void test_pairs(void **state)
{
	for (size_t i = 0; i < FP_ARRAY_SIZE(pairs); i++) {
		struct fp_nuget_version a, b;

		print_message("%s, %s\n", pairs[i].left, pairs[i].right);
		assert_true(fp_nuget_version_parse(fp_str(pairs[i].left), &a));
		assert_true(fp_nuget_version_parse(fp_str(pairs[i].right), &b));
		assert_int_equal(sign(fp_nuget_version_compare(&a, &b)), pairs[i].order);
		assert_int_equal(sign(fp_nuget_version_compare(&b, &a)), -pairs[i].order);
	}
}

/* Ascending: what is no version stands first, in byte order; equal versions in byte order. */
static const char *const any_text[] = {"", "1.0.0-", "3.0.2201010000-main", "v1", "0.1", "1.0",
	"1.0.0", "1.0.0+x", "1.0.1-ALPHA", "1.0.1-alpha", "1.0.1"};

static void test_text_order(void **state)
{
	for (size_t i = 0; i < FP_ARRAY_SIZE(any_text); i++)
		for (size_t k = 0; k < FP_ARRAY_SIZE(any_text); k++)
			assert_int_equal(sign(fp_version_text_compare(
						 fp_str(any_text[i]), fp_str(any_text[k]))),
				i < k ? -1 : i > k);
}

struct key_case {
	const char *text, *normal, *key; /* normal NULL: no version */
};

static const struct key_case keys[] = {
	/* at least three numbers, a fourth only when it says something */
	{"1", "1.0.0", "1.0.0"},
	{"1.2.3.0", "1.2.3", "1.2.3"},
	{"1.2.3.4", "1.2.3.4", "1.2.3.4"},
	/* no zeros, no metadata; the label's case only in the normal form */
	{"01.02.03-RC.1+build", "1.2.3-RC.1", "1.2.3-rc.1"},
	/* a label's zeros are part of its address */
	{"1.0.0-007", "1.0.0-007", "1.0.0-007"},
	/* no version: its own bytes, lower-cased */
	{"3.0.2201010000-Main", NULL, "3.0.2201010000-main"},
	{"", NULL, ""},
};

static void test_write(void **state)
{
	for (size_t i = 0; i < FP_ARRAY_SIZE(keys); i++) {
		FP_CLEANUP_BUF struct fp_buf buf;
		struct fp_nuget_version version;

		fp_buf_init(&buf, 1000);
		fp_version_key(fp_str(keys[i].text), &buf);
		assert_text(fp_buf_str(&buf), keys[i].key);
		fp_buf_clear(&buf);
		fp_buf_add_text(&buf, "KEEP "); /* what stands there already is not touched */
		fp_version_key(fp_str(keys[i].text), &buf);
		assert_true(fp_str_starts_with(fp_buf_str(&buf), "KEEP "));
		fp_buf_clear(&buf);
		assert_int_equal(fp_nuget_version_parse(fp_str(keys[i].text), &version),
			keys[i].normal != NULL);
		if (!keys[i].normal)
			continue;
		fp_nuget_version_write(&version, &buf);
		assert_text(fp_buf_str(&buf), keys[i].normal);
	}
}

static void test_same(void **state)
{
	static const char *const others[] = {"1.0.0-7", "1.0.0-RC+a", "1.0.0-rc", "1.2.3.4-x",
		"3.0.2201010000-MAIN", "1.2.3-rc.1+other"};
	struct fp_str texts[FP_ARRAY_SIZE(keys) + FP_ARRAY_SIZE(others)];

	for (size_t i = 0; i < FP_ARRAY_SIZE(texts); i++)
		texts[i] = fp_str(
			i < FP_ARRAY_SIZE(keys) ? keys[i].text : others[i - FP_ARRAY_SIZE(keys)]);
	for (size_t i = 0; i < FP_ARRAY_SIZE(texts); i++) {
		for (size_t k = 0; k < FP_ARRAY_SIZE(texts); k++) {
			FP_CLEANUP_BUF struct fp_buf left, right;

			fp_buf_init(&left, 1000);
			fp_buf_init(&right, 1000);
			fp_version_key(texts[i], &left);
			fp_version_key(texts[k], &right);
			assert_int_equal(fp_version_is_same(texts[i], texts[k]),
				fp_str_equal(fp_buf_str(&left), fp_buf_str(&right)));
		}
	}
}

static void test_strict(void **state)
{
	static const struct {
		const char *text;
		bool is_strict;
	} rows[] = {
		{"1.0.0", true},
		{"1.0.0-release-2-4+a", true},
		{"2.4.2001312054-release_2_4", false}, /* NuGet's client refuses it */
		{"1.0.0+a_b", false},
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		struct fp_nuget_version version;

		assert_true(fp_nuget_version_parse(fp_str(rows[i].text), &version));
		assert_int_equal(fp_nuget_version_is_strict(&version), rows[i].is_strict);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_length),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_text_order),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_strict),
	};

	return cmocka_run_group_tests_name("nuget version", tests, NULL, NULL);
}
