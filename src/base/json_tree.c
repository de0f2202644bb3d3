/* A JSON document as a tree whose values know where they stand. */
#include "forkpoint/base/json_read.h"

#include "forkpoint/base/array.h"

#include <stdlib.h>
#include <string.h>

enum { BLOCK_BYTES = 64 * 1024 };

/* Values and texts live in blocks that are freed together. */
struct block {
	struct block *next;
	size_t used, size;
	_Alignas(16) char bytes[];
};

struct fp_json_tree {
	struct block *blocks;
	struct fp_json_value *root;
	/* while building: */
	struct fp_json_parser *parser;
	struct open_value {
		struct fp_json_value *value, *last;
	} * open; /* from the root down */
	size_t depth, capacity;
	struct fp_str key;
	unsigned key_line, key_column;
};

static void *take(struct fp_json_tree *tree, size_t size)
{
	struct block *block = tree->blocks;
	void *taken;

	size = (size + 15) & ~(size_t)15;
	if (!block || block->size - block->used < size) {
		size_t room = size > BLOCK_BYTES ? size : BLOCK_BYTES;

		block = malloc(sizeof(*block) + room);
		if (!block)
			return NULL;
		*block = (struct block){.next = tree->blocks, .size = room};
		tree->blocks = block;
	}
	taken = block->bytes + block->used;
	block->used += size;
	return taken;
}

static bool keep_text(struct fp_json_tree *tree, struct fp_str text, struct fp_str *kept)
{
	char *copy = take(tree, text.len + 1);

	if (!copy)
		return false;
	if (text.len)
		memcpy(copy, text.ptr, text.len);
	copy[text.len] = '\0';
	*kept = fp_str_n(copy, text.len);
	return true;
}

static void attach(struct fp_json_tree *tree, struct fp_json_value *value)
{
	struct open_value *parent;

	if (tree->depth == 0) {
		tree->root = value;
		return;
	}
	parent = &tree->open[tree->depth - 1];
	if (parent->value->type == FP_JSON_OBJECT) {
		value->key = tree->key;
		value->key_line = tree->key_line;
		value->key_column = tree->key_column;
	}
	if (parent->last)
		parent->last->next = value;
	else
		parent->value->first = value;
	parent->last = value;
	parent->value->count++;
}

static struct fp_json_value *add_value(struct fp_json_tree *tree, enum fp_json_type type)
{
	struct fp_json_value *value = take(tree, sizeof(*value));

	if (!value)
		return NULL;
	*value = (struct fp_json_value){.type = type};
	fp_json_parser_position(tree->parser, &value->line, &value->column);
	attach(tree, value);
	return value;
}

static int on_null(void *context, struct fp_error *error)
{
	return add_value(context, FP_JSON_NULL) ? 0 : fp_error_memory(error);
}

static int on_boolean(void *context, bool boolean, struct fp_error *error)
{
	struct fp_json_value *value = add_value(context, FP_JSON_BOOLEAN);

	if (!value)
		return fp_error_memory(error);
	value->boolean = boolean;
	return 0;
}

static int add_text(struct fp_json_tree *tree, enum fp_json_type type, struct fp_str text,
	struct fp_error *error)
{
	struct fp_json_value *value = add_value(tree, type);

	return value && keep_text(tree, text, &value->text) ? 0 : fp_error_memory(error);
}

static int on_number(void *context, struct fp_str digits, struct fp_error *error)
{
	return add_text(context, FP_JSON_NUMBER, digits, error);
}

static int on_string(void *context, struct fp_str text, struct fp_error *error)
{
	return add_text(context, FP_JSON_STRING, text, error);
}

static int on_key(void *context, struct fp_str name, struct fp_error *error)
{
	struct fp_json_tree *tree = context;

	fp_json_parser_position(tree->parser, &tree->key_line, &tree->key_column);
	return keep_text(tree, name, &tree->key) ? 0 : fp_error_memory(error);
}

static int open_value(struct fp_json_tree *tree, enum fp_json_type type, struct fp_error *error)
{
	struct fp_json_value *value = add_value(tree, type);

	if (!value || fp_array_reserve((void **)&tree->open, &tree->capacity, tree->depth + 1,
			      sizeof(*tree->open)) < 0)
		return fp_error_memory(error);
	tree->open[tree->depth++] = (struct open_value){.value = value};
	return 0;
}

static int on_object_begin(void *context, struct fp_error *error)
{
	return open_value(context, FP_JSON_OBJECT, error);
}

static int on_array_begin(void *context, struct fp_error *error)
{
	return open_value(context, FP_JSON_ARRAY, error);
}

static int on_end(void *context, struct fp_error *error)
{
	struct fp_json_tree *tree = context;

	tree->depth--;
	return 0;
}

static const struct fp_json_events events = {
	.null = on_null,
	.boolean = on_boolean,
	.number = on_number,
	.string = on_string,
	.key = on_key,
	.object_begin = on_object_begin,
	.object_end = on_end,
	.array_begin = on_array_begin,
	.array_end = on_end,
};

int fp_json_tree_read(struct fp_str text, const struct fp_json_limits *limits, bool allow_comments,
	struct fp_json_tree **tree, unsigned *error_line, unsigned *error_column,
	struct fp_error *error)
{
	struct fp_json_tree *made = calloc(1, sizeof(*made));
	struct fp_json_parser *parser =
		made ? fp_json_parser_new(&events, limits, made, allow_comments) : NULL;
	int r;

	if (!parser) {
		free(made);
		return fp_error_memory(error);
	}
	made->parser = parser;
	r = fp_json_parser_feed(parser, text.ptr, text.len, error);
	if (r == 0)
		r = fp_json_parser_finish(parser, error);
	if (r < 0 && error_line && error_column)
		fp_json_parser_position(parser, error_line, error_column);
	fp_json_parser_free(parser);
	made->parser = NULL;
	if (r < 0)
		fp_json_tree_free(made);
	else
		*tree = made;
	return r;
}

void fp_json_tree_free(struct fp_json_tree *tree)
{
	if (!tree)
		return;
	while (tree->blocks) {
		struct block *next = tree->blocks->next;

		free(tree->blocks);
		tree->blocks = next;
	}
	free(tree->open);
	free(tree);
}

const struct fp_json_value *fp_json_tree_root(const struct fp_json_tree *tree)
{
	return tree->root;
}

const struct fp_json_value *fp_json_member(const struct fp_json_value *value, const char *key)
{
	const struct fp_json_value *found = NULL;

	if (!value || value->type != FP_JSON_OBJECT)
		return NULL;
	for (const struct fp_json_value *member = value->first; member; member = member->next)
		if (fp_str_equal(member->key, fp_str(key)))
			found = member;
	return found;
}

const char *fp_json_type_name(enum fp_json_type type)
{
	static const char *const names[] = {
		[FP_JSON_NULL] = "null",
		[FP_JSON_BOOLEAN] = "true or false",
		[FP_JSON_NUMBER] = "a number",
		[FP_JSON_STRING] = "a string",
		[FP_JSON_ARRAY] = "a list",
		[FP_JSON_OBJECT] = "an object",
	};

	return names[type];
}
