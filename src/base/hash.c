/* Hashes, over libxxhash's header. */
#include "forkpoint/base/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

uint64_t fp_hash64(const void *data, size_t len, uint64_t seed)
{
	return XXH3_64bits_withSeed(data, len, seed);
}

struct fp_hash128 fp_hash128(const void *data, size_t len)
{
	XXH128_hash_t hash = XXH3_128bits(data, len);

	return (struct fp_hash128){.high = hash.high64, .low = hash.low64};
}

static void format_half(uint64_t half, char *text)
{
	static const char digits[] = "0123456789abcdef";

	for (int i = 0; i < 16; i++)
		text[i] = digits[half >> (60 - 4 * i) & 15];
}

void fp_hash128_format(struct fp_hash128 hash, char *text)
{
	format_half(hash.high, text);
	format_half(hash.low, text + 16);
	text[FP_HASH128_HEX] = '\0';
}
