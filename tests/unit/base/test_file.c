/* Files and folders on the real file system. */
#include "forkpoint/base/file.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* A folder of the test's own, removed without the code that is tested. */
static int make_folder(void **state)
{
	char *path = strdup("/tmp/forkpoint-test-XXXXXX");

	if (!path || !mkdtemp(path) || chdir(path) != 0)
		return -1;
	*state = path;
	return 0;
}

static int drop_folder(void **state)
{
	char command[256];

	snprintf(command, sizeof(command), "rm -rf '%s'", (char *)*state);
	free(*state);
	return chdir("/") == 0 && system(command) == 0 ? 0 : -1;
}

static void write_file(const char *path, const char *content)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(content, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void expect_content(const char *path, const char *content)
{
	struct fp_buf buf FP_CLEANUP(fp_buf_release);
	struct fp_error error;

	fp_buf_init(&buf, 1 << 20);
	if (fp_file_read(path, &buf, &error) != 0)
		fail_msg("%s", error.text);
	fp_buf_add_char(&buf, '.'); /* also where there is no content */
	assert_int_equal(buf.len, strlen(content) + 1);
	assert_memory_equal(buf.data, content, strlen(content));
}

static void reads_files(void **state)
{
	struct fp_buf buf FP_CLEANUP(fp_buf_release);
	struct fp_error error;

	write_file("empty", "");
	expect_content("empty", "");
	write_file("ten", "0123456789");
	fp_buf_init(&buf, 15);
	fp_buf_add_text(&buf, "have:");
	assert_int_equal(fp_file_read("ten", &buf, &error), 0);
	assert_string_equal(buf.data, "have:0123456789");
}

static void refuses_large_files_whole(void **state)
{
	struct fp_buf buf FP_CLEANUP(fp_buf_release);
	FP_CLEANUP_FREE char *text = malloc(100001);
	struct fp_error error;

	assert_non_null(text);
	memset(text, 'x', 100000);
	text[100000] = '\0';
	write_file("large", text);
	fp_buf_init(&buf, 99999);
	fp_buf_add_text(&buf, "");
	assert_int_equal(fp_file_read("large", &buf, &error), -FP_ERROR_LIMIT);
	assert_string_equal(error.text, "large is larger than the limit of 99999 bytes");
	assert_int_equal(buf.len, 0);
	fp_buf_release(&buf);
	fp_buf_init(&buf, 100000);
	assert_int_equal(fp_file_read("large", &buf, &error), 0);
	assert_int_equal(buf.len, 100000);
}

static void says_what_cannot_be_read(void **state)
{
	struct fp_buf buf FP_CLEANUP(fp_buf_release);
	struct fp_error error;

	fp_buf_init(&buf, 100);
	assert_int_equal(fp_file_read("missing", &buf, &error), -FP_ERROR_IO);
	assert_string_equal(error.text, "cannot open missing: No such file or directory");
	assert_int_equal(fp_file_read("/tmp", &buf, &error), -FP_ERROR_IO);
	assert_string_equal(error.text, "cannot read /tmp: Is a directory");
	write_file("secret", "x");
	assert_int_equal(chmod("secret", 0), 0);
	if (geteuid() != 0) /* root may read everything */
		assert_int_equal(fp_file_read("secret", &buf, &error), -FP_ERROR_DENIED);
}

static int count_entries(void)
{
	FILE *listing = popen("ls -A | wc -l", "r");
	int count = -1;

	assert_non_null(listing);
	assert_int_equal(fscanf(listing, "%d", &count), 1);
	pclose(listing);
	return count;
}

static void replaces_files(void **state)
{
	struct fp_error error;
	struct stat status;

	assert_int_equal(fp_file_replace("f", FP_STR_LITERAL("one"), &error), 0);
	expect_content("f", "one");
	int reader = open("f", O_RDONLY | O_CLOEXEC);
	char seen[4] = "";

	assert_int_equal(fp_file_replace("f", (struct fp_str){0}, &error), 0);
	expect_content("f", "");
	assert_int_equal(read(reader, seen, 3), 3); /* who had it open sees the old file whole */
	assert_string_equal(seen, "one");
	close(reader);
	FP_CLEANUP_FREE char *path = NULL;

	assert_true(asprintf(&path, "%s/f", (char *)*state) > 0);
	assert_int_equal(fp_file_replace(path, FP_STR_LITERAL("two"), &error), 0);
	expect_content("f", "two");
	assert_int_equal(stat("f", &status), 0);
	assert_int_equal(status.st_mode & 0777, 0640);
	assert_int_equal(count_entries(), 1); /* nothing is left beside it */
}

static void leaves_nothing_behind_where_it_cannot_replace(void **state)
{
	struct fp_error error;

	assert_int_equal(fp_file_replace("none/f", FP_STR_LITERAL("x"), &error), -FP_ERROR_IO);
	assert_string_equal(
		error.text, "cannot create a file beside none/f: No such file or directory");
	assert_int_equal(mkdir("folder", 0700), 0);
	assert_int_equal(fp_file_replace("folder", FP_STR_LITERAL("x"), &error), -FP_ERROR_IO);
	assert_string_equal(error.text, "cannot replace folder: Is a directory");
	assert_int_equal(count_entries(), 1);
}

/* A file size limit stands in for a disk without room: the write fails half-way. */
static void keeps_the_old_file_when_writing_fails(void **state)
{
	struct rlimit before, small;
	struct fp_error error;
	FP_CLEANUP_FREE char *text = malloc(100000);

	assert_non_null(text);
	memset(text, 'x', 100000);
	assert_int_equal(fp_file_replace("f", FP_STR_LITERAL("old"), &error), 0);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = before;
	small.rlim_cur = 50000;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	int r = fp_file_replace("f", fp_str_n(text, 100000), &error);

	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(r, -FP_ERROR_IO);
	assert_string_equal(error.text, "cannot replace f: File too large");
	expect_content("f", "old");
	assert_int_equal(count_entries(), 1);
}

static void creates_folders(void **state)
{
	static const char *const paths[] = {"a/b/c", "a/b/c", "a/b/", "a//d", "./e/../f", "g/"};
	struct fp_error error;
	struct stat status;

	for (size_t i = 0; i < FP_ARRAY_SIZE(paths); i++) {
		assert_int_equal(fp_folder_create(paths[i], &error), 0);
		assert_int_equal(stat(paths[i], &status), 0);
		assert_true(S_ISDIR(status.st_mode));
	}
	assert_int_equal(stat("a/b", &status), 0);
	assert_int_equal(status.st_mode & 0027, 0); /* 0750, whatever the umask lets through */
	assert_int_equal(fp_folder_create("/", &error), 0);
	assert_int_equal(fp_folder_create("/tmp", &error), 0);
	/* a link to a folder is one */
	assert_int_equal(symlink("a", "link"), 0);
	assert_int_equal(fp_folder_create("link/x", &error), 0);
	assert_int_equal(stat("a/x", &status), 0);
}

static void says_what_is_in_the_way_of_a_folder(void **state)
{
	struct fp_error error;

	write_file("file", "x");
	assert_int_equal(fp_folder_create("file", &error), -FP_ERROR_IO);
	assert_string_equal(error.text, "cannot create the folder file: Not a directory");
	assert_int_equal(fp_folder_create("file/a/b", &error), -FP_ERROR_IO);
	assert_int_equal(fp_folder_create("", &error), -FP_ERROR_IO);
}

static void removes_folders(void **state)
{
	char path[64];
	struct fp_error error;
	struct stat status;

	assert_int_equal(mkdir("kept", 0700), 0);
	write_file("kept/file", "x");
	assert_int_equal(fp_folder_create("gone/a/b/c", &error), 0);
	assert_int_equal(fp_folder_create("gone/empty", &error), 0);
	for (int i = 0; i < 3000; i++) { /* more than one reading of the folder gives */
		snprintf(path, sizeof(path), "gone/a/b/%d", i);
		write_file(path, "");
	}
	write_file("gone/a/-rf *", "x");
	assert_int_equal(symlink("../kept", "gone/to-folder"), 0);
	assert_int_equal(symlink("../kept/file", "gone/a/to-file"), 0);
	assert_int_equal(symlink("nowhere", "gone/dangling"), 0);
	assert_int_equal(mkfifo("gone/fifo", 0600), 0);
	if (fp_folder_remove("gone", &error) != 0)
		fail_msg("%s", error.text);
	assert_int_equal(lstat("gone", &status), -1);
	expect_content("kept/file", "x");		       /* links were not followed */
	assert_int_equal(fp_folder_remove("gone", &error), 0); /* a missing one is fine */
}

static void removes_no_links_and_files(void **state)
{
	struct fp_error error;

	assert_int_equal(mkdir("kept", 0700), 0);
	write_file("kept/file", "x");
	assert_int_equal(symlink("kept", "link"), 0);
	assert_int_equal(fp_folder_remove("link", &error), -FP_ERROR_IO);
	assert_int_equal(fp_folder_remove("kept/file", &error), -FP_ERROR_IO);
	expect_content("kept/file", "x");
}

static int create_nested(int levels)
{
	FP_CLEANUP_FREE char *path = calloc((size_t)levels * 2 + 8, 1);
	struct fp_error error;

	assert_non_null(path);
	strcpy(path, "deep");
	for (int i = 1; i < levels; i++)
		strcat(path, "/d");
	return fp_folder_create(path, &error);
}

static void limits_the_depth(void **state)
{
	struct fp_error error;
	struct stat status;

	assert_int_equal(create_nested(128), 0);
	assert_int_equal(fp_folder_remove("deep", &error), 0);
	assert_int_equal(stat("deep", &status), -1);
	assert_int_equal(create_nested(129), 0);
	assert_int_equal(fp_folder_remove("deep", &error), -FP_ERROR_LIMIT);
	assert_string_equal(
		error.text, "the folder deep has more than 128 levels: remove it by hand");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(reads_files, make_folder, drop_folder),
		cmocka_unit_test_setup_teardown(
			refuses_large_files_whole, make_folder, drop_folder),
		cmocka_unit_test_setup_teardown(says_what_cannot_be_read, make_folder, drop_folder),
		cmocka_unit_test_setup_teardown(replaces_files, make_folder, drop_folder),
		cmocka_unit_test_setup_teardown(
			leaves_nothing_behind_where_it_cannot_replace, make_folder, drop_folder),
		cmocka_unit_test_setup_teardown(
			keeps_the_old_file_when_writing_fails, make_folder, drop_folder),
		cmocka_unit_test_setup_teardown(creates_folders, make_folder, drop_folder),
		cmocka_unit_test_setup_teardown(
			says_what_is_in_the_way_of_a_folder, make_folder, drop_folder),
		cmocka_unit_test_setup_teardown(removes_folders, make_folder, drop_folder),
		cmocka_unit_test_setup_teardown(
			removes_no_links_and_files, make_folder, drop_folder),
		cmocka_unit_test_setup_teardown(limits_the_depth, make_folder, drop_folder),
	};

	return cmocka_run_group_tests_name("base: files and folders", tests, NULL, NULL);
}
