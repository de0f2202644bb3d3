/*
 * NuGet.Config (NUGET.md): packageSources with add and clear, disabledPackageSources, and
 * packageSourceCredentials with an element per source whose name escapes what XML names cannot hold
 * (`_x0020_` for a space). %VAR% stands for environment variables in every value.
 */
#include "forkpoint/feed/nuget_config.h"

#include "forkpoint/base/file.h"
#include "forkpoint/base/xml_read.h"

#include <stdio.h>
#include <string.h>

enum { CONFIG_MAX_BYTES = 4 << 20, VALUE_MAX_BYTES = 16384 };

enum section { SECTION_OTHER, SECTION_SOURCES, SECTION_DISABLED, SECTION_CREDENTIALS };

struct reading {
	const struct fp_nuget_config_options *options;
	unsigned depth;
	enum section section;
	bool our_credentials;
	bool disabled, encrypted;
	struct fp_buf names; /* of all sources, for the error text */
	struct fp_nuget_source found;
};

static const struct fp_xml_limits limits = {
	.max_bytes = CONFIG_MAX_BYTES,
	.max_depth = 32,
	.max_text_bytes = CONFIG_MAX_BYTES,
};

void fp_nuget_source_release(struct fp_nuget_source *source)
{
	free(source->url);
	free(source->username);
	free(source->password);
	*source = (struct fp_nuget_source){0};
}

static void reading_release(struct reading *reading)
{
	fp_buf_release(&reading->names);
	fp_nuget_source_release(&reading->found);
}

static bool is_local(struct fp_xml_name name, const char *local)
{
	return fp_str_equal_nocase(name.local, fp_str(local));
}

static struct fp_str attribute(
	const struct fp_xml_attribute *attributes, size_t count, const char *local)
{
	for (size_t i = 0; i < count; i++)
		if (is_local(attributes[i].name, local))
			return attributes[i].value;
	return fp_str_n("", 0);
}

/* The length of a %NAME% at the start of text, 0 when there is none. */
static size_t variable_length(struct fp_str text)
{
	if (text.len < 3 || text.ptr[0] != '%')
		return 0;
	const char *end = memchr(text.ptr + 1, '%', text.len - 1);
	return end && end > text.ptr + 1 ? (size_t)(end - text.ptr) + 1 : 0;
}

/* Variables that are not set stay as they are written, as NuGet leaves them. */
static void expand(
	const struct fp_nuget_config_options *options, struct fp_str text, struct fp_buf *out)
{
	while (text.len > 0) {
		size_t len = variable_length(text);
		FP_CLEANUP_FREE char *name =
			len > 0 ? fp_str_dup(fp_str_n(text.ptr + 1, len - 2)) : NULL;
		const char *value = name ? options->variable(options->context, name) : NULL;
		if (value) {
			fp_buf_add_text(out, value);
		} else {
			fp_buf_add_char(out, text.ptr[0]);
			len = 1;
		}
		text = fp_str_n(text.ptr + len, text.len - len);
	}
}

static int set_value(
	struct reading *reading, struct fp_str text, char **value, struct fp_error *error)
{
	FP_CLEANUP_BUF struct fp_buf out;
	fp_buf_init(&out, VALUE_MAX_BYTES);
	expand(reading->options, text, &out);
	int r = fp_buf_check(&out, error);
	if (r < 0)
		return r;
	char *copy = fp_buf_take(&out);
	if (!copy)
		return fp_error_memory(error);
	free(*value);
	*value = copy;
	return 0;
}

/* A value without scheme and root is a path against the file's folder. */
static int resolve_path(struct reading *reading, struct fp_error *error)
{
	const char *url = reading->found.url;
	if (!url || strstr(url, "://") || url[0] == '/' || !reading->options->folder)
		return 0;
	char *path = NULL;
	if (asprintf(&path, "%s/%s", reading->options->folder, url) < 0)
		return fp_error_memory(error);
	for (char *at = path; *at; at++)
		if (*at == '\\')
			*at = '/';
	free(reading->found.url);
	reading->found.url = path;
	return 0;
}

