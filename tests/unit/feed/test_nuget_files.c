/* NuGet.Config and nuspec files. */
#include "forkpoint/feed/nuget_config.h"
#include "forkpoint/feed/nuspec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *variable(void *context, const char *name)
{
	return strcmp(name, "TOKEN") == 0 ? "s%cret" : NULL;
}

#define CONFIG(content)                                                                            \
	"\xef\xbb\xbf<?xml version=\"1.0\"?><configuration>" content "</configuration>"
#define SOURCES(content) "<packageSources>" content "</packageSources>"
#define MUX "<add key=\"Mux\" value=\"https://a/v3/index.json\" protocolVersion=\"3\"/>"

static const struct {
	const char *text, *source;
	int result;
	const char *url, *username, *password;
} configs[] = {
	{CONFIG(SOURCES("<add key='other' value='x'/>" MUX)), "mux", 0, "https://a/v3/index.json",
		NULL, NULL},
	/* clear forgets what came before */
	{CONFIG(SOURCES(MUX "<clear/><add key='b' value='https://b/'/>")), "mux", -FP_ERROR_INVALID,
		NULL, NULL, NULL},
	{CONFIG(SOURCES("<add key='mux' value='x'/><clear/>" MUX)), "mux", 0,
		"https://a/v3/index.json", NULL, NULL},
	/* paths stand against the file's folder */
	{CONFIG(SOURCES("<add key='mux' value='..\\feed'/>")), "mux", 0, "/etc/nuget/../feed", NULL,
		NULL},
	{CONFIG(SOURCES("<add key='mux' value='/srv/feed'/>")), "mux", 0, "/srv/feed", NULL, NULL},
	/* credentials; an element's name escapes what it cannot hold; variables expand */
	{CONFIG(SOURCES(
		 "<add key='my feed' value='https://a/%TOKEN%/%UNSET%'/>") "<packageSourceCredentia"
									   "ls><other><add "
									   "key='Username' "
									   "value='no'/></other>"
									   "<My_x0020_Feed><add "
									   "key='Username' "
									   "value='any'/>"
									   "<add "
									   "key='ClearTextPassword'"
									   " value='%TOKEN%'/></"
									   "My_x0020_Feed>"
									   "</"
									   "packageSourceCredential"
									   "s>"),
		"my feed", 0, "https://a/s%cret/%UNSET%", "any", "s%cret"},
	/* credentials before the sources */
	{CONFIG("<packageSourceCredentials><mux><add key='Username' value='u'/><add key='"
		"ClearTextPassword' value=''/></mux></packageSourceCredentials>" SOURCES(MUX)),
		"mux", 0, "https://a/v3/index.json", "u", ""},
	/* clear forgets credentials, too; names hold any character, escaped or not */
	{CONFIG(SOURCES(
		 "<add key='k\xc3\xb6ln \xe2\x82\xac' value='https://a/'/>") "<packageSourceCredent"
									     "ials><k\xc3\xb6ln_"
									     "x0020__x20ac_>"
									     "<add key='Password' "
									     "value='AQAA'/></"
									     "k\xc3\xb6ln_x0020__"
									     "x20ac_><clear/>"
									     "<k_x00F6_ln_x0020__"
									     "x20AC_><add "
									     "key='"
									     "ClearTextPassword' "
									     "value='p'/>"
									     "</"
									     "k_x00F6_ln_x0020__"
									     "x20AC_></"
									     "packageSourceCredenti"
									     "als>"),
		"k\xc3\xb6ln \xe2\x82\xac", 0, "https://a/", NULL, "p"},
	{CONFIG(SOURCES(MUX) "<packageSourceCredentials><mux><add key='Password' value='AQAA'/>"
			     "</mux><clear/></packageSourceCredentials>"),
		"mux", 0, "https://a/v3/index.json", NULL, NULL},
	/* only Windows can undo this */
	{CONFIG(SOURCES(MUX) "<packageSourceCredentials><mux><add key='Username' value='u'/>"
			     "<add key='Password' value='AQAA'/></mux>"
			     "</packageSourceCredentials>"),
		"mux", -FP_ERROR_DENIED, NULL, NULL, NULL},
	/* presence disables, whatever the value */
	{CONFIG(SOURCES(MUX) "<disabledPackageSources><add key='MUX' value='false'/>"
			     "</disabledPackageSources>"),
		"mux", -FP_ERROR_INVALID, NULL, NULL, NULL},
	{CONFIG(SOURCES(MUX) "<disabledPackageSources><add key='mux' value='true'/><clear/>"
			     "</disabledPackageSources>"),
		"mux", 0, "https://a/v3/index.json", NULL, NULL},
	/* adds of other sections are no sources */
	{CONFIG("<config><add key='mux' value='x'/></config>"), "mux", -FP_ERROR_INVALID, NULL,
		NULL, NULL},
	{"<packages/>", "mux", -FP_ERROR_INVALID, NULL, NULL, NULL},
	{"", "mux", -FP_ERROR_INVALID, NULL, NULL, NULL},
	{"<!DOCTYPE x [<!ENTITY a 'b'>]><configuration/>", "mux", -FP_ERROR_INVALID, NULL, NULL,
		NULL},
};

