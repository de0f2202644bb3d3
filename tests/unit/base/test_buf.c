/* Buffers and arrays: growth, maxima, numbers as text, taking, memory that runs out. */
#include "forkpoint/base/array.h"
#include "forkpoint/base/buf.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void appends_and_terminates(void **state)
{
	struct fp_buf buf FP_CLEANUP(fp_buf_release);

	fp_buf_init(&buf, 1000);
	assert_null(buf.data);
	fp_buf_add(&buf, "a\0b", 3);
	fp_buf_add_char(&buf, 'c');
	fp_buf_add_text(&buf, "de");
	fp_buf_add_str(&buf, FP_STR_LITERAL("fg"));
	fp_buf_add_str(&buf, (struct fp_str){0}); /* no pointer, no bytes */
	fp_buf_add(&buf, NULL, 0);
	fp_buf_addf(&buf, "%s-%03d", "h", 7);
	fp_buf_addf(&buf, "%s", "");
	assert_int_equal(buf.len, 13);
	assert_memory_equal(buf.data, "a\0bcdefgh-007", 14);
	assert_int_equal(fp_buf_check(&buf, NULL), 0);
	assert_int_equal(fp_buf_str(&buf).len, 13);
}

static void makes_room_for_the_caller_to_fill(void **state)
{
	struct fp_buf buf FP_CLEANUP(fp_buf_release);

	fp_buf_init(&buf, 5);
	fp_buf_add_text(&buf, "a");
	memcpy(fp_buf_extend(&buf, 3), "bcd", 3);
	assert_string_equal(buf.data, "abcd");
	assert_non_null(fp_buf_extend(&buf, 0));
	assert_null(fp_buf_extend(&buf, 2));
	assert_null(fp_buf_extend(&buf, 1)); /* failed is failed */
	assert_string_equal(buf.data, "abcd");
	assert_int_equal(fp_buf_check(&buf, NULL), -FP_ERROR_LIMIT);
}

static void stops_at_its_maximum(void **state)
{
	/* bytes that are there, bytes that come, whether they fit into 10 */
	static const struct {
		size_t first, more;
		bool fits;
	} rows[] = {{0, 10, true}, {0, 11, false}, {9, 1, true}, {10, 0, true}, {10, 1, false},
		{4, 7, false}};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		struct fp_buf buf FP_CLEANUP(fp_buf_release);
		struct fp_error error = {0};

		fp_buf_init(&buf, 10);
		fp_buf_add(&buf, "0123456789", rows[i].first);
		fp_buf_add(&buf, "0123456789a", rows[i].more);
		assert_int_equal(buf.len, rows[i].first + (rows[i].fits ? rows[i].more : 0));
		assert_int_equal(fp_buf_check(&buf, &error), rows[i].fits ? 0 : -FP_ERROR_LIMIT);
		if (!rows[i].fits)
			assert_non_null(strstr(error.text, "10 bytes"));
	}
}

static void drops_everything_after_a_failure(void **state)
{
	struct fp_buf buf FP_CLEANUP(fp_buf_release);

	fp_buf_init(&buf, 4);
	fp_buf_add_text(&buf, "abc");
	fp_buf_add_text(&buf, "de");
	fp_buf_add_char(&buf, 'f'); /* would fit, but there is a hole before it */
	fp_buf_addf(&buf, "%c", 'g');
	fp_buf_add_u64(&buf, 1);
	assert_string_equal(buf.data, "abc");
	assert_int_equal(buf.state, FP_BUF_TOO_LARGE);
	assert_null(fp_buf_take(&buf)); /* half a content is none */
	assert_int_equal(buf.state, FP_BUF_OK);
	fp_buf_add_text(&buf, "wxyz");
	fp_buf_clear(&buf);
	assert_string_equal(buf.data, "");
	fp_buf_add_text(&buf, "wxyz");
	assert_int_equal(fp_buf_check(&buf, NULL), 0);
	assert_string_equal(buf.data, "wxyz");
}

static void formats_up_to_the_maximum(void **state)
{
	struct fp_buf buf FP_CLEANUP(fp_buf_release);

	fp_buf_init(&buf, 300);
	fp_buf_addf(&buf, "%0300d", 1);
	assert_int_equal(buf.len, 300);
	assert_int_equal(buf.state, FP_BUF_OK);
	fp_buf_clear(&buf);
	fp_buf_addf(&buf, "%0301d", 1);
	assert_int_equal(buf.len, 0);
	assert_int_equal(buf.state, FP_BUF_TOO_LARGE);
}

