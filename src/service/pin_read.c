/* Versions that MSBuild property files, project files and packages.config name. */
#include "forkpoint/service/pin_audit.h"

#include "forkpoint/base/xml_read.h"

enum { MAX_DEPTH = 256 };

struct reading {
	const struct fp_pin_settings *pin;
	struct fp_buf *value;
	struct fp_buf text; /* of the element that is open */
	size_t depth;
	size_t wanted;	/* depth of the element whose text is the version; 0 = none is open */
	size_t package; /* depth of the package's element; 0 = none is open */
	bool found;
};

static bool is_name(struct fp_str name, const char *wanted)
{
	return fp_str_equal_nocase(name, fp_str(wanted));
}

/* Versions with macros are somebody else's to know. */
static bool take(struct reading *reading, struct fp_str text)
{
	struct fp_str value = fp_str_trim(text);

	if (value.len == 0 || value.len > FP_PIN_VALUE_MAX_BYTES ||
		memmem(value.ptr, value.len, "$(", 2))
		return false;
	fp_buf_clear(reading->value);
	fp_buf_add_str(reading->value, value);
	reading->found = true;
	return true;
}

static struct fp_str attribute(const struct fp_xml_attribute *attributes, size_t count,
	const char *const *names, size_t name_count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < name_count; k++)
			if (is_name(attributes[i].name.local, names[k]))
				return attributes[i].value;
	return fp_str_n(NULL, 0);
}

/* 1 when the version is an attribute of the package's own element. */
static int begin_package(
	struct reading *reading, const struct fp_xml_attribute *attributes, size_t count)
{
	static const char *const ids[] = {"id", "Include", "Update"};
	static const char *const versions[] = {"version", "VersionOverride"};
	struct fp_str id = attribute(attributes, count, ids, FP_ARRAY_SIZE(ids));

	if (!fp_str_equal_nocase(fp_str_trim(id), reading->pin->package))
		return 0;
	reading->package = reading->depth;
	return take(reading, attribute(attributes, count, versions, FP_ARRAY_SIZE(versions)));
}

static int on_begin(void *context, struct fp_xml_name name,
	const struct fp_xml_attribute *attributes, size_t count, struct fp_error *error)
{
	struct reading *reading = context;

	reading->depth++;
	reading->wanted = 0;
	fp_buf_clear(&reading->text);
	if (reading->pin->element.len) {
		if (fp_str_equal(name.local, reading->pin->element))
			reading->wanted = reading->depth;
		return 0;
	}
	if (reading->package && reading->depth == reading->package + 1 &&
		is_name(name.local, "Version"))
		reading->wanted = reading->depth;
	return begin_package(reading, attributes, count);
}

static int on_text(void *context, struct fp_str text, struct fp_error *error)
{
	struct reading *reading = context;

	if (reading->wanted)
		fp_buf_add_str(&reading->text, text);
	return 0;
}

static int on_end(void *context, struct fp_xml_name name, struct fp_error *error)
{
	struct reading *reading = context;
	bool taken = reading->wanted == reading->depth && reading->text.state == FP_BUF_OK &&
		     take(reading, fp_buf_str(&reading->text));

	reading->wanted = 0;
	if (reading->package == reading->depth)
		reading->package = 0;
	reading->depth--;
	return taken;
}

int fp_pin_read(struct fp_str document, const struct fp_pin_settings *pin, struct fp_buf *value,
	struct fp_error *error)
{
	static const struct fp_xml_events events = {on_begin, on_end, on_text};
	const struct fp_xml_limits limits = {
		.max_bytes = FP_PIN_FILE_MAX_BYTES,
		.max_depth = MAX_DEPTH,
		.max_text_bytes = FP_PIN_FILE_MAX_BYTES,
		.lenient_prefixes = true,
	};
	struct reading reading = {.pin = pin, .value = value};
	int r;

	fp_buf_init(&reading.text, 4 * FP_PIN_VALUE_MAX_BYTES);
	r = fp_xml_parse(document, &events, &limits, &reading, error);
	fp_buf_release(&reading.text);
	if (r < 0)
		return r;
	r = fp_buf_check(value, error);
	if (r < 0)
		return r;
	return reading.found ? 0 : 1;
}
