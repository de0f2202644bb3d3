#pragma once
/* Cryptographic digests, for secrets and signatures. (For content and tables there is hash.h.) */
#include "forkpoint/base/attr.h"
#include "forkpoint/base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum { FP_SHA256_BYTES = 32 };

void fp_sha256(struct fp_str data, uint8_t digest[FP_SHA256_BYTES]);
void fp_hmac_sha256(struct fp_str key, struct fp_str data, uint8_t digest[FP_SHA256_BYTES]);
/* Compares in a time that depends on the length alone. */
bool fp_equal_secret(const void *a, const void *b, size_t len);
