/* Parameters and forms: what each takes, and what Accept headers come to. */
#include "fixture.h"

#include <stdio.h>
#include <string.h>

static const struct {
	enum fp_param param;
	const char *value;
	bool valid;
} values[] = {
	{FP_PARAM_REPO, "winui", true},
	{FP_PARAM_REPO, "", false}, /* given and empty is a mistake */
	{FP_PARAM_SHA, "1234", true},
	{FP_PARAM_SHA, "123", false}, /* too short to look up */
	{FP_PARAM_SHA, FIXTURE_TIP, true},
	{FP_PARAM_SHA, FIXTURE_TIP "2", false},
	{FP_PARAM_SHA, "ABCDEF12", true},
	{FP_PARAM_SHA, "main", false},
	{FP_PARAM_REF, "refs/heads/main", true},
	{FP_PARAM_REF, "main", false}, /* full names only */
	{FP_PARAM_RELEASE, "2.4", true},
	{FP_PARAM_RELEASE, "2.8.0-prerelease", true},
	{FP_PARAM_RELEASE, "2", false},
	{FP_PARAM_RELEASE, "two", false},
	{FP_PARAM_WAIT, "0", true},
	{FP_PARAM_WAIT, "60", true},
	{FP_PARAM_WAIT, "61", false},
	{FP_PARAM_WAIT, "-1", false},
	{FP_PARAM_WAIT, "1e1", false},
	{FP_PARAM_FORMAT, "vso", true},
	{FP_PARAM_FORMAT, "JSON", false},
	{FP_PARAM_CANDIDATES, "all", true},
	{FP_PARAM_CANDIDATES, "some", false},
	{FP_PARAM_STATUS, "vanished", true},
	{FP_PARAM_STATUS, "gone", false},
	{FP_PARAM_LIMIT, "1", true},
	{FP_PARAM_LIMIT, "1000", true},
	{FP_PARAM_LIMIT, "0", false},
	{FP_PARAM_LIMIT, "10000000", true}, /* for a route that says so */
	{FP_PARAM_LIMIT, "4294967296", false},
	{FP_PARAM_CURSOR, "0", true},
	{FP_PARAM_CURSOR, "4294967296", true}, /* a request, or past every catalog */
	{FP_PARAM_CURSOR, "9223372036854775808", false},
	{FP_PARAM_SHAPE, "flat", true},
	{FP_PARAM_SHAPE, "round", false},
	{FP_PARAM_VERBOSE, "", true}, /* ?verbose */
	{FP_PARAM_VERBOSE, "no", false},
};

static void test_values(void **state)
{
	for (size_t i = 0; i < FP_ARRAY_SIZE(values); i++)
		if (fp_param_is_valid(values[i].param, fp_str(values[i].value)) != values[i].valid)
			fail_msg("%s=%s", fp_param_name(values[i].param), values[i].value);
}

/* Names are found again, and every one says what it takes. */
static void test_names(void **state)
{
	enum fp_param found;

	for (int i = 0; i < FP_PARAM_COUNT; i++) {
		assert_true(fp_param_find(fp_str(fp_param_name((enum fp_param)i)), &found));
		assert_int_equal(found, i);
		assert_true(strlen(fp_param_takes((enum fp_param)i)) > 5);
	}
	assert_false(fp_param_find(FP_STR_LITERAL("Repo"), &found));
	assert_false(fp_param_find(FP_STR_LITERAL(""), &found));
}

static const struct {
	const char *text;
	size_t len;
	bool clean;
} texts[] = {
	{"release/2.4", 11, true}, {"", 0, true}, {"\xc3\xa9t\xc3\xa9", 5, true},
	{"a\0b", 3, false}, {"a\nb", 3, false}, /* a second line is a second command to a shell */
	{"a\tb", 3, false}, {"a\x7f", 2, false},
	{"\xff", 1, false}, /* what a broken escape becomes */
	{"\xc3", 1, false}, /* half a character */
};

static void test_clean_texts(void **state)
{
	for (size_t i = 0; i < FP_ARRAY_SIZE(texts); i++)
		if (fp_text_is_clean(fp_str_n(texts[i].text, texts[i].len)) != texts[i].clean)
			fail_msg("text %zu", i);
}

#define JSON (1u << FP_FORM_JSON)
#define TEXT (1u << FP_FORM_TEXT)
#define RESOLVE (JSON | TEXT | 1u << FP_FORM_VERSION | 1u << FP_FORM_PROPS | 1u << FP_FORM_ENV)
#define ROWS (JSON | TEXT | 1u << FP_FORM_CSV | 1u << FP_FORM_NDJSON)

static const struct {
	const char *accept;
	unsigned forms;
	enum fp_form form;
} accepts[] = {
	{"", RESOLVE, FP_FORM_JSON},
	{"*/*", RESOLVE, FP_FORM_JSON}, /* curl's own */
	{"*/*", TEXT, FP_FORM_TEXT},
	{"text/plain", RESOLVE, FP_FORM_TEXT}, /* not one of the others that are plain text */
	{"TEXT/Plain; charset=utf-8", RESOLVE, FP_FORM_TEXT},
	{"text/*", RESOLVE, FP_FORM_TEXT},
	{"application/xml", RESOLVE, FP_FORM_PROPS},
	{"application/*", RESOLVE, FP_FORM_JSON},
	{"text/csv", ROWS, FP_FORM_CSV},
	{"text/csv", RESOLVE, FP_FORM_JSON}, /* nothing fits: the default */
	{"application/json;q=0.1, text/plain;q=0.2", RESOLVE, FP_FORM_TEXT},
	{"text/plain, application/json", RESOLVE, FP_FORM_TEXT}, /* equal: the first */
	{"text/plain;q=0", RESOLVE, FP_FORM_JSON},
	{"text/plain;seq=0", RESOLVE, FP_FORM_TEXT}, /* another parameter that ends in q */
	{"text/plain;q=1.0;ext=1", RESOLVE, FP_FORM_TEXT},
	{"text/html,application/xhtml+xml,*/*;q=0.8", RESOLVE, FP_FORM_JSON}, /* a browser */
	{"*/plain", RESOLVE, FP_FORM_JSON},
	{",;,q=1,/", RESOLVE, FP_FORM_JSON},
};

static void test_accept_headers(void **state)
{
	for (size_t i = 0; i < FP_ARRAY_SIZE(accepts); i++)
		if (fp_form_negotiate(fp_str(accepts[i].accept), accepts[i].forms) !=
			accepts[i].form)
			fail_msg("Accept: %s", accepts[i].accept);
}

static void test_forms(void **state)
{
	enum fp_form found;

	for (int i = 0; i < FP_FORM_COUNT; i++) {
		assert_true(fp_form_find(fp_str(fp_form_word((enum fp_form)i)), &found));
		assert_int_equal(found, i);
		assert_non_null(strchr(fp_form_content_type((enum fp_form)i), '/'));
	}
	assert_false(fp_form_find(FP_STR_LITERAL("yaml"), &found));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_clean_texts),
		cmocka_unit_test(test_accept_headers),
		cmocka_unit_test(test_forms),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
