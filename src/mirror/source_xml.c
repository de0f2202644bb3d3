/* Values of elements in MSBuild property files. */
#include "forkpoint/mirror/source.h"

#include "forkpoint/base/xml_read.h"

#include <stdlib.h>

enum { MAX_DEPTH = 256, MAX_NAMES = 8, MAX_VALUE_BYTES = 256 };

struct reading {
	const char *const *names;
	size_t count, found;
	struct fp_buf *values;
	unsigned depth;
	unsigned open_depth; /* of the innermost open element if it is a wanted one; 0 = none */
	size_t open_name;
	bool has_text;
	struct fp_buf text;
};

/* An element inside a wanted one means that it is not the plain value we look for. */
static int on_begin(void *context, struct fp_xml_name name,
	const struct fp_xml_attribute *attributes, size_t count, struct fp_error *error)
{
	struct reading *reading = context;

	reading->depth++;
	reading->open_depth = 0;
	for (size_t i = 0; i < reading->count; i++) {
		if (reading->values[i].len || !fp_str_equal(name.local, fp_str(reading->names[i])))
			continue;
		reading->open_depth = reading->depth;
		reading->open_name = i;
		fp_buf_clear(&reading->text);
		break;
	}
	return 0;
}

static int on_text(void *context, struct fp_str text, struct fp_error *error)
{
	struct reading *reading = context;

	if (reading->open_depth)
		fp_buf_add_str(&reading->text, text);
	return 0;
}

/* Empty ones, macros and what is far too long for a version part do not count: the next of the name
 * may. */
static bool is_usable(const struct fp_buf *text, struct fp_str value)
{
	return text->state == FP_BUF_OK && value.len && value.len <= MAX_VALUE_BYTES &&
	       !memmem(value.ptr, value.len, "$(", 2);
}

static int on_end(void *context, struct fp_xml_name name, struct fp_error *error)
{
	struct reading *reading = context;
	struct fp_str value = fp_str_trim(fp_buf_str(&reading->text));

	if (reading->open_depth == reading->depth && is_usable(&reading->text, value)) {
		fp_buf_add_str(&reading->values[reading->open_name], value);
		reading->found++;
	}
	reading->open_depth = 0;
	reading->depth--;
	return reading->found == reading->count;
}

int fp_source_xml_values(struct fp_str document, const char *const *names, size_t count,
	struct fp_buf *values, struct fp_error *error)
{
	static const struct fp_xml_events events = {on_begin, on_end, on_text};
	const struct fp_xml_limits limits = {
		.max_bytes = document.len,
		.max_depth = MAX_DEPTH,
		.max_text_bytes = document.len + 1,
		.lenient_prefixes = true,
	};
	struct reading reading = {.names = names, .count = count, .values = values};
	int rc;

	fp_buf_init(&reading.text, document.len + 1);
	rc = fp_xml_parse(document, &events, &limits, &reading, error);
	fp_buf_release(&reading.text);
	for (size_t i = 0; i < count && rc >= 0; i++)
		if (fp_buf_check(&values[i], error) < 0)
			return -(int)error->code;
	return rc < 0 ? rc : 0;
}
