/* The hash map against a plain array. */
#include "forkpoint/base/map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void finds_what_was_set(void **state)
{
	enum { COUNT = 20000 };
	struct fp_map map = {0};
	char key[32];
	uint32_t value;

	assert_false(fp_map_get(&map, fp_str("x"), &value));
	for (uint32_t i = 0; i < COUNT; i++) {
		snprintf(key, sizeof(key), "refs/heads/%u", i); /* keys are copied */
		assert_int_equal(fp_map_set(&map, fp_str(key), i), 0);
		assert_int_equal(map.count, i + 1);
	}
	for (uint32_t i = 0; i < COUNT; i++) {
		snprintf(key, sizeof(key), "refs/heads/%u", i);
		value = UINT32_MAX;
		assert_true(fp_map_get(&map, fp_str(key), &value));
		assert_int_equal(value, i);
		snprintf(key, sizeof(key), "refs/tags/%u", i);
		assert_false(fp_map_get(&map, fp_str(key), &value));
		assert_int_equal(value, i); /* untouched */
	}
	assert_int_equal(map.slot_count & (map.slot_count - 1), 0);
	assert_true(map.slot_count > map.count);
	fp_map_release(&map);
	assert_int_equal(map.count, 0);
	assert_false(fp_map_get(&map, fp_str("refs/heads/1"), &value));
	fp_map_release(&map);
}

static void replaces(void **state)
{
	struct fp_map map = {0};
	uint32_t value;

	assert_int_equal(fp_map_set(&map, fp_str("a"), 1), 0);
	assert_int_equal(fp_map_set(&map, fp_str("a"), UINT32_MAX), 0);
	assert_int_equal(map.count, 1);
	assert_true(fp_map_get(&map, fp_str("a"), &value));
	assert_true(value == UINT32_MAX);
	fp_map_release(&map);
}

static void takes_every_byte_string_as_key(void **state)
{
	static const struct fp_str keys[] = {FP_STR_INIT(""), FP_STR_INIT("\0"),
		FP_STR_INIT("\0\0"), FP_STR_INIT("a"), FP_STR_INIT("A"), FP_STR_INIT("a\0"),
		FP_STR_INIT("a\0b"), FP_STR_INIT("\xff")};
	struct fp_map map = {0};
	uint32_t value;

	for (uint32_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		assert_int_equal(fp_map_set(&map, keys[i], i), 0);
	for (uint32_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		assert_true(fp_map_get(&map, keys[i], &value));
		assert_int_equal(value, i);
	}
	assert_true(fp_map_get(&map, (struct fp_str){0}, &value)); /* no pointer: the empty key */
	assert_int_equal(value, 0);
	fp_map_release(&map);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_what_was_set),
		cmocka_unit_test(replaces),
		cmocka_unit_test(takes_every_byte_string_as_key),
	};

	return cmocka_run_group_tests_name("base: maps", tests, NULL, NULL);
}
