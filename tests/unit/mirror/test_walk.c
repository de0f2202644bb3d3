/* The commit walk against `git log`, over histories made here and, where it is, WinUI's. */
#include "forkpoint/mirror/mirror.h"

#include "forkpoint/base/map.h"
#include "forkpoint/base/time.h"

#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

struct listing {
	struct fp_map seen; /* hex ids → order */
	struct fp_buf text; /* as git log prints it */
	uint32_t count;
	const char *known; /* hex ids that the caller has, one after the other */
};

static struct fp_str key_of(const struct fp_oid *oid)
{
	return fp_str_n((const char *)oid->bytes, sizeof(oid->bytes));
}

static bool is_known(void *context, const struct fp_oid *oid)
{
	const struct listing *listing = context;
	char hex[FP_OID_HEX + 1];

	fp_oid_format(oid, hex);
	return listing->known && strstr(listing->known, hex);
}

static int emit(void *context, const struct fp_commit_row *row, struct fp_error *error)
{
	struct listing *listing = context;
	char hex[FP_OID_HEX + 1];
	uint32_t order;

	fp_oid_format(&row->oid, hex);
	if (fp_map_get(&listing->seen, key_of(&row->oid), &order))
		fail_msg("%s came twice", hex);
	fp_buf_addf(&listing->text, "%s ", hex);
	for (uint32_t i = 0; i < row->parent_count; i++) {
		if (!fp_map_get(&listing->seen, key_of(&row->parents[i]), &order) &&
			!is_known(listing, &row->parents[i]))
			fail_msg("%s came before a parent", hex);
		fp_oid_format(&row->parents[i], hex);
		fp_buf_addf(&listing->text, i ? " %s" : "%s", hex);
	}
	fp_oid_format(&row->tree, hex);
	fp_buf_addf(&listing->text, " %lld %lld %s\n", (long long)row->author_s,
		(long long)row->committer_s, hex);
	assert_int_equal(fp_map_set(&listing->seen, key_of(&row->oid), listing->count++), 0);
	return 0;
}

static int by_line(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The text's lines sorted, in place of it. */
static char *sorted(char *text)
{
	size_t count = 0, capacity = 1024;
	char **lines = malloc(capacity * sizeof(*lines)), *save, *result;
	size_t size = strlen(text) + 2;

	assert_non_null(lines);
	result = malloc(size);
	assert_non_null(result);
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (count == capacity)
			assert_non_null(lines = realloc(lines, (capacity *= 2) * sizeof(*lines)));
		lines[count++] = line;
	}
	qsort(lines, count, sizeof(*lines), by_line);
	result[0] = '\0';
	for (size_t i = 0, at = 0; i < count; i++)
		at += (size_t)sprintf(result + at, "%s\n", lines[i]);
	free(lines);
	free(text);
	return result;
}

static struct fp_mirror *open_mirror(const char *path)
{
	struct fp_error error = {0};
	struct fp_mirror *mirror = NULL;

	if (fp_mirror_open(path, &mirror, &error) != 0)
		fail_msg("%s", error.text);
	return mirror;
}

static int walk(
	struct fp_mirror *mirror, struct listing *listing, unsigned threads, struct fp_error *error)
{
	struct fp_mirror_walk params = {
		.is_known = is_known, .emit = emit, .context = listing, .threads = threads};
	struct fp_mirror_refs refs = {0};
	struct fp_oid *tips;
	int rc = fp_mirror_read_refs(mirror, &refs, error);

	assert_int_equal(rc, 0);
	tips = calloc(refs.count + 1, sizeof(*tips));
	assert_non_null(tips);
	for (size_t i = 0; i < refs.count; i++)
		if (!fp_oid_is_zero(&refs.items[i].commit))
			tips[params.tip_count++] = refs.items[i].commit;
	params.tips = tips;
	rc = fp_mirror_walk_commits(mirror, &params, error);
	fp_mirror_refs_release(&refs);
	free(tips);
	return rc;
}

static void listing_init(struct listing *listing)
{
	*listing = (struct listing){0};
	fp_buf_init(&listing->text, SIZE_MAX / 2);
}

