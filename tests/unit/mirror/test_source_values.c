/* Version files and branch files, as they are and as they could be. */
#include "forkpoint/mirror/source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define BOM "\xef\xbb\xbf"

static const struct {
	const char *why, *document;
	int rc;
	const char *major, *minor;
} xml_rows[] = {
	{"as it is in WinUI",
		BOM "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
		    "<Project xmlns=\"http://schemas.microsoft.com/developer/msbuild/2003\">\n"
		    "<PropertyGroup><M>2</M>\r\n<N>4</N></PropertyGroup></Project>",
		0, "2", "4"},
	{"a condition", "<P><M Condition=\"'$(M)' == ''\">2</M><N>4</N></P>", 0, "2", "4"},
	{"macros elsewhere", "<P><X>$(M).$(N)</X><M>2</M><N>4</N></P>", 0, "2", "4"},
	{"a macro as the value does not count", "<P><M>$(X)</M><M>2</M><N>4</N></P>", 0, "2", "4"},
	{"the first counts", "<P><M>2</M><M>3</M><N>4</N></P>", 0, "2", "4"},
	{"an empty one does not", "<P><M/><M> \n </M><M>3</M><N>4</N></P>", 0, "3", "4"},
	{"white space around", "<P><M>\n\t2 </M><N> 4</N></P>", 0, "2", "4"},
	{"elements inside make it no value", "<P><M>1<N>4</N>2</M></P>", 0, "", "4"},
	{"a prefix", "<p:P xmlns:p=\"u\"><p:M>2</p:M><p:N>4</p:N></p:P>", 0, "2", "4"},
	{"names are case-sensitive", "<P><m>1</m><M>2</M><N>4</N></P>", 0, "2", "4"},
	{"only in a comment", "<P><!-- <M>1</M> --><N>4</N></P>", 0, "", "4"},
	{"damage behind the last wanted value", "<P><M>2</M><N>4</N><oops", 0, "2", "4"},
	{"an entity", "<P><M>&#50;</M><N>4</N></P>", 0, "2", "4"},
	{"in a CDATA section", "<P><M><![CDATA[2]]></M><N>4</N></P>", 0, "2", "4"},
	{"UTF-16 with its mark", NULL, 0, "2", "4"},
	{"cut before it", "<P><M>2</M><N>4", -FP_ERROR_INVALID, NULL, NULL},
	{"empty", "", -FP_ERROR_INVALID, NULL, NULL},
	{"no XML", "{\"M\": 2}", -FP_ERROR_INVALID, NULL, NULL},
	{"an entity bomb", "<!DOCTYPE P [<!ENTITY a \"aaaa\">]><P><M>&a;</M></P>",
		-FP_ERROR_INVALID, NULL, NULL},
};

/* "<P><M>2</M><N>4</N></P>" in UTF-16LE. */
static struct fp_str utf16(char *out)
{
	static const char text[] = "<P><M>2</M><N>4</N></P>";
	size_t len = 0;

	out[len++] = '\xff';
	out[len++] = '\xfe';
	for (const char *c = text; *c; c++) {
		out[len++] = *c;
		out[len++] = '\0';
	}
	return fp_str_n(out, len);
}

static void test_xml(void **state)
{
	static const char *const names[] = {"M", "N"};
	char wide[128];

	for (size_t i = 0; i < FP_ARRAY_SIZE(xml_rows); i++) {
		struct fp_str document =
			xml_rows[i].document ? fp_str(xml_rows[i].document) : utf16(wide);
		struct fp_error error = {0};
		struct fp_buf values[2];
		int rc;

		fp_buf_init(&values[0], 100);
		fp_buf_init(&values[1], 100);
		rc = fp_source_xml_values(document, names, 2, values, &error);
		if (rc != xml_rows[i].rc ||
			(rc == 0 &&
				(!fp_str_equal(fp_buf_str(&values[0]), fp_str(xml_rows[i].major)) ||
					!fp_str_equal(fp_buf_str(&values[1]),
						fp_str(xml_rows[i].minor)))))
			fail_msg("%s: %d %s, major %s, minor %s", xml_rows[i].why, rc, error.text,
				values[0].len ? values[0].data : "",
				values[1].len ? values[1].data : "");
		fp_buf_release(&values[0]);
		fp_buf_release(&values[1]);
	}
}

