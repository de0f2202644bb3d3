#pragma once
/* One request over HTTP; libcurl does not leave transfer.c. */
#include "call.h"

struct fp_transfer_options {
	const char *server; /* http(s)://HOST[:PORT][/PATH] */
	const char *token;  /* NULL = none */
	long timeout_s;
};

struct fp_heard {
	long status;
	char problem[64]; /* the code that the server says; empty = none */
	struct fp_buf body;
};

void fp_heard_init(struct fp_heard *heard);
void fp_heard_release(struct fp_heard *heard);
/* Asks once; a reply of any status is one. -FP_ERROR_UNAVAILABLE, -FP_ERROR_TIMEOUT,
 * -FP_ERROR_LIMIT, -FP_ERROR_MEMORY. Blocks. */
int fp_transfer_run(const struct fp_transfer_options *options, const struct fp_wish *wish,
	struct fp_heard *heard, struct fp_error *error);
