#pragma once
/* What the commands that keep data share. */
#include "commands.h"

#include "forkpoint/config/config.h"

/* A command's arguments: one FILE where it takes one, and options with a value each. */
struct fp_keep_arguments {
	const char *file;
	const char *config, *data_dir, *since, *sample; /* NULL: not given */
};

/* False with the use on standard error. options: those it takes, by name. */
bool fp_keep_take(int count, char **arguments, bool wants_file, const char *options,
	const char *use, struct fp_keep_arguments *taken);
/* The configuration's data folder, or the one that was given; NULL with a sentence. *config, where
 * there is one, owns it. */
const char *fp_keep_data_dir(const struct fp_keep_arguments *taken, struct fp_config **config);
/* Says the error; the exit code. */
int fp_keep_fail(const struct fp_error *error);
