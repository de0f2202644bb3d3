/* Nuspec files, alone and inside packages. */
#include "forkpoint/feed/nuspec.h"

#include "forkpoint/base/xml_read.h"

#include <zip.h>

struct reading {
	unsigned depth;
	bool in_metadata;
	struct fp_buf *open; /* what the open element's text goes to */
	struct fp_buf *id, *version;
};

static const struct fp_xml_limits limits = {
	.max_bytes = FP_NUSPEC_MAX_BYTES,
	.max_depth = 64,
	.max_text_bytes = FP_NUSPEC_MAX_BYTES,
};

static int element_begin(void *context, struct fp_xml_name name,
	const struct fp_xml_attribute *attributes, size_t count, struct fp_error *error)
{
	struct reading *reading = context;
	reading->depth++;
	reading->open = NULL;
	if (reading->depth == 1 && !fp_str_equal(name.local, fp_str("package")))
		return fp_error_set(error, FP_ERROR_INVALID, "the nuspec's root is no package");
	if (reading->depth == 2)
		reading->in_metadata = fp_str_equal(name.local, fp_str("metadata"));
	if (reading->depth != 3 || !reading->in_metadata)
		return 0;
	if (fp_str_equal(name.local, fp_str("id")) && reading->id->len == 0)
		reading->open = reading->id;
	if (fp_str_equal(name.local, fp_str("version")) && reading->version->len == 0)
		reading->open = reading->version;
	return 0;
}

static int element_end(void *context, struct fp_xml_name name, struct fp_error *error)
{
	struct reading *reading = context;
	reading->depth--;
	reading->open = NULL;
	return 0;
}

static int on_text(void *context, struct fp_str text, struct fp_error *error)
{
	struct reading *reading = context;
	if (reading->open)
		fp_buf_add_str(reading->open, fp_str_trim(text));
	return 0;
}

static const struct fp_xml_events events = {element_begin, element_end, on_text};

int fp_nuspec_read(
	struct fp_str text, struct fp_buf *id, struct fp_buf *version, struct fp_error *error)
{
	struct reading reading = {.id = id, .version = version};
	int r = fp_xml_parse(text, &events, &limits, &reading, error);
	if (r < 0)
		return r;
	if (id->len == 0 || version->len == 0 || id->state != FP_BUF_OK ||
		version->state != FP_BUF_OK)
		return fp_error_set(
			error, FP_ERROR_INVALID, "the nuspec names no usable id and version");
	return 0;
}

static void archive_release(zip_t **archive)
{
	if (*archive)
		zip_discard(*archive);
}

static void entry_release(zip_file_t **entry)
{
	if (*entry)
		zip_fclose(*entry);
}

/* The package's one nuspec stands in its root. */
static zip_int64_t find_nuspec(zip_t *archive)
{
	zip_int64_t count = zip_get_num_entries(archive, 0);
	for (zip_int64_t i = 0; i < count; i++) {
		const char *name = zip_get_name(archive, (zip_uint64_t)i, ZIP_FL_ENC_RAW);
		if (name && !strchr(name, '/') && !strchr(name, '\\') &&
			fp_str_ends_with(fp_str(name), ".nuspec"))
			return i;
	}
	return -1;
}

static int read_entry(zip_t *archive, zip_int64_t at, struct fp_buf *text, struct fp_error *error)
{
	FP_CLEANUP(entry_release) zip_file_t *entry = zip_fopen_index(archive, (zip_uint64_t)at, 0);
	if (!entry)
		return fp_error_set(error, FP_ERROR_INVALID, "its nuspec cannot be opened");
	char data[16384];
	for (;;) {
		zip_int64_t n = zip_fread(entry, data, sizeof(data));
		if (n < 0)
			return fp_error_set(error, FP_ERROR_INVALID, "its nuspec is damaged");
		if (n == 0)
			return fp_buf_check(text, error);
		/* the buffer's maximum stops what unpacks to more than it should */
		fp_buf_add(text, data, (size_t)n);
		if (text->state != FP_BUF_OK)
			return fp_buf_check(text, error);
	}
}

int fp_nupkg_read(
	const char *path, struct fp_buf *id, struct fp_buf *version, struct fp_error *error)
{
	int code = 0;
	FP_CLEANUP(archive_release) zip_t *archive = zip_open(path, ZIP_RDONLY, &code);
	if (!archive)
		return fp_error_set(error, FP_ERROR_INVALID, "%s is no whole package", path);
	zip_int64_t at = find_nuspec(archive);
	FP_CLEANUP_BUF struct fp_buf text;
	fp_buf_init(&text, FP_NUSPEC_MAX_BYTES);
	int r = at < 0 ? fp_error_set(error, FP_ERROR_INVALID, "it holds no nuspec")
		       : read_entry(archive, at, &text, error);
	if (r == 0)
		r = fp_nuspec_read(fp_buf_str(&text), id, version, error);
	if (r < 0)
		fp_error_prefix(error, "%s", path);
	return r;
}
