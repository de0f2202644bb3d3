/* Branch labels. */
#include "forkpoint/core/label.h"

#include "forkpoint/base/attr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

struct label_case {
	const char *branch, *hyphen, *underscore;
	bool hyphen_legal, underscore_legal;
};

static const struct label_case labels[] = {
	{"main", "main", "main", true, true},
	/* one label for three branches */
	{"release/1.10", "release-1-10", "release_1_10", true, true},
	{"release-1.10", "release-1-10", "release_1_10", true, true},
	{"release-1-10", "release-1-10", "release_1_10", true, true},
	/* case stays */
	{"Dev/Alice", "Dev-Alice", "Dev_Alice", true, true},
	/* @ > < only in the newer style; left over they are in the way */
	{"a@b>c<d", "a-b-c-d", "a@b>c<d", true, false},
	/* characters that survive the replacement and that no version can hold */
	{"my_branch", "my_branch", "my_branch", false, true},
	{"fix#12", "fix#12", "fix#12", false, false},
	{"a+b", "a+b", "a+b", false, false},
	{"a,b", "a,b", "a,b", false, false},
	{"gr\xc3\xbcn", "gr\xc3\xbcn", "gr\xc3\xbcn", false, false},
	{"", "", "", false, false},
};

static void assert_label(
	const struct label_case *row, enum fp_label_style style, const char *expected, bool legal)
{
	FP_CLEANUP_BUF struct fp_buf buf;

	fp_buf_init(&buf, 100);
	fp_label_write(fp_str(row->branch), style, &buf);
	assert_int_equal(buf.len, strlen(expected));
	assert_true(fp_str_equal(fp_buf_str(&buf), fp_str(expected)));
	assert_true(fp_label_matches(fp_str(row->branch), style, fp_buf_str(&buf)));
	assert_int_equal(fp_label_is_publishable(fp_buf_str(&buf), style, NULL), legal);
	assert_int_equal(fp_branch_is_packageable(fp_str(row->branch), style), legal);
}

static void test_write(void **state)
{
	for (size_t i = 0; i < FP_ARRAY_SIZE(labels); i++) {
		print_message("%s\n", labels[i].branch);
		assert_label(&labels[i], FP_LABEL_HYPHEN, labels[i].hyphen, labels[i].hyphen_legal);
		assert_label(&labels[i], FP_LABEL_UNDERSCORE, labels[i].underscore,
			labels[i].underscore_legal);
	}
}

struct match_case {
	const char *branch;
	enum fp_label_style style;
	const char *label;
	int order; /* of the branch's label against `label` */
};

static const struct match_case matches[] = {
	/* case is ignored on both sides */
	{"Release/2.4", FP_LABEL_HYPHEN, "rELEASE-2-4", 0},
	{"release/2.4", FP_LABEL_UNDERSCORE, "RELEASE_2_4", 0},
	/* the styles are not mixed */
	{"release/2.4", FP_LABEL_HYPHEN, "release_2_4", -1},
	{"release/2.4", FP_LABEL_UNDERSCORE, "release-2-4", 1},
	/* text, never a pattern: a `.` is no wildcard, a `*` is itself */
	{"a.c", FP_LABEL_HYPHEN, "abc", -1},
	{"*", FP_LABEL_HYPHEN, "main", -1},
	/* the label is not replaced, only the branch: `/` in it is foreign */
	{"a/b", FP_LABEL_HYPHEN, "a/b", -1},
	/* a prefix is another branch */
	{"main", FP_LABEL_HYPHEN, "main-2", -1},
	{"main-2", FP_LABEL_HYPHEN, "main", 1},
	{"", FP_LABEL_HYPHEN, "main", -1},
	{"", FP_LABEL_HYPHEN, "", 0},
	/* bytes above 127 come after the letters */
	{"\xc3\xbc", FP_LABEL_HYPHEN, "z", 1},
};

static void test_match(void **state)
{
	for (size_t i = 0; i < FP_ARRAY_SIZE(matches); i++) {
		const struct match_case *row = &matches[i];
		int order = fp_label_compare(fp_str(row->branch), row->style, fp_str(row->label));

		print_message("%s, %s\n", row->branch, row->label);
		assert_int_equal((order > 0) - (order < 0), row->order);
		assert_int_equal(
			fp_label_matches(fp_str(row->branch), row->style, fp_str(row->label)),
			row->order == 0);
	}
}

static void test_offender(void **state)
{
	static const struct {
		const char *label;
		enum fp_label_style style;
		char offender;
	} rows[] = {
		{"a_b", FP_LABEL_HYPHEN, '_'},
		{"a_b#", FP_LABEL_UNDERSCORE, '#'},
		{"fix#1+", FP_LABEL_HYPHEN, '#'}, /* the first of them */
		{"a.b", FP_LABEL_HYPHEN, '.'},
		{"", FP_LABEL_HYPHEN, '\0'},
	};
	char offender = '?';

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		offender = '?';
		assert_false(
			fp_label_is_publishable(fp_str(rows[i].label), rows[i].style, &offender));
		assert_int_equal(offender, rows[i].offender);
	}
	offender = '?';
	assert_true(fp_label_is_publishable(FP_STR_LITERAL("a-1"), FP_LABEL_HYPHEN, &offender));
	assert_int_equal(offender, '?');
}

static void test_short_name(void **state)
{
	static const struct {
		const char *name, *expected;
	} rows[] = {
		{"refs/heads/main", "main"},
		{"refs/heads/release/2.4", "release/2.4"},
		{"main", "main"},
		{"refs/tags/v1", "refs/tags/v1"},
		{"refs/heads/", "refs/heads/"}, /* names nothing: no branch of an empty name */
		{"", ""},
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++)
		assert_true(fp_str_equal(
			fp_branch_short_name(fp_str(rows[i].name)), fp_str(rows[i].expected)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_match),
		cmocka_unit_test(test_offender),
		cmocka_unit_test(test_short_name),
	};

	return cmocka_run_group_tests_name("label", tests, NULL, NULL);
}
