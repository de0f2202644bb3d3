/* Versions that files of a repository name. */
#include "forkpoint/service/pin_audit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct fp_pin_settings element = {.element = FP_STR_INIT("Pgo")};
static const struct fp_pin_settings package = {.package = FP_STR_INIT("Demo.PGO")};

struct row {
	const char *what;
	const struct fp_pin_settings *pin;
	const char *document;
	int result;
	const char *value;
};

static const struct row rows[] = {
	{"a property", &element, "<P><Pgo>1.2.3</Pgo></P>", 0, "1.2.3"},
	{"white space around it", &element, "<P><Pgo>\r\n 1.2.3\t</Pgo></P>", 0, "1.2.3"},
	{"in a namespace", &element, "<P xmlns='http://m'><Pgo>1</Pgo></P>", 0, "1"},
	{"a prefix that nobody declared", &element, "<P><m:Pgo>1</m:Pgo></P>", 0, "1"},
	{"the first counts", &element, "<P><Pgo>1</Pgo><Pgo>2</Pgo></P>", 0, "1"},
	{"but no macro", &element, "<P><Pgo>$(V)</Pgo><Pgo>2</Pgo></P>", 0, "2"},
	{"and none that is empty", &element, "<P><Pgo/><Pgo> </Pgo><Pgo>2</Pgo></P>", 0, "2"},
	{"an element inside: no plain value", &element, "<P><Pgo>1<b/>2</Pgo></P>", 1, ""},
	{"names have cases", &element, "<P><PGO>1</PGO></P>", 1, ""},
	{"a comment is none", &element, "<P><!--<Pgo>1</Pgo>--></P>", 1, ""},
	{"packages.config", &package,
		"<packages><package id='A' version='1'/><package id='Demo.PGO' version='2'/>"
		"</packages>",
		0, "2"},
	{"ids have no cases", &package, "<p><package ID='demo.pgo' Version='2'/></p>", 0, "2"},
	{"PackageReference", &package, "<P><PackageReference Include='Demo.PGO' Version='2'/></P>",
		0, "2"},
	{"Update, in central files", &package,
		"<P><PackageVersion Update='Demo.PGO' Version='2'/></P>", 0, "2"},
	{"an element for the version", &package,
		"<P><R Include='Demo.PGO'><x/><Version>2</Version></R></P>", 0, "2"},
	{"another package's version", &package,
		"<P><R Include='Demo.PGO'/><R Include='A'><Version>2</Version></R></P>", 1, ""},
	{"a version deeper down is not the package's", &package,
		"<P><R Include='Demo.PGO'><x><Version>2</Version></x></R></P>", 1, ""},
	{"a macro as attribute", &package, "<P><R Include='Demo.PGO' Version='$(V)'/></P>", 1, ""},
	{"no XML", &element, "version=1", -FP_ERROR_INVALID, ""},
	{"nothing", &element, "", -FP_ERROR_INVALID, ""},
	{"not closed", &element, "<P><a></P>", -FP_ERROR_INVALID, ""},
	{"entities that grow", &element,
		"<!DOCTYPE a [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]><P><Pgo>&b;</Pgo></P>",
		-FP_ERROR_INVALID, ""},
};

static void test_documents(void **state)
{
	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		struct fp_error error = {0};
		struct fp_buf value;
		int r;

		fp_buf_init(&value, 4096);
		r = fp_pin_read(fp_str(rows[i].document), rows[i].pin, &value, &error);
		print_message("%s: %d %s\n", rows[i].what, r, r < 0 ? error.text : "");
		assert_int_equal(r, rows[i].result);
		assert_true(fp_str_equal(fp_buf_str(&value), fp_str(rows[i].value)));
		fp_buf_release(&value);
	}
}

/* A value may be so long and no longer. */
static void test_long_values(void **state)
{
	for (size_t len = FP_PIN_VALUE_MAX_BYTES - 1; len < FP_PIN_VALUE_MAX_BYTES + 2; len++) {
		struct fp_buf document, value;

		fp_buf_init(&document, 4096);
		fp_buf_init(&value, 4096);
		fp_buf_add_text(&document, "<P><Pgo>");
		for (size_t i = 0; i < len; i++)
			fp_buf_add_char(&document, '1');
		fp_buf_add_text(&document, "</Pgo></P>");
		assert_int_equal(fp_pin_read(fp_buf_str(&document), &element, &value, NULL),
			len > FP_PIN_VALUE_MAX_BYTES);
		assert_int_equal(value.len, len > FP_PIN_VALUE_MAX_BYTES ? 0 : len);
		fp_buf_release(&document);
		fp_buf_release(&value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_documents),
		cmocka_unit_test(test_long_values),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
