/* The version grammars: what each takes, what it says then, and what it writes (RULES.md, 2). */
#include "forkpoint/core/grammar.h"

#include "forkpoint/core/nuget_version.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

struct read_case {
	const char *version;
	const char *release; /* NULL: not taken */
	const char *stamp;   /* arcade: its day's midnight */
	const char *label;
	uint32_t revision;
	const char *why; /* part of the sentence, for what is not taken */
};

static const struct read_case prerelease_stamp[] = {
	/* RULES.md's */
	{"1.23.0-2501011234-main", "1.23", "2501011234", "main"},
	{"2.8.0-prerelease-2203082245-main", "2.8.0-prerelease", "2203082245", "main"},
	/* past 32 bits is fine here: the stamp is text */
	{"3.0.1-2212312359-main", "3.0.1", "2212312359", "main"},
	/* the century is 2000 */
	{"1.0.0-3001010000-main", "1.0", "3001010000", "main"},
	{"1.0.0-9912312359-main", "1.0", "9912312359", "main"},
	/* labels hold hyphens and digits, also another stamp */
	{"1.0.0-2501011234-release-1-10", "1.0", "2501011234", "release-1-10"},
	{"1.0.0-2501011234-2501011235-x", "1.0", "2501011234", "2501011235-x"},
	{"1.0.0-2501011234-2501011235", "1.0", "2501011234", "2501011235"},
	{"1.0.0-2501011234--main", "1.0", "2501011234", "-main"},
	{"1.0.0-2501011234-a.b", "1.0", "2501011234", "a.b"},
	{"1.0.0-2501011234-my_branch", "1.0", "2501011234", "my_branch"},
	/* prerelease labels hold hyphens and dots */
	{"2.8.0-preview-1.2-2203082245-main", "2.8.0-preview-1.2", "2203082245", "main"},
	{"2.8.0-a--2203082245-main", "2.8.0-a-", "2203082245", "main"},
	/* an earlier run of ten digits that is no date is passed over, as are nine and eleven */
	{"1.0.0-9913011200-2501011234-main", "1.0.0-9913011200", "2501011234", "main"},
	{"1.0.0-123456789-2501011234-main", "1.0.0-123456789", "2501011234", "main"},
	{"1.0.0-25010112340-2501011234-main", "1.0.0-25010112340", "2501011234", "main"},
	/* ten digits after a dot or a letter are not between hyphens */
	{"1.0.0-a.2501011234-2501011235-main", "1.0.0-a.2501011234", "2501011235", "main"},
	{"1.0.0-b2501011234-2501011235-main", "1.0.0-b2501011234", "2501011235", "main"},
	/* leading zeros; metadata, with a stamp in it or not */
	{"01.023.00-2501011234-main", "1.23", "2501011234", "main"},
	{"1.0.0-2501011234-main+build.5", "1.0", "2501011234", "main"},
	{"1.0.0-rc+2501011234-main", .why = "no stamp"},
	/* a patch that is a stamp is a patch */
	{"2.4.2001312227-2501011234-main", "2.4.2001312227", "2501011234", "main"},
	/* not three numbers */
	{"1.0-2501011234-main", .why = "three numbers"},
	{"1.0.0.0-2501011234-main", .why = "three numbers"},
	{"1.0.0.1-2501011234-main", .why = "three numbers"},
	/* no label; an empty one */
	{"1.0.0-2501011234", .why = "no stamp"},
	{"1.0.0-2501011234-", .why = "no branch label"},
	{"1.0.0-prerelease-2501011234", .why = "no stamp"},
	{"1.0.0-2501011234+main", .why = "no stamp"},
	/* an empty prerelease label */
	{"1.0.0--2501011234-main", .why = "prerelease label"},
	/* no date */
	{"1.0.0-2513011234-main", .why = "no date"},
	{"1.0.0-2501011261-main", .why = "no date"},
	{"1.0.0-2302291200-main", .why = "no date"},
	/* nothing of the kind */
	{"2.0.0", .why = "no stamp"},
	{"2.0.0-main", .why = "no stamp"},
	{"2.0.0-beta.24409.2", .why = "no stamp"},
	{"2.4.2001312227-main", .why = "no stamp"},
	/* no version */
	{"3.0.2201010000-main", .why = "2147483647"},
	{"1.0.0-2501011234-a/b", .why = "no NuGet version"},
	{"", .why = "no NuGet version"},
};

