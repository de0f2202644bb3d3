/* Git object ids. */
#include "forkpoint/base/oid.h"

void fp_oid_format(const struct fp_oid *oid, char *text)
{
	static const char digits[] = "0123456789abcdef";

	for (int i = 0; i < FP_OID_BYTES; i++) {
		text[2 * i] = digits[oid->bytes[i] >> 4];
		text[2 * i + 1] = digits[oid->bytes[i] & 15];
	}
	text[FP_OID_HEX] = '\0';
}

bool fp_oid_parse(struct fp_str text, struct fp_oid *oid)
{
	struct fp_oid parsed;

	if (text.len != FP_OID_HEX)
		return false;
	for (int i = 0; i < FP_OID_BYTES; i++) {
		int high = fp_char_hex_value(text.ptr[2 * i]);
		int low = fp_char_hex_value(text.ptr[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		parsed.bytes[i] = (uint8_t)(high << 4 | low);
	}
	*oid = parsed;
	return true;
}
