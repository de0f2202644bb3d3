/* Digests by nettle. */
#include "forkpoint/base/digest.h"

#include <nettle/hmac.h>
#include <nettle/memops.h>
#include <nettle/sha2.h>

void fp_sha256(struct fp_str data, uint8_t digest[FP_SHA256_BYTES])
{
	struct sha256_ctx context;

	sha256_init(&context);
	sha256_update(&context, data.len, (const uint8_t *)data.ptr);
	sha256_digest(&context, FP_SHA256_BYTES, digest);
}

void fp_hmac_sha256(struct fp_str key, struct fp_str data, uint8_t digest[FP_SHA256_BYTES])
{
	struct hmac_sha256_ctx context;

	hmac_sha256_set_key(&context, key.len, (const uint8_t *)key.ptr);
	hmac_sha256_update(&context, data.len, (const uint8_t *)data.ptr);
	hmac_sha256_digest(&context, FP_SHA256_BYTES, digest);
}

bool fp_equal_secret(const void *a, const void *b, size_t len)
{
	return memeql_sec(a, b, len) != 0;
}
