/* Each allocation of a whole look fails in turn, over a static v3 feed with an external page: the
 * look then fails, or its listing is right, and nothing leaks (AddressSanitizer looks). curl's,
 * yajl's and expat's own allocations are not touched. */
#include "forkpoint/base/file.h"
#include "forkpoint/feed/truth.h"

#include "../support/allocations.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static void write_file(const char *folder, const char *name, const char *text)
{
	char path[4096];
	struct fp_error error;
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_int_equal(fp_file_replace(path, fp_str(text), &error), 0);
}

static void make_folder(const char *folder, const char *name)
{
	char path[4096];
	struct fp_error error;
	snprintf(path, sizeof(path), "%s/%s", folder, name);
	assert_int_equal(fp_folder_create(path, &error), 0);
}

static void make_feed(const char *folder)
{
	make_folder(folder, "flat/demo");
	make_folder(folder, "reg/demo");
	write_file(folder, "index.json",
		"{\"version\":\"3.0.0\",\"resources\":["
		"{\"@id\":\"flat/\",\"@type\":\"PackageBaseAddress/3.0.0\"},"
		"{\"@id\":\"reg/\",\"@type\":[\"RegistrationsBaseUrl/3.6.0\"]}]}");
	write_file(folder, "flat/demo/index.json", "{\"versions\":[\"1.0.0\",\"1.1.0\",\"x\"]}");
	write_file(folder, "reg/demo/index.json",
		"{\"items\":[{\"items\":[{\"catalogEntry\":{\"version\":\"1.0.0\"},"
		"\"packageContent\":\"1.0.0.nupkg\"}]},{\"@id\":\"page.json\"}]}");
	write_file(folder, "reg/demo/page.json",
		"{\"items\":[{\"catalogEntry\":{\"version\":\"1.1.0\",\"listed\":false}}]}");
}

static int apply(const struct fp_listing *listing, struct fp_error *error)
{
	const struct fp_known_version known[] = {
		{.text = FP_STR_LITERAL("1.0.0")}, {.text = FP_STR_LITERAL("1.0.1"), .missed = 1}};
	FP_CLEANUP(fp_truth_release) struct fp_truth truth = {0};
	int r = fp_truth_apply(known, FP_ARRAY_SIZE(known), listing, &truth, error);
	if (r == 0 && listing->complete)
		assert_int_equal(truth.change_count, 4);
	return r;
}

/* Two looks, so that the memory of the first is met by the second. */
static int look_twice(const char *folder, struct fp_error *error)
{
	struct fp_feed_options options = {.url = folder};
	FP_CLEANUP(fp_feed_free_cleanup) struct fp_feed *feed = NULL;
	FP_CLEANUP(fp_listing_release) struct fp_listing first = {0};
	FP_CLEANUP(fp_listing_release) struct fp_listing second = {0};
	struct fp_feed_report report;
	int r = fp_feed_new(&options, &feed, error);
	if (r == 0)
		r = fp_feed_look(feed, "Demo", &first, &report, error);
	if (r != 0) {
		assert_null(first.versions);
		return r;
	}
	if (first.complete) {
		assert_int_equal(first.count, 3);
		assert_int_equal(first.versions[1].listed, FP_LISTED_YES);
		assert_int_equal(first.versions[2].listed, FP_LISTED_NO);
	}
	r = apply(&first, error);
	if (r < 0)
		return r;
	r = fp_feed_look(feed, "Demo", &second, &report, error);
	if (r == 0 && second.complete)
		assert_int_equal(second.count, 3);
	return r == FP_FEED_UNCHANGED ? 0 : r;
}

static void test_each_allocation(void **state)
{
	char folder[] = "/tmp/forkpoint-feed-XXXXXX";
	assert_non_null(mkdtemp(folder));
	make_feed(folder);
	long failing = 0, failures = 0;
	for (bool reached = true; reached; failing++) {
		struct fp_error error = {0};
		allocations_fail_after(failing);
		int r = look_twice(folder, &error);
		reached = allocations_failed();
		if (!reached)
			assert_int_equal(r, 0);
		failures += r < 0;
		assert_true(failing < 100000);
	}
	print_message("%ld allocations, %ld failures\n", failing - 1, failures);
	/* most must be noticed: what is left only costs a template or a note */
	assert_true(failures > 50 && failures * 10 > failing * 8);
	struct fp_error error;
	assert_int_equal(fp_folder_remove(folder, &error), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_each_allocation)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