static void assert_same(const char *found, const char *expected)
{
	assert_string_equal(found ? found : "(none)", expected ? expected : "(none)");
}

static void test_config(void **state)
{
	for (size_t i = 0; i < FP_ARRAY_SIZE(configs); i++) {
		struct fp_nuget_config_options options = {
			.source = configs[i].source, .folder = "/etc/nuget", .variable = variable};
		FP_CLEANUP(fp_nuget_source_release) struct fp_nuget_source source = {0};
		struct fp_error error = {0};
		print_message("%s\n", configs[i].text);
		assert_int_equal(
			fp_nuget_config_parse(fp_str(configs[i].text), &options, &source, &error),
			configs[i].result);
		assert_same(source.url, configs[i].url);
		assert_same(source.username, configs[i].username);
		assert_same(source.password, configs[i].password);
		assert_null(strstr(error.text, "AQAA"));
	}
}

static const struct {
	const char *text, *id, *version; /* id NULL: invalid */
} nuspecs[] = {
	{"<package><metadata><id> Demo </id><version>1.0.0-a\n</version></metadata></package>",
		"Demo", "1.0.0-a"},
	/* each NuGet release had a namespace of its own */
	{"\xef\xbb\xbf<package xmlns='http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd'>"
	 "<metadata minClientVersion='2'><version>1</version><id>Demo</id></metadata></package>",
		"Demo", "1"},
	/* ids in other places are other packages' */
	{"<package><id>X</id><metadata><dependencies><dependency><id>Y</id></dependency>"
	 "</dependencies><id>Demo</id><version>1</version><id>Z</id></metadata>"
	 "<files><id>W</id></files></package>",
		"Demo", "1"},
	{"<package><metadata><id>Demo</id></metadata></package>", NULL, NULL},
	{"<package><metadata><version>1</version></metadata></package>", NULL, NULL},
	{"<other><metadata><id>Demo</id><version>1</version></metadata></other>", NULL, NULL},
	{"<package><metadata><id>Demo</id><version>1", NULL, NULL},
	{"", NULL, NULL},
};

static void test_nuspec(void **state)
{
	for (size_t i = 0; i < FP_ARRAY_SIZE(nuspecs); i++) {
		FP_CLEANUP_BUF struct fp_buf id;
		FP_CLEANUP_BUF struct fp_buf version;
		struct fp_error error;
		fp_buf_init(&id, 1000);
		fp_buf_init(&version, 1000);
		int r = fp_nuspec_read(fp_str(nuspecs[i].text), &id, &version, &error);
		print_message("%s\n", nuspecs[i].text);
		assert_int_equal(r, nuspecs[i].id ? 0 : -FP_ERROR_INVALID);
		if (r < 0)
			continue;
		assert_string_equal(id.data, nuspecs[i].id);
		assert_string_equal(version.data, nuspecs[i].version);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_config),
		cmocka_unit_test(test_nuspec),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
