/* The version grammars: a row each. */
#include "forkpoint/core/grammar.h"

#include "forkpoint/base/number.h"
#include "forkpoint/core/nuget_version.h"

typedef bool read_fn(const struct fp_nuget_version *version, struct fp_str text,
	struct fp_decoded *decoded, const char **why);
typedef enum fp_requested_problem write_fn(const struct fp_release *release, fp_minute minute,
	struct fp_str branch, enum fp_label_style style, uint32_t revision, struct fp_buf *buf);

static bool refuse(const char **why, const char *sentence)
{
	if (why)
		*why = sentence;
	return false;
}

/* The version without its metadata. */
static struct fp_str identity(struct fp_str version)
{
	for (size_t i = 0; i < version.len; i++)
		if (version.ptr[i] == '+')
			return fp_str_n(version.ptr, i);
	return version;
}

/* ---- prerelease-stamp: MAJOR.MINOR.PATCH[-PRERELEASE]-STAMP-LABEL ---- */

/* The length of the run between hyphens that starts at `at`. */
static size_t run_length(struct fp_str text, size_t at)
{
	size_t end = at;

	while (end < text.len && text.ptr[end] != '-')
		end++;
	return end - at;
}

/* The first run of exactly ten digits, between hyphens, that is a possible date and has a label
 * behind it. Runs are the hyphen-separated parts of the prerelease. */
static bool find_stamp(struct fp_str prerelease, size_t *stamp_at, fp_minute *minute)
{
	for (size_t at = 0; at < prerelease.len;) {
		size_t len = run_length(prerelease, at);

		if (at + len + 1 < prerelease.len &&
			fp_stamp_parse(fp_str_n(prerelease.ptr + at, len), minute)) {
			*stamp_at = at;
			return true;
		}
		at += len + 1;
	}
	return false;
}

static bool read_prerelease_stamp(const struct fp_nuget_version *version, struct fp_str text,
	struct fp_decoded *decoded, const char **why)
{
	struct fp_str prerelease = version->prerelease;
	size_t stamp_at, label_at;

	if (version->number_count != 3)
		return refuse(why, "it has not exactly the three numbers MAJOR.MINOR.PATCH");
	if (!find_stamp(prerelease, &stamp_at, &decoded->minute))
		return refuse(
			why, "no ten digits between hyphens are a date with a label behind it");
	label_at = stamp_at + FP_STAMP_DIGITS + 1;
	decoded->release = (struct fp_release){
		.major = version->number[0],
		.minor = version->number[1],
		.patch = version->number[2],
		.prerelease = fp_str_n(prerelease.ptr, stamp_at ? stamp_at - 1 : 0),
	};
	decoded->label = fp_str_n(prerelease.ptr + label_at, prerelease.len - label_at);
	return true;
}

/* Appends the label; says whether a version may hold it. */
static bool write_label(struct fp_str branch, enum fp_label_style style, struct fp_buf *buf)
{
	size_t start = buf->len;

	fp_label_write(branch, style, buf);
	return fp_label_is_publishable(
		fp_str_n(buf->data ? buf->data + start : NULL, buf->len - start), style, NULL);
}

static void write_stamp(fp_minute minute, struct fp_buf *buf)
{
	char stamp[FP_STAMP_TEXT_MAX] = "0000000000";

	if (fp_stamp_is_writable(minute))
		fp_stamp_format(minute, stamp);
	fp_buf_add_text(buf, stamp);
}

static enum fp_requested_problem write_prerelease_stamp(const struct fp_release *release,
	fp_minute minute, struct fp_str branch, enum fp_label_style style, uint32_t revision,
	struct fp_buf *buf)
{
	bool legal;

	fp_buf_addf(buf, "%u.%u.%u", release->major, release->minor, release->patch);
	if (release->prerelease.len) {
		fp_buf_add_char(buf, '-');
		fp_buf_add_str(buf, release->prerelease);
	}
	fp_buf_add_char(buf, '-');
	write_stamp(minute, buf);
	fp_buf_add_char(buf, '-');
	legal = write_label(branch, FP_LABEL_HYPHEN, buf);
	if (!legal)
		return FP_REQUESTED_NOT_PACKAGEABLE;
	return fp_stamp_is_writable(minute) ? FP_REQUESTED_FINE : FP_REQUESTED_NO_STAMP;
}

/* ---- patch-stamp: MAJOR.MINOR.STAMP-LABEL ---- */

/* The third number as it is written: a stamp of the years before 2010 begins with a zero. */
static struct fp_str third_number(struct fp_str text)
{
	size_t start = 0, dots = 0, end;

	while (start < text.len && dots < 2)
		dots += text.ptr[start++] == '.';
	end = start;
	while (end < text.len && fp_char_is_digit(text.ptr[end]))
		end++;
	return fp_str_n(text.ptr + start, end - start);
}

static bool read_patch_stamp(const struct fp_nuget_version *version, struct fp_str text,
	struct fp_decoded *decoded, const char **why)
{
	if (version->number_count != 3)
		return refuse(why, "it has not exactly the three numbers MAJOR.MINOR.STAMP");
	if (!fp_stamp_parse(third_number(text), &decoded->minute))
		return refuse(why, "its third number is not ten digits that are a date");
	if (version->prerelease.len == 0)
		return refuse(why, "it has no label");
	decoded->release = (struct fp_release){
		.major = version->number[0],
		.minor = version->number[1],
	};
	decoded->label = version->prerelease;
	return true;
}

static enum fp_requested_problem write_patch_stamp(const struct fp_release *release,
	fp_minute minute, struct fp_str branch, enum fp_label_style style, uint32_t revision,
	struct fp_buf *buf)
{
	bool legal;