static void listing_release(struct listing *listing)
{
	fp_map_release(&listing->seen);
	fp_buf_release(&listing->text);
}

/* Walks with several threads and with one: the same order, and the same lines as git's. */
static void same_as_git(struct fixture *fixture, const char *name, const char *git_args)
{
	char *wanted = sorted(fixture_output(fixture,
		"git -C %s log %s --format='%%H %%P %%at %%ct %%T' 2>/dev/null", name, git_args));
	char *first = NULL;

	for (unsigned threads = 0; threads <= 3; threads++) {
		struct fp_mirror *mirror = open_mirror(fixture_path(fixture, name));
		struct fp_error error = {0};
		struct listing listing;
		char *got;

		listing_init(&listing);
		if (walk(mirror, &listing, threads, &error) != 0)
			fail_msg("%s", error.text);
		if (first)
			assert_string_equal(first, listing.text.data);
		else
			assert_non_null(first = fp_str_dup(fp_buf_str(&listing.text)));
		got = sorted(fp_buf_take(&listing.text));
		assert_string_equal(got, wanted);
		free(got);
		listing_release(&listing);
		fp_mirror_close(mirror);
	}
	free(first);
	free(wanted);
}

/* Merges, an octopus, two roots, a tag of a tree, all loose; then packed, with and without deltas.
 */
static void test_small(void **state)
{
	struct fixture fixture;

	fixture_init(&fixture);
	fixture_run(&fixture,
		"git init -q -b main r; cd r; git commit -q --allow-empty -m 1;"
		"for b in a b c; do git checkout -q -b $b main;"
		" git commit -q --allow-empty -m $b --date '2001-02-03 04:05:06 +0700'; done;"
		"git checkout -q main; git merge -q -m octopus a b c >/dev/null;"
		"git checkout -q --orphan other; git commit -q --allow-empty -m root2;"
		"git tag tree main^{tree}; git tag -a -m x annotated main; mv .git ../m");
	same_as_git(&fixture, "m", "--branches");
	fixture_run(&fixture, "git -C m repack -q -a -d");
	same_as_git(&fixture, "m", "--branches");
	fixture_release(&fixture);
}

/* Enough commits in a line that whole windows of packs are read; half of them deltas; a few loose
 * on top, and a commit with a header of two megabytes and one with a message of two. */
static void test_long(void **state)
{
	struct fixture fixture;

	fixture_init(&fixture);
	fixture_run(&fixture,
		"git init -q --bare -b main m; cd m;"
		"python3 -c 'import sys\n"
		"for i in range(6000): sys.stdout.write(f\"commit refs/heads/main\\nauthor a <a@x> "
		"{i * 7} +0000\\n"
		"committer c <c@x> {1000000 - i} -0330\\ndata 3000\\n{str(i) * 3000:.3000}\\n\")'"
		" | git fast-import --quiet --force;"
		"git repack -q -a -d -f --depth=20;"
		"{ git cat-file commit main | sed /^$/q; head -c 2000000 /dev/zero | tr '\\0' x; } "
		"|"
		" git hash-object -w -t commit --stdin > ../big;"
		"{ git cat-file commit main | sed '/^$/,$d'; printf 'x-note '; head -c 2000000 "
		"/dev/zero |"
		" tr '\\0' y; echo; echo; } | git hash-object -w -t commit --stdin > ../wide;"
		"git update-ref refs/heads/big $(cat ../big); git update-ref refs/heads/wide $(cat "
		"../wide)");
	same_as_git(&fixture, "m", "--all");
	fixture_run(&fixture, "git -C m repack -q -a -d -f --depth=20");
	same_as_git(&fixture, "m", "--all");
	fixture_run(&fixture, "git -C m repack -q -a -d -f --depth=0; git -C m pack-refs --all");
	same_as_git(&fixture, "m", "--all");
	fixture_release(&fixture);
}

