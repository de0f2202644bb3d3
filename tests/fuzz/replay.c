/* Runs a fuzzer's function over every file of its corpus, and over each file cut short: what the
 * ordinary tests do with the corpora. */
#include "forkpoint/base/buf.h"
#include "forkpoint/base/file.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void replay(const struct fp_buf *text)
{
	size_t step = text->len / 200 + 1;
	for (size_t len = 0; len < text->len; len += step) {
		/* a copy of just that length, so that reads past it are seen */
		char *cut = malloc(len ? len : 1);
		if (!cut)
			exit(1);
		memcpy(cut, text->data, len);
		LLVMFuzzerTestOneInput((const uint8_t *)cut, len);
		free(cut);
	}
	LLVMFuzzerTestOneInput((const uint8_t *)text->data, text->len);
}

int main(int argc, char **argv)
{
	size_t count = 0;
	DIR *dir = argc == 2 ? opendir(argv[1]) : NULL;
	const struct dirent *entry;
	while (dir && (entry = readdir(dir))) {
		char path[4096];
		struct fp_error error;
		FP_CLEANUP_BUF struct fp_buf text;
		fp_buf_init(&text, 64 << 20);
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", argv[1], entry->d_name);
		if (fp_file_read(path, &text, &error) < 0) {
			fprintf(stderr, "%s\n", error.text);
			return 1;
		}
		replay(&text);
		count++;
	}
	if (dir)
		closedir(dir);
	printf("%zu files\n", count);
	return count > 0 ? 0 : 1;
}
