/* The parsers of v3 and v2 over documents of every shape that feeds send: whole, in pieces of one
 * byte and of seven, with one result. */
#include "documents.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

struct row {
	const char *text, *expected;
};

typedef void render_function(struct fp_str text, size_t piece, struct fp_buf *buf);

static void check(render_function *render, const struct row *row)
{
	static const size_t pieces[] = {0, 1, 7};
	for (size_t i = 0; i < FP_ARRAY_SIZE(pieces); i++) {
		FP_CLEANUP_BUF struct fp_buf buf;
		fp_buf_init(&buf, 1 << 20);
		render(fp_str(row->text), pieces[i], &buf);
		assert_string_equal(buf.data ? buf.data : "", row->expected);
	}
}

static const struct row flat_rows[] = {
	/* as documented */
	{"{\"versions\":[\"1.0.0\",\"1.1.0-beta\"]}", "1.0.0 ? -;1.1.0-beta ? -;"},
	/* descending, mixed case, metadata, foreign: strings stay as they are */
	{"{\"versions\":[\"2.0.0-RC+x\",\"3.0.2201010000-main\",\"a_b\"]}",
		"2.0.0-RC+x ? -;3.0.2201010000-main ? -;a_b ? -;"},
	/* members around it, a list of the same name deeper down, elements that are no strings */
	{"{\"x\":{\"versions\":[\"9\"]},\"versions\":[1,null,{\"versions\":[\"8\"]},[\"7\"],\"1."
	 "0\"],"
	 "\"y\":[]}",
		"1.0 ? -;"},
	/* no such package, in three ways */
	{"{\"versions\":[]}", ""},
	{"{}", "no list;"},
	{"{\"versions\":null,\"message\":\"versions\"}", "no list;"},
	/* strings that cannot be kept */
	{"{\"versions\":[\"1\\u0000\",\"\",\"1\\n\",\"2\"]}", "2 ? -;dropped=3;"},
	/* not what it must be */
	{"[\"1.0.0\"]", "!invalid"},
	{"\"1.0.0\"", "!invalid"},
	{"null", "!invalid"},
	{"{\"versions\":[\"1.0.0\"", "!invalid"},
	{"{\"versions\":[\"1.0.0\"]}}", "!invalid"},
	{"", "!invalid"},
};

static void test_flat(void **state)
{
	for (size_t i = 0; i < FP_ARRAY_SIZE(flat_rows); i++)
		check(render_flat, &flat_rows[i]);
}

#define LEAF(version) "{\"catalogEntry\":{\"version\":\"" version "\"}}"

static const struct row registration_rows[] = {
	/* inline pages, listed unless said otherwise */
	{"{\"items\":[{\"items\":[" LEAF("1.0.0") "," LEAF("1.1.0") "]},{\"items\":[" LEAF(
		 "2.0.0") "]}]}",
		"1.0.0 + -;1.1.0 + -;2.0.0 + -;"},
	/* what listed and published say; the year 1900 means unlisted, the year 1 nothing */
	{"{\"items\":[{\"items\":["
	 "{\"catalogEntry\":{\"version\":\"1\",\"listed\":false,\"published\":\"2016-08-25T19:08:"
	 "26.257+00:00\"}},"
	 "{\"catalogEntry\":{\"version\":\"2\",\"listed\":true,\"published\":\"2016-08-25T19:08:"
	 "26\"}},"
	 "{\"catalogEntry\":{\"version\":\"3\",\"published\":\"1900-01-01T00:00:00Z\"}},"
	 "{\"catalogEntry\":{\"version\":\"4\",\"published\":\"0001-01-01T00:00:00Z\"}},"
	 "{\"catalogEntry\":{\"version\":\"5\",\"listed\":\"false\",\"published\":\"soon\"}},"
	 "{\"catalogEntry\":{\"version\":\"6\",\"published\":\"1900-01-01T00:00:00+00:00\","
	 "\"listed\":true}}"
	 "]}]}",
		"1 - 2016-08-25;2 + 2016-08-25;3 - -;4 + -;5 - -;6 - -;"},
	/* external pages in any order; relative, with and without a commit */
	{"{\"count\":9,\"items\":[{\"@id\":\"page/2.json\"},{\"@id\":\"https://other.example/"
	 "1.json#x\","
	 "\"commitId\":\"c\",\"commitTimeStamp\":\"t\",\"count\":\"lies\"}]}",
		"@https://feed.example/reg/demo/page/2.json|;@https://other.example/1.json|c t;"},
	/* null items are no items; an empty list is an empty page */
	{"{\"items\":[{\"@id\":\"a\",\"items\":null},{\"@id\":\"b\",\"items\":[]}]}",
		"@https://feed.example/reg/demo/a|;"},
	/* a page's own document: leaves at the first level */
	{"{\"items\":[" LEAF("1.0.0") "," LEAF("1.1.0") "],\"parent\":\"x\"}",
		"1.0.0 + -;1.1.0 + -;"},
	/* catalog entries as URLs: the leaf's own address has the version */
	{"{\"items\":[{\"items\":[{\"@id\":\"https://x/demo/"
	 "1.0.0-beta.json\",\"catalogEntry\":\"https://"
	 "x/1\",\"listed\":false},{\"@id\":\"https://x/demo/"
	 "latest.json\",\"catalogEntry\":\"y\"}]}]}",
		"1.0.0-beta - -;nameless=1;"},
	/* members in the other order; entries in entries and arrays count for nothing */
	{"{\"items\":[{\"items\":[{\"x\":[{\"version\":\"9\"}],\"catalogEntry\":{\"deprecation\":{"
	 "\"version\":\"8\"},\"version\":\"1\",\"dependencyGroups\":[{\"version\":\"7\"}]}}],"
	 "\"@id\":\"late\"}]}",
		"1 + -;"},
	/* another package's leaves */
	{"{\"items\":[{\"items\":[{\"catalogEntry\":{\"id\":\"Other\",\"version\":\"1\"}},"
	 "{\"catalogEntry\":{\"id\":\"dEMO\",\"version\":\"2\"}}]}]}",
		"2 + -;foreign=1;"},
	/* a template from the first leaf's package */
	{"{\"items\":[{\"items\":[{\"packageContent\":\"/d/Demo.1.0.0-RC.nupkg\",\"catalogEntry\":{"
	 "\"version\":\"1.0.0-rc+meta\"}}]}]}",
		"1.0.0-rc+meta + -;content=https://feed.example/d/Demo.{version-lower}.nupkg;"},
	/* pages that cannot be fetched */
	{"{\"items\":[{\"@id\":\"file:///etc/passwd\"},{\"@id\":\"urn:x\"},{},{\"@id\":7}]}",
		"nameless=4;"},
	/* not what it must be */
	{"{}", "!invalid"},
	{"{\"items\":{}}", "!invalid"},
	{"[]", "!invalid"},
	{"7", "!invalid"},
	{"{\"items\":[{\"items\":[", "!invalid"},
};

