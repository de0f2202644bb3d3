/* Tables for people. */
#include "columns.h"

#include "forkpoint/base/attr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_columns(void **state)
{
	static const struct {
		size_t columns;
		const char *cells[9];
		const char *written;
	} rows[] = {
		{1, {"a", "bc"}, "a\nbc\n"},
		{3, {"a", "bcd", "e", "fg", "", "h"}, "a   bcd  e\nfg       h\n"},
		/* nothing stands behind the last text of a line */
		{3, {"a", "", "", "b", "c", ""}, "a\nb  c\n"},
		{2, {"", "a", "b", "c"}, "   a\nb  c\n"},
		/* characters are counted, not bytes */
		{2, {"\xc3\xa4", "x", "ab", "y"}, "\xc3\xa4   x\nab  y\n"},
		{2, {NULL}, ""},
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		struct fp_buf FP_CLEANUP_BUF written = {0};
		struct fp_columns columns;

		fp_buf_init(&written, 1024);
		fp_columns_init(&columns, rows[i].columns);
		for (size_t k = 0; rows[i].cells[k]; k++)
			fp_columns_cell(&columns, fp_str(rows[i].cells[k]));
		fp_columns_write(&columns, &written);
		fp_columns_release(&columns);
		assert_string_equal(written.data ? written.data : "", rows[i].written);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_columns)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
