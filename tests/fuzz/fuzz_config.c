/* Configuration files: whatever the bytes, each problem has a place and a printable line, and what
 * is taken prints as a configuration that is taken again and decides the same. */
#include "forkpoint/config/config.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool condition)
{
	if (!condition)
		abort();
}

static void check_problems(const struct fp_config_problems *problems)
{
	demand(problems->count > 0 && problems->count <= 100);
	for (size_t i = 0; i < problems->count; i++) {
		const struct fp_config_problem *problem = &problems->items[i];

		demand(problem->line > 0 && problem->column > 0 && problem->text[0]);
		demand(fp_str_is_utf8(fp_str(problem->path)) &&
			fp_str_is_utf8(fp_str(problem->text)));
		demand(!strpbrk(problem->path, "\r\n\033") && !strpbrk(problem->text, "\r\n\033"));
	}
}

/* Hashes of tokens are not printed, so a configuration with tokens cannot be read again. */
static void check_config(const struct fp_config *config)
{
	FP_CLEANUP(fp_config_free_cleanup) struct fp_config *again = NULL;
	struct fp_config_problems problems = {0};
	struct fp_buf FP_CLEANUP_BUF text = {0};
	struct fp_error error;

	fp_buf_init(&text, 64 * 1024 * 1024);
	fp_config_print(config, &text);
	if (config->token_count || text.state != FP_BUF_OK || text.len > 1024 * 1024)
		return;
	demand(fp_config_parse(fp_buf_str(&text), "/etc/forkpoint/printed.json", &again, &problems,
		       &error) == 0);
	demand(strcmp(config->digest, again->digest) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	FP_CLEANUP(fp_config_free_cleanup) struct fp_config *config = NULL;
	struct fp_config_problems problems = {0};
	struct fp_error error;
	int r = fp_config_parse(fp_str_n((const char *)data, size), "/etc/forkpoint/fuzzed.json",
		&config, &problems, &error);

	demand(r >= 0);
	if (r == 0)
		check_config(config);
	else
		check_problems(&problems);
	fp_config_problems_release(&problems);
	return 0;
}
