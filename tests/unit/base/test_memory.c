/* Each allocation of each scenario fails in turn: the answer is then "out of memory", outputs stay
 * as they were, and nothing leaks (AddressSanitizer looks).
 */
#include "forkpoint/base/array.h"
#include "forkpoint/base/file.h"
#include "forkpoint/base/json_read.h"
#include "forkpoint/base/json_write.h"
#include "forkpoint/base/map.h"
#include "forkpoint/base/xml_read.h"

#include "../support/allocations.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static int fill_map(struct fp_error *error)
{
	struct fp_map map = {0};
	uint32_t count = 0, value;
	int r = 0;

	for (uint32_t i = 0; r == 0 && i < 40; i++) {
		char key[2] = {(char)('0' + i), '\0'};

		r = fp_map_set(&map, fp_str(key), i);
		count += r == 0;
	}
	allocations_fail_after(-1);
	assert_int_equal(map.count, count); /* what was set before is there still */
	for (uint32_t i = 0; i < count; i++) {
		char key[2] = {(char)('0' + i), '\0'};

		assert_true(fp_map_get(&map, fp_str(key), &value));
		assert_int_equal(value, i);
	}
	fp_map_release(&map);
	return r < 0 ? fp_error_memory(error) : 0;
}

static int read_json(struct fp_error *error)
{
	static const struct fp_json_limits limits = {
		.max_bytes = 1 << 20, .max_depth = 50, .max_values = 1000};
	struct fp_json_tree *tree = NULL;
	int r = fp_json_tree_read(
		FP_STR_LITERAL("{\"a\":[1,true,null,\"x\\n\",[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]],"
			       "\"b\":{\"c\":2}}"),
		&limits, false, &tree, NULL, NULL, error);

	assert_true((r == 0) == (tree != NULL));
	fp_json_tree_free(tree);
	return r;
}

static int write_json(struct fp_error *error)
{
	struct fp_buf buf FP_CLEANUP(fp_buf_release);
	struct fp_json json;

	fp_buf_init(&buf, 1 << 20);
	fp_json_init(&json, &buf);
	fp_json_array_begin(&json);
	for (int i = 0; i < 1000; i++)
		fp_json_text(&json, "a text with a \"quote\"");
	fp_json_array_end(&json);
	return fp_buf_check(&buf, error);
}

static int on_xml(void *context, struct fp_xml_name name, const struct fp_xml_attribute *attributes,
	size_t count, struct fp_error *error)
{
	*(size_t *)context += count;
	return 0;
}

static int on_xml_text(void *context, struct fp_str text, struct fp_error *error)
{
	*(size_t *)context += text.len;
	return 0;
}

static int read_xml(struct fp_error *error)
{
	static const struct fp_xml_events events = {.element_begin = on_xml, .text = on_xml_text};
	static const struct fp_xml_limits limits = {
		.max_bytes = 1000, .max_depth = 5, .max_text_bytes = 1000};
	size_t seen = 0;
	int r = fp_xml_parse(
		FP_STR_LITERAL("<a b='1' c='2'>text</a>"), &events, &limits, &seen, error);

	if (r == 0)
		assert_int_equal(seen, 6);
	return r;
}

static int replace_file(struct fp_error *error)
{
	struct fp_buf buf FP_CLEANUP(fp_buf_release);
	int r = fp_file_replace("file", FP_STR_LITERAL("content"), error);

	fp_buf_init(&buf, 100);
	if (r == 0)
		r = fp_file_read("file", &buf, error);
	if (r < 0)
		assert_int_equal(buf.len, 0);
	return r;
}

static int remove_folder(struct fp_error *error)
{
	int r = fp_folder_create("d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d/d", error);

	return r != 0 ? r : fp_folder_remove("d", error);
}

static int copy_text(struct fp_error *error)
{
	FP_CLEANUP_FREE char *copy = fp_str_dup(FP_STR_LITERAL("abc"));
	struct fp_buf buf;

	fp_buf_init(&buf, 10);
	FP_CLEANUP_FREE char *taken = fp_buf_take(&buf);

	return copy && taken ? 0 : fp_error_memory(error);
}

static void answers_out_of_memory(void **state)
{
	/* name, scenario, allocations that it has at least */
	static const struct {
		const char *name;
		int (*run)(struct fp_error *error);
		long at_least;
	} rows[] = {
		{"map", fill_map, 42},
		{"JSON tree", read_json, 5},
		{"JSON writer", write_json, 5},
		{"XML", read_xml, 3},
		{"file", replace_file, 1},
		{"folder", remove_folder, 2},
		{"copies", copy_text, 2},
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		long failing = 0;
		int r;

		do {
			struct fp_error error = {0};

			allocations_fail_after(failing);
			r = rows[i].run(&error);
			bool failed = allocations_failed();
			if (r != 0 && (r != -FP_ERROR_MEMORY || error.code != FP_ERROR_MEMORY))
				fail_msg("%s, allocation %ld: %d %s", rows[i].name, failing, r,
					error.text);
			if (r == 0 && failed && strcmp(rows[i].name, "map") != 0)
				fail_msg("%s, allocation %ld: not noticed", rows[i].name, failing);
			failing++;
		} while (r != 0);
		assert_in_range(failing, rows[i].at_least + 1, 10000);
	}
}

static int enter_folder(void **state)
{
	char *path = strdup("/tmp/forkpoint-test-XXXXXX");

	*state = path;
	return path && mkdtemp(path) && chdir(path) == 0 ? 0 : -1;
}

static int leave_folder(void **state)
{
	unlink("file");
	int r = chdir("/") == 0 && rmdir(*state) == 0 ? 0 : -1;

	free(*state);
	return r;
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(answers_out_of_memory, enter_folder, leave_folder),
	};

	return cmocka_run_group_tests_name("base: memory that runs out", tests, NULL, NULL);
}
