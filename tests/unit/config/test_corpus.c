/* Replays the fuzzer's corpus through the fuzzer's own checks. */
#include "forkpoint/base/buf.h"
#include "forkpoint/base/file.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void replays_the_corpus(void **state)
{
	static const char folder[] = FP_SOURCE_ROOT "/tests/fuzz/corpus/config";
	DIR *entries = opendir(folder);
	struct fp_buf path, content;
	size_t count = 0;

	assert_non_null(entries);
	fp_buf_init(&path, 4096);
	fp_buf_init(&content, 16 * 1024 * 1024);
	for (struct dirent *entry = readdir(entries); entry; entry = readdir(entries)) {
		if (entry->d_name[0] == '.')
			continue;
		fp_buf_clear(&path);
		fp_buf_clear(&content);
		fp_buf_addf(&path, "%s/%s", folder, entry->d_name);
		assert_int_equal(fp_file_read(path.data, &content, NULL), 0);
		LLVMFuzzerTestOneInput((const uint8_t *)content.data, content.len);
		count++;
	}
	closedir(entries);
	assert_true(count > 0);
	fp_buf_release(&path);
	fp_buf_release(&content);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(replays_the_corpus)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
