/* export, import: facts as lines of JSON. */
#include "keep_commands.h"

#include "forkpoint/base/time.h"
#include "forkpoint/store/exchange.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int print_line(void *context, struct fp_str line, struct fp_error *error)
{
	if (fwrite(line.ptr, 1, line.len, stdout) == line.len && putchar('\n') != EOF)
		return 0;
	return fp_error_set(error, FP_ERROR_IO, "cannot write the export: %s", strerror(errno));
}

int fp_command_export(int count, char **arguments)
{
	FP_CLEANUP(fp_config_free_cleanup) struct fp_config *config = NULL;
	struct fp_keep_arguments taken;
	struct fp_error error;
	int64_t since_us = 0;
	const char *data_dir;
	int r;

	if (!fp_keep_take(count, arguments, false, "--config --data-dir --since",
		    "export [--since TIME] --config FILE (or --data-dir FOLDER)", &taken))
		return FP_EXIT_USAGE;
	if (taken.since && !fp_time_parse_us(fp_str(taken.since), &since_us)) {
		fprintf(stderr, "forkpoint: --since takes a time such as 2026-01-31T22:05:00Z, or "
				"a date\n");
		return FP_EXIT_USAGE;
	}
	data_dir = fp_keep_data_dir(&taken, &config);
	if (!data_dir)
		return FP_EXIT_FAILURE;
	r = fp_store_export(data_dir, since_us, fp_clock_real_us(), print_line, NULL, &error);
	if (r >= 0 && fflush(stdout) != 0)
		r = fp_error_set(
			&error, FP_ERROR_IO, "cannot write the export: %s", strerror(errno));
	return r < 0 ? fp_keep_fail(&error) : FP_EXIT_OK;
}

static int import_lines(struct fp_import *import, struct fp_error *error)
{
	FP_CLEANUP_FREE char *line = NULL;
	size_t room = 0;
	uint64_t number = 0;
	ssize_t len;
	int r = 0;

	while (r >= 0 && (len = getline(&line, &room, stdin)) > 0) {
		number++;
		r = fp_import_line(import, fp_str_trim(fp_str_n(line, (size_t)len)), error);
	}
	if (r < 0)
		fp_error_prefix(error, "line %llu", (unsigned long long)number);
	return r;
}

int fp_command_import(int count, char **arguments)
{
	FP_CLEANUP(fp_config_free_cleanup) struct fp_config *config = NULL;
	FP_CLEANUP(fp_import_free_cleanup) struct fp_import *import = NULL;
	struct fp_import_counts counts = {0};
	struct fp_keep_arguments taken;
	struct fp_error error;
	const char *data_dir;
	int r;

	if (!fp_keep_take(count, arguments, false, "--config --data-dir",
		    "import --config FILE (or --data-dir FOLDER) < EXPORT", &taken))
		return FP_EXIT_USAGE;
	data_dir = fp_keep_data_dir(&taken, &config);
	if (!data_dir)
		return FP_EXIT_FAILURE;
	r = fp_import_new(data_dir, &import, &error);
	if (r >= 0)
		r = import_lines(import, &error);
	if (r >= 0)
		r = fp_import_finish(import, &counts, &error);
	if (r < 0)
		return fp_keep_fail(&error);
	printf("%llu lines: %llu facts added, %llu known already\n",
		(unsigned long long)counts.lines, (unsigned long long)counts.added,
		(unsigned long long)counts.known);
	return FP_EXIT_OK;
}
