/* The version grammars: their table, and what reading and writing share. */
#include "grammar_row.h"

const struct fp_grammar_row fp_grammar_rows[FP_GRAMMAR_COUNT] = {
	[FP_GRAMMAR_PRERELEASE_STAMP] =
		{
			.name = "prerelease-stamp",
			.read = fp_prerelease_stamp_read,
			.write = fp_prerelease_stamp_write,
		},
	[FP_GRAMMAR_PATCH_STAMP] =
		{
			.name = "patch-stamp",
			.read = fp_patch_stamp_read,
			.write = fp_patch_stamp_write,
		},
	[FP_GRAMMAR_ARCADE] =
		{
			.name = "arcade",
			.read = fp_arcade_read,
			.write = fp_arcade_write,
		},
};

const char *fp_grammar_name(enum fp_grammar grammar)
{
	return grammar < FP_GRAMMAR_COUNT ? fp_grammar_rows[grammar].name : "unrecognised";
}

bool fp_grammar_from_name(struct fp_str name, enum fp_grammar *grammar)
{
	for (int i = 0; i < FP_GRAMMAR_COUNT; i++) {
		if (!fp_str_equal(name, fp_str(fp_grammar_rows[i].name)))
			continue;
		*grammar = (enum fp_grammar)i;
		return true;
	}
	return false;
}

bool fp_grammar_release_matches(
	const struct fp_decoded *decoded, const struct fp_release *requested)
{
	struct fp_release wanted = *requested;

	if (decoded->grammar == FP_GRAMMAR_ARCADE && wanted.prerelease.len == 0)
		wanted.prerelease = decoded->release.prerelease;
	return fp_release_equal(&decoded->release, &wanted);
}

bool fp_prerelease_find_stamp(struct fp_str text, struct fp_prerelease_split *split)
{
	size_t start = 0;

	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] != '-')
			continue;
		split->stamp = fp_str_n(text.ptr + start, i - start);
		if (fp_stamp_parse(split->stamp, &split->minute)) {
			split->before = fp_str_n(text.ptr, start);
			split->after = fp_str_n(text.ptr + i + 1, text.len - i - 1);
			return true;
		}
		start = i + 1;
	}
	split->after = fp_str_n(text.ptr + start, text.len - start);
	return false;
}
