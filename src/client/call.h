#pragma once
/* A command line, read; and the request that it means. Pure. */
#include "table.h"

#include "forkpoint/base/error.h"

struct fp_call {
	const struct fp_client_command *command;
	const char *places[FP_PLACES_MAX]; /* by the command's places, the first place_count */
	size_t place_count;
	const char
		*values[FP_OPTION_COUNT]; /* NULL where not given; "" for one that takes nothing */
};

/* Reads what follows the subcommand's name. -FP_ERROR_INVALID with a sentence for its user. */
int fp_call_read(const struct fp_client_command *command, int count, char **arguments,
	struct fp_call *call, struct fp_error *error);

struct fp_wish {
	const char *method;
	struct fp_buf target; /* path and query */
	struct fp_buf body;   /* JSON; empty = none */
};

void fp_wish_init(struct fp_wish *wish);
void fp_wish_release(struct fp_wish *wish);
/* The request. -FP_ERROR_INVALID when the places do not make one. */
int fp_call_wish(const struct fp_call *call, struct fp_wish *wish, struct fp_error *error);
