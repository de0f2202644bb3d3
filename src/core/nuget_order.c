/* NuGet's order of versions (NUGET.md, "Versions"). */
#include "forkpoint/core/nuget_version.h"

#include "forkpoint/base/number.h"

#include <string.h>

/* NuGet asks .NET's int.TryParse: a sign is fine, and what does not fit in 32 bits is text. */
static bool read_int32(struct fp_str text, int64_t *value)
{
	bool negative = text.len && text.ptr[0] == '-';
	uint64_t magnitude;

	if (negative)
		text = fp_str_n(text.ptr + 1, text.len - 1);
	if (!fp_parse_u64(text, 0, (uint64_t)INT32_MAX + negative, &magnitude))
		return false;
	*value = negative ? -(int64_t)magnitude : (int64_t)magnitude;
	return true;
}

/* Upper case, not lower: `_` stands between the two. */
static unsigned char upper(char c)
{
	return (unsigned char)(c >= 'a' && c <= 'z' ? c - ('a' - 'A') : c);
}

static int compare_text(struct fp_str a, struct fp_str b)
{
	size_t common = a.len < b.len ? a.len : b.len;

	for (size_t i = 0; i < common; i++)
		if (upper(a.ptr[i]) != upper(b.ptr[i]))
			return upper(a.ptr[i]) < upper(b.ptr[i]) ? -1 : 1;
	return a.len < b.len ? -1 : a.len > b.len;
}

static int compare_identifier(struct fp_str a, struct fp_str b)
{
	int64_t left, right;
	bool left_is_number = read_int32(a, &left);
	bool right_is_number = read_int32(b, &right);

	if (left_is_number != right_is_number)
		return left_is_number ? -1 : 1;
	if (left_is_number)
		return left < right ? -1 : left > right;
	return compare_text(a, b);
}

/* Takes the identifier before the next dot off *list. */
static struct fp_str take_identifier(struct fp_str *list)
{
	const char *dot = memchr(list->ptr, '.', list->len);
	size_t len = dot ? (size_t)(dot - list->ptr) : list->len;
	struct fp_str identifier = fp_str_n(list->ptr, len);

	*list = dot ? fp_str_n(dot + 1, list->len - len - 1) : fp_str_n(NULL, 0);
	return identifier;
}

int fp_nuget_label_compare(struct fp_str a, struct fp_str b)
{
	if (a.len == 0 || b.len == 0)
		return (a.len == 0) - (b.len == 0); /* a release is above its prereleases */
	while (a.len && b.len) {
		struct fp_str left = take_identifier(&a), right = take_identifier(&b);
		int order = compare_identifier(left, right);

		if (order)
			return order;
	}
	return (a.len > 0) - (b.len > 0);
}

int fp_nuget_version_compare(const struct fp_nuget_version *a, const struct fp_nuget_version *b)
{
	for (size_t i = 0; i < FP_VERSION_PARTS; i++)
		if (a->number[i] != b->number[i])
			return a->number[i] < b->number[i] ? -1 : 1;
	return fp_nuget_label_compare(a->prerelease, b->prerelease);
}

int fp_version_text_compare(struct fp_str a, struct fp_str b)
{
	struct fp_nuget_version left, right;
	bool left_is_version = fp_nuget_version_parse(a, &left);
	bool right_is_version = fp_nuget_version_parse(b, &right);
	int order = 0;

	if (left_is_version != right_is_version)
		return left_is_version ? 1 : -1;
	if (left_is_version)
		order = fp_nuget_version_compare(&left, &right);
	return order ? order : fp_str_compare(a, b);
}
