/* Slices: comparing, trimming, UTF-8, globs, nearest names. */
#include "forkpoint/base/str.h"

#include "forkpoint/base/attr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static int sign(int order)
{
	return (order > 0) - (order < 0);
}

static void compares(void **state)
{
	static const struct {
		const char *a, *b;
		int order, order_nocase;
	} rows[] = {
		{"", "", 0, 0}, {"", "a", -1, -1}, {"ab", "a", 1, 1}, /* a prefix sorts first */
		{"a", "B", 1, -1}, {"MAIN", "main", -1, 0},
		{"[", "a", -1, -1}, /* between the cases, where folding to upper would differ */
		{"\xc3\x84", "\xc3\xa4", -1, -1}, /* only ASCII folds */
		{"a\xff", "aa", 1, 1},		  /* bytes have no sign */
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		struct fp_str a = fp_str(rows[i].a), b = fp_str(rows[i].b);

		assert_int_equal(sign(fp_str_compare(a, b)), rows[i].order);
		assert_int_equal(sign(fp_str_compare(b, a)), -rows[i].order);
		assert_int_equal(sign(fp_str_compare_nocase(a, b)), rows[i].order_nocase);
		assert_int_equal(sign(fp_str_compare_nocase(b, a)), -rows[i].order_nocase);
		assert_int_equal(fp_str_equal(a, b), rows[i].order == 0);
		assert_int_equal(fp_str_equal_nocase(a, b), rows[i].order_nocase == 0);
	}
	assert_false(fp_str_equal(fp_str_n("a\0b", 3), fp_str_n("a\0c", 3)));
}

static void takes_slices_without_pointer(void **state)
{
	struct fp_str none = {0};

	assert_true(fp_str_equal(none, fp_str("")));
	assert_true(fp_str_equal_nocase(none, none));
	assert_int_equal(fp_str_compare(none, fp_str("a")), -1);
	assert_true(fp_str_starts_with(none, ""));
	assert_true(fp_str_ends_with(none, ""));
	assert_false(fp_str_starts_with(none, "a"));
	assert_int_equal(fp_str_trim(none).len, 0);
	assert_true(fp_str_is_utf8(none));
	assert_true(fp_str_matches_glob(none, "*"));
	FP_CLEANUP_FREE char *copy = fp_str_dup(none);

	assert_string_equal(copy, "");
	assert_int_equal(fp_str(NULL).len, 0);
}

static void knows_prefixes_and_suffixes(void **state)
{
	struct fp_str s = fp_str_n("release/2.4x", 11); /* not terminated where it ends */

	assert_true(fp_str_starts_with(s, "release/"));
	assert_true(fp_str_starts_with(s, "release/2.4"));
	assert_false(fp_str_starts_with(s, "release/2.4x"));
	assert_false(fp_str_starts_with(s, "Release"));
	assert_true(fp_str_ends_with(s, "/2.4"));
	assert_false(fp_str_ends_with(s, "x"));
	assert_false(fp_str_ends_with(s, "xrelease/2.4"));
	FP_CLEANUP_FREE char *copy = fp_str_dup(s);

	assert_string_equal(copy, "release/2.4");
}

static void trims(void **state)
{
	static const char *const rows[][2] = {
		{"  a b\t\r\n", "a b"}, {"", ""}, {" \t\r\n", ""}, {"\va\f", "\va\f"}, {"a", "a"}};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++)
		assert_true(fp_str_equal(fp_str_trim(fp_str(rows[i][0])), fp_str(rows[i][1])));
}

static void classifies_characters(void **state)
{
	for (int c = 0; c < 256; c++) {
		bool digit = c >= '0' && c <= '9';
		bool upper = c >= 'A' && c <= 'Z';
		bool lower = c >= 'a' && c <= 'z';
		int hex = digit			 ? c - '0'
			  : c >= 'a' && c <= 'f' ? c - 'a' + 10
			  : c >= 'A' && c <= 'F' ? c - 'A' + 10
						 : -1;

		assert_int_equal(fp_char_is_digit((char)c), digit);
		assert_int_equal(fp_char_is_alnum((char)c), digit || upper || lower);
		assert_int_equal(fp_char_hex_value((char)c), hex);
		assert_int_equal(fp_char_lower((char)c), (char)(upper ? c + 32 : c));
	}
}

static size_t encode(uint32_t code, char *out)
{
	if (code < 0x80) {
		out[0] = (char)code;
		return 1;
	}
	size_t len = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	static const unsigned char marks[] = {0, 0, 0xc0, 0xe0, 0xf0};

	for (size_t i = len - 1; i > 0; i--, code >>= 6)
		out[i] = (char)(0x80 | (code & 0x3f));
	out[0] = (char)(marks[len] | code);
	return len;
}

/* Every code point, well-formed and cut short. */
static void knows_every_character(void **state)
{
	for (uint32_t code = 0; code <= 0x11ffff; code++) {
		char text[5] = "xxxx";
		size_t len = encode(code, text);
		bool valid = code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);

		if (fp_str_is_utf8(fp_str_n(text, len)) != valid)
			fail_msg("U+%04X", code);
		if (len > 1 && fp_str_is_utf8(fp_str_n(text, len - 1)))
			fail_msg("U+%04X cut short", code);
	}
}

