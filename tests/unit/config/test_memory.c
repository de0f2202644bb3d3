/* Each allocation of a reading fails in turn: the answer is then "out of memory", no configuration
 * is handed out, and nothing leaks (AddressSanitizer looks). */
#include "forkpoint/base/file.h"
#include "forkpoint/config/config.h"

#include "../support/allocations.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

/* Reads with the nth allocation failing; false when there are fewer. */
static bool read_with_failure(struct fp_str text, long n, int expected)
{
	struct fp_config_problems problems = {0};
	struct fp_config *config = NULL;
	struct fp_error error = {0};
	bool failed;
	int r;

	allocations_fail_after(n);
	r = fp_config_parse(text, "/etc/forkpoint/f.json", &config, &problems, &error);
	failed = allocations_failed();
	if (r != (failed ? -FP_ERROR_MEMORY : expected))
		fail_msg("allocation %ld: %d", n, r);
	assert_int_equal(r == 0, config != NULL);
	assert_int_equal(r == 1, problems.count > 0 && r >= 0);
	fp_config_free(config);
	fp_config_problems_release(&problems);
	return failed;
}

static void survives_each_failure(void **state)
{
	static const struct {
		const char *path;
		int outcome;
	} rows[] = {
		{FP_SOURCE_ROOT "/config/forkpoint.example.jsonc", 0},
		{FP_SOURCE_ROOT "/tests/fuzz/corpus/config/many-problems.json", 1},
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		struct fp_buf text;
		long n = 0;

		fp_buf_init(&text, 1024 * 1024);
		assert_int_equal(fp_file_read(rows[i].path, &text, NULL), 0);
		while (read_with_failure(fp_buf_str(&text), n, rows[i].outcome))
			n++;
		assert_true(n > 20);
		fp_buf_release(&text);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(survives_each_failure)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
