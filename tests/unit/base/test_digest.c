/* Digests against the published examples (FIPS 180-4, RFC 4231). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "forkpoint/base/digest.h"

#include <stdio.h>
#include <string.h>

static const char *hex(const uint8_t *bytes)
{
	static char text[2 * FP_SHA256_BYTES + 1];

	for (int i = 0; i < FP_SHA256_BYTES; i++)
		snprintf(text + 2 * i, 3, "%02x", bytes[i]);
	return text;
}

static void test_sha256(void **state)
{
	static const struct {
		const char *data, *digest;
	} rows[] = {
		{"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
		{"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
	};
	uint8_t digest[FP_SHA256_BYTES];

	(void)state;
	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		fp_sha256(fp_str(rows[i].data), digest);
		assert_string_equal(hex(digest), rows[i].digest);
	}
}

static void test_hmac(void **state)
{
	uint8_t digest[FP_SHA256_BYTES];

	(void)state;
	fp_hmac_sha256(
		FP_STR_LITERAL("Jefe"), FP_STR_LITERAL("what do ya want for nothing?"), digest);
	assert_string_equal(
		hex(digest), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

static void test_compare(void **state)
{
	(void)state;
	assert_true(fp_equal_secret("abc", "abc", 3));
	assert_false(fp_equal_secret("abc", "abd", 3));
	assert_false(fp_equal_secret("abc", "xbc", 3));
	assert_true(fp_equal_secret("abc", "xyz", 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sha256),
		cmocka_unit_test(test_hmac),
		cmocka_unit_test(test_compare),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
