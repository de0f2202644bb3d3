/* Parameters and forms: a row each. */
#include "forkpoint/base/number.h"
#include "forkpoint/http/request.h"

/* ---- checks ---- */

static bool is_any(struct fp_str value)
{
	return value.len > 0;
}

static bool is_sha(struct fp_str value)
{
	if (value.len < FP_GRAPH_PREFIX_MIN || value.len > FP_OID_HEX)
		return false;
	for (size_t i = 0; i < value.len; i++)
		if (fp_char_hex_value(value.ptr[i]) < 0)
			return false;
	return true;
}

static bool is_ref(struct fp_str value)
{
	return fp_str_starts_with(value, "refs/");
}

static bool is_release(struct fp_str value)
{
	struct fp_release release;

	return fp_release_parse(value, &release);
}

static bool is_wait(struct fp_str value)
{
	uint64_t seconds;

	return fp_parse_u64(value, 0, 60, &seconds);
}

static bool is_format(struct fp_str value)
{
	enum fp_form form;

	return fp_form_find(value, &form);
}

static bool is_candidates(struct fp_str value)
{
	return fp_str_equal(value, FP_STR_LITERAL("all"));
}

static bool is_status(struct fp_str value)
{
	for (int i = 0; i < FP_VERSION_STATUS_COUNT; i++)
		if (fp_str_equal(value, fp_str(fp_version_status_name((enum fp_version_status)i))))
			return true;
	return false;
}

static bool is_limit(struct fp_str value)
{
	uint64_t limit;

	/* How many are too many depends on the route. */
	return fp_parse_u64(value, 1, UINT32_MAX, &limit);
}

static bool is_cursor(struct fp_str value)
{
	uint64_t cursor;

	/* Lists of commits begin their pages with one. */
	return fp_parse_u64(value, 0, INT64_MAX, &cursor) ||
	       (value.len == FP_OID_HEX && is_sha(value));
}

static bool is_shape(struct fp_str value)
{
	return fp_str_equal(value, FP_STR_LITERAL("flat"));
}

static bool is_flag(struct fp_str value)
{
	return value.len == 0 || fp_str_equal(value, FP_STR_LITERAL("1")) ||
	       fp_str_equal(value, FP_STR_LITERAL("true"));
}

static bool is_outcome(struct fp_str value)
{
	return fp_str_equal(value, FP_STR_LITERAL("ok")) || fp_problem_find(value);
}

static bool is_time(struct fp_str value)
{
	int64_t us;

	return fp_time_parse_us(value, &us);
}

static bool is_last(struct fp_str value)
{
	uint64_t commits;

	return fp_parse_u64(value, 1, 100000, &commits);
}

static bool is_bucket(struct fp_str value)
{
	return fp_str_equal(value, FP_STR_LITERAL("hour")) ||
	       fp_str_equal(value, FP_STR_LITERAL("day"));
}