static const struct {
	const char *why, *script, *value; /* NULL = not found */
} powershell_rows[] = {
	{"as it is in WinUI", "$releaseVersionMajor = 2\r\n$pgoBranch = \"main\"\r\n", "main"},
	{"single quotes", "$pgoBranch='release/2.4'", "release/2.4"},
	{"case folds", "$PGObranch = \"main\"", "main"},
	{"a mark at the front", BOM "$pgoBranch = \"main\"", "main"},
	{"a type and a scope", "[string] $script:pgoBranch = \"main\"", "main"},
	{"braces", "${pgoBranch} = \"main\"", "main"},
	{"in a line comment", "# $pgoBranch = \"old\"\n$pgoBranch = \"main\"", "main"},
	{"in a block comment", "<# $pgoBranch = \"old\"\n#>$pgoBranch = \"main\"", "main"},
	{"in a string", "$x = '$pgoBranch = \"old\"'\n$pgoBranch = \"main\"", "main"},
	{"in a here-string", "$x = @\"\n$pgoBranch = 'old'\n\"@\n$pgoBranch = \"main\"", "main"},
	{"a # inside a word is no comment", "a#b; $pgoBranch = \"main\"", "main"},
	{"a comment behind", "$pgoBranch = \"main\" # $x", "main"},
	{"the first counts", "$pgoBranch = \"a\"\n$pgoBranch = \"b\"", "a"},
	{"another variable", "$pgoBranchName = \"x\"\n$my_pgoBranch = \"y\"", NULL},
	{"compared, not assigned", "if ($pgoBranch -eq \"x\") { $pgoBranch = \"main\" }", "main"},
	{"appended, not assigned", "$pgoBranch += \"x\"", NULL},
	{"a property of it", "$pgoBranch.x = \"y\"", NULL},
	{"a value to be computed", "$pgoBranch = $x\n$pgoBranch = \"$x/y\"\n$pgoBranch = \"b\"",
		"b"},
	{"escapes", "$pgoBranch = \"a`$b\"\"c\"", "a$b\"c"},
	{"doubled quotes", "$pgoBranch = 'it''s'", "it's"},
	{"a dollar in single quotes is one", "$pgoBranch = '$x'", "$x"},
	{"white space around", "$pgoBranch = ' main '", "main"},
	{"an empty value", "$pgoBranch = ''", NULL},
	{"a quote that does not end", "$pgoBranch = \"main", NULL},
	{"a comment that does not end", "<# $pgoBranch = \"main\"", NULL},
	{"ends after the equals sign", "$pgoBranch =", NULL},
	{"ends after the name", "$pgoBranch", NULL},
	{"a dollar at the end", "$", NULL},
	{"an at sign at the end", "@", NULL},
	{"a brace that does not end", "${pgoBranch", NULL},
	{"empty", "", NULL},
};

static void test_powershell(void **state)
{
	for (size_t i = 0; i < FP_ARRAY_SIZE(powershell_rows); i++) {
		size_t len = strlen(powershell_rows[i].script);
		struct fp_buf value;
		/* at its exact size, for the address sanitizer's sake */
		char *script = malloc(len + !len);
		bool found;

		assert_non_null(script);
		memcpy(script, powershell_rows[i].script, len);
		fp_buf_init(&value, 1000);
		found = fp_source_powershell_value(fp_str_n(script, len), "pgoBranch", &value);
		if (found != (powershell_rows[i].value != NULL) ||
			(found && !fp_str_equal(
					  fp_buf_str(&value), fp_str(powershell_rows[i].value))))
			fail_msg("%s: %d %s", powershell_rows[i].why, found,
				value.len ? value.data : "");
		fp_buf_release(&value);
		free(script);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_xml),
		cmocka_unit_test(test_powershell),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
