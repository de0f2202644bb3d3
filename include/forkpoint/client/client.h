#pragma once
/*
 * The command-line client: one request to a running Forkpoint per subcommand, its answer on
 * standard output. What there is to ask stands in one table, from which parsing, usage texts and
 * the checks of the manual page and the completions come.
 */
#include "forkpoint/base/buf.h"

#include <stdbool.h>
#include <stddef.h>

/* How a subcommand ends; scripts tell by it. */
enum {
	FP_CLIENT_ANSWER = 0,
	FP_CLIENT_NO_DATABASE = 1,
	FP_CLIENT_WRONG_USE = 2, /* of the command line, or refused by the server as such */
	FP_CLIENT_TROUBLE = 3,	 /* the server cannot be reached, or cannot answer now */
};

struct fp_client_command;

/* NULL when the client has no such subcommand. */
const struct fp_client_command *fp_client_find(const char *name);
/* Runs it with what follows its name; may block. Returns one of the above. */
int fp_client_run(const struct fp_client_command *command, int count, char **arguments);
/* One line per subcommand, for `forkpoint help`. */
void fp_client_write_list(struct fp_buf *buf);
/* A subcommand's usage with its options: on standard output, and appended. */
int fp_client_print_usage(const struct fp_client_command *command);
void fp_client_write_usage(const struct fp_client_command *command, struct fp_buf *buf);
/* The table for checks: a line per subcommand, its name and its options. */
void fp_client_write_table(struct fp_buf *buf);