static const struct read_case patch_stamp[] = {
	/* RULES.md's; the release has patch 0 and no prerelease label */
	{"2.4.2001312227-main", "2.4", "2001312227", "main"},
	{"2.4.2001312054-release_2_4", "2.4", "2001312054", "release_2_4"},
	{"1.10.2108261758-release-1-10", "1.10", "2108261758", "release-1-10"},
	{"2.7.2112312359-main", "2.7", "2112312359", "main"},
	/* labels of digits, of dots */
	{"2.4.2001312227-2001312228", "2.4", "2001312227", "2001312228"},
	{"2.4.2001312227-a.b", "2.4", "2001312227", "a.b"},
	/* zeros: of the stamp's, they are digits; of the others, nothing */
	{"2.4.0901312227-main", "2.4", "0901312227", "main"},
	{"02.04.2001312227-main", "2.4", "2001312227", "main"},
	{"2.4.02001312227-main", .why = "not ten digits"},
	{"2.4.2001312227-main+5", "2.4", "2001312227", "main"},
	/* the stamp of the worked example with a thirteenth hour too many */
	{"2.4.2001312627-main", .why = "no date"},
	/* month 13, minute 61 */
	{"2.4.2013011200-main", .why = "no date"},
	{"2.4.2001311261-main", .why = "no date"},
	/* past 32 bits: the version is no version */
	{"2.4.2201010000-main", .why = "2147483647"},
	/* a number of ten digits that fits, but is no date */
	{"2.4.2147483647-main", .why = "no date"},
	/* no label; metadata is none */
	{"2.4.2001312227", .why = "no branch label"},
	{"2.4.2001312227+main", .why = "no branch label"},
	/* other counts of numbers */
	{"2.2001312227-main", .why = "three numbers"},
	{"2.4.2001312227.1-main", .why = "three numbers"},
	{"2.4.1.2001312227-main", .why = "three numbers"},
	/* the other grammars' */
	{"1.23.0-2501011234-main", .why = "not ten digits"},
	{"1.0.0-prerelease.24409.2", .why = "not ten digits"},
	/* month 31 */
	{"2.4.2031012227-main", .why = "no date"},
};

static const struct read_case arcade[] = {
	{"1.0.0-prerelease.24409.2", "1.0.0-prerelease", "2408090000", "", 2},
	{"1.0.0-prerelease.24409.10", "1.0.0-prerelease", "2408090000", "", 10},
	/* labels of several parts, of digits, with hyphens */
	{"9.0.0-preview.7.24405.7", "9.0.0-preview.7", "2408050000", "", 7},
	{"1.2.3-7.24409.2", "1.2.3-7", "2408090000", "", 2},
	{"1.0.0-a-b.24409.2", "1.0.0-a-b", "2408090000", "", 2},
	{"1.0.0-24408.24409.2", "1.0.0-24408", "2408090000", "", 2},
	/* leading zeros and metadata */
	{"01.0.0-rc.09409.002+sha", "1.0.0-rc", "0908090000", "", 2},
	/* the largest revision, and one more */
	{"1.0.0-rc.24409.2147483647", "1.0.0-rc", "2408090000", "", 2147483647},
	{"1.0.0-rc.24409.2147483648", .why = ".DATE.REVISION"},
	/* no real day */
	{"1.0.0-rc.23129.1", .why = "no date"},
	{"1.0.0-rc.24400.1", .why = "no date"},
	{"1.0.0-rc.24651.1", .why = "no date"},
	{"1.0.0-rc.beta.1", .why = "no date"},
	/* parts missing */
	{"1.0.0-24409.2", .why = ".DATE.REVISION"},
	{"1.0.0-prerelease.24409", .why = ".DATE.REVISION"},
	{"1.0.0-prerelease-24409-2", .why = ".DATE.REVISION"},
	{"1.0.0-prerelease.24409.x", .why = ".DATE.REVISION"},
	{"1.0.0-prerelease.24409.-2", .why = ".DATE.REVISION"},
	{"1.0.0", .why = ".DATE.REVISION"},
	{"1.0-prerelease.24409.2", .why = "three numbers"},
	{"1.0.0.1-prerelease.24409.2", .why = "three numbers"},
};

