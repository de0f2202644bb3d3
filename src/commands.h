#pragma once
/* The subcommands of forkpoint; each takes what follows its name and returns the exit code. */

int fp_command_serve(int count, char **arguments);
int fp_command_check_config(int count, char **arguments);
int fp_command_print_config(int count, char **arguments);
int fp_command_probe_feed(int count, char **arguments);

int fp_command_backup(int count, char **arguments);
int fp_command_restore(int count, char **arguments);
int fp_command_export(int count, char **arguments);
int fp_command_import(int count, char **arguments);
int fp_command_verify(int count, char **arguments);

struct fp_config;
/* Reads a configuration; its problems go to standard error. NULL when it has any. */
struct fp_config *fp_command_read_config(const char *path);

/* What a wrong use is answered with. */
enum { FP_EXIT_OK = 0, FP_EXIT_FAILURE = 1, FP_EXIT_USAGE = 2 };
