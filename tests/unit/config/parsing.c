/* Configurations from texts of the tests. */
#include "parsing.h"

#include "forkpoint/base/file.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { TEXT_MAX_BYTES = 1024 * 1024 };

static char *lines_of(const struct fp_config_problems *problems)
{
	struct fp_buf buf;
	char *lines;

	fp_buf_init(&buf, TEXT_MAX_BYTES);
	fp_config_problems_write(problems, "", &buf);
	lines = fp_buf_take(&buf);
	assert_non_null(lines);
	return lines;
}

struct fp_config *parse_good(const char *text)
{
	struct fp_config_problems problems = {0};
	struct fp_config *config = NULL;
	struct fp_error error = {0};
	int r = fp_config_parse(fp_str(text), PARSING_PATH, &config, &problems, &error);

	if (r < 0)
		fail_msg("%s", error.text);
	if (r > 0)
		fail_msg("%s has problems:\n%s", text, lines_of(&problems));
	assert_int_equal(problems.count, 0);
	fp_config_problems_release(&problems);
	return config;
}

/* Without the colon that ends the file's name, which is empty. */
char *parse_bad(struct fp_str text)
{
	struct fp_config_problems problems = {0};
	struct fp_config *config = NULL;
	struct fp_error error = {0};
	int r = fp_config_parse(text, PARSING_PATH, &config, &problems, &error);
	char *lines;

	if (r < 0)
		fail_msg("%s", error.text);
	if (r == 0)
		fail_msg("no problem was found in %.*s", FP_STR_ARG(text));
	assert_null(config);
	lines = lines_of(&problems);
	fp_config_problems_release(&problems);
	memmove(lines, lines + 1, strlen(lines));
	for (char *at = strstr(lines, "\n:"); at; at = strstr(at, "\n:"))
		memmove(at + 1, at + 2, strlen(at + 1));
	return lines;
}

char *read_source(const char *path)
{
	struct fp_buf name, content;
	struct fp_error error = {0};
	char *taken;

	fp_buf_init(&name, 4096);
	fp_buf_addf(&name, "%s/%s", FP_SOURCE_ROOT, path);
	fp_buf_init(&content, TEXT_MAX_BYTES);
	if (fp_file_read(name.data, &content, &error) < 0)
		fail_msg("%s", error.text);
	fp_buf_release(&name);
	taken = fp_buf_take(&content);
	assert_non_null(taken);
	return taken;
}
