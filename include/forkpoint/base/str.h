#pragma once
/*
 * Slices of text that somebody else owns: pointer and length, never NUL-terminated by promise.
 * All comparisons "nocase" fold ASCII letters only, as NuGet's and the scripts' comparisons of
 * labels do for every character that a version can hold.
 */
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct fp_str {
	const char *ptr; /* may be NULL only when len is 0 */
	size_t len;	 /* bytes */
};

#define FP_STR_LITERAL(text) ((struct fp_str){(text), sizeof(text) - 1})
/* The same as an initializer, for static tables. */
#define FP_STR_INIT(text)                                                                          \
	{                                                                                          \
		(text), sizeof(text) - 1                                                           \
	}
/* For printf's "%.*s". */
#define FP_STR_ARG(s) (int)(s).len, (s).ptr ? (s).ptr : ""

static inline struct fp_str fp_str(const char *text)
{
	return (struct fp_str){text, text ? strlen(text) : 0};
}

static inline struct fp_str fp_str_n(const char *ptr, size_t len)
{
	return (struct fp_str){ptr, len};
}

bool fp_str_equal(struct fp_str a, struct fp_str b);
bool fp_str_equal_nocase(struct fp_str a, struct fp_str b);
/* Byte order; a prefix sorts first. <0, 0, >0. */
int fp_str_compare(struct fp_str a, struct fp_str b);
int fp_str_compare_nocase(struct fp_str a, struct fp_str b);
bool fp_str_starts_with(struct fp_str s, const char *prefix);
bool fp_str_ends_with(struct fp_str s, const char *suffix);
/* Without leading and trailing space, tab, CR, LF. */
struct fp_str fp_str_trim(struct fp_str s);
/* malloc'ed NUL-terminated copy, NULL when out of memory. */
char *fp_str_dup(struct fp_str s);
/* Well-formed UTF-8 (no surrogates, no overlong forms, at most U+10FFFF). */
bool fp_str_is_utf8(struct fp_str s);
/* Bytes of the well-formed UTF-8 character that text begins with, of which `left` bytes exist; 0
 * when it begins with none. */
size_t fp_utf8_length(const char *text, size_t left);
/* Matches a glob with `*` (any run, slashes included) as its only wildcard. */
bool fp_str_matches_glob(struct fp_str s, const char *pattern);

/* Inline: every request asks this of each of its characters, and of some of its answer's. */
static inline char fp_char_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

static inline bool fp_char_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool fp_char_is_alnum(char c)
{
	char lower = fp_char_lower(c);

	return fp_char_is_digit(c) || (lower >= 'a' && lower <= 'z');
}

/* 0 to 15, -1 when c is no hexadecimal digit. */
static inline int fp_char_hex_value(char c)
{
	char lower = fp_char_lower(c);

	if (fp_char_is_digit(c))
		return c - '0';
	return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/*
 * Nearest names for "did you mean". The distance is Levenshtein's over lower-cased bytes; only the
 * first 64 bytes of each name count. Returns how many of `names` were written to `indices`,
 * nearest first, at most `max` and 16; names farther than a third of the wanted name's length
 * (at least 2) are left out, unless one is the beginning or the end of the other, up to a character
 * that is neither letter nor digit: `main` is near `origin/main`.
 */
size_t fp_str_nearest(struct fp_str wanted, const struct fp_str *names, size_t count,
	size_t *indices, size_t max);