static void writes_numbers_as_printf_does(void **state)
{
	static const uint64_t values[] = {
		0, 1, 9, 10, 99, 100, 12345678901, INT64_MAX, (uint64_t)INT64_MAX + 1, UINT64_MAX};

	for (size_t i = 0; i < FP_ARRAY_SIZE(values); i++) {
		for (int width = 0; width <= 20; width++) {
			struct fp_buf buf FP_CLEANUP(fp_buf_release);
			char wanted[100];

			fp_buf_init(&buf, 1000);
			fp_buf_add_u64(&buf, values[i]);
			fp_buf_add_char(&buf, ' ');
			fp_buf_add_i64(&buf, (int64_t)values[i]);
			fp_buf_add_char(&buf, ' ');
			fp_buf_add_padded(&buf, values[i], width);
			snprintf(wanted, sizeof(wanted), "%" PRIu64 " %" PRId64 " %0*" PRIu64,
				values[i], (int64_t)values[i], width, values[i]);
			assert_string_equal(buf.data, wanted);
		}
	}
}

static void hands_its_content_over(void **state)
{
	struct fp_buf buf;

	fp_buf_init(&buf, 10);
	FP_CLEANUP_FREE char *nothing = fp_buf_take(&buf);

	assert_string_equal(nothing, "");
	fp_buf_add_text(&buf, "abc");
	FP_CLEANUP_FREE char *content = fp_buf_take(&buf);

	assert_string_equal(content, "abc");
	assert_null(buf.data);
	assert_int_equal(buf.len, 0);
	assert_int_equal(buf.max, 10);
	fp_buf_release(&buf);
	fp_buf_release(NULL);
}

/* Without this AddressSanitizer ends the program where the C library returns NULL. */
__attribute__((visibility("default"))) const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

/* volatile: the compiler would warn */
static const volatile size_t impossible = SIZE_MAX / 4, no_room = SIZE_MAX - 3;

static void survives_memory_that_runs_out(void **state)
{
	struct fp_buf buf FP_CLEANUP(fp_buf_release);
	struct fp_error error;

	fp_buf_init(&buf, SIZE_MAX);
	fp_buf_add_text(&buf, "abc");
	fp_buf_reserve(&buf, impossible); /* ahead of time: no failure yet or a noted one */
	fp_buf_clear(&buf);
	fp_buf_add_text(&buf, "abc");
	fp_buf_add(&buf, "", impossible);
	assert_int_equal(buf.state, FP_BUF_NO_MEMORY);
	assert_int_equal(fp_buf_check(&buf, &error), -FP_ERROR_MEMORY);
	assert_string_equal(buf.data, "abc");
	/* lengths whose sum has no room in a size_t */
	fp_buf_clear(&buf);
	fp_buf_add_text(&buf, "abc");
	fp_buf_add(&buf, "", no_room);
	assert_int_not_equal(buf.state, FP_BUF_OK);
	assert_string_equal(buf.data, "abc");
}

static void arrays_grow_by_half(void **state)
{
	int *items = NULL;
	size_t capacity = 0, steps = 0;

	for (size_t i = 0; i < 100000; i++) {
		size_t before = capacity;

		assert_int_equal(
			fp_array_reserve((void **)&items, &capacity, i + 1, sizeof(*items)), 0);
		assert_true(capacity > i);
		steps += capacity != before;
		items[i] = (int)i;
	}
	assert_in_range(steps, 5, 40);
	for (int i = 0; i < 100000; i++)
		assert_int_equal(items[i], i);
	free(items);
}

static void arrays_say_when_there_is_no_memory(void **state)
{
	/* elements wanted, size of one */
	static const size_t rows[][2] = {
		{SIZE_MAX / 4, 1}, {SIZE_MAX, 2}, {SIZE_MAX / 8 + 1, 8}, {2, SIZE_MAX}};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		void *items = malloc(1), *before = items;
		size_t capacity = 1;

		assert_int_equal(fp_array_reserve(&items, &capacity, rows[i][0], rows[i][1]),
			-FP_ERROR_MEMORY);
		assert_ptr_equal(items, before);
		assert_int_equal(capacity, 1);
		free(items);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(appends_and_terminates),
		cmocka_unit_test(makes_room_for_the_caller_to_fill),
		cmocka_unit_test(stops_at_its_maximum),
		cmocka_unit_test(drops_everything_after_a_failure),
		cmocka_unit_test(formats_up_to_the_maximum),
		cmocka_unit_test(writes_numbers_as_printf_does),
		cmocka_unit_test(hands_its_content_over),
		cmocka_unit_test(survives_memory_that_runs_out),
		cmocka_unit_test(arrays_grow_by_half),
		cmocka_unit_test(arrays_say_when_there_is_no_memory),
	};

	return cmocka_run_group_tests_name("base: buffers and arrays", tests, NULL, NULL);
}
