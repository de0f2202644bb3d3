/* Slices of text. */
#include "forkpoint/base/str.h"

#include <stdint.h>
#include <stdlib.h>

bool fp_str_equal(struct fp_str a, struct fp_str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool fp_str_equal_nocase(struct fp_str a, struct fp_str b)
{
	return a.len == b.len && fp_str_compare_nocase(a, b) == 0;
}

static int compare_lengths(struct fp_str a, struct fp_str b)
{
	return a.len < b.len ? -1 : a.len > b.len;
}

int fp_str_compare(struct fp_str a, struct fp_str b)
{
	size_t common = a.len < b.len ? a.len : b.len;
	int order = common ? memcmp(a.ptr, b.ptr, common) : 0;

	return order ? order : compare_lengths(a, b);
}

int fp_str_compare_nocase(struct fp_str a, struct fp_str b)
{
	size_t common = a.len < b.len ? a.len : b.len;

	for (size_t i = 0; i < common; i++) {
		unsigned char left = (unsigned char)fp_char_lower(a.ptr[i]);
		unsigned char right = (unsigned char)fp_char_lower(b.ptr[i]);

		if (left != right)
			return left < right ? -1 : 1;
	}
	return compare_lengths(a, b);
}

bool fp_str_starts_with(struct fp_str s, const char *prefix)
{
	size_t len = strlen(prefix);

	return s.len >= len && (len == 0 || memcmp(s.ptr, prefix, len) == 0);
}

bool fp_str_ends_with(struct fp_str s, const char *suffix)
{
	size_t len = strlen(suffix);

	return s.len >= len && (len == 0 || memcmp(s.ptr + s.len - len, suffix, len) == 0);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct fp_str fp_str_trim(struct fp_str s)
{
	while (s.len && is_blank(s.ptr[0])) {
		s.ptr++;
		s.len--;
	}
	while (s.len && is_blank(s.ptr[s.len - 1]))
		s.len--;
	return s;
}

char *fp_str_dup(struct fp_str s)
{
	char *copy = malloc(s.len + 1);

	if (!copy)
		return NULL;
	if (s.len)
		memcpy(copy, s.ptr, s.len);
	copy[s.len] = '\0';
	return copy;
}

/* Ranges of RFC 3629: no overlong forms, no surrogates. */
size_t fp_utf8_length(const char *text, size_t left)
{
	const unsigned char *at = (const unsigned char *)text;
	unsigned char first = left > 0 ? at[0] : 0xff;
	unsigned char low = 0x80, high = 0xbf;
	size_t len;

	if (first < 0x80)
		return 1;
	if (first < 0xc2 || first > 0xf4)
		return 0;
	len = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
	if (left < len)
		return 0;
	if (first == 0xe0)
		low = 0xa0;
	else if (first == 0xed)
		high = 0x9f;
	else if (first == 0xf0)
		low = 0x90;
	else if (first == 0xf4)
		high = 0x8f;
	if (at[1] < low || at[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

bool fp_str_is_utf8(struct fp_str s)
{
	for (size_t i = 0; i < s.len;) {
		size_t len = fp_utf8_length(s.ptr + i, s.len - i);

		if (len == 0)
			return false;
		i += len;
	}
	return true;
}

bool fp_str_matches_glob(struct fp_str s, const char *pattern)
{
	size_t at = 0, star_at = SIZE_MAX;
	const char *after_star = NULL;

	while (at < s.len) {
		if (*pattern == '*') {
			after_star = ++pattern;
			star_at = at;
		} else if (*pattern && *pattern == s.ptr[at]) {
			pattern++;
			at++;
		} else if (after_star) { /* let the last star take one more */
			pattern = after_star;
			at = ++star_at;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

enum {
	NEAREST_BYTES = 64,
	PART_BYTES = 3, /* shorter parts are of too many names to tell anything */
};

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

static size_t levenshtein(struct fp_str a, struct fp_str b)
{
	size_t row[NEAREST_BYTES + 1];

	a.len = smaller(a.len, NEAREST_BYTES);
	b.len = smaller(b.len, NEAREST_BYTES);
	for (size_t k = 0; k <= b.len; k++)
		row[k] = k;
	for (size_t i = 1; i <= a.len; i++) {
		size_t diagonal = row[0];

		row[0] = i;
		for (size_t k = 1; k <= b.len; k++) {
			bool same = fp_char_lower(a.ptr[i - 1]) == fp_char_lower(b.ptr[k - 1]);
			size_t changed = diagonal + (same ? 0 : 1);

			diagonal = row[k];
			row[k] = smaller(changed, smaller(row[k], row[k - 1]) + 1);
		}
	}
	return row[b.len];
}

/* `part` begins or ends the whole, where a word of it ends or begins: main and origin/main. */
static bool is_part(struct fp_str part, struct fp_str whole)
{
	size_t rest;

	if (part.len < PART_BYTES || part.len >= whole.len)
		return false;
	rest = whole.len - part.len;
	if (fp_str_equal_nocase(part, fp_str_n(whole.ptr, part.len)))
		return !fp_char_is_alnum(whole.ptr[part.len]);
	return fp_str_equal_nocase(part, fp_str_n(whole.ptr + rest, part.len)) &&
	       !fp_char_is_alnum(whole.ptr[rest - 1]);
}

/* Names of which one is part of the other are as near as the limit allows. */
static size_t distance_of(struct fp_str wanted, struct fp_str name, size_t limit)
{
	size_t distance = levenshtein(wanted, name);

	if (distance > limit && (is_part(wanted, name) || is_part(name, wanted)))
		return limit;
	return distance;
}

size_t fp_str_nearest(
	struct fp_str wanted, const struct fp_str *names, size_t count, size_t *indices, size_t max)
{
	size_t distances[16], found = 0;
	size_t limit = smaller(wanted.len, NEAREST_BYTES) / 3;

	if (limit < 2)
		limit = 2;
	max = smaller(max, sizeof(distances) / sizeof(distances[0]));
	for (size_t i = 0; i < count; i++) {
		size_t distance = distance_of(wanted, names[i], limit);
		size_t at = found < max ? found : max;

		if (distance > limit)
			continue;
		while (at > 0 && distances[at - 1] > distance)
			at--;
		if (at == max)
			continue;
		if (found < max)
			found++;
		for (size_t k = found - 1; k > at; k--) {
			distances[k] = distances[k - 1];
			indices[k] = indices[k - 1];
		}
		distances[at] = distance;
		indices[at] = i;
	}
	return found;
}