static void assert_decoded(const struct fp_decoded *decoded, const struct read_case *row)
{
	struct fp_release release;
	fp_minute minute;

	assert_true(fp_release_parse(fp_str(row->release), &release));
	assert_true(fp_release_equal(&decoded->release, &release));
	assert_true(fp_stamp_parse(fp_str(row->stamp), &minute));
	assert_int_equal(decoded->minute, minute);
	assert_true(fp_str_equal(decoded->label, fp_str(row->label)));
	assert_int_equal(decoded->revision, row->revision);
}

static void check_reader(enum fp_grammar grammar, const struct read_case *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct fp_decoded decoded = {.revision = 77};
		const char *why = NULL;
		bool is_taken = fp_grammar_read(grammar, fp_str(rows[i].version), &decoded, &why);

		print_message("%s\n", rows[i].version);
		assert_int_equal(is_taken, rows[i].release != NULL);
		if (is_taken) {
			assert_int_equal(decoded.grammar, grammar);
			assert_decoded(&decoded, &rows[i]);
			assert_null(why);
			continue;
		}
		assert_int_equal(decoded.revision, 77); /* written on success only */
		assert_non_null(why);
		assert_non_null(strstr(why, rows[i].why));
		assert_false(fp_grammar_read(grammar, fp_str(rows[i].version), &decoded, NULL));
	}
}

static void test_prerelease_stamp(void **state)
{
	check_reader(
		FP_GRAMMAR_PRERELEASE_STAMP, prerelease_stamp, FP_ARRAY_SIZE(prerelease_stamp));
}

static void test_patch_stamp(void **state)
{
	check_reader(FP_GRAMMAR_PATCH_STAMP, patch_stamp, FP_ARRAY_SIZE(patch_stamp));
}

static void test_arcade(void **state)
{
	check_reader(FP_GRAMMAR_ARCADE, arcade, FP_ARRAY_SIZE(arcade));
}

static void test_first(void **state)
{
	static const enum fp_grammar newer_first[] = {
		FP_GRAMMAR_PRERELEASE_STAMP, FP_GRAMMAR_PATCH_STAMP, FP_GRAMMAR_ARCADE};
	static const enum fp_grammar older_first[] = {
		FP_GRAMMAR_ARCADE, FP_GRAMMAR_PATCH_STAMP, FP_GRAMMAR_PRERELEASE_STAMP};
	static const struct {
		const char *version;
		enum fp_grammar newer, older;
	} rows[] = {
		{"1.23.0-2501011234-main", FP_GRAMMAR_PRERELEASE_STAMP,
			FP_GRAMMAR_PRERELEASE_STAMP},
		{"2.4.2001312227-main", FP_GRAMMAR_PATCH_STAMP, FP_GRAMMAR_PATCH_STAMP},
		{"1.0.0-prerelease.24409.2", FP_GRAMMAR_ARCADE, FP_GRAMMAR_ARCADE},
		/* taken by several: the first of the list has it */
		{"2.4.2001312227-2501011234-main", FP_GRAMMAR_PRERELEASE_STAMP,
			FP_GRAMMAR_PATCH_STAMP},
		{"1.0.0-2501011234-x.24409.2", FP_GRAMMAR_PRERELEASE_STAMP, FP_GRAMMAR_ARCADE},
		/* taken by none */
		{"2.0.0", FP_GRAMMAR_NONE, FP_GRAMMAR_NONE},
		{"3.0.2201010000-main", FP_GRAMMAR_NONE, FP_GRAMMAR_NONE},
		{"not a version", FP_GRAMMAR_NONE, FP_GRAMMAR_NONE},
	};
	struct fp_decoded decoded;

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		struct fp_str version = fp_str(rows[i].version);

		print_message("%s\n", rows[i].version);
		fp_grammar_read_first(newer_first, 3, version, &decoded);
		assert_int_equal(decoded.grammar, rows[i].newer);
		fp_grammar_read_first(older_first, 3, version, &decoded);
		assert_int_equal(decoded.grammar, rows[i].older);
	}
	/* grammars that the repository does not list read nothing */
	fp_grammar_read_first(newer_first, 1, FP_STR_LITERAL("2.4.2001312227-main"), &decoded);
	assert_int_equal(decoded.grammar, FP_GRAMMAR_NONE);
}