static void test_known_and_new(void **state)
{
	struct fixture fixture;
	struct fp_mirror *mirror;
	struct fp_error error = {0};
	struct listing listing;
	char *known, *wanted, *got;

	fixture_init(&fixture);
	fixture_run(&fixture, "git init -q -b main r; cd r; for i in 1 2 3 4 5; do"
			      " git commit -q --allow-empty -m $i; done; mv .git ../m");
	known = fixture_output(&fixture, "git -C m rev-list main~2");
	wanted = sorted(fixture_output(
		&fixture, "git -C m log main~2..main --format='%%H %%P %%at %%ct %%T'"));
	mirror = open_mirror(fixture_path(&fixture, "m"));
	listing_init(&listing);
	listing.known = known;
	assert_int_equal(walk(mirror, &listing, 0, &error), 0);
	assert_int_equal(listing.count, 2);
	got = sorted(fp_buf_take(&listing.text));
	assert_string_equal(got, wanted);
	listing_release(&listing);
	fp_mirror_close(mirror);
	free(got);
	free(wanted);
	free(known);
	fixture_release(&fixture);
}

/* Nothing is handed out of a history with a hole, and the text names the commit. */
static void test_hole(void **state)
{
	struct fixture fixture;
	struct fp_mirror *mirror;
	struct fp_error error = {0};
	struct listing listing;
	char *missing;

	fixture_init(&fixture);
	fixture_run(&fixture, "git init -q -b main r; cd r; for i in 1 2 3 4 5; do"
			      " git commit -q --allow-empty -m $i; done; mv .git ../m");
	missing = fixture_output(&fixture, "git -C m rev-parse main~2");
	fixture_run(&fixture, "cd m/objects; rm -f %.2s/%s", missing, missing + 2);
	mirror = open_mirror(fixture_path(&fixture, "m"));
	listing_init(&listing);
	assert_int_equal(walk(mirror, &listing, 0, &error), -FP_ERROR_CORRUPT);
	assert_int_equal(listing.count, 0);
	assert_non_null(strstr(error.text, missing));
	listing_release(&listing);
	fp_mirror_close(mirror);
	free(missing);
	fixture_release(&fixture);
}

static void test_cancelled(void **state)
{
	const atomic_bool cancelled = true;
	struct fixture fixture;
	struct fp_mirror *mirror;
	struct fp_error error = {0};
	struct listing listing;
	struct fp_mirror_walk params = {
		.is_known = is_known, .emit = emit, .context = &listing, .cancelled = &cancelled};
	struct fp_oid tip;
	char *hex;

	fixture_init(&fixture);
	fixture_run(&fixture, "git init -q -b main r; cd r; git commit -q --allow-empty -m 1;"
			      "mv .git ../m");
	hex = fixture_output(&fixture, "git -C m rev-parse main");
	assert_true(fp_oid_parse(fp_str(hex), &tip));
	params.tips = &tip;
	params.tip_count = 1;
	listing_init(&listing);
	mirror = open_mirror(fixture_path(&fixture, "m"));
	assert_int_equal(fp_mirror_walk_commits(mirror, &params, &error), -FP_ERROR_CANCELLED);
	assert_int_equal(listing.count, 0);
	listing_release(&listing);
	fp_mirror_close(mirror);
	free(hex);
	fixture_release(&fixture);
}

static void test_winui(void **state)
{
	const char *shared = getenv("FP_SHARED");
	struct fixture fixture;
	char data[4096];

	snprintf(data, sizeof(data), "%s/data/winui.skeleton.xz", shared ? shared : "");
	if (access(data, R_OK) < 0)
		skip();
	fixture_init(&fixture);
	fixture_run(&fixture, "%s/tools/skeleton-import %s/data/winui.skeleton.xz m >/dev/null",
		shared, shared);
	same_as_git(&fixture, "m", "--all");
	fixture_release(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_small),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_known_and_new),
		cmocka_unit_test(test_hole),
		cmocka_unit_test(test_cancelled),
		cmocka_unit_test(test_winui),
	};
	int failed;

	if (fp_mirror_library_init(NULL) < 0)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	fp_mirror_library_shutdown();
	return failed;
}