static void refuses_bad_utf8(void **state)
{
	static const char *const rows[] = {
		"\x80",						  /* a continuation alone */
		"\xc0\xaf",					  /* overlong in two */
		"\xc1\xbf", "\xe0\x9f\xbf",			  /* in three */
		"\xf0\x8f\xbf\xbf",				  /* in four */
		"\xf5\x80\x80\x80",				  /* past the last plane */
		"\xf8\x88\x80\x80\x80", "\xff", "ok\xe2\x28\xa1", /* a wrong second byte */
		"ok\xe2\x82(",					  /* a wrong third */
		"\xf0\x9f\x98(",				  /* a wrong fourth */
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++)
		if (fp_str_is_utf8(fp_str(rows[i])))
			fail_msg("row %zu", i);
}

static void matches_globs(void **state)
{
	static const struct {
		const char *pattern, *text;
		bool matches;
	} rows[] = {
		{"main", "main", true},
		{"main", "Main", false},
		{"main", "main2", false},
		{"main2", "main", false},
		{"", "", true},
		{"", "a", false},
		{"*", "", true},
		{"refs/heads/*", "refs/heads/a/b", true}, /* slashes included */
		{"refs/heads/*", "refs/heads", false},
		{"refs/pull/*/head", "refs/pull/12/head", true},
		{"refs/pull/*/head", "refs/pull/12/merge", false},
		{"refs/pull/*/head", "refs/pull/head/head", true}, /* the star takes one more */
		{"*a*b", "xaxbxaxb", true},
		{"*a*b", "xbxa", false},
		{"a**b", "ab", true},
		{"re?ease", "release", false}, /* no other wildcard */
		{"[ab]", "a", false},
		{"[ab]", "[ab]", true},
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++)
		if (fp_str_matches_glob(fp_str(rows[i].text), rows[i].pattern) != rows[i].matches)
			fail_msg("%s %s", rows[i].pattern, rows[i].text);
	assert_false(fp_str_matches_glob(fp_str_n("a\0b", 3), "a"));
	assert_true(fp_str_matches_glob(fp_str_n("a\0b", 3), "a*b"));
}

/* Would take for ever if each star tried everything. */
static void matches_hostile_globs_in_time(void **state)
{
	char text[20000];

	memset(text, 'a', sizeof(text));
	assert_false(fp_str_matches_glob(
		fp_str_n(text, sizeof(text)), "*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b"));
}

static void finds_nearest_names(void **state)
{
	static const struct fp_str names[] = {FP_STR_INIT("interval"), FP_STR_INIT("listen"),
		FP_STR_INIT("branch"), FP_STR_INIT("branches"), FP_STR_INIT("branch_source"),
		FP_STR_INIT("url"), FP_STR_INIT("release/2.4"), FP_STR_INIT("release/2.5")};
	static const struct {
		const char *wanted;
		size_t max;
		size_t count;
		size_t nearest[3];
	} rows[] = {
		{"intervall", 3, 1, {0}},
		{"INTERVAL", 3, 1, {0}},    /* letters' case is no distance */
		{"lisetn", 3, 1, {1}},	    /* two changes */
		{"brnch", 3, 1, {2}},	    /* "branches" is three away */
		{"branchs", 3, 2, {2, 3}},  /* equally near: as they stand */
		{"branches", 3, 2, {3, 2}}, /* the nearest first */
		{"branches", 1, 1, {3}},    /* no more than asked for */
		{"branchesource", 3, 1, {4}},
		{"completely_else", 3, 0, {0}},
		{"urll", 3, 1, {5}},
		{"", 3, 0, {0}},
		{"branch", 0, 0, {0}},
		/* whole words of the one begin or end the other, behind what is misspelt */
		{"origin/listen", 3, 1, {1}},
		{"Source", 3, 1, {4}},
		{"release", 3, 2, {6, 7}},
		{"branch", 3, 3, {2, 3, 4}},
		{"releas", 3, 0, {0}},
		{"4", 3, 0, {0}},
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		size_t found[3] = {99, 99, 99};
		size_t count = fp_str_nearest(
			fp_str(rows[i].wanted), names, FP_ARRAY_SIZE(names), found, rows[i].max);

		if (count != rows[i].count)
			fail_msg("%s: %zu", rows[i].wanted, count);
		assert_memory_equal(found, rows[i].nearest, count * sizeof(found[0]));
	}
}

static void compares_only_the_start_of_long_names(void **state)
{
	char a[300], b[300];
	struct fp_str name = {b, sizeof(b)};
	size_t index;

	memset(a, 'x', sizeof(a));
	memset(b, 'x', sizeof(b));
	memset(b + 64, 'y', sizeof(b) - 64);
	assert_int_equal(fp_str_nearest(fp_str_n(a, sizeof(a)), &name, 1, &index, 1), 1);
	memset(b, 'y', sizeof(b));
	assert_int_equal(fp_str_nearest(fp_str_n(a, sizeof(a)), &name, 1, &index, 1), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(compares),
		cmocka_unit_test(takes_slices_without_pointer),
		cmocka_unit_test(knows_prefixes_and_suffixes),
		cmocka_unit_test(trims),
		cmocka_unit_test(classifies_characters),
		cmocka_unit_test(knows_every_character),
		cmocka_unit_test(refuses_bad_utf8),
		cmocka_unit_test(matches_globs),
		cmocka_unit_test(matches_hostile_globs_in_time),
		cmocka_unit_test(finds_nearest_names),
		cmocka_unit_test(compares_only_the_start_of_long_names),
	};

	return cmocka_run_group_tests_name("base: text", tests, NULL, NULL);
}
