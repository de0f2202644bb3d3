/* check-config, print-config, probe-feed: what an operator asks before serving. */
#include "commands.h"

#include "forkpoint/config/config.h"
#include "forkpoint/sync/feed_connection.h"

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

#define PROBE_USE "probe-feed URL [--package ID], or NAME --config FILE [--package ID]"

struct probe_words {
	char *feed; /* its URL, or with a configuration its name there */
	const char *package, *config;
};

static bool read_probe_words(int count, char **arguments, struct probe_words *words)
{
	for (int i = 0; i < count; i++) {
		if (i + 1 < count && strcmp(arguments[i], "--package") == 0)
			words->package = arguments[++i];
		else if (i + 1 < count && strcmp(arguments[i], "--config") == 0)
			words->config = arguments[++i];
		else if (arguments[i][0] == '-' || words->feed)
			return false;
		else
			words->feed = arguments[i];
	}
	return words->feed != NULL;
}

static const struct fp_config_feed *find_feed(const struct fp_config *config, const char *name)
{
	for (size_t i = 0; i < config->feed_count; i++)
		if (strcmp(config->feeds[i].name, name) == 0)
			return &config->feeds[i];
	fprintf(stderr, "forkpoint: the configuration has no feed %s\n", name);
	return NULL;
}

static int probe(const struct fp_config_feed *config, const char *package)
{
	FP_CLEANUP(fp_feed_connection_close) struct fp_feed_connection connection = {0};
	struct fp_buf FP_CLEANUP_BUF text = {0};
	struct fp_error error;
	int r = fp_feed_connection_open(&connection, config, NULL, &error);

	fp_buf_init(&text, OUTPUT_MAX_BYTES);
	if (r >= 0)
		r = fp_feed_probe(connection.feed, package, &text, &error);
	if (text.len)
		fputs(text.data, stdout);
	if (r >= 0)
		return FP_EXIT_OK;
	fprintf(stderr, "forkpoint: %s\n", error.text);
	return FP_EXIT_FAILURE;
}

int fp_command_probe_feed(int count, char **arguments)
{
	FP_CLEANUP(fp_config_free_cleanup) struct fp_config *config = NULL;
	const struct fp_config_feed *feed;
	struct fp_config_feed defaults;
	struct probe_words words = {0};

	if (!read_probe_words(count, arguments, &words))
		return wrong_use(PROBE_USE);
	if (!words.config) {
		if (fp_config_default_feed(&defaults) < 0)
			return FP_EXIT_FAILURE;
		defaults.name = defaults.url = words.feed;
		return probe(&defaults, words.package);
	}
	config = fp_command_read_config(words.config);
	feed = config ? find_feed(config, words.feed) : NULL;
	return feed ? probe(feed, words.package) : FP_EXIT_FAILURE;
}