static const struct {
	const char *name;
	bool (*check)(struct fp_str value);
	const char *takes;
} params[] = {
	[FP_PARAM_REPO] = {"repo", is_any, "the name of a configured repository"},
	[FP_PARAM_SHA] = {"sha", is_sha, "a commit id of 4 to 40 hexadecimal digits"},
	[FP_PARAM_REF] = {"ref", is_ref, "a full ref name, such as refs/heads/main"},
	[FP_PARAM_BRANCH] = {"branch", is_any, "a branch name, such as main or release/2.4"},
	[FP_PARAM_RELEASE] = {"release", is_release,
		"a release MAJOR.MINOR[.PATCH][-PRERELEASE], such as 2.4 or 2.8.0-prerelease"},
	[FP_PARAM_PACKAGE] = {"package", is_any, "a package id of the repository"},
	[FP_PARAM_WAIT] = {"wait", is_wait, "a number of seconds from 0 to 60"},
	[FP_PARAM_FORMAT] = {"format", is_format, "a form's name"},
	[FP_PARAM_CANDIDATES] = {"candidates", is_candidates, "the word all"},
	[FP_PARAM_VERSION] = {"version", is_any, "a version string"},
	[FP_PARAM_STATUS] = {"status", is_status,
		"one of any, listed, unlisted, vanished, unrecognised, quarantined"},
	[FP_PARAM_LIMIT] = {"limit", is_limit, "a number of rows, from 1 on"},
	[FP_PARAM_CURSOR] = {"cursor", is_cursor, "the cursor that the last page gave"},
	[FP_PARAM_SHAPE] = {"shape", is_shape, "the word flat"},
	[FP_PARAM_VERBOSE] = {"verbose", is_flag, "nothing, 1 or true"},
	[FP_PARAM_AS_OF] = {"as_of", is_time, "a time, such as 2026-01-31T22:05:00Z"},
	[FP_PARAM_BUILD] = {"build", is_any, "a label of the caller's, such as its pipeline run"},
	[FP_PARAM_USED] = {"used", is_any, "the version that the build used"},
	[FP_PARAM_AT] = {"at", is_time, "the time of the build, such as 2026-01-31T22:05:00Z"},
	[FP_PARAM_FROM] = {"from", is_sha, "a commit id of 4 to 40 hexadecimal digits"},
	[FP_PARAM_TO] = {"to", is_sha, "a commit id of 4 to 40 hexadecimal digits"},
	[FP_PARAM_PUBLISH] = {"publish", is_any, "a version that might be published"},
	[FP_PARAM_QUARANTINE] = {"quarantine", is_any,
		"a version that might be quarantined, or stamps:FIRST-LAST"},
	[FP_PARAM_LAST] = {"last", is_last, "a number of commits from 1 to 100000"},
	[FP_PARAM_OUTCOME] = {"outcome", is_outcome, "ok, or the code of a problem"},
	[FP_PARAM_CLIENT] = {"client", is_any, "a client's address"},
	[FP_PARAM_SINCE] = {"since", is_time, "a time, such as 2026-01-31T22:05:00Z"},
	[FP_PARAM_UNTIL] = {"until", is_time, "a time, such as 2026-01-31T22:05:00Z"},
	[FP_PARAM_BY] = {"by", is_any,
		"names of repo, branch, version, outcome, client, by commas"},
	[FP_PARAM_BUCKET] = {"bucket", is_bucket, "hour or day"},
	[FP_PARAM_LINT] = {"lint", is_flag, "nothing, 1 or true"},
	[FP_PARAM_PAST] = {"past", is_flag, "nothing, 1 or true"},
};

_Static_assert(FP_ARRAY_SIZE(params) == FP_PARAM_COUNT, "a row for every parameter");

const char *fp_param_name(enum fp_param param)
{
	return params[param].name;
}

const char *fp_param_takes(enum fp_param param)
{
	return params[param].takes;
}

bool fp_param_find(struct fp_str name, enum fp_param *param)
{
	for (size_t i = 0; i < FP_PARAM_COUNT; i++) {
		if (fp_str_equal(name, fp_str(params[i].name))) {
			*param = (enum fp_param)i;
			return true;
		}
	}
	return false;
}

bool fp_param_is_valid(enum fp_param param, struct fp_str value)
{
	return params[param].check(value);
}

uint64_t fp_param_number(struct fp_str value, uint64_t otherwise)
{
	uint64_t number;

	return fp_parse_u64(value, 0, UINT64_MAX, &number) ? number : otherwise;
}

bool fp_text_is_clean(struct fp_str text)
{
	for (size_t i = 0; i < text.len; i++)
		if ((unsigned char)text.ptr[i] < 0x20 || text.ptr[i] == 0x7f)
			return false;
	return fp_str_is_utf8(text);
}

/* ---- forms ---- */

