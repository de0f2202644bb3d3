#pragma once
/* Hashes. XXH3 (libxxhash, used header-only) for tables and content addresses of our own. */
#include <stddef.h>
#include <stdint.h>

uint64_t fp_hash64(const void *data, size_t len, uint64_t seed);

struct fp_hash128 {
	uint64_t high, low;
};

struct fp_hash128 fp_hash128(const void *data, size_t len);

enum { FP_HASH128_HEX = 32 };
/* 32 lower-case hex digits, high half first, and a NUL: text has FP_HASH128_HEX + 1 bytes. */
void fp_hash128_format(struct fp_hash128 hash, char *text);