	fp_buf_addf(buf, "%u.%u.", release->major, release->minor);
	write_stamp(minute, buf);
	fp_buf_add_char(buf, '-');
	legal = write_label(branch, style, buf);
	if (!legal)
		return FP_REQUESTED_NOT_PACKAGEABLE;
	if (!fp_stamp_is_writable(minute))
		return FP_REQUESTED_NO_STAMP;
	if (fp_stamp_number(minute) > FP_STAMP_PATCH_MAX_NUMBER)
		return FP_REQUESTED_STAMP_OVERFLOW;
	return release->patch || release->prerelease.len ? FP_REQUESTED_RELEASE_UNFIT
							 : FP_REQUESTED_FINE;
}

/* ---- arcade: MAJOR.MINOR.PATCH-LABEL.DATE.REVISION ---- */

/* Cuts the last dot-separated part off. */
static bool cut_last(struct fp_str *labels, struct fp_str *last)
{
	for (size_t i = labels->len; i-- > 0;) {
		if (labels->ptr[i] != '.')
			continue;
		*last = fp_str_n(labels->ptr + i + 1, labels->len - i - 1);
		labels->len = i;
		return true;
	}
	return false;
}

static bool read_arcade(const struct fp_nuget_version *version, struct fp_str text,
	struct fp_decoded *decoded, const char **why)
{
	struct fp_str label = version->prerelease, revision, date;
	uint64_t number;
	fp_day day;

	if (version->number_count != 3)
		return refuse(why, "it has not exactly the three numbers MAJOR.MINOR.PATCH");
	if (!cut_last(&label, &revision) || !cut_last(&label, &date) || label.len == 0)
		return refuse(why, "it does not end in LABEL.DATE.REVISION");
	if (!fp_day_parse_arcade(date, &day))
		return refuse(why, "its DATE is not yy*1000 + month*50 + day of a real day");
	if (!fp_parse_u64(revision, 0, INT32_MAX, &number))
		return refuse(why, "its REVISION is no number");
	decoded->release = (struct fp_release){
		.major = version->number[0],
		.minor = version->number[1],
		.patch = version->number[2],
		.prerelease = label,
	};
	decoded->minute = fp_day_to_minute(day);
	decoded->revision = (uint32_t)number;
	return true;
}

static enum fp_requested_problem write_arcade(const struct fp_release *release, fp_minute minute,
	struct fp_str branch, enum fp_label_style style, uint32_t revision, struct fp_buf *buf)
{
	bool writable = fp_stamp_is_writable(minute);

	fp_buf_addf(buf, "%u.%u.%u-", release->major, release->minor, release->patch);
	fp_buf_add_str(buf, release->prerelease);
	fp_buf_addf(buf, ".%05u", writable ? fp_day_arcade_number(fp_day_from_minute(minute)) : 0);
	if (revision)
		fp_buf_addf(buf, ".%u", revision);
	if (!writable)
		return FP_REQUESTED_NO_STAMP;
	return release->prerelease.len ? FP_REQUESTED_FINE : FP_REQUESTED_RELEASE_UNFIT;
}

/* ---- the table ---- */

static const struct {
	const char *name;
	read_fn *read;
	write_fn *write;
} grammars[] = {
	[FP_GRAMMAR_PRERELEASE_STAMP] = {"prerelease-stamp", read_prerelease_stamp,
		write_prerelease_stamp},
	[FP_GRAMMAR_PATCH_STAMP] = {"patch-stamp", read_patch_stamp, write_patch_stamp},
	[FP_GRAMMAR_ARCADE] = {"arcade", read_arcade, write_arcade},
};

_Static_assert(FP_ARRAY_SIZE(grammars) == FP_GRAMMAR_COUNT, "a row for every grammar");

const char *fp_grammar_name(enum fp_grammar grammar)
{
	return grammar < FP_GRAMMAR_COUNT ? grammars[grammar].name : "unrecognised";
}

bool fp_grammar_from_name(struct fp_str name, enum fp_grammar *grammar)
{
	for (size_t i = 0; i < FP_ARRAY_SIZE(grammars); i++) {
		if (fp_str_equal(name, fp_str(grammars[i].name))) {
			*grammar = (enum fp_grammar)i;
			return true;
		}
	}
	return false;
}

bool fp_grammar_read(enum fp_grammar grammar, struct fp_str version, struct fp_decoded *decoded,
	const char **why)
{
	struct fp_decoded read = {.grammar = grammar};
	struct fp_nuget_version parsed;

	if (!fp_nuget_version_parse(version, &parsed))
		return refuse(why, "it is no version: one to four numbers of at most 2147483647, "
				   "then labels of "
				   "letters, digits and hyphens");
	if (!grammars[grammar].read(&parsed, identity(version), &read, why))
		return false;
	*decoded = read;
	return true;
}

void fp_grammar_read_first(const enum fp_grammar *list, size_t count, struct fp_str version,
	struct fp_decoded *decoded)
{
	for (size_t i = 0; i < count; i++)
		if (fp_grammar_read(list[i], version, decoded, NULL))
			return;
	*decoded = (struct fp_decoded){.grammar = FP_GRAMMAR_NONE};
}

bool fp_grammar_release_matches(
	const struct fp_decoded *decoded, const struct fp_release *requested)
{
	struct fp_release own = decoded->release;

	if (decoded->grammar == FP_GRAMMAR_ARCADE && requested->prerelease.len == 0)
		own.prerelease = requested->prerelease;
	return fp_release_equal(&own, requested);
}

enum fp_requested_problem fp_grammar_write(enum fp_grammar grammar, enum fp_label_style patch_style,
	const struct fp_release *release, fp_minute minute, struct fp_str branch, uint32_t revision,
	struct fp_buf *buf)
{
	return grammars[grammar].write(release, minute, branch, patch_style, revision, buf);
}