static void render_demo_registration(struct fp_str text, size_t piece, struct fp_buf *buf)
{
	render_registration(text, "Demo", piece, buf);
}

static void test_registration(void **state)
{
	for (size_t i = 0; i < FP_ARRAY_SIZE(registration_rows); i++)
		check(render_demo_registration, &registration_rows[i]);
}

#define FEED(content)                                                                              \
	"<feed xmlns='http://www.w3.org/2005/Atom' "                                               \
	"xmlns:p='http://schemas.microsoft.com/ado/2007/08/dataservices' "                         \
	"xmlns:q='http://schemas.microsoft.com/ado/2007/08/dataservices/metadata'>" content        \
	"</feed>"
#define ENTRY(content) "<entry><q:properties>" content "</q:properties></entry>"

static const struct row v2_rows[] = {
	/* any prefix; a byte-order mark; white space around the text */
	{"\xef\xbb\xbf" FEED(ENTRY("<p:Version> 1.0.0\n</p:Version>")), "1.0.0 + -;"},
	/* d:Listed first, then the date; the year 1 says nothing */
	{FEED(ENTRY("<p:Version>1</p:Version><p:Listed>false</p:Listed>")
			 ENTRY("<p:Version>2</p:Version><p:Listed>true</p:Listed>"
			       "<p:Published>1900-01-01T00:00:00</p:Published>")
				 ENTRY("<p:Version>3</p:Version><p:Published>1900-01-01T00:00:00</"
				       "p:Published>")
					 ENTRY("<p:Published>0001-01-02T00:00:00</p:Published>"
					       "<p:Version>4</p:Version>")
						 ENTRY("<p:Version>5</p:Version><p:Published>2016-"
						       "02-03T01:02:03.4</p:Published>")),
		"1 - -;2 + -;3 - -;4 + -;5 + 2016-02-03;"},
	/* null means absent, whatever stands inside */
	{FEED(ENTRY("<p:Version>1</p:Version><p:Listed q:null='true'>false</p:Listed>")), "1 + -;"},
	/* elements of other namespaces and in other places mean nothing */
	{FEED("<Version>9</Version><p:Version>8</p:Version>" ENTRY(
		 "<Version>7</Version><p:x><p:Version>6</p:Version></p:x><p:Version>1</"
		 "p:Version>")),
		"1 + -;"},
	/* entries of another id, and without a version */
	{FEED(ENTRY("<p:Id>Other</p:Id><p:Version>1</p:Version>")
			 ENTRY("<p:Id>DEMO</p:Id><p:Version>2</p:Version>")
				 ENTRY("<p:Id>Demo</p:Id><p:Version q:null='true'/>")),
		"2 + -;foreign=1;nameless=1;"},
	/* the root's next link only */
	{FEED("<link rel='self' href='a'/><entry><link rel='next' href='b'/></entry>"
	      "<link rel='next' href='c?x=1&amp;y=2'/>"),
		"next=c?x=1&y=2;nameless=1;"},
	/* the package's address */
	{FEED("<entry><content src='/api/package/Demo/1.0.0'/><q:properties><p:Version>1.0.0"
	      "</p:Version></q:properties></entry>"),
		"1.0.0 + -;content=/api/package/Demo/{version-lower};"},
	/* properties inside content */
	{FEED("<entry><content><q:properties><p:Version>1</p:Version></q:properties></content>"
	      "</entry>"),
		"1 + -;"},
	/* an entry for a root */
	{"<entry xmlns='http://www.w3.org/2005/Atom' "
	 "xmlns:m='http://schemas.microsoft.com/ado/2007/08/dataservices/metadata'><m:properties>"
	 "<Version xmlns='http://schemas.microsoft.com/ado/2007/08/dataservices'>1</Version>"
	 "</m:properties></entry>",
		"1 + -;"},
	/* character data in parts */
	{FEED(ENTRY("<p:Version>1.0<![CDATA[.0]]>-a&#45;b</p:Version>")), "1.0.0-a-b + -;"},
	/* no feed */
	{FEED(""), ""},
	{"<feed/>", "!invalid"},
	{"<service xmlns='http://www.w3.org/2007/app'/>", "!invalid"},
	{"<m:error xmlns:m='http://schemas.microsoft.com/ado/2007/08/dataservices/metadata'/>",
		"!unavailable"},
	{FEED("<entry>"), "!invalid"},
	{"", "!invalid"},
};

