/* Writing the requested version in the grammars of RULES.md, section 2. */
#include "grammar_row.h"

static void add_numbers(const struct fp_release *release, bool with_patch, struct fp_buf *buf)
{
	fp_buf_add_u64(buf, release->major);
	fp_buf_add_char(buf, '.');
	fp_buf_add_u64(buf, release->minor);
	fp_buf_add_char(buf, '.');
	if (with_patch)
		fp_buf_add_u64(buf, release->patch);
}

static void add_stamp(fp_minute minute, struct fp_buf *buf)
{
	char stamp[FP_STAMP_TEXT_MAX] = "yyMMddHHmm";

	if (fp_stamp_is_writable(minute))
		fp_stamp_format(minute, stamp);
	fp_buf_add_text(buf, stamp);
}

/* A date in the prerelease label would be read as the stamp; a hyphen follows the label's end. */
static bool holds_stamp(struct fp_str prerelease)
{
	struct fp_prerelease_split split;

	return fp_prerelease_find_stamp(prerelease, &split) ||
	       fp_stamp_parse(split.after, &split.minute);
}

enum fp_requested_problem fp_prerelease_stamp_write(
	const struct fp_grammar_parts *parts, struct fp_buf *buf)
{
	struct fp_str prerelease = parts->release->prerelease;

	add_numbers(parts->release, true, buf);
	if (prerelease.len) {
		fp_buf_add_char(buf, '-');
		fp_buf_add_str(buf, prerelease);
	}
	fp_buf_add_char(buf, '-');
	add_stamp(parts->minute, buf);
	fp_buf_add_char(buf, '-');
	fp_label_write(parts->branch, FP_LABEL_HYPHEN, buf);
	if (!fp_branch_is_packageable(parts->branch, FP_LABEL_HYPHEN))
		return FP_REQUESTED_NOT_PACKAGEABLE;
	if (!fp_stamp_is_writable(parts->minute))
		return FP_REQUESTED_NO_STAMP;
	return holds_stamp(prerelease) ? FP_REQUESTED_RELEASE_UNFIT : FP_REQUESTED_FINE;
}

enum fp_requested_problem fp_patch_stamp_write(
	const struct fp_grammar_parts *parts, struct fp_buf *buf)
{
	bool writable = fp_stamp_is_writable(parts->minute);

	add_numbers(parts->release, false, buf);
	add_stamp(parts->minute, buf);
	fp_buf_add_char(buf, '-');
	fp_label_write(parts->branch, parts->patch_style, buf);
	if (!fp_branch_is_packageable(parts->branch, parts->patch_style))
		return FP_REQUESTED_NOT_PACKAGEABLE;
	if (writable && fp_stamp_number(parts->minute) > FP_STAMP_PATCH_MAX_NUMBER)
		return FP_REQUESTED_STAMP_OVERFLOW;
	if (!writable)
		return FP_REQUESTED_NO_STAMP;
	if (parts->release->patch || parts->release->prerelease.len)
		return FP_REQUESTED_RELEASE_UNFIT;
	return FP_REQUESTED_FINE;
}

enum fp_requested_problem fp_arcade_write(const struct fp_grammar_parts *parts, struct fp_buf *buf)
{
	struct fp_str label = parts->release->prerelease;
	bool writable = fp_stamp_is_writable(parts->minute);

	add_numbers(parts->release, true, buf);
	fp_buf_add_char(buf, '-');
	if (label.len) {
		fp_buf_add_str(buf, label);
		fp_buf_add_char(buf, '.');
	}
	if (writable)
		fp_buf_add_u64(buf, fp_day_arcade_number(fp_day_from_minute(parts->minute)));
	else
		fp_buf_add_text(buf, "yyMMddHHmm");
	if (parts->revision) {
		fp_buf_add_char(buf, '.');
		fp_buf_add_u64(buf, parts->revision);
	}
	if (!writable)
		return FP_REQUESTED_NO_STAMP;
	return label.len ? FP_REQUESTED_FINE : FP_REQUESTED_RELEASE_UNFIT;
}

enum fp_requested_problem fp_grammar_write(enum fp_grammar grammar, enum fp_label_style patch_style,
	const struct fp_release *release, fp_minute minute, struct fp_str branch, uint32_t revision,
	struct fp_buf *buf)
{
	const struct fp_grammar_parts parts = {
		.release = release,
		.minute = minute,
		.branch = branch,
		.patch_style = patch_style,
		.revision = revision,
	};

	return fp_grammar_rows[grammar].write(&parts, buf);
}
