/* Releases. */
#include "forkpoint/core/release.h"

#include "forkpoint/base/attr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static const struct {
	const char *text;
	const char *shortest; /* NULL: no release */
} texts[] = {
	{"2.4", "2.4"},
	{"2.4.0", "2.4"}, /* a missing patch is 0 */
	{"2.4.1", "2.4.1"},
	{"2.8.0-prerelease", "2.8.0-prerelease"},
	{"2.8-prerelease", "2.8.0-prerelease"},
	{"02.04", "2.4"},
	{"2.4.2147483647", "2.4.2147483647"},
	/* a part past 32 bits, one number, four, metadata, foreign text */
	{"2.4.2147483648", NULL},
	{"2", NULL},
	{"2.4.0.0", NULL},
	{"2.4+x", NULL},
	{"2.4-", NULL},
	{"2.x", NULL},
	{"", NULL},
	{"$(VersionMajor).4", NULL},
};

static void test_text(void **state)
{
	for (size_t i = 0; i < FP_ARRAY_SIZE(texts); i++) {
		FP_CLEANUP_BUF struct fp_buf buf;
		struct fp_release release;
		bool is_release = fp_release_parse(fp_str(texts[i].text), &release);

		print_message("%s\n", texts[i].text);
		assert_int_equal(is_release, texts[i].shortest != NULL);
		if (!is_release)
			continue;
		fp_buf_init(&buf, 100);
		fp_release_write(&release, &buf);
		assert_string_equal(buf.data, texts[i].shortest);
	}
}

static const struct {
	const char *left, *right;
	int order;
} pairs[] = {
	{"2.4", "2.4.0", 0},
	{"2.8.0-prerelease", "2.8.0-PreRelease", 0}, /* case */
	{"2.10", "2.9", 1},			     /* numbers, not text */
	{"2.4.1", "2.4.2", -1},
	{"3.0", "2.9.9", 1},
	{"2.8.0", "2.8.0-prerelease", 1}, /* a prerelease is below its release */
	{"2.8.0-preview.9", "2.8.0-preview.10", -1},
	/* one number to NuGet, but another text: not the same release */
	{"2.8.0-01", "2.8.0-1", -1},
};

static void test_order(void **state)
{
	for (size_t i = 0; i < FP_ARRAY_SIZE(pairs); i++) {
		struct fp_release a, b;
		int order, back;

		print_message("%s, %s\n", pairs[i].left, pairs[i].right);
		assert_true(fp_release_parse(fp_str(pairs[i].left), &a));
		assert_true(fp_release_parse(fp_str(pairs[i].right), &b));
		order = fp_release_compare(&a, &b);
		back = fp_release_compare(&b, &a);
		assert_int_equal((order > 0) - (order < 0), pairs[i].order);
		assert_int_equal((back > 0) - (back < 0), -pairs[i].order);
		assert_int_equal(fp_release_equal(&a, &b), pairs[i].order == 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_order),
	};

	return cmocka_run_group_tests_name("release", tests, NULL, NULL);
}
