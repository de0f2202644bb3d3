/* Reading and writing NuGet versions; their order is nuget_order.c's. */
#include "forkpoint/core/nuget_version.h"

#include "forkpoint/base/number.h"

#include <string.h>

static bool is_identifier_byte(char c)
{
	return fp_char_is_alnum(c) || c == '-' || c == '_';
}

/* Identifiers with dots between them, none of them empty. */
static bool are_identifiers(struct fp_str text)
{
	bool at_start = true;

	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '.' ? at_start : !is_identifier_byte(text.ptr[i]))
			return false;
		at_start = text.ptr[i] == '.';
	}
	return !at_start;
}

/* Cuts *text before the first `separator` and yields what follows it. False when what follows is
 * no list of identifiers; without a separator it is empty, and fine. */
static bool cut_identifiers(struct fp_str *text, char separator, struct fp_str *identifiers)
{
	const char *found = text->len ? memchr(text->ptr, separator, text->len) : NULL;
	size_t before = found ? (size_t)(found - text->ptr) : text->len;

	*identifiers = fp_str_n(NULL, 0);
	if (!found)
		return true;
	*identifiers = fp_str_n(found + 1, text->len - before - 1);
	text->len = before;
	return are_identifiers(*identifiers);
}

static bool read_numbers(struct fp_str text, struct fp_nuget_version *version)
{
	for (size_t i = 0; i < FP_VERSION_PARTS; i++) {
		const char *dot = text.len ? memchr(text.ptr, '.', text.len) : NULL;
		size_t len = dot ? (size_t)(dot - text.ptr) : text.len;
		uint64_t number;

		if (!fp_parse_u64(fp_str_n(text.ptr, len), 0, FP_VERSION_PART_MAX, &number))
			return false;
		version->number[i] = (uint32_t)number;
		version->number_count = (unsigned)i + 1;
		if (!dot)
			return true;
		text = fp_str_n(dot + 1, text.len - len - 1);
	}
	return false; /* a fifth part */
}

bool fp_nuget_version_parse(struct fp_str text, struct fp_nuget_version *version)
{
	struct fp_nuget_version read = {0};

	if (text.len > FP_VERSION_MAX_BYTES)
		return false;
	/* The plus first: metadata may hold hyphens. */
	if (!cut_identifiers(&text, '+', &read.metadata) ||
		!cut_identifiers(&text, '-', &read.prerelease) || !read_numbers(text, &read))
		return false;
	*version = read;
	return true;
}

static bool holds_underscore(struct fp_str text)
{
	return text.len && memchr(text.ptr, '_', text.len);
}

bool fp_nuget_version_is_strict(const struct fp_nuget_version *version)
{
	return !holds_underscore(version->prerelease) && !holds_underscore(version->metadata);
}

void fp_nuget_version_write(const struct fp_nuget_version *version, struct fp_buf *buf)
{
	size_t parts = version->number[3] ? 4 : 3;

	for (size_t i = 0; i < parts; i++) {
		if (i)
			fp_buf_add_char(buf, '.');
		fp_buf_add_u64(buf, version->number[i]);
	}
	if (version->prerelease.len) {
		fp_buf_add_char(buf, '-');
		fp_buf_add_str(buf, version->prerelease);
	}
}

bool fp_version_is_same(struct fp_str a, struct fp_str b)
{
	struct fp_nuget_version left, right;

	if (!fp_nuget_version_parse(a, &left) || !fp_nuget_version_parse(b, &right))
		return fp_str_equal_nocase(a, b);
	return memcmp(left.number, right.number, sizeof(left.number)) == 0 &&
	       fp_str_equal_nocase(left.prerelease, right.prerelease);
}

void fp_version_key(struct fp_str text, struct fp_buf *buf)
{
	struct fp_nuget_version version;
	size_t start = buf->len;

	if (fp_nuget_version_parse(text, &version))
		fp_nuget_version_write(&version, buf);
	else
		fp_buf_add_str(buf, text);
	for (size_t i = start; i < buf->len; i++)
		buf->data[i] = fp_char_lower(buf->data[i]);
}
