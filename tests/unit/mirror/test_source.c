/* The source reader over real trees. */
#include "forkpoint/mirror/source.h"

#include "fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct fp_source_branch_spec branches[] = {
	{.file = "tools/config.ps1", .variable = "pgoBranch"},
	{.file = "build/pgo.props", .element = "PGOBranch"},
};
static const struct fp_source_release_spec releases[] = {
	{.file = "version.props",
		.major = "Major",
		.minor = "Minor",
		.patch = "Patch",
		.prerelease = "Label"},
	{.file = "tools/custom.props", .major = "VersionMajor", .minor = "VersionMinor"},
};
static const struct fp_source_spec spec = {branches, 2, releases, 2, 1000};

/* Each row changes the tree of the one before. NULL: none. */
static const struct {
	const char *why, *script, *release, *release_source, *release_problem, *branch,
		*branch_problem;
} rows[] = {
	{"an empty tree", "true", NULL, NULL,
		"the commit's tree has no version.props, tools/custom.props", NULL, NULL},
	{"the second source",
		"mkdir tools; echo "
		"'<P><VersionMajor>1</VersionMajor><VersionMinor>22</VersionMinor></P>'"
		" > tools/custom.props",
		"1.22", "tools/custom.props", NULL, NULL, NULL},
	{"the first source wins", "echo '<P><Major>2</Major><Minor>4</Minor></P>' > version.props",
		"2.4", "version.props", NULL, NULL, NULL},
	{"a patch",
		"echo '<P><Major>2</Major><Minor>4</Minor><Patch>1</Patch></P>' > version.props",
		"2.4.1", "version.props", NULL, NULL, NULL},
	{"a label",
		"echo '<P><Major>2</Major><Minor>8</Minor><Label>prerelease</Label></P>' > "
		"version.props",
		"2.8.0-prerelease", "version.props", NULL, NULL, NULL},
	{"a broken first source leads to the second", "echo '<P><Major>2</Ma' > version.props",
		"1.22", "tools/custom.props", NULL, NULL, NULL},
	{"both broken: the first one's reason", "echo x > tools/custom.props", NULL, NULL,
		"version.props is no readable XML", NULL, NULL},
	{"a branch", "echo '$pgoBranch = \"main\"' > tools/config.ps1", NULL, NULL,
		"version.props is no readable XML", "main", NULL},
	{"no number", "echo '<P><Major>two</Major><Minor>4</Minor></P>' > version.props", NULL,
		NULL, "version.props gives no release: major `two`, minor `4`", "main", NULL},
	{"an element is missing", "echo '<P><Major>2</Major></P>' > version.props", NULL, NULL,
		"version.props has no element Minor with a plain value", "main", NULL},
	{"too large", "head -c 1001 /dev/zero > version.props", NULL, NULL,
		"version.props is 1001 bytes long, more than the limit of 1000", "main", NULL},
	{"empty", ": > version.props", NULL, NULL, "version.props is no readable XML", "main",
		NULL},
	{"a folder where the file should be",
		"rm version.props; mkdir version.props;"
		"touch version.props/x",
		NULL, NULL, "tools/custom.props is no readable XML", "main", NULL},
	{"a link where the file should be",
		"rm -r version.props; ln -s tools/custom.props version.props", NULL, NULL,
		"tools/custom.props is no readable XML", "main", NULL},
	{"a branch that cannot be", "echo '$pgoBranch = \"a b\"' > tools/config.ps1", NULL, NULL,
		"tools/custom.props is no readable XML", NULL,
		"tools/config.ps1 names a branch that cannot exist"},
	{"the second branch source",
		"mkdir build; echo '<P><PGOBranch>release/1.22</PGOBranch></P>' > build/pgo.props",
		NULL, NULL, "tools/custom.props is no readable XML", "release/1.22", NULL},
	{"a folder becomes a file", "rm -r tools; echo x > tools", NULL, NULL,
		"the commit's tree has no version.props, tools/custom.props", "release/1.22", NULL},
};