static void render_demo_v2(struct fp_str text, size_t piece, struct fp_buf *buf)
{
	render_v2(text, "Demo", piece, buf);
}

static void test_v2(void **state)
{
	for (size_t i = 0; i < FP_ARRAY_SIZE(v2_rows); i++)
		check(render_demo_v2, &v2_rows[i]);
}

#define INDEX(resources) "{\"version\":\"3.0.0\",\"resources\":[" resources "]}"
#define RESOURCE(id, type) "{\"@id\":\"" id "\",\"@type\":" type "}"

static const struct row index_rows[] = {
	/* the preferred type, whatever the order */
	{INDEX(RESOURCE("https://x/bare", "\"RegistrationsBaseUrl\"") "," RESOURCE(
		 "https://x/36", "\"RegistrationsBaseUrl/3.6.0\"") "," RESOURCE("https://x/34",
		 "\"RegistrationsBaseUrl/3.4.0\"")),
		"reg=https://x/36(RegistrationsBaseUrl/3.6.0);semver2;"},
	/* a hive without SemVer 2 packages */
	{INDEX(RESOURCE("https://x/b", "\"RegistrationsBaseUrl/3.0.0-beta\"")),
		"reg=https://x/b(RegistrationsBaseUrl/3.0.0-beta);"},
	/* arrays of types, duplicates (the first counts), types in another case */
	{INDEX(RESOURCE("https://x/f/", "[\"Foreign\",\"packagebaseaddress/3.0.0\"]") "," RESOURCE(
		 "https://y/f/", "\"PackageBaseAddress/3.0.0\"") "," RESOURCE("https://x/v2",
		 "\"LegacyGallery\"")),
		"flat=https://x/f/(PackageBaseAddress/3.0.0);v2=https://x/v2(LegacyGallery);"},
	/* ids that are no usable URLs give way to those that are */
	{INDEX(RESOURCE("urn:uuid:1", "\"PackageBaseAddress/3.0.0\"") "," RESOURCE(
		 "https://x/{id-lower}", "\"PackageBaseAddress/3.0.0\"") "," RESOURCE("../flat",
		 "\"PackageBaseAddress/Versioned\"")),
		"flat=https://feed.example/flat(PackageBaseAddress/Versioned);"},
	/* credentials inside ids are dropped */
	{INDEX(RESOURCE("https://u:p@x/f", "\"PackageBaseAddress/3.0.0\"")),
		"flat=https://x/f(PackageBaseAddress/3.0.0);"},
	/* nothing that is of use */
	{INDEX(""), ""},
	{INDEX("1,null,\"x\",{},{\"@id\":\"https://x\"},{\"@type\":\"LegacyGallery\"},"
	       "{\"@id\":1,\"@type\":\"LegacyGallery\"},{\"@id\":\"https://x\",\"@type\":[1]}"),
		""},
	{"{\"version\":\"3\",\"resources\":[]}", ""},
	/* no service index */
	{"{\"version\":\"4.0.0\",\"resources\":[]}", "!invalid"},
	{"{\"version\":\"30.0.0\",\"resources\":[]}", "!invalid"},
	{"{\"version\":3,\"resources\":[]}", "!invalid"},
	{"{\"resources\":[]}", "!invalid"},
	{"{\"version\":\"3.0.0\"}", "!invalid"},
	{"[]", "!invalid"},
	{"<html/>", "!invalid"},
	{"", "!invalid"},
};

static void render_example_index(struct fp_str text, size_t piece, struct fp_buf *buf)
{
	render_index(text, "https://feed.example/v3/index.json", buf);
}

static void test_index(void **state)
{
	for (size_t i = 0; i < FP_ARRAY_SIZE(index_rows); i++)
		check(render_example_index, &index_rows[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_flat),
		cmocka_unit_test(test_registration),
		cmocka_unit_test(test_v2),
		cmocka_unit_test(test_index),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
