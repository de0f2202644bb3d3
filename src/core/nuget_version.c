/* NuGet versions and their order. */
#include "forkpoint/core/nuget_version.h"

#include "forkpoint/base/number.h"

enum { NUMBER_MAX = 2147483647 };

static bool is_label_char(char c)
{
	return fp_char_is_alnum(c) || c == '-' || c == '_';
}

/* Dot-separated, none of them empty. */
static bool are_labels(struct fp_str labels)
{
	bool empty = true;

	for (size_t i = 0; i < labels.len; i++) {
		if (labels.ptr[i] == '.') {
			if (empty)
				return false;
			empty = true;
		} else if (is_label_char(labels.ptr[i])) {
			empty = false;
		} else {
			return false;
		}
	}
	return !empty;
}

static size_t find(struct fp_str text, char c)
{
	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] == c)
			return i;
	return text.len;
}

static bool parse_numbers(struct fp_str text, struct fp_nuget_version *version)
{
	for (;;) {
		size_t dot = find(text, '.');
		uint64_t number;

		if (version->number_count == 4 ||
			!fp_parse_u64(fp_str_n(text.ptr, dot), 0, NUMBER_MAX, &number))
			return false;
		version->number[version->number_count++] = (uint32_t)number;
		if (dot == text.len)
			return true;
		text.ptr += dot + 1;
		text.len -= dot + 1;
	}
}

bool fp_nuget_version_parse(struct fp_str text, struct fp_nuget_version *version)
{
	struct fp_nuget_version parsed = {0};
	size_t plus = find(text, '+'), hyphen;
	struct fp_str numbers = fp_str_n(text.ptr, plus);

	if (text.len == 0 || text.len > FP_VERSION_MAX_BYTES)
		return false;
	if (plus < text.len) {
		parsed.metadata = fp_str_n(text.ptr + plus + 1, text.len - plus - 1);
		if (!are_labels(parsed.metadata))
			return false;
	}
	hyphen = find(numbers, '-');
	if (hyphen < numbers.len) {
		parsed.prerelease = fp_str_n(numbers.ptr + hyphen + 1, numbers.len - hyphen - 1);
		if (!are_labels(parsed.prerelease))
			return false;
		numbers.len = hyphen;
	}
	if (!parse_numbers(numbers, &parsed))
		return false;
	*version = parsed;
	return true;
}

bool fp_nuget_version_is_strict(const struct fp_nuget_version *version)
{
	return find(version->prerelease, '_') == version->prerelease.len &&
	       find(version->metadata, '_') == version->metadata.len;
}

/* A label that fits a signed 32-bit integer is a number: `-5` is minus five, 2501011234 is text. */
static bool label_number(struct fp_str label, int64_t *number)
{
	bool negative = label.len > 0 && label.ptr[0] == '-';
	uint64_t value;

	if (negative) {
		label.ptr++;
		label.len--;
	}
	if (!fp_parse_u64(label, 0, (uint64_t)NUMBER_MAX + negative, &value))
		return false;
	*number = negative ? -(int64_t)value : (int64_t)value;
	return true;
}

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - ('a' - 'A')) : c;
}

/* Upper-cased, byte order: `_` and `-` so sort where NuGet puts them. */
static int compare_text(struct fp_str a, struct fp_str b)
{
	size_t common = a.len < b.len ? a.len : b.len;

	for (size_t i = 0; i < common; i++) {
		unsigned char left = (unsigned char)upper(a.ptr[i]);
		unsigned char right = (unsigned char)upper(b.ptr[i]);

		if (left != right)
			return left < right ? -1 : 1;
	}
	return a.len < b.len ? -1 : a.len > b.len;
}

static int compare_label(struct fp_str a, struct fp_str b)
{
	int64_t left, right;
	bool left_is_number = label_number(a, &left);
	bool right_is_number = label_number(b, &right);

	if (left_is_number && right_is_number)
		return left < right ? -1 : left > right;
	if (left_is_number != right_is_number)
		return left_is_number ? -1 : 1; /* numbers before text */
	return compare_text(a, b);
}

static struct fp_str take_label(struct fp_str *labels)
{
	size_t dot = find(*labels, '.');
	struct fp_str label = fp_str_n(labels->ptr, dot);
	size_t used = dot < labels->len ? dot + 1 : dot;

	labels->ptr += used;
	labels->len -= used;
	return label;
}

static int compare_prerelease(struct fp_str a, struct fp_str b)
{
	if (a.len == 0 || b.len == 0)
		return (a.len == 0) - (b.len == 0); /* a release stands above its prereleases */
	while (a.len && b.len) {
		struct fp_str left = take_label(&a), right = take_label(&b);
		int order = compare_label(left, right);

		if (order)
			return order;
	}
	return (a.len > 0) - (b.len > 0); /* a shorter list first */
}

int fp_nuget_version_compare(const struct fp_nuget_version *a, const struct fp_nuget_version *b)
{
	for (int i = 0; i < 4; i++)
		if (a->number[i] != b->number[i])
			return a->number[i] < b->number[i] ? -1 : 1;
	return compare_prerelease(a->prerelease, b->prerelease);
}

void fp_nuget_version_write(const struct fp_nuget_version *version, struct fp_buf *buf)
{
	for (int i = 0; i < 4; i++) {
		if (i == 3 && version->number[3] == 0)
			break;
		if (i)
			fp_buf_add_char(buf, '.');
		fp_buf_add_u64(buf, version->number[i]);
	}
	if (version->prerelease.len) {
		fp_buf_add_char(buf, '-');
		fp_buf_add_str(buf, version->prerelease);
	}
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
