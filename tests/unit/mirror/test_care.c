/* Looking after a mirror: consolidation, measuring, opening what is damaged or not ours. */
#include "forkpoint/mirror/fetch.h"
#include "forkpoint/mirror/mirror.h"

#include "forkpoint/base/time.h"

#include "../../../src/mirror/lock.h"
#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
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

/* Opens the mirror while that many further files can be opened. */
static int open_with_files(const char *path, unsigned files)
{
	struct fp_error error = {0};
	struct fp_mirror *mirror = NULL;
	struct rlimit before, few;
	int next = dup(0), rc;

	assert_true(next >= 0 && getrlimit(RLIMIT_NOFILE, &before) == 0);
	close(next);
	few = (struct rlimit){(rlim_t)next + files, before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
	rc = fp_mirror_open(path, &mirror, &error);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
	fp_mirror_close(mirror);
	return rc;
}

/* A busy process may have no file left to open: the mirror is none the worse for it. */
static void test_open_without_files(void **state)
{
	struct fixture fixture;

	(void)state;
	make_packs(&fixture);
	for (unsigned files = 0; files < 3; files++) {
		int rc = open_with_files(fixture_path(&fixture, "m"), files);

		if (rc != 0 && rc != -FP_ERROR_IO)
			fail_msg("with %u files: %d", files, rc);
		assert_true(rc != 0 || files > 0);
	}
	assert_int_equal(open_with_files(fixture_path(&fixture, "m"), 16), 0);
	fixture_release(&fixture);
}

static void test_open_without_right_to_read(void **state)
{
	struct fixture fixture;
	struct fp_mirror *mirror = NULL;
	struct fp_error error = {0};
	int rc;

	(void)state;
	fixture_init(&fixture);
	fixture_run(&fixture, "git init -q --bare m; chmod 0 m/config");
	rc = fp_mirror_open(fixture_path(&fixture, "m"), &mirror, &error);
	assert_int_equal(rc, geteuid() == 0 ? 0 : -FP_ERROR_FOREIGN); /* root may read all */
	fp_mirror_close(mirror);
	fixture_release(&fixture);
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

/* The lock's own file is no left-over: a sweep leaves it, and waiting for it can be cancelled. */
static void test_lock(void **state)
{
	struct fixture fixture;
	struct fp_mirror_lock lock = {-1}, second = {-1};
	struct fp_mirror *mirror;
	struct fp_oid oid = {{1}};
	atomic_bool cancelled = true;
	int64_t started;
	const char *path;

	fixture_init(&fixture);
	fixture_run(&fixture, "git init -q --bare m; touch m/packed-refs.lock "
			      "m/refs/heads/x.lock m/objects/pack/tmp_pack_x");
	path = fixture_path(&fixture, "m");
	mirror = open_mirror(path);
	assert_int_equal(fp_mirror_lock_take(path, 0, NULL, &lock, NULL), 0);
	fp_mirror_sweep(path);
	fixture_run(&fixture, "test -f m/forkpoint.lock; test ! -e m/packed-refs.lock;"
			      "test ! -e m/refs/heads/x.lock; test ! -e m/objects/pack/tmp_pack_x");
	assert_int_equal(fp_mirror_lock_take(path, 0, NULL, &second, NULL), -FP_ERROR_BUSY);
	started = fp_clock_monotonic_us();
	assert_int_equal(fp_mirror_keep(mirror, &oid, 1, &cancelled, NULL), -FP_ERROR_CANCELLED);
	assert_true(fp_clock_monotonic_us() - started < FP_US_PER_S);
	fp_mirror_lock_drop(&lock);
	assert_int_equal(fp_mirror_keep(mirror, &oid, 1, NULL, NULL), 0);
	fp_mirror_close(mirror);
	fixture_release(&fixture);
}

/* The old mirror has three lines that the new one lacks; the pack of one of them is damaged, and
 * so are its refs and HEAD. */
static void test_rescue(void **state)
{
	struct fixture fixture;
	struct fp_mirror *mirror;
	struct fp_error error = {0};
	struct fp_oid oids[4] = {{{1}}}; /* the first is of no commit */
	size_t rescued = 99;
	atomic_bool cancelled = true;
	char *hex;

	fixture_init(&fixture);
	fixture_run(&fixture,
		"git init -q -b main r; cd r; echo a > a; git add .; git commit -q -m a;"
		"git clone -q --bare . ../new; for i in 1 2 3; do git checkout -q -b b$i main;"
		"echo $i > f; git add f; git commit -q -m $i; git rev-parse HEAD > ../b$i;"
		"git repack -q -d; ls -t .git/objects/pack/*.pack | head -1 > "
		"../pack$i;"
		"done; cp $(cat ../pack2) ../x; chmod u+w $(cat ../pack2);"
		"head -c 30 ../x > $(cat ../pack2); mv .git ../old;"
		"echo junk > ../old/HEAD; rm -rf ../old/refs ../old/packed-refs");
	for (int i = 1; i <= 3; i++) {
		hex = fixture_output(&fixture, "cat b%d", i);
		assert_true(fp_oid_parse(fp_str(hex), &oids[i]));
		free(hex);
	}
	mirror = open_mirror(fixture_path(&fixture, "new"));
	assert_int_equal(fp_mirror_rescue(mirror, fixture_path(&fixture, "old"), oids, 4,
				 &cancelled, &rescued, &error),
		-FP_ERROR_CANCELLED);
	if (fp_mirror_rescue(
		    mirror, fixture_path(&fixture, "old"), oids, 4, NULL, &rescued, &error) != 0)
		fail_msg("%s", error.text);
	assert_int_equal(rescued, 2);
	fixture_run(&fixture, "cd new; git gc -q --prune=now; git cat-file -e $(cat ../b1)^{tree};"
			      "git cat-file -e $(cat ../b3); git fsck --strict;"
			      "test $(git for-each-ref refs/forkpoint/kept | wc -l) = 2");
	assert_int_equal(fp_mirror_rescue(mirror, fixture_path(&fixture, "nothing"), oids, 4, NULL,
				 &rescued, &error),
		0);
	assert_int_equal(rescued, 0); /* two are there, the others nowhere */
	fp_mirror_close(mirror);
	fixture_release(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_consolidate),
		cmocka_unit_test(test_consolidate_cancelled),
		cmocka_unit_test(test_lock),
		cmocka_unit_test(test_rescue),
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_open_without_files),
		cmocka_unit_test(test_open_without_right_to_read),
		cmocka_unit_test(test_object_types_and_blobs),
	};
	int failed;

	if (fp_mirror_library_init(NULL) < 0)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	fp_mirror_library_shutdown();
	return failed;
}