/* What XML names cannot hold: a character of the basic plane, as UTF-8. */
static void add_character(struct fp_buf *out, unsigned code)
{
	if (code >= 0x800)
		fp_buf_add_char(out, (char)(0xe0 | code >> 12));
	if (code >= 0x80)
		fp_buf_add_char(
			out, (char)(code >= 0x800 ? 0x80 | (code >> 6 & 63) : 0xc0 | code >> 6));
	fp_buf_add_char(out, (char)(code >= 0x80 ? 0x80 | (code & 63) : code));
}

/* Decodes _xHHHH_ in an element's name. */
static void decode_name(struct fp_str name, struct fp_buf *out)
{
	for (size_t i = 0; i < name.len; i++) {
		unsigned code = 0;
		bool escaped = i + 7 <= name.len && name.ptr[i] == '_' &&
			       (name.ptr[i + 1] == 'x' || name.ptr[i + 1] == 'X') &&
			       name.ptr[i + 6] == '_';
		for (size_t k = 2; escaped && k < 6; k++) {
			int digit = fp_char_hex_value(name.ptr[i + k]);
			escaped = digit >= 0;
			code = code * 16 + (unsigned)(digit & 15);
		}
		if (!escaped || code == 0 || (code >= 0xd800 && code < 0xe000)) {
			fp_buf_add_char(out, name.ptr[i]);
			continue;
		}
		add_character(out, code);
		i += 6;
	}
}

static bool is_our_source(const struct reading *reading, struct fp_str name)
{
	return fp_str_equal_nocase(name, fp_str(reading->options->source));
}

static bool is_our_element(const struct reading *reading, struct fp_str name)
{
	FP_CLEANUP_BUF struct fp_buf decoded;
	fp_buf_init(&decoded, VALUE_MAX_BYTES);
	decode_name(name, &decoded);
	return decoded.state == FP_BUF_OK && is_our_source(reading, fp_buf_str(&decoded));
}

static enum section section_of(struct fp_xml_name name)
{
	if (is_local(name, "packageSources"))
		return SECTION_SOURCES;
	if (is_local(name, "disabledPackageSources"))
		return SECTION_DISABLED;
	if (is_local(name, "packageSourceCredentials"))
		return SECTION_CREDENTIALS;
	return SECTION_OTHER;
}

static void clear_credentials(struct reading *reading)
{
	free(reading->found.username);
	free(reading->found.password);
	reading->found.username = reading->found.password = NULL;
	reading->encrypted = false;
}

static void clear_section(struct reading *reading)
{
	if (reading->section == SECTION_DISABLED)
		reading->disabled = false;
	if (reading->section == SECTION_CREDENTIALS)
		clear_credentials(reading);
	if (reading->section != SECTION_SOURCES)
		return;
	free(reading->found.url);
	reading->found.url = NULL;
	fp_buf_clear(&reading->names);
}

static int add_source(
	struct reading *reading, struct fp_str key, struct fp_str value, struct fp_error *error)
{
	if (reading->section == SECTION_DISABLED) {
		/* presence disables, whatever the value says */
		reading->disabled = reading->disabled || is_our_source(reading, key);
		return 0;
	}
	if (reading->section != SECTION_SOURCES)
		return 0;
	fp_buf_addf(&reading->names, "%s%.*s", reading->names.len ? ", " : "",
		(int)(key.len < 80 ? key.len : 80), key.ptr);
	if (!is_our_source(reading, key))
		return 0;
	int r = set_value(reading, value, &reading->found.url, error);
	return r < 0 ? r : resolve_path(reading, error);
}