static void check_text(const char *why, const char *what, const char *got, const char *wanted)
{
	if (!got != !wanted || (wanted && strncmp(got, wanted, strlen(wanted)) != 0))
		fail_msg("%s: %s is `%s`, not `%s`", why, what, got ? got : "(none)",
			wanted ? wanted : "(none)");
}

static void check_row(size_t i, const struct fp_source_facts *facts)
{
	check_text(rows[i].why, "release", facts->release, rows[i].release);
	check_text(rows[i].why, "release source", facts->release_source, rows[i].release_source);
	check_text(rows[i].why, "release problem", facts->release_problem, rows[i].release_problem);
	check_text(rows[i].why, "branch", facts->branch, rows[i].branch);
	check_text(rows[i].why, "branch problem", facts->branch_problem, rows[i].branch_problem);
}

static void read_tree(const struct fixture *fixture, struct fp_source_reader *reader,
	struct fp_mirror *mirror, const char *revision, uint32_t *number)
{
	char *hex = fixture_output(fixture, "git -C r rev-parse '%s^{tree}'", revision);
	struct fp_error error = {0};
	struct fp_oid tree;

	assert_true(fp_oid_parse(fp_str(hex), &tree));
	if (fp_source_reader_read(reader, mirror, &tree, number, &error) != 0)
		fail_msg("%s", error.text);
	free(hex);
}

/* Forwards, then in an order that meets remembered folders, then with a reader that takes up the
 * numbers of the first. */
static void test_rows(void **state)
{
	enum { COUNT = FP_ARRAY_SIZE(rows) };
	struct fp_source_reader *reader = NULL, *later = NULL;
	struct fp_mirror *mirror = NULL;
	struct fixture fixture;
	uint32_t numbers[COUNT], number;
	char tag[16];

	fixture_init(&fixture);
	fixture_run(&fixture, "git init -q -b main r");
	for (size_t i = 0; i < COUNT; i++)
		fixture_run(&fixture,
			"cd r; %s; git add -A .; git commit -q --allow-empty -m x;"
			"git tag t%zu",
			rows[i].script, i);
	assert_int_equal(fp_mirror_open(fixture_path(&fixture, "r/.git"), &mirror, NULL), 0);
	assert_int_equal(fp_source_reader_new(&spec, &reader, NULL), 0);
	for (size_t i = 0; i < COUNT; i++) {
		snprintf(tag, sizeof(tag), "t%zu", i);
		read_tree(&fixture, reader, mirror, tag, &numbers[i]);
		check_row(i, fp_source_reader_get(reader, numbers[i]));
	}
	for (size_t i = 0; i < COUNT * 3; i++) {
		size_t at = i * 7 % COUNT;

		snprintf(tag, sizeof(tag), "t%zu", at);
		read_tree(&fixture, reader, mirror, tag, &number);
		assert_int_equal(number, numbers[at]);
	}
	assert_int_equal(fp_source_reader_new(&spec, &later, NULL), 0);
	for (uint32_t i = 0; i < fp_source_reader_count(reader); i++)
		assert_int_equal(
			fp_source_reader_restore(later, fp_source_reader_get(reader, i), NULL), 0);
	for (size_t i = 0; i < COUNT; i++) {
		snprintf(tag, sizeof(tag), "t%zu", i);
		read_tree(&fixture, later, mirror, tag, &number);
		assert_int_equal(number, numbers[i]);
	}
	assert_int_equal(fp_source_reader_count(later), fp_source_reader_count(reader));
	fp_source_reader_free(later);
	fp_source_reader_free(reader);
	fp_mirror_close(mirror);
	fixture_release(&fixture);
}

