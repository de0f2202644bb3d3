/* Reading versions by the grammars of RULES.md, section 2. */
#include "grammar_row.h"

#include "forkpoint/base/number.h"

#include <string.h>

static bool has_three_parts(const struct fp_nuget_version *version)
{
	return version->number_count == 3;
}

static const char *const three_parts = "it does not begin with three numbers";

static struct fp_release release_of(const struct fp_nuget_version *version)
{
	return (struct fp_release){
		.major = version->number[0],
		.minor = version->number[1],
		.patch = version->number[2],
	};
}

/* Whether some text between hyphens is ten digits, so that the sentence can say more. */
static bool holds_ten_digits(struct fp_str text)
{
	size_t digits = 0;
	bool whole = true; /* nothing but digits since the last hyphen */

	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '-') {
			if (whole && digits == FP_STAMP_DIGITS)
				return true;
			digits = 0;
			whole = true;
		} else if (fp_char_is_digit(text.ptr[i])) {
			digits++;
		} else {
			whole = false;
		}
	}
	return false;
}

const char *fp_prerelease_stamp_read(
	const struct fp_nuget_version *version, struct fp_str text, struct fp_decoded *decoded)
{
	struct fp_prerelease_split split;

	if (!has_three_parts(version))
		return three_parts;
	if (!fp_prerelease_find_stamp(version->prerelease, &split))
		return holds_ten_digits(version->prerelease)
			       ? "its ten digits are no date"
			       : "it has no stamp: ten digits between hyphens";
	if (split.before.len == 1)
		return "its prerelease label is empty";
	if (split.after.len == 0)
		return "no branch label follows its stamp";
	decoded->release = release_of(version);
	if (split.before.len)
		decoded->release.prerelease = fp_str_n(split.before.ptr, split.before.len - 1);
	decoded->minute = split.minute;
	decoded->label = split.after;
	return NULL;
}

/* The third number as it is written: its zeros are digits of the stamp. */
static struct fp_str third_part(struct fp_str text)
{
	size_t start = 0, len = 0;

	for (int dots = 0; dots < 2; start++)
		dots += text.ptr[start] == '.';
	while (start + len < text.len && fp_char_is_digit(text.ptr[start + len]))
		len++;
	return fp_str_n(text.ptr + start, len);
}

const char *fp_patch_stamp_read(
	const struct fp_nuget_version *version, struct fp_str text, struct fp_decoded *decoded)
{
	struct fp_str stamp;

	if (!has_three_parts(version))
		return three_parts;
	stamp = third_part(text);
	if (stamp.len != FP_STAMP_DIGITS)
		return "its third number is not ten digits";
	if (!fp_stamp_parse(stamp, &decoded->minute))
		return "its ten digits are no date";
	if (version->prerelease.len == 0)
		return "no branch label follows its stamp";
	decoded->release = release_of(version);
	decoded->release.patch = 0;
	decoded->label = version->prerelease;
	return NULL;
}

/* Cuts the last dot-separated identifier off *text; false when there is no dot. */
static bool cut_last(struct fp_str *text, struct fp_str *last)
{
	const char *dot = text->len ? memrchr(text->ptr, '.', text->len) : NULL;
	size_t before;

	if (!dot)
		return false;
	before = (size_t)(dot - text->ptr);
	*last = fp_str_n(dot + 1, text->len - before - 1);
	text->len = before;
	return true;
}

const char *fp_arcade_read(
	const struct fp_nuget_version *version, struct fp_str text, struct fp_decoded *decoded)
{
	struct fp_str label = version->prerelease, date, revision;
	uint64_t number;
	fp_day day;

	if (!has_three_parts(version))
		return three_parts;
	if (!cut_last(&label, &revision) || !cut_last(&label, &date) ||
		!fp_parse_u64(revision, 0, FP_VERSION_PART_MAX, &number))
		return "its label does not end in .DATE.REVISION";
	if (!fp_day_parse_arcade(date, &day))
		return "its short date (yy*1000 + month*50 + day) is no date";
	decoded->release = release_of(version);
	decoded->release.prerelease = label;
	decoded->minute = fp_day_to_minute(day);
	decoded->revision = (uint32_t)number;
	return NULL;
}

/* Reading by one grammar, with the version taken apart already. */
static const char *read_as(enum fp_grammar grammar, const struct fp_nuget_version *version,
	struct fp_str text, struct fp_decoded *decoded)
{
	struct fp_decoded read = {.grammar = grammar};
	const char *trouble = fp_grammar_rows[grammar].read(version, text, &read);

	if (!trouble)
		*decoded = read;
	return trouble;
}

/* The commonest trouble gets its own sentence: patch-stamp's dates from 2022 on. */
static const char *why_no_version(struct fp_str text)
{
	size_t start = 0;

	for (size_t i = 0; i <= text.len; i++) {
		struct fp_str part = fp_str_n(text.ptr + start, i - start);
		uint64_t number;

		if (i < text.len && fp_char_is_digit(text.ptr[i]))
			continue;
		if (part.len && !fp_parse_u64(part, 0, FP_VERSION_PART_MAX, &number))
			return "one of its numbers is past 2147483647, the most that a NuGet "
			       "version part holds";
		if (i < text.len && text.ptr[i] != '.')
			break;
		start = i + 1;
	}
	return "it is no NuGet version";
}

bool fp_grammar_read(enum fp_grammar grammar, struct fp_str version, struct fp_decoded *decoded,
	const char **why)
{
	struct fp_nuget_version parsed;
	const char *trouble = fp_nuget_version_parse(version, &parsed)
				      ? read_as(grammar, &parsed, version, decoded)
				      : why_no_version(version);

	if (trouble && why)
		*why = trouble;
	return !trouble;
}

void fp_grammar_read_first(const enum fp_grammar *grammars, size_t count, struct fp_str version,
	struct fp_decoded *decoded)
{
	struct fp_nuget_version parsed;

	*decoded = (struct fp_decoded){.grammar = FP_GRAMMAR_NONE};
	if (!fp_nuget_version_parse(version, &parsed))
		return;
	for (size_t i = 0; i < count; i++)
		if (!read_as(grammars[i], &parsed, version, decoded))
			return;
}
