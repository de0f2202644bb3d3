#pragma once
/* Real repositories in a folder of their own, made with git's own commands. */
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct fixture {
	char root[64]; /* a new folder below /tmp */
};

/* Also makes the environment independent of the user's git configuration. */
void fixture_init(struct fixture *fixture);
void fixture_release(struct fixture *fixture);
/* Runs a shell script in the root and fails the test when it fails. */
void fixture_run(const struct fixture *fixture, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The script's output, without the last newline; malloc'ed. */
char *fixture_output(const struct fixture *fixture, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* root/name; overwritten by the fourth call after. */
const char *fixture_path(const struct fixture *fixture, const char *name);