/* A fixed release needs no file; as the last resort, files come first. */
static void test_fixed(void **state)
{
	const struct fp_source_release_spec with_fixed[] = {
		{.file = "version.props", .major = "Major", .minor = "Minor"}, {.fixed = "9.9"}};
	const struct fp_source_spec fixed = {NULL, 0, with_fixed, 2, 1000};
	const struct fp_source_spec nothing = {NULL, 0, NULL, 0, 1000};
	struct fp_source_reader *reader = NULL;
	struct fp_mirror *mirror = NULL;
	struct fixture fixture;
	uint32_t number;

	fixture_init(&fixture);
	fixture_run(&fixture, "git init -q -b main r; cd r; git commit -q --allow-empty -m x;"
			      "git tag t0; echo '<P><Major>2</Major><Minor>4</Minor></P>' >"
			      " version.props; git add .; git commit -q -m x; git tag t1");
	assert_int_equal(fp_mirror_open(fixture_path(&fixture, "r/.git"), &mirror, NULL), 0);
	assert_int_equal(fp_source_reader_new(&fixed, &reader, NULL), 0);
	read_tree(&fixture, reader, mirror, "t0", &number);
	assert_string_equal(fp_source_reader_get(reader, number)->release, "9.9");
	assert_string_equal(fp_source_reader_get(reader, number)->release_source, "fixed");
	read_tree(&fixture, reader, mirror, "t1", &number);
	assert_string_equal(fp_source_reader_get(reader, number)->release, "2.4");
	fp_source_reader_free(reader);
	assert_int_equal(fp_source_reader_new(&nothing, &reader, NULL), 0);
	read_tree(&fixture, reader, mirror, "t0", &number);
	assert_null(fp_source_reader_get(reader, number)->release);
	assert_non_null(fp_source_reader_get(reader, number)->release_problem);
	fp_source_reader_free(reader);
	fp_mirror_close(mirror);
	fixture_release(&fixture);
}

/* Two spellings of a path are one file. */
static void test_spellings(void **state)
{
	const struct fp_source_release_spec twice[] = {
		{.file = "d/version.props", .major = "Other", .minor = "Minor"},
		{.file = "d//version.props", .major = "Major", .minor = "Minor"}};
	const struct fp_source_spec spellings = {NULL, 0, twice, 2, 1000};
	struct fp_source_reader *reader = NULL;
	struct fp_mirror *mirror = NULL;
	struct fixture fixture;
	uint32_t number;

	fixture_init(&fixture);
	fixture_run(&fixture, "git init -q -b main r; cd r; mkdir d;"
			      "echo '<P><Major>2</Major><Minor>4</Minor></P>' > d/version.props;"
			      "git add .; git commit -q -m x");
	assert_int_equal(fp_mirror_open(fixture_path(&fixture, "r/.git"), &mirror, NULL), 0);
	assert_int_equal(fp_source_reader_new(&spellings, &reader, NULL), 0);
	read_tree(&fixture, reader, mirror, "main", &number);
	assert_string_equal(fp_source_reader_get(reader, number)->release, "2.4");
	fp_source_reader_free(reader);
	fp_mirror_close(mirror);
	fixture_release(&fixture);
}

/* A tree that is not there is the mirror's damage, not a fact; the next read is right again. */
static void test_missing_tree(void **state)
{
	struct fp_source_reader *reader = NULL;
	struct fp_mirror *mirror = NULL;
	struct fp_error error = {0};
	struct fixture fixture;
	struct fp_oid tree;
	uint32_t number;

	fixture_init(&fixture);
	fixture_run(&fixture, "git init -q -b main r; cd r; git commit -q --allow-empty -m x");
	assert_int_equal(fp_mirror_open(fixture_path(&fixture, "r/.git"), &mirror, NULL), 0);
	assert_int_equal(fp_source_reader_new(&spec, &reader, NULL), 0);
	memset(&tree, 7, sizeof(tree));
	assert_int_equal(
		fp_source_reader_read(reader, mirror, &tree, &number, &error), -FP_ERROR_CORRUPT);
	assert_non_null(strstr(error.text, "0707070707"));
	read_tree(&fixture, reader, mirror, "main", &number);
	fp_source_reader_free(reader);
	fp_mirror_close(mirror);
	fixture_release(&fixture);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_fixed),
		cmocka_unit_test(test_spellings),
		cmocka_unit_test(test_missing_tree),
	};
	int failed;

	if (fp_mirror_library_init(NULL) < 0)
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	fp_mirror_library_shutdown();
	return failed;
}
