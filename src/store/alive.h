#pragma once
/* Which answers are referred to, while retention looks for those that are not. */
#include <stdint.h>

struct fp_alive {
	uint64_t *words;
	int64_t count; /* answers from this number on are alive */
};

static inline void fp_alive_mark(struct fp_alive *alive, int64_t answer)
{
	if (answer >= 0 && answer < alive->count)
		alive->words[answer / 64] |= UINT64_C(1) << (answer & 63);
}

static inline int fp_alive_has(const struct fp_alive *alive, int64_t answer)
{
	return answer < 0 || answer >= alive->count ||
	       (alive->words[answer / 64] >> (answer & 63) & 1);
}
