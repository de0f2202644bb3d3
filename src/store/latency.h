#pragma once
/*
 * A histogram of durations. A bucket is an eighth of a power of two wide, so that a quantile read
 * from it is within seven per cent of the true one; below sixteen microseconds it is exact. In the
 * database only the buckets that count something stand, as varints: how many buckets after the one
 * before, and the count.
 */
#include "forkpoint/base/buf.h"

enum {
	FP_LATENCY_STEPS = 8,	  /* of a power of two */
	FP_LATENCY_BUCKETS = 240, /* for all durations of 32 bits */
};

struct fp_latency {
	uint64_t total;
	uint32_t counts[FP_LATENCY_BUCKETS];
};

unsigned fp_latency_bucket(uint32_t duration_us);
/* The middle of a bucket. */
uint32_t fp_latency_value(unsigned bucket);
/* The durations that so many of a thousand do not exceed, 500 being the median; per_mille rises and
 * is above 0. All 0 when empty. */
void fp_latency_quantiles(const struct fp_latency *latency, const unsigned *per_mille, size_t count,
	uint32_t *durations);

void fp_latency_write(const struct fp_latency *latency, struct fp_buf *buf);
/* The next bucket of what was written: *behind, 0 at first, gets the number behind its own. False
 * at the end, or where the bytes are no histogram: then there are bytes left. */
bool fp_latency_next(struct fp_str *bytes, unsigned *behind, uint32_t *count);
/* Adds what was written. False when the bytes are no histogram; then some of it was added. */
bool fp_latency_add(struct fp_latency *latency, struct fp_str bytes);