static const struct {
	const char *name;
	const char *content_type;
} forms[] = {
	[FP_FORM_JSON] = {"json", "application/json"},
	[FP_FORM_TEXT] = {"text", "text/plain; charset=utf-8"},
	[FP_FORM_VERSION] = {"version", "text/plain; charset=utf-8"},
	[FP_FORM_PROPS] = {"props", "application/xml"},
	[FP_FORM_ENV] = {"env", "text/plain; charset=utf-8"},
	[FP_FORM_VSO] = {"vso", "text/plain; charset=utf-8"},
	[FP_FORM_CSV] = {"csv", "text/csv; charset=utf-8"},
	[FP_FORM_NDJSON] = {"ndjson", "application/x-ndjson"},
	[FP_FORM_ANNOTATIONS] = {"annotations", "application/json"},
};

_Static_assert(FP_ARRAY_SIZE(forms) == FP_FORM_COUNT, "a row for every form");

const char *fp_form_word(enum fp_form form)
{
	return forms[form].name;
}

const char *fp_form_content_type(enum fp_form form)
{
	return forms[form].content_type;
}

bool fp_form_find(struct fp_str name, enum fp_form *form)
{
	for (size_t i = 0; i < FP_FORM_COUNT; i++) {
		if (fp_str_equal(name, fp_str(forms[i].name))) {
			*form = (enum fp_form)i;
			return true;
		}
	}
	return false;
}

static struct fp_str cut_at(struct fp_str *text, char c)
{
	struct fp_str head = *text;

	for (size_t i = 0; i < text->len; i++) {
		if (text->ptr[i] != c)
			continue;
		head.len = i;
		text->ptr += i + 1;
		text->len -= i + 1;
		return head;
	}
	*text = (struct fp_str){0};
	return head;
}

/* Whether a media range (text/plain, text/<any>, <any>/<any>) takes the form. */
static bool takes_form(struct fp_str range, enum fp_form form)
{
	struct fp_str parameters = fp_str(forms[form].content_type);
	struct fp_str own = cut_at(&parameters, ';');
	struct fp_str family = cut_at(&own, '/');

	if (fp_str_equal(range, FP_STR_LITERAL("*/*")))
		return true;
	if (!fp_str_equal_nocase(cut_at(&range, '/'), family))
		return false;
	return fp_str_equal(range, FP_STR_LITERAL("*")) || fp_str_equal_nocase(range, own);
}

/* Thousandths of a q value: 0.5, 1, 0.125. */
static unsigned parse_quality(struct fp_str text)
{
	unsigned quality = 0, scale = 1000;

	for (size_t i = 0; i < text.len && scale; i++) {
		if (text.ptr[i] == '.')
			continue;
		if (!fp_char_is_digit(text.ptr[i]))
			break;
		quality += (unsigned)(text.ptr[i] - '0') * scale;
		scale /= 10;
	}
	return quality > 1000 ? 1000 : quality;
}

/* Of the q parameter of an element; 1000 without one. */
static unsigned quality_of(struct fp_str parameters)
{
	while (parameters.len) {
		struct fp_str value = fp_str_trim(cut_at(&parameters, ';'));
		struct fp_str name = cut_at(&value, '=');

		if (fp_str_equal_nocase(name, FP_STR_LITERAL("q")))
			return parse_quality(value);
	}
	return 1000;
}

/* Of equal wishes the first wins; of one wish's forms the route's first. */
enum fp_form fp_form_negotiate(struct fp_str accept, unsigned route_forms)
{
	enum fp_form best = (enum fp_form)__builtin_ctz(route_forms);
	unsigned best_quality = 0;

	while (accept.len) {
		struct fp_str element = cut_at(&accept, ',');
		struct fp_str range = fp_str_trim(cut_at(&element, ';'));
		unsigned quality = quality_of(element);

		for (int i = 0; i < FP_FORM_COUNT; i++) {
			if (!(route_forms >> i & 1) || quality <= best_quality ||
				!takes_form(range, (enum fp_form)i))
				continue;
			best = (enum fp_form)i;
			best_quality = quality;
		}
	}
	return best;
}
