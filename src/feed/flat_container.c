/*
 * The flat container. Its strings are taken as they stand: neither order nor lower case nor the
 * absence of metadata can be relied on (NUGET.md).
 */
#include "forkpoint/feed/flat_container.h"

#include "forkpoint/base/json_read.h"

struct fp_flat_container_reader {
	struct fp_json_parser *parser;
	struct fp_json_limits limits;
	struct fp_version_list *list;
	unsigned depth;	      /* open containers */
	bool at_versions;     /* the last key of the root object was "versions" */
	bool inside_versions; /* depth 2, in that member's array */
	bool found;
};

static int value_seen(struct fp_flat_container_reader *reader, struct fp_error *error)
{
	if (reader->depth == 0)
		return fp_error_set(error, FP_ERROR_INVALID, "flat container: not a JSON object");
	reader->at_versions = reader->at_versions && reader->depth > 1;
	return 0;
}

static int on_null(void *context, struct fp_error *error)
{
	return value_seen(context, error);
}

static int on_boolean(void *context, bool value, struct fp_error *error)
{
	return value_seen(context, error);
}

static int on_number(void *context, struct fp_str digits, struct fp_error *error)
{
	return value_seen(context, error);
}

static int on_string(void *context, struct fp_str value, struct fp_error *error)
{
	struct fp_flat_container_reader *reader = context;
	if (reader->inside_versions && reader->depth == 2)
		return fp_version_list_add(reader->list, value, FP_LISTED_UNKNOWN, -1, error);
	return value_seen(context, error);
}

static int on_key(void *context, struct fp_str name, struct fp_error *error)
{
	struct fp_flat_container_reader *reader = context;
	if (reader->depth == 1)
		reader->at_versions = fp_str_equal(name, FP_STR_LITERAL("versions"));
	return 0;
}

static int on_object_begin(void *context, struct fp_error *error)
{
	struct fp_flat_container_reader *reader = context;
	reader->depth++;
	return 0;
}

static int on_array_begin(void *context, struct fp_error *error)
{
	struct fp_flat_container_reader *reader = context;
	if (reader->depth == 0)
		return fp_error_set(error, FP_ERROR_INVALID, "flat container: not a JSON object");
	if (reader->depth == 1 && reader->at_versions)
		reader->found = reader->inside_versions = true;
	reader->depth++;
	return 0;
}

static int on_end(void *context, struct fp_error *error)
{
	struct fp_flat_container_reader *reader = context;
	reader->depth--;
	if (reader->depth == 1)
		reader->inside_versions = reader->at_versions = false;
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

struct fp_flat_container_reader *fp_flat_container_reader_new(
	struct fp_version_list *list, uint64_t max_bytes, size_t max_depth)
{
	FP_CLEANUP(fp_flat_container_reader_free_cleanup)
	struct fp_flat_container_reader *reader = calloc(1, sizeof(*reader));
	if (!reader)
		return NULL;
	reader->list = list;
	reader->limits = (struct fp_json_limits){
		.max_bytes = max_bytes, .max_depth = max_depth, .max_values = max_bytes};
	reader->parser = fp_json_parser_new(&events, &reader->limits, reader, false);
	if (!reader->parser)
		return NULL;
	struct fp_flat_container_reader *made = reader;
	reader = NULL;
	return made;
}

void fp_flat_container_reader_free(struct fp_flat_container_reader *reader)
{
	if (!reader)
		return;
	fp_json_parser_free(reader->parser);
	free(reader);
}

int fp_flat_container_reader_feed(struct fp_flat_container_reader *reader, const char *data,
	size_t len, struct fp_error *error)
{
	return fp_json_parser_feed(reader->parser, data, len, error);
}

int fp_flat_container_reader_finish(struct fp_flat_container_reader *reader, struct fp_error *error)
{
	int r = fp_json_parser_finish(reader->parser, error);
	if (r < 0)
		return r;
	return reader->found ? 0 : 1;
}
