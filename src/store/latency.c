/* Histograms of durations. */
#include "latency.h"

#include "varint.h"

enum { STEP_BITS = 3, EXACT = 2 * FP_LATENCY_STEPS };

unsigned fp_latency_bucket(uint32_t duration_us)
{
	unsigned power;

	if (duration_us < EXACT)
		return duration_us;
	power = 31 - (unsigned)__builtin_clz(duration_us);
	return (power - STEP_BITS) * FP_LATENCY_STEPS + (duration_us >> (power - STEP_BITS));
}

uint32_t fp_latency_value(unsigned bucket)
{
	unsigned shift;
	uint64_t first;

	if (bucket < EXACT)
		return bucket;
	shift = bucket / FP_LATENCY_STEPS - 1;
	first = (uint64_t)(bucket % FP_LATENCY_STEPS + FP_LATENCY_STEPS) << shift;
	return (uint32_t)(first + (UINT64_C(1) << shift >> 1));
}

/* Counts from 1 and is rounded up: of one request every quantile is that one. */
static uint64_t rank_of(const struct fp_latency *latency, unsigned per_mille)
{
	return latency->total / 1000 * per_mille + (latency->total % 1000 * per_mille + 999) / 1000;
}

void fp_latency_quantiles(const struct fp_latency *latency, const unsigned *per_mille, size_t count,
	uint32_t *durations)
{
	uint64_t seen = 0;
	unsigned bucket = 0;

	for (size_t i = 0; i < count; i++) {
		uint64_t rank = rank_of(latency, per_mille[i]);

		while (seen < rank && bucket < FP_LATENCY_BUCKETS)
			seen += latency->counts[bucket++];
		durations[i] = bucket ? fp_latency_value(bucket - 1) : 0;
	}
}

void fp_latency_write(const struct fp_latency *latency, struct fp_buf *buf)
{
	unsigned next = 0;

	for (unsigned i = 0; i < FP_LATENCY_BUCKETS; i++) {
		if (latency->counts[i] == 0)
			continue;
		fp_varint_add(buf, i - next);
		fp_varint_add(buf, latency->counts[i]);
		next = i + 1;
	}
}

bool fp_latency_next(struct fp_str *bytes, unsigned *behind, uint32_t *count)
{
	struct fp_str rest = *bytes;
	uint64_t skipped, counted;

	if (!fp_varint_take(&rest, &skipped) || !fp_varint_take(&rest, &counted) ||
		skipped >= FP_LATENCY_BUCKETS - *behind)
		return false;
	*behind += (unsigned)skipped + 1;
	*count = (uint32_t)counted;
	*bytes = rest;
	return true;
}

bool fp_latency_add(struct fp_latency *latency, struct fp_str bytes)
{
	unsigned behind = 0;
	uint32_t count;

	while (fp_latency_next(&bytes, &behind, &count)) {
		latency->counts[behind - 1] += count;
		latency->total += count;
	}
	return bytes.len == 0;
}
