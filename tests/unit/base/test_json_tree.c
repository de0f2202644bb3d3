/* Small JSON documents as trees: types, texts, places, errors. */
#include "forkpoint/base/json_read.h"

#include "forkpoint/base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const struct fp_json_limits limits = {
	.max_bytes = 1 << 20, .max_depth = 20, .max_values = 10000};

static struct fp_json_tree *read_tree(struct fp_str text)
{
	struct fp_json_tree *tree = NULL;
	struct fp_error error = {0};

	if (fp_json_tree_read(text, &limits, true, &tree, NULL, NULL, &error) != 0)
		fail_msg("%s", error.text);
	return tree;
}

static void knows_types_and_texts(void **state)
{
	static const struct {
		const char *text;
		enum fp_json_type type;
		const char *name; /* of the type */
		const char *kept; /* text of the value */
	} rows[] = {
		{"null", FP_JSON_NULL, "null", ""},
		{"true", FP_JSON_BOOLEAN, "true or false", ""},
		{"-0.10e3", FP_JSON_NUMBER, "a number", "-0.10e3"}, /* as written */
		{"\"a\\tb\"", FP_JSON_STRING, "a string", "a\tb"},
		{"[]", FP_JSON_ARRAY, "a list", ""},
		{"{}", FP_JSON_OBJECT, "an object", ""},
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		FP_CLEANUP(fp_json_tree_free_cleanup)
		struct fp_json_tree *tree = read_tree(fp_str(rows[i].text));
		const struct fp_json_value *root = fp_json_tree_root(tree);

		assert_int_equal(root->type, rows[i].type);
		assert_string_equal(fp_json_type_name(root->type), rows[i].name);
		assert_true(fp_str_equal(root->text, fp_str(rows[i].kept)));
		assert_true(root->boolean == (rows[i].type == FP_JSON_BOOLEAN));
		assert_null(root->first);
		assert_int_equal(root->key_line, 0);
	}
}

static void keeps_order_places_and_keys(void **state)
{
	FP_CLEANUP(fp_json_tree_free_cleanup)
	struct fp_json_tree *tree = read_tree(FP_STR_LITERAL("{ // a comment\n"
							     "  \"list\": [1,\n"
							     "\t{\"x\": null}],\n"
							     "  \"no\\\"te\":\n"
							     "    \"text\"\n"
							     "}"));
	const struct fp_json_value *root = fp_json_tree_root(tree);
	const struct fp_json_value *list = fp_json_member(root, "list");
	const struct fp_json_value *note = fp_json_member(root, "no\"te");

	assert_int_equal(root->count, 2);
	assert_ptr_equal(root->first, list);
	assert_ptr_equal(list->next, note);
	assert_null(note->next);
	assert_int_equal(list->key_line * 100 + list->key_column, 203);
	assert_int_equal(list->line * 100 + list->column, 211);
	assert_int_equal(note->key_line * 100 + note->key_column, 403);
	assert_int_equal(note->line * 100 + note->column, 505);
	assert_int_equal(list->count, 2);
	assert_int_equal(list->first->line * 100 + list->first->column, 212);
	assert_int_equal(list->first->key.len, 0);
	assert_int_equal(list->first->next->line * 100 + list->first->next->column, 302);
	assert_int_equal(fp_json_member(list->first->next, "x")->column, 8);
	/* look-ups that find nothing */
	assert_null(fp_json_member(root, "List"));
	assert_null(fp_json_member(list, "x"));
	assert_null(fp_json_member(NULL, "x"));
}

static void takes_the_last_of_equal_keys(void **state)
{
	FP_CLEANUP(fp_json_tree_free_cleanup)
	struct fp_json_tree *tree = read_tree(FP_STR_LITERAL("{\"a\":1,\"a\":2}"));
	const struct fp_json_value *root = fp_json_tree_root(tree);

	assert_int_equal(root->count, 2); /* both are there for who wants to complain */
	assert_true(fp_str_equal(fp_json_member(root, "a")->text, FP_STR_LITERAL("2")));
}

static void terminates_strings_that_hold_nuls(void **state)
{
	FP_CLEANUP(fp_json_tree_free_cleanup)
	struct fp_json_tree *tree = read_tree(FP_STR_LITERAL("\"a\\u0000b\""));
	struct fp_str text = fp_json_tree_root(tree)->text;

	assert_int_equal(text.len, 3);
	assert_memory_equal(text.ptr, "a\0b", 4);
}

/* More values than a block of the tree's memory holds, and one larger than a block. */
static void grows(void **state)
{
	struct fp_buf text FP_CLEANUP(fp_buf_release);

	fp_buf_init(&text, 1 << 20);
	fp_buf_add_char(&text, '[');
	for (int i = 0; i < 5000; i++)
		fp_buf_addf(&text, "\"%d\",", i);
	fp_buf_add_char(&text, '"');
	for (int i = 0; i < 200000; i++)
		fp_buf_add_char(&text, 'x');
	fp_buf_add_text(&text, "\"]");

	FP_CLEANUP(fp_json_tree_free_cleanup)
	struct fp_json_tree *tree = read_tree(fp_buf_str(&text));
	const struct fp_json_value *value = fp_json_tree_root(tree)->first;

	for (int i = 0; i < 5000; i++, value = value->next) {
		char wanted[16];

		snprintf(wanted, sizeof(wanted), "%d", i);
		assert_string_equal(value->text.ptr, wanted);
	}
	assert_int_equal(value->text.len, 200000);
	assert_int_equal(strspn(value->text.ptr, "x"), 200000);
	assert_null(value->next);
}

static void says_where_the_error_is(void **state)
{
	static const struct {
		const char *text;
		unsigned line, column;
		enum fp_error_code code;
	} rows[] = {
		{"{\n  \"a\": tru\n}", 2, 8, FP_ERROR_INVALID},
		{"{\n  \"a\": 1\n  \"b\": 2\n}", 3, 3, FP_ERROR_INVALID}, /* a comma is missing */
		{"{\"a\": 1", 1, 8, FP_ERROR_INVALID},			  /* the end */
		{"", 1, 1, FP_ERROR_INVALID},
		{"[\n \"\xff\"]", 2, 2, FP_ERROR_INVALID},
		{"[[[[[[[[[[[[[[[[[[[[[", 1, 21, FP_ERROR_LIMIT},
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		struct fp_json_tree *tree = (void *)&limits;
		struct fp_error error;
		unsigned line, column;
		int r = fp_json_tree_read(
			fp_str(rows[i].text), &limits, false, &tree, &line, &column, &error);

		assert_int_equal(r, -(int)rows[i].code);
		assert_int_equal(line * 1000 + column, rows[i].line * 1000 + rows[i].column);
		assert_ptr_equal(tree, &limits); /* outputs are written on success only */
	}
}

static void takes_no_text_at_all(void **state)
{
	struct fp_json_tree *tree;
	struct fp_error error;

	assert_int_equal(
		fp_json_tree_read((struct fp_str){0}, &limits, false, &tree, NULL, NULL, &error),
		-FP_ERROR_INVALID);
	fp_json_tree_free(NULL);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_types_and_texts),
		cmocka_unit_test(keeps_order_places_and_keys),
		cmocka_unit_test(takes_the_last_of_equal_keys),
		cmocka_unit_test(terminates_strings_that_hold_nuls),
		cmocka_unit_test(grows),
		cmocka_unit_test(says_where_the_error_is),
		cmocka_unit_test(takes_no_text_at_all),
	};

	return cmocka_run_group_tests_name("base: JSON trees", tests, NULL, NULL);
}
