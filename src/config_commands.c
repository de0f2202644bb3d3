/* check-config, print-config, probe-feed: what an operator asks before serving. */
#include "commands.h"

#include "forkpoint/config/config.h"
#include "forkpoint/feed/feed.h"

#include <stdio.h>
#include <string.h>

enum { OUTPUT_MAX_BYTES = 16 * 1024 * 1024 };

static int wrong_use(const char *use)
{
	fprintf(stderr, "forkpoint: usage: forkpoint %s\n", use);
	return FP_EXIT_USAGE;
}

struct fp_config *fp_command_read_config(const char *path)
{
	struct fp_config_problems problems = {0};
	struct fp_buf FP_CLEANUP_BUF text = {0};
	struct fp_config *config = NULL;
	struct fp_error error;
	int r = fp_config_read(path, &config, &problems, &error);

	fp_buf_init(&text, OUTPUT_MAX_BYTES);
	if (r < 0)
		fp_buf_addf(&text, "forkpoint: %s\n", error.text);
	else if (r > 0)
		fp_config_problems_write(&problems, path, &text);
	if (text.len)
		fputs(text.data, stderr);
	fp_config_problems_release(&problems);
	return config;
}

int fp_command_check_config(int count, char **arguments)
{
	FP_CLEANUP(fp_config_free_cleanup) struct fp_config *config = NULL;

	if (count != 1)
		return wrong_use("check-config FILE");
	config = fp_command_read_config(arguments[0]);
	if (!config)
		return FP_EXIT_FAILURE;
	printf("%s: no problems; %zu repositor%s, %zu feed%s\n", arguments[0],
		config->repository_count, config->repository_count == 1 ? "y" : "ies",
		config->feed_count, config->feed_count == 1 ? "" : "s");
	return FP_EXIT_OK;
}

int fp_command_print_config(int count, char **arguments)
{
	FP_CLEANUP(fp_config_free_cleanup) struct fp_config *config = NULL;
	struct fp_buf FP_CLEANUP_BUF text = {0};

	fp_buf_init(&text, OUTPUT_MAX_BYTES);
	if (count != 1)
		return wrong_use("print-config FILE");
	config = fp_command_read_config(arguments[0]);
	if (!config)
		return FP_EXIT_FAILURE;
	fp_config_print(config, &text);
	if (text.state != FP_BUF_OK) {
		fputs("forkpoint: the configuration is too large to be printed\n", stderr);
		return FP_EXIT_FAILURE;
	}
	fputs(text.data, stdout);
	return FP_EXIT_OK;
}

int fp_command_probe_feed(int count, char **arguments)
{
	FP_CLEANUP(fp_feed_free_cleanup) struct fp_feed *feed = NULL;
	struct fp_config_feed defaults;
	struct fp_feed_options options;
	struct fp_buf FP_CLEANUP_BUF text = {0};
	const char *package = NULL;
	struct fp_error error;
	int r;

	fp_buf_init(&text, OUTPUT_MAX_BYTES);
	if (count == 3 && strcmp(arguments[1], "--package") == 0)
		package = arguments[2];
	else if (count != 1)
		return wrong_use("probe-feed URL [--package ID]");
	if (fp_config_default_feed(&defaults) < 0)
		return FP_EXIT_FAILURE;
	options = (struct fp_feed_options){
		.name = arguments[0],
		.url = arguments[0],
		.connect_timeout_us = defaults.connect_timeout_us,
		.first_byte_timeout_us = defaults.first_byte_timeout_us,
		.stall_timeout_us = defaults.stall_timeout_us,
		.total_timeout_us = defaults.total_timeout_us,
		.max_document_bytes = defaults.max_document_bytes,
		.max_versions = defaults.max_versions,
		.max_pages = defaults.max_pages,
		.max_depth = defaults.max_depth,
	};
	r = fp_feed_new(&options, &feed, &error);
	if (r >= 0)
		r = fp_feed_probe(feed, package, &text, &error);
	if (text.len)
		fputs(text.data, stdout);
	if (r >= 0)
		return FP_EXIT_OK;
	fprintf(stderr, "forkpoint: %s\n", error.text);
	return FP_EXIT_FAILURE;
}
