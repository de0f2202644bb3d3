/* URLs: what decides where credentials go and what documents may name. */
#include "forkpoint/core/package_url.h"
#include "forkpoint/feed/feed.h"
#include "forkpoint/feed/url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static void assert_text(char *found, const char *expected)
{
	if (expected)
		assert_string_equal(found ? found : "(none)", expected);
	else
		assert_null(found);
	free(found);
}

static const struct {
	const char *base, *link, *expected;
} links[] = {
	{"https://a/v2/Find()?id='x'", "Find()?id='x'&$skip=1",
		"https://a/v2/Find()?id='x'&$skip=1"},
	{"https://a/v3/index.json", "../flat", "https://a/flat"},
	{"https://a/v3/index.json", "/flat/", "https://a/flat/"},
	{"https://a/v3/index.json", "//b/flat", "https://b/flat"},
	{"https://a/v3/index.json", " https://b/x \n", "https://b/x"},
	/* the page of an inline registration */
	{"https://a/r/index.json", "https://a/r/index.json#page/1/2", "https://a/r/index.json"},
	/* credentials of a link's own are dropped */
	{"https://a/", "https://u:p@b/x", "https://b/x"},
	{"https://a/", "a b", "https://a/a%20b"},
	/* what no document from the web may name */
	{"https://a/", "file:///etc/passwd", NULL},
	{"https://a/", "urn:uuid:1", NULL},
	{"https://a/", "gopher://a/", NULL},
	{"https://a/", "javascript:alert(1)", NULL},
	{"https://a/", "", NULL},
	{"https://a/", "http://", NULL},
	{"https://a/", "http://a:99999/", NULL},
	/* files may name files and the web */
	{"file:///feed/index.json", "file:///feed/flat/", "file:///feed/flat/"},
	{"file:///feed/index.json", "https://a/flat", "https://a/flat"},
};

static void test_resolve(void **state)
{
	for (size_t i = 0; i < FP_ARRAY_SIZE(links); i++) {
		print_message("%s + %s\n", links[i].base, links[i].link);
		char *url;
		assert_int_equal(
			fp_url_resolve(links[i].base, fp_str(links[i].link), &url, NULL), 0);
		assert_text(url, links[i].expected);
	}
	static const char with_nul[] = "https://a/\0https://b/";
	char *url;
	assert_int_equal(
		fp_url_resolve("https://a/", fp_str_n(with_nul, sizeof(with_nul) - 1), &url, NULL),
		0);
	assert_null(url);
}

static const struct {
	const char *a, *b;
	bool same;
} origins[] = {
	{"https://a/x", "https://A:443/y?z", true},
	{"http://a", "http://a:80/", true},
	{"http://a/", "https://a/", false},
	{"http://a:80/", "http://a:81/", false},
	{"https://a/", "https://a.evil/", false},
	{"https://a/", "https://sub.a/", false},
	/* what looks like the origin and is not */
	{"https://a/", "https://a@evil/", false},
	{"https://a/", "https://evil/https://a/", false},
	{"https://a/", "https://a:443@evil/", false},
	{"https://a/", "https://a\\@evil/", false},
	{"https://[::1]/", "https://[::1]:443/", true},
	{"file:///a", "file:///b", true},
	{"file:///a", "https://a", false},
	{"https://a/", "nonsense", false},
};

static void test_origins(void **state)
{
	for (size_t i = 0; i < FP_ARRAY_SIZE(origins); i++) {
		print_message("%s and %s\n", origins[i].a, origins[i].b);
		assert_int_equal(fp_url_same_origin(origins[i].a, origins[i].b), origins[i].same);
		assert_int_equal(fp_url_same_origin(origins[i].b, origins[i].a), origins[i].same);
	}
}

static void test_join(void **state)
{
	static const struct {
		const char *base, *rest, *expected;
	} rows[] = {
		{"https://a/flat", "x/index.json", "https://a/flat/x/index.json"},
		{"https://a/flat///", "/x", "https://a/flat/x"},
		{"https://a/flat/?sig=1", "x", "https://a/flat/x?sig=1"},
		{"https://a/v2?sig=1", "Find()?id='x'", "https://a/v2/Find()?id='x'&sig=1"},
		{"https://a/v2#part", "x", "https://a/v2/x"},
	};
	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++)
		assert_text(fp_url_join(rows[i].base, rows[i].rest), rows[i].expected);
}

static void test_check(void **state)
{
	static const struct {
		const char *url;
		int result;
	} rows[] = {
		{"https://a/v3/index.json", 0},
		{"HTTP://a:8080", 0},
		{"file:///feeds/x", 0},
		{"https://user:secret@a/", -FP_ERROR_INVALID},
		{"https://user@a/", -FP_ERROR_INVALID},
		{"ftp://a/", -FP_ERROR_INVALID},
		{"https://", -FP_ERROR_INVALID},
		{"https://a:port/", -FP_ERROR_INVALID},
	};
	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		struct fp_error error = {0};
		print_message("%s\n", rows[i].url);
		assert_int_equal(fp_url_check(rows[i].url, &error), rows[i].result);
		assert_null(strstr(error.text, "secret"));
	}
}

static void test_path(void **state)
{
	assert_text(fp_url_to_path("file:///a%20b/c"), "/a b/c");
	assert_text(fp_url_to_path("file://localhost/a"), "/a");
	assert_text(fp_url_to_path("file:///a%00b"), NULL);
	assert_text(fp_url_to_path("https://a/b"), NULL);
}

static void test_shown(void **state)
{
	struct fp_str shown = fp_url_shown("https://a/b?sig=secret#x");
	assert_true(fp_str_equal(shown, fp_str("https://a/b")));
}

static void test_download(void **state)
{
	static const struct {
		const char *version, *expected;
	} rows[] = {
		{"1.0", "https://a/demo.id/1.0.0/demo.id.1.0.0.nupkg"},
		{"1.0.0.0-RC.1+meta", "https://a/demo.id/1.0.0-rc.1/demo.id.1.0.0-rc.1.nupkg"},
		/* a string that is no version cannot lead elsewhere */
		{"../x?y", "https://a/demo.id/..%2Fx%3Fy/demo.id...%2Fx%3Fy.nupkg"},
	};
	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		FP_CLEANUP_BUF struct fp_buf url;
		fp_buf_init(&url, 1000);
		fp_package_url_write(
			"https://a/{id-lower}/{version-lower}/{id-lower}.{version-lower}.nupkg",
			fp_str("Demo.Id"), fp_str(rows[i].version), &url);
		assert_string_equal(url.data, rows[i].expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_resolve),
		cmocka_unit_test(test_origins),
		cmocka_unit_test(test_join),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_path),
		cmocka_unit_test(test_shown),
		cmocka_unit_test(test_download),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