static void test_names(void **state)
{
	static const char *const names[] = {"prerelease-stamp", "patch-stamp", "arcade"};
	enum fp_grammar grammar;

	for (int i = 0; i < FP_GRAMMAR_COUNT; i++) {
		assert_string_equal(fp_grammar_name((enum fp_grammar)i), names[i]);
		assert_true(fp_grammar_from_name(fp_str(names[i]), &grammar));
		assert_int_equal(grammar, i);
	}
	assert_string_equal(fp_grammar_name(FP_GRAMMAR_NONE), "unrecognised");
	assert_false(fp_grammar_from_name(FP_STR_LITERAL("unrecognised"), &grammar));
	assert_false(fp_grammar_from_name(FP_STR_LITERAL("Arcade"), &grammar));
	assert_false(fp_grammar_from_name(FP_STR_LITERAL(""), &grammar));
}

static void test_release_matches(void **state)
{
	static const struct {
		enum fp_grammar grammar;
		const char *version, *requested;
		bool matches;
	} rows[] = {
		{FP_GRAMMAR_PRERELEASE_STAMP, "2.8.0-2203082245-main", "2.8", true},
		{FP_GRAMMAR_PRERELEASE_STAMP, "2.8.1-2203082245-main", "2.8", false},
		{FP_GRAMMAR_PRERELEASE_STAMP, "2.8.0-Pre-2203082245-main", "2.8.0-pRE", true},
		{FP_GRAMMAR_PRERELEASE_STAMP, "2.8.0-pre-2203082245-main", "2.8", false},
		{FP_GRAMMAR_PRERELEASE_STAMP, "2.8.0-2203082245-main", "2.8.0-pre", false},
		/* patch-stamp: patch 0, no prerelease label */
		{FP_GRAMMAR_PATCH_STAMP, "2.4.2001312227-main", "2.4", true},
		{FP_GRAMMAR_PATCH_STAMP, "2.4.2001312227-main", "2.4.0", true},
		{FP_GRAMMAR_PATCH_STAMP, "2.4.2001312227-main", "2.4.1", false},
		{FP_GRAMMAR_PATCH_STAMP, "2.4.2001312227-main", "2.4.0-pre", false},
		/* arcade: a request without label takes every label, one with it only that */
		{FP_GRAMMAR_ARCADE, "1.0.0-rtm.24409.2", "1.0", true},
		{FP_GRAMMAR_ARCADE, "1.0.0-rtm.24409.2", "1.0.0-RTM", true},
		{FP_GRAMMAR_ARCADE, "1.0.0-rtm.24409.2", "1.0.0-rc", false},
		{FP_GRAMMAR_ARCADE, "1.0.1-rtm.24409.2", "1.0", false},
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		struct fp_decoded decoded;
		struct fp_release requested;

		print_message("%s, %s\n", rows[i].version, rows[i].requested);
		assert_true(
			fp_grammar_read(rows[i].grammar, fp_str(rows[i].version), &decoded, NULL));
		assert_true(fp_release_parse(fp_str(rows[i].requested), &requested));
		assert_int_equal(fp_grammar_release_matches(&decoded, &requested), rows[i].matches);
	}
}

