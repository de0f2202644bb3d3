/* What one version file says: a usable text, or a sentence about why there is none. */
#include "source_values.h"

#include "forkpoint/core/release.h"

#include <stdio.h>
#include <stdlib.h>

enum { MAX_TEXT_BYTES = 1024, PARTS = 4 };

void fp_source_value_release(struct fp_source_value *value)
{
	free(value->text);
	free(value->problem);
}

/* Hands the buffer's text to one of the value's two. */
static int settle(struct fp_buf *buf, char **slot, struct fp_error *error)
{
	*slot = fp_buf_take(buf);
	return *slot ? 0 : fp_error_memory(error);
}

static int settle_problem(struct fp_source_value *value, struct fp_error *error, const char *format,
	...) FP_PRINTF(3, 4);

static int settle_problem(
	struct fp_source_value *value, struct fp_error *error, const char *format, ...)
{
	char text[MAX_TEXT_BYTES];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	value->problem = fp_str_dup(fp_str(text));
	return value->problem ? 0 : fp_error_memory(error);
}

int fp_source_value_oversized(
	const char *file, const char *why, struct fp_source_value *value, struct fp_error *error)
{
	return settle_problem(value, error, "%.200s %s", file, why);
}

/* A name that git would refuse cannot be a branch. Control characters and blanks are what damage
 * looks like; the rest the resolver finds out by not having such a branch. */
static bool may_be_branch(struct fp_str name)
{
	if (!name.len || name.len > 250 || !fp_str_is_utf8(name))
		return false;
	for (size_t i = 0; i < name.len; i++)
		if ((unsigned char)name.ptr[i] <= ' ' || strchr("~^:?*[\\\x7f", name.ptr[i]))
			return false;
	return true;
}

int fp_source_value_branch(const struct fp_source_branch_spec *spec, struct fp_str content,
	struct fp_source_value *value, struct fp_error *error)
{
	FP_CLEANUP_BUF struct fp_buf text;
	struct fp_error why = {0};
	bool found;

	fp_buf_init(&text, MAX_TEXT_BYTES);
	if (spec->variable) {
		found = fp_source_powershell_value(content, spec->variable, &text);
	} else if (fp_source_xml_values(content, &spec->element, 1, &text, &why) < 0) {
		return settle_problem(
			value, error, "%.200s is no readable XML: %s", spec->file, why.text);
	} else {
		found = text.len > 0;
	}
	if (found && may_be_branch(fp_buf_str(&text)))
		return settle(&text, &value->text, error);
	if (found)
		return settle_problem(
			value, error, "%.200s names a branch that cannot exist", spec->file);
	return settle_problem(value, error, "%.200s has no plain value for %s%.100s", spec->file,
		spec->variable ? "$" : "", spec->variable ? spec->variable : spec->element);
}

static int release_problem(const struct fp_source_release_spec *spec,
	const struct fp_buf values[PARTS], const char *const names[PARTS],
	struct fp_source_value *value, struct fp_error *error)
{
	for (size_t i = 0; i < 2; i++)
		if (!values[i].len)
			return settle_problem(value, error,
				"%.200s has no element %.100s with a plain value", spec->file,
				names[i]);
	return settle_problem(value, error,
		"%.200s gives no release: major `%.40s`, minor `%.40s`, patch `%.40s`, prerelease "
		"`%.40s`",
		spec->file, values[0].data, values[1].data, values[2].len ? values[2].data : "",
		values[3].len ? values[3].data : "");
}

/* MAJOR.MINOR[.PATCH][-PRERELEASE], in its shortest form. False: that is no release. */
static bool compose(const struct fp_buf values[PARTS], struct fp_buf *text)
{
	FP_CLEANUP_BUF struct fp_buf joined;
	struct fp_release release;

	fp_buf_init(&joined, MAX_TEXT_BYTES);
	if (!values[0].len || !values[1].len)
		return false;
	fp_buf_addf(&joined, "%s.%s", values[0].data, values[1].data);
	if (values[2].len || values[3].len)
		fp_buf_addf(&joined, ".%s", values[2].len ? values[2].data : "0");
	if (values[3].len)
		fp_buf_addf(&joined, "-%s", values[3].data);
	if (joined.state != FP_BUF_OK || !fp_release_parse(fp_buf_str(&joined), &release))
		return false;
	fp_release_write(&release, text);
	return text->state == FP_BUF_OK;
}

int fp_source_value_release_of(const struct fp_source_release_spec *spec, struct fp_str content,
	struct fp_source_value *value, struct fp_error *error)
{
	const char *const names[PARTS] = {spec->major, spec->minor, spec->patch ? spec->patch : "",
		spec->prerelease ? spec->prerelease : ""};
	struct fp_buf values[PARTS];
	FP_CLEANUP_BUF struct fp_buf text;
	struct fp_error why = {0};
	size_t wanted = spec->prerelease ? 4 : spec->patch ? 3 : 2;
	int rc;

	for (size_t i = 0; i < PARTS; i++)
		fp_buf_init(&values[i], MAX_TEXT_BYTES);
	fp_buf_init(&text, MAX_TEXT_BYTES);
	rc = fp_source_xml_values(content, names, wanted, values, &why);
	if (rc < 0)
		rc = settle_problem(
			value, error, "%.200s is no readable XML: %s", spec->file, why.text);
	else if (compose(values, &text))
		rc = settle(&text, &value->text, error);
	else
		rc = release_problem(spec, values, names, value, error);
	for (size_t i = 0; i < PARTS; i++)
		fp_buf_release(&values[i]);
	return rc;
}