static int add_credential(
	struct reading *reading, struct fp_str key, struct fp_str value, struct fp_error *error)
{
	if (fp_str_equal_nocase(key, fp_str("Username")))
		return set_value(reading, value, &reading->found.username, error);
	if (fp_str_equal_nocase(key, fp_str("ClearTextPassword")))
		return set_value(reading, value, &reading->found.password, error);
	if (fp_str_equal_nocase(key, fp_str("Password")))
		reading->encrypted = true;
	return 0;
}

static int element_begin(void *context, struct fp_xml_name name,
	const struct fp_xml_attribute *attributes, size_t count, struct fp_error *error)
{
	struct reading *reading = context;
	reading->depth++;
	if (reading->depth == 1 && !is_local(name, "configuration"))
		return fp_error_set(error, FP_ERROR_INVALID,
			"the document is no NuGet.Config: its root is "
			"not configuration");
	if (reading->depth == 2)
		reading->section = section_of(name);
	struct fp_str key = attribute(attributes, count, "key");
	struct fp_str value = attribute(attributes, count, "value");
	if (reading->depth == 3) {
		reading->our_credentials = reading->section == SECTION_CREDENTIALS &&
					   is_our_element(reading, name.local);
		if (is_local(name, "clear"))
			clear_section(reading);
		if (is_local(name, "add"))
			return add_source(reading, key, value, error);
	}
	if (reading->depth == 4 && reading->our_credentials && is_local(name, "add"))
		return add_credential(reading, key, value, error);
	return 0;
}

static int element_end(void *context, struct fp_xml_name name, struct fp_error *error)
{
	struct reading *reading = context;
	reading->depth--;
	return 0;
}

static const struct fp_xml_events events = {element_begin, element_end, NULL};

static int check(struct reading *reading, struct fp_error *error)
{
	const char *name = reading->options->source;
	if (reading->disabled)
		return fp_error_set(
			error, FP_ERROR_INVALID, "NuGet.Config disables the source %s", name);
	if (!reading->found.url)
		return fp_error_set(error, FP_ERROR_INVALID,
			"NuGet.Config has no source %s; it has %.200s", name,
			reading->names.len ? reading->names.data : "none");
	if (reading->encrypted && !reading->found.password)
		return fp_error_set(error, FP_ERROR_DENIED,
			"the password of the source %s is encrypted, which only Windows can undo; "
			"give ClearTextPassword, best as %%VARIABLE%%",
			name);
	return 0;
}

int fp_nuget_config_parse(struct fp_str text, const struct fp_nuget_config_options *options,
	struct fp_nuget_source *source, struct fp_error *error)
{
	FP_CLEANUP(reading_release) struct reading reading = {.options = options};
	fp_buf_init(&reading.names, VALUE_MAX_BYTES);
	int r = fp_xml_parse(text, &events, &limits, &reading, error);
	if (r == 0)
		r = check(&reading, error);
	if (r < 0)
		return r;
	*source = reading.found;
	reading.found = (struct fp_nuget_source){0};
	return 0;
}

static const char *process_variable(void *context, const char *name)
{
	return getenv(name);
}

int fp_nuget_config_read(const char *path, const char *source_name, struct fp_nuget_source *source,
	struct fp_error *error)
{
	FP_CLEANUP_BUF struct fp_buf text;
	fp_buf_init(&text, CONFIG_MAX_BYTES);
	int r = fp_file_read(path, &text, error);
	if (r < 0)
		return r;
	const char *slash = strrchr(path, '/');
	FP_CLEANUP_FREE char *folder = slash ? fp_str_dup(fp_str_n(path, (size_t)(slash - path)))
					     : fp_str_dup(fp_str("."));
	if (!folder)
		return fp_error_memory(error);
	struct fp_nuget_config_options options = {
		.source = source_name, .folder = folder, .variable = process_variable};
	r = fp_nuget_config_parse(fp_buf_str(&text), &options, source, error);
	if (r < 0)
		fp_error_prefix(error, "%s", path);
	return r;
}
