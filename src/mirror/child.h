#pragma once
/* Running a program with its three standard streams in our hands. */
#include "forkpoint/base/error.h"
#include "forkpoint/base/str.h"

struct fp_child_run {
	const char *const *argv; /* argv[0] is the path */
	struct fp_str input;	 /* the whole standard input */
	/* A piece of its standard output. Negative: the child is killed, the error handed up. */
	int (*output)(void *context, const char *data, size_t len, struct fp_error *error);
	/* Asked at least every tick_ms: 0 to go on, negative as above. */
	int (*judge)(void *context, struct fp_error *error);
	void *context;
	int tick_ms;
};

struct fp_child_end {
	int status, signal;    /* one of them is 0 */
	char stderr_line[256]; /* its last complete line on standard error */
};

/* Returns when the child is gone and waited for, whatever happened: 0 and *end, or an error. No
 * descriptor of this process but the three streams gets into the child. */
int fp_child_run(const struct fp_child_run *run, struct fp_child_end *end, struct fp_error *error);
