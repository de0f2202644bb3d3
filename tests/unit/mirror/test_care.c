/* Looking after a mirror: consolidation, measuring, opening what is damaged or not ours. */
#include "forkpoint/mirror/fetch.h"
#include "forkpoint/mirror/mirror.h"

#include "forkpoint/base/time.h"

#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct fp_mirror *open_mirror(const char *path)
{
	struct fp_error error = {0};
	struct fp_mirror *mirror = NULL;

	if (fp_mirror_open(path, &mirror, &error) != 0)
		fail_msg("%s", error.text);
	return mirror;
}

static unsigned packs(const char *path)
{
	struct fp_mirror_size size = {0};

	assert_int_equal(fp_mirror_measure(path, &size, NULL), 0);
	return size.packs;
}

/* One large pack and nine small ones, as fetches leave them. */
static void make_packs(struct fixture *fixture)
{
	fixture_init(fixture);
	fixture_run(fixture,
		"git init -q -b main r; cd r;"
		"for i in $(seq 60); do echo $i > f$i; git add .; git commit -q -m $i; done;"
		"git repack -q -a -d;"
		"for i in $(seq 9); do echo new $i > f1; git commit -q -a -m new$i; git repack -q "
		"-d;"
		"done; mv .git ../m");
}

static void test_consolidate(void **state)
{
	struct fixture fixture;
	struct fp_mirror *mirror, *reader;
	struct fp_error error = {0};
	struct fp_oid tip;
	char *before, *after, *hex, *large;
	const char *path;

	make_packs(&fixture);
	path = fixture_path(&fixture, "m");
	mirror = open_mirror(path);
	reader = open_mirror(path);
	assert_int_equal(packs(path), 10);
	large = fixture_output(&fixture, "ls -S m/objects/pack/*.pack | head -1");
	before = fixture_output(&fixture, "git -C m cat-file --batch-all-objects --batch-check");
	hex = fixture_output(&fixture, "git -C m rev-parse main");
	assert_true(fp_oid_parse(fp_str(hex), &tip));
	/* as many as are allowed: nothing to do */
	assert_int_equal(fp_mirror_consolidate(mirror, 10, NULL, &error), 1);
	if (fp_mirror_consolidate(mirror, 5, NULL, &error) != 0)
		fail_msg("%s", error.text);
	assert_int_equal(packs(path), 2);
	after = fixture_output(&fixture, "git -C m cat-file --batch-all-objects --batch-check");
	assert_string_equal(after, before);
	fixture_run(&fixture, "git -C m fsck --full --strict 2>&1; test -e '%s'", large);
	/* a reader from before, which had opened nothing yet, finds everything in the new one */
	assert_int_equal(fp_mirror_object_type(reader, &tip), FP_OBJECT_COMMIT);
	/* two are fine */
	assert_int_equal(fp_mirror_consolidate(mirror, 5, NULL, &error), 1);
	fp_mirror_close(reader);
	fp_mirror_close(mirror);
	free(large);
	free(hex);
	free(before);
	free(after);
	fixture_release(&fixture);
}

static void test_consolidate_cancelled(void **state)
{
	const atomic_bool cancelled = true;
	struct fixture fixture;
	struct fp_mirror *mirror;
	struct fp_error error = {0};

	make_packs(&fixture);
	mirror = open_mirror(fixture_path(&fixture, "m"));
	assert_int_equal(fp_mirror_consolidate(mirror, 5, &cancelled, &error), -FP_ERROR_CANCELLED);
	assert_int_equal(packs(fixture_path(&fixture, "m")), 10);
	fixture_run(&fixture, "git -C m fsck --full 2>&1");
	fp_mirror_close(mirror);
	fixture_release(&fixture);
}

static void test_open(void **state)
{
	static const struct {
		const char *why, *script;
		int rc;
	} rows[] = {
		{"nothing there", "true", 1},
		{"an empty folder", "mkdir m", 1},
		{"its making was cut off before HEAD", "git init -q --bare m; rm m/HEAD", 1},
		{"an empty mirror", "git init -q --bare m", 0},
		{"a file", "touch m", -FP_ERROR_FOREIGN},
		{"no objects", "git init -q --bare m; rm -r m/objects", -FP_ERROR_CORRUPT},
		{"HEAD is a folder's name",
			"git init -q --bare m; rm -r m/HEAD m/refs; mkdir m/HEAD",
			-FP_ERROR_CORRUPT},
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		struct fixture fixture;
		struct fp_mirror *mirror = NULL;
		struct fp_error error = {0};
		int rc;

		fixture_init(&fixture);
		fixture_run(&fixture, "%s", rows[i].script);
		rc = fp_mirror_open(fixture_path(&fixture, "m"), &mirror, &error);
		if (rc != rows[i].rc)
			fail_msg("%s: %d %s", rows[i].why, rc, error.text);
		fp_mirror_close(mirror);
		fixture_release(&fixture);
	}
}

static void test_object_types_and_blobs(void **state)
{
	static const struct {
		const char *path;
		int rc;
		const char *content;
	} rows[] = {
		{"a", 0, "top"},
		{"d/e/f", 0, "deep"},
		{"/d//e/f", 0, "deep"},
		{"d/e/f/g", 1, NULL}, /* f is no folder */
		{"d/e", 1, NULL},     /* a folder */
		{"d/x", 1, NULL},
		{"link", 1, NULL}, /* what it points to is not looked at */
		{"", 1, NULL},
		{"large", -FP_ERROR_LIMIT, NULL},
	};
	struct fixture fixture;
	struct fp_mirror *mirror;
	struct fp_oid tree, other;
	char *hex;

	fixture_init(&fixture);
	fixture_run(&fixture, "git init -q -b main r; cd r; mkdir -p d/e; printf top > a;"
			      "printf deep > d/e/f; ln -s a link; head -c 100 /dev/zero > large;"
			      "git add .; git commit -q -m x; git tag -a -m x t; mv .git ../m");
	mirror = open_mirror(fixture_path(&fixture, "m"));
	hex = fixture_output(&fixture, "git -C m rev-parse main^{tree}");
	assert_true(fp_oid_parse(fp_str(hex), &tree));
	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		struct fp_error error = {0};
		struct fp_buf content;
		struct fp_oid blob = {0};
		int rc;

		fp_buf_init(&content, 50);
		rc = fp_mirror_find_blob(mirror, &tree, rows[i].path, &blob, &content, &error);
		if (rc != rows[i].rc)
			fail_msg("%s: %d %s", rows[i].path, rc, error.text);
		if (rows[i].content)
			assert_string_equal(content.data, rows[i].content);
		assert_int_equal(fp_oid_is_zero(&blob), rc == 1);
		fp_buf_release(&content);
	}
	assert_int_equal(fp_mirror_object_type(mirror, &tree), FP_OBJECT_TREE);
	memset(&other, 1, sizeof(other));
	assert_int_equal(fp_mirror_object_type(mirror, &other), FP_OBJECT_MISSING);
	free(hex);
	hex = fixture_output(&fixture, "git -C m rev-parse t");
	assert_true(fp_oid_parse(fp_str(hex), &other));
	assert_int_equal(fp_mirror_object_type(mirror, &other), FP_OBJECT_TAG);
	free(hex);
	fp_mirror_close(mirror);
	fixture_release(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_consolidate),
		cmocka_unit_test(test_consolidate_cancelled),
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_object_types_and_blobs),
	};
	int failed;

	if (fp_mirror_library_init(NULL) < 0)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	fp_mirror_library_shutdown();
	return failed;
}
