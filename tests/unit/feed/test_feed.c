/* The face of the layer, as far as no network is needed. */
#include "forkpoint/feed/feed.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_new(void **state)
{
	static const struct {
		const char *url;
		enum fp_feed_kind kind;
		int result;
	} rows[] = {
		{"https://a/v3/index.json", FP_FEED_AUTO, 0},
		{"https://a/v2", FP_FEED_V2, 0},
		{"/srv/feed", FP_FEED_AUTO, 0},
		{"feed", FP_FEED_FOLDER, 0},
		{"file:///srv/feed/index.json", FP_FEED_V3, 0},
		/* protocols that do not go with the URL */
		{"/srv/feed", FP_FEED_V2, -FP_ERROR_INVALID},
		{"https://a/", FP_FEED_FOLDER, -FP_ERROR_INVALID},
		{"ftp://a/", FP_FEED_AUTO, -FP_ERROR_INVALID},
		{"https://user:secret@a/", FP_FEED_AUTO, -FP_ERROR_INVALID},
		{"", FP_FEED_AUTO, -FP_ERROR_INVALID},
		{NULL, FP_FEED_AUTO, -FP_ERROR_INVALID},
	};
	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		struct fp_feed_options options = {.url = rows[i].url, .kind = rows[i].kind};
		FP_CLEANUP(fp_feed_free_cleanup) struct fp_feed *feed = NULL;
		struct fp_error error = {0};
		print_message("%s\n", rows[i].url ? rows[i].url : "(none)");
		assert_int_equal(fp_feed_new(&options, &feed, &error), rows[i].result);
		assert_int_equal(feed != NULL, rows[i].result == 0);
		assert_null(strstr(error.text, "secret"));
	}
}

/* A look that is cancelled before it starts asks nobody. */
static void test_cancelled(void **state)
{
	static const char *const urls[] = {"http://127.0.0.1:9/index.json", "/"};
	for (size_t i = 0; i < FP_ARRAY_SIZE(urls); i++) {
		atomic_bool cancelled = true;
		struct fp_feed_options options = {.url = urls[i], .cancelled = &cancelled};
		FP_CLEANUP(fp_feed_free_cleanup) struct fp_feed *feed = NULL;
		struct fp_listing listing = {0};
		struct fp_feed_report report;
		struct fp_error error;
		assert_int_equal(fp_feed_new(&options, &feed, &error), 0);
		assert_int_equal(
			fp_feed_look(feed, "Demo", &listing, &report, &error), -FP_ERROR_CANCELLED);
		assert_int_equal(report.requests, 0);
		assert_null(listing.versions);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_new),
		cmocka_unit_test(test_cancelled),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
