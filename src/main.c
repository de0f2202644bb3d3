/* forkpoint: one daemon, and a few subcommands beside it. */
#include "commands.h"

#include "forkpoint/base/attr.h"
#include "forkpoint/client/client.h"
#include "forkpoint/config/config.h"
#include "forkpoint/mirror/fetch.h"

#include <stdio.h>
#include <string.h>

static int refuse_surplus(const char *use)
{
	fprintf(stderr, "forkpoint: usage: forkpoint %s\n", use);
	return FP_EXIT_USAGE;
}

static int refuse_name(const char *name)
{
	fprintf(stderr, "forkpoint: there is no command \"%s\"; \"forkpoint help\" lists them\n",
		name);
	return FP_EXIT_USAGE;
}

static int command_version(int count, char **arguments)
{
	if (count > 0)
		return refuse_surplus("version");
	puts("forkpoint " FP_VERSION);
	return FP_EXIT_OK;
}

static int command_mirror_worker(int count, char **arguments)
{
	return fp_fetch_worker_main();
}

static int command_table(int count, char **arguments);
static int command_help(int count, char **arguments);

static const struct {
	const char *name;
	int (*run)(int count, char **arguments);
	const char *use;
	const char *help; /* NULL: not for people */
} commands[] = {
	{"serve", fp_command_serve, "serve --config FILE",
		"mirror, and answer over HTTP, until SIGTERM"},
	{"check-config", fp_command_check_config, "check-config FILE",
		"report every problem of a configuration file; exit 1 if there is one"},
	{"print-config", fp_command_print_config, "print-config FILE",
		"print a configuration with its defaults filled in, without secrets"},
	{"probe-feed", fp_command_probe_feed, "probe-feed URL|NAME [--package ID] [--config FILE]",
		"tell what a NuGet feed offers, before it is configured, or as FILE names it"},
	{"backup", fp_command_backup, "backup FILE --config FILE|--data-dir FOLDER",
		"write one file with all facts and answers, while it serves"},
	{"restore", fp_command_restore, "restore FILE --config FILE|--data-dir FOLDER",
		"make an empty or new data folder what it was at the backup"},
	{"export", fp_command_export, "export [--since TIME] --config FILE|--data-dir FOLDER",
		"print facts and answers as lines of JSON, while it serves"},
	{"import", fp_command_import, "import --config FILE|--data-dir FOLDER < EXPORT",
		"take such lines in, each once; while it does not serve"},
	{"verify", fp_command_verify, "verify --config FILE|--data-dir FOLDER [--sample N]",
		"read everything through: databases, journal, mirrors; exit 1 on a problem"},
	{"version", command_version, "version", "print the version"},
	{"help", command_help, "help [settings|COMMAND]",
		"print this, every setting of the configuration file, or a command's use"},
	{"mirror-worker", command_mirror_worker, "mirror-worker", NULL},
	{"command-table", command_table, "command-table", NULL},
};

/* NULL where there is no such row, or it is not for people. */
static const char *use_of(const char *name, const char **help)
{
	for (size_t i = 0; i < FP_ARRAY_SIZE(commands); i++) {
		if (strcmp(name, commands[i].name) != 0 || !commands[i].help)
			continue;
		*help = commands[i].help;
		return commands[i].use;
	}
	return NULL;
}

static bool print_use(const char *name)
{
	const char *help, *use = use_of(name, &help);

	if (use)
		printf("usage: forkpoint %s\n%s\n", use, help);
	return use != NULL;
}

static bool asks_for_help(int count, char **arguments)
{
	for (int i = 0; i < count; i++)
		if (strcmp(arguments[i], "--help") == 0)
			return true;
	return false;
}

/* The options that a use names, such as --config. */
static void print_options(const char *use)
{
	for (const char *at = use; (at = strstr(at, "--")); at += 2)
		printf(" %.*s", (int)strcspn(at, " ]"), at);
	putchar('\n');
}

/* For the checks of the manual page and the completions: a line per command, with its options. */
static int command_table(int count, char **arguments)
{
	struct fp_buf FP_CLEANUP_BUF text = {0};

	for (size_t i = 0; i < FP_ARRAY_SIZE(commands); i++) {
		if (!commands[i].help)
			continue;
		printf("%s", commands[i].name);
		print_options(commands[i].use);
	}
	fp_buf_init(&text, 1024 * 1024);
	fp_client_write_table(&text);
	if (text.data)
		fputs(text.data, stdout);
	return FP_EXIT_OK;
}

static void print_settings(void)
{
	struct fp_buf FP_CLEANUP_BUF text = {0};

	fp_buf_init(&text, 1024 * 1024);
	fp_config_print_settings(&text);
	if (text.len)
		fputs(text.data, stdout);
}

static void print_client_commands(void)
{
	struct fp_buf FP_CLEANUP_BUF text = {0};

	fp_buf_init(&text, 1024 * 1024);
	fp_buf_add_text(
		&text, "\nquestions to a running server; forkpoint COMMAND --help tells more:\n");
	fp_client_write_list(&text);
	if (text.data)
		fputs(text.data, stdout);
}

/* In columns; a use that is too wide for its own has a line of its own. */
static void print_command(const char *use, const char *help)
{
	static const char head[] = "  forkpoint ";
	enum { USE_WIDTH = 33 };

	if (strlen(use) < USE_WIDTH)
		printf("%s%-*s%s\n", head, USE_WIDTH, use, help);
	else
		printf("%s%s\n%*s%s\n", head, use, (int)sizeof(head) - 1 + USE_WIDTH, "", help);
}

static int command_help(int count, char **arguments)
{
	if (count == 1 && strcmp(arguments[0], "settings") == 0) {
		print_settings();
		return FP_EXIT_OK;
	}
	if (count == 1 && fp_client_find(arguments[0]))
		return fp_client_print_usage(fp_client_find(arguments[0]));
	if (count == 1 && print_use(arguments[0]))
		return FP_EXIT_OK;
	if (count == 1)
		return refuse_name(arguments[0]);
	if (count > 0)
		return refuse_surplus("help [settings|COMMAND]");
	puts("forkpoint " FP_VERSION
	     ": which profile database belongs to this commit?\n\nthe server:");
	for (size_t i = 0; i < FP_ARRAY_SIZE(commands); i++)
		if (commands[i].help)
			print_command(commands[i].use, commands[i].help);
	print_client_commands();
	return FP_EXIT_OK;
}

int main(int count, char **arguments)
{
	const char *name = count > 1 ? arguments[1] : "";
	const struct fp_client_command *question;

	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
		name = "help";
	if (strcmp(name, "--version") == 0)
		name = "version";
	if (asks_for_help(count - 2, arguments + 2) && print_use(name))
		return FP_EXIT_OK;
	for (size_t i = 0; i < FP_ARRAY_SIZE(commands); i++)
		if (strcmp(name, commands[i].name) == 0)
			return commands[i].run(count - 2, arguments + 2);
	question = fp_client_find(name);
	if (question)
		return fp_client_run(question, count - 2, arguments + 2);
	if (count > 1)
		return refuse_name(name);
	fputs("forkpoint: a command is missing; \"forkpoint help\" lists the commands\n", stderr);
	return FP_EXIT_USAGE;
}