struct write_case {
	enum fp_grammar grammar;
	enum fp_label_style style;
	const char *release, *stamp; /* stamp NULL: 1999-12-31 23:59 */
	const char *branch;
	uint32_t revision;
	const char *expected;
	enum fp_requested_problem problem;
};

static const struct write_case writes[] = {
	{FP_GRAMMAR_PRERELEASE_STAMP, FP_LABEL_HYPHEN, "1.23", "2501011234", "main", 0,
		"1.23.0-2501011234-main", FP_REQUESTED_FINE},
	{FP_GRAMMAR_PRERELEASE_STAMP, FP_LABEL_HYPHEN, "2.8.0-prerelease", "2203082245",
		"release/2.8", 0, "2.8.0-prerelease-2203082245-release-2-8", FP_REQUESTED_FINE},
	/* patch_stamp_label does not concern the newer grammar */
	{FP_GRAMMAR_PRERELEASE_STAMP, FP_LABEL_UNDERSCORE, "2.8", "2203082245", "release/2.8", 0,
		"2.8.0-2203082245-release-2-8", FP_REQUESTED_FINE},
	/* a branch without legal label is written all the same */
	{FP_GRAMMAR_PRERELEASE_STAMP, FP_LABEL_HYPHEN, "1.0", "2501011234", "my_branch", 0,
		"1.0.0-2501011234-my_branch", FP_REQUESTED_NOT_PACKAGEABLE},
	{FP_GRAMMAR_PRERELEASE_STAMP, FP_LABEL_HYPHEN, "1.0", NULL, "main", 0,
		"1.0.0-yyMMddHHmm-main", FP_REQUESTED_NO_STAMP},
	/* the first problem is named */
	{FP_GRAMMAR_PRERELEASE_STAMP, FP_LABEL_HYPHEN, "1.0", NULL, "a#b", 0,
		"1.0.0-yyMMddHHmm-a#b", FP_REQUESTED_NOT_PACKAGEABLE},
	/* would be read with the label's stamp */
	{FP_GRAMMAR_PRERELEASE_STAMP, FP_LABEL_HYPHEN, "1.0.0-2001010000", "2501011234", "main", 0,
		"1.0.0-2001010000-2501011234-main", FP_REQUESTED_RELEASE_UNFIT},
	{FP_GRAMMAR_PRERELEASE_STAMP, FP_LABEL_HYPHEN, "1.0.0-a-2001010000-b", "2501011234", "main",
		0, "1.0.0-a-2001010000-b-2501011234-main", FP_REQUESTED_RELEASE_UNFIT},
	{FP_GRAMMAR_PATCH_STAMP, FP_LABEL_UNDERSCORE, "2.4", "2001312054", "release/2.4", 0,
		"2.4.2001312054-release_2_4", FP_REQUESTED_FINE},
	{FP_GRAMMAR_PATCH_STAMP, FP_LABEL_HYPHEN, "1.10", "2108261758", "release/1.10", 0,
		"1.10.2108261758-release-1-10", FP_REQUESTED_FINE},
	/* the last minute that fits and the first that does not */
	{FP_GRAMMAR_PATCH_STAMP, FP_LABEL_HYPHEN, "2.7", "2112312359", "main", 0,
		"2.7.2112312359-main", FP_REQUESTED_FINE},
	{FP_GRAMMAR_PATCH_STAMP, FP_LABEL_HYPHEN, "2.7", "2201010000", "main", 0,
		"2.7.2201010000-main", FP_REQUESTED_STAMP_OVERFLOW},
	{FP_GRAMMAR_PATCH_STAMP, FP_LABEL_HYPHEN, "2.7", NULL, "main", 0, "2.7.yyMMddHHmm-main",
		FP_REQUESTED_NO_STAMP},
	{FP_GRAMMAR_PATCH_STAMP, FP_LABEL_HYPHEN, "2.7", "2201010000", "a_b", 0,
		"2.7.2201010000-a_b", FP_REQUESTED_NOT_PACKAGEABLE},
	/* no room for a patch or a prerelease label */
	{FP_GRAMMAR_PATCH_STAMP, FP_LABEL_HYPHEN, "2.7.1", "2112312359", "main", 0,
		"2.7.2112312359-main", FP_REQUESTED_RELEASE_UNFIT},
	{FP_GRAMMAR_PATCH_STAMP, FP_LABEL_HYPHEN, "2.7.0-pre", "2112312359", "main", 0,
		"2.7.2112312359-main", FP_REQUESTED_RELEASE_UNFIT},
	{FP_GRAMMAR_ARCADE, FP_LABEL_HYPHEN, "1.0.0-prerelease", "2408091530", "main", 0,
		"1.0.0-prerelease.24409", FP_REQUESTED_FINE},
	{FP_GRAMMAR_ARCADE, FP_LABEL_HYPHEN, "1.0.0-prerelease", "2408091530", "main", 2,
		"1.0.0-prerelease.24409.2", FP_REQUESTED_FINE},
	/* arcade names no branch, so none can be in the way */
	{FP_GRAMMAR_ARCADE, FP_LABEL_HYPHEN, "1.0.0-prerelease", "2408091530", "a#b", 2,
		"1.0.0-prerelease.24409.2", FP_REQUESTED_FINE},
	{FP_GRAMMAR_ARCADE, FP_LABEL_HYPHEN, "1.0", "2408091530", "main", 2, "1.0.0-24409.2",
		FP_REQUESTED_RELEASE_UNFIT},
	{FP_GRAMMAR_ARCADE, FP_LABEL_HYPHEN, "1.0.0-rc", NULL, "main", 1, "1.0.0-rc.yyMMddHHmm.1",
		FP_REQUESTED_NO_STAMP},
};

