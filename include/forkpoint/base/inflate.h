#pragma once
/* Inflating zlib and gzip streams, over zlib, whose home this file is: gzip replies in `feed`, git
 * objects in `mirror`. */
#include "forkpoint/base/error.h"

#include <stddef.h>
#include <stdint.h>

enum fp_inflate_format { FP_INFLATE_ZLIB, FP_INFLATE_GZIP };

struct fp_inflate;

/* NULL when out of memory. */
struct fp_inflate *fp_inflate_new(enum fp_inflate_format format);
void fp_inflate_free(struct fp_inflate *inflate);
/* Ready for the next stream of the same format. */
void fp_inflate_reset(struct fp_inflate *inflate);

/* What is left to read and to fill; a run moves both on. */
struct fp_inflate_step {
	const void *in;
	size_t in_len;
	void *out;
	size_t out_len;
};

/* 0: the input is used up or the output is full; 1: the stream has ended; -FP_ERROR_INVALID: it is
 * damaged; -FP_ERROR_MEMORY. */
int fp_inflate_run(struct fp_inflate *inflate, struct fp_inflate_step *step);