/* What can be published is read back as what was asked for. */
static void assert_reads_back(const struct write_case *row, const struct fp_release *release,
	fp_minute minute, struct fp_str version)
{
	struct fp_decoded decoded;
	struct fp_nuget_version parsed;

	if (row->problem != FP_REQUESTED_FINE ||
		(row->grammar == FP_GRAMMAR_ARCADE && row->revision == 0))
		return;
	assert_true(fp_nuget_version_parse(version, &parsed));
	assert_true(fp_grammar_read(row->grammar, version, &decoded, NULL));
	assert_true(fp_release_equal(&decoded.release, release));
	if (row->grammar == FP_GRAMMAR_ARCADE) {
		assert_int_equal(fp_day_from_minute(decoded.minute), fp_day_from_minute(minute));
		return;
	}
	assert_int_equal(decoded.minute, minute);
	assert_true(fp_label_matches(fp_str(row->branch),
		row->grammar == FP_GRAMMAR_PATCH_STAMP ? row->style : FP_LABEL_HYPHEN,
		decoded.label));
}

static void test_write(void **state)
{
	for (size_t i = 0; i < FP_ARRAY_SIZE(writes); i++) {
		const struct write_case *row = &writes[i];
		FP_CLEANUP_BUF struct fp_buf buf;
		struct fp_release release;
		fp_minute minute = -1;

		print_message("%s\n", row->expected);
		fp_buf_init(&buf, 1000);
		assert_true(fp_release_parse(fp_str(row->release), &release));
		if (row->stamp)
			assert_true(fp_stamp_parse(fp_str(row->stamp), &minute));
		assert_int_equal(fp_grammar_write(row->grammar, row->style, &release, minute,
					 fp_str(row->branch), row->revision, &buf),
			row->problem);
		assert_string_equal(buf.data, row->expected);
		assert_reads_back(row, &release, minute, fp_buf_str(&buf));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prerelease_stamp),
		cmocka_unit_test(test_patch_stamp),
		cmocka_unit_test(test_arcade),
		cmocka_unit_test(test_first),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_release_matches),
		cmocka_unit_test(test_write),
	};

	return cmocka_run_group_tests_name("grammar", tests, NULL, NULL);
}
