/* Git object ids. */
#include "forkpoint/base/oid.h"

#include <stdlib.h>

/* By arithmetic, not from a table, so that the compiler does many at once: an answer names a dozen
 * commits. */
static char digit_of(unsigned value)
{
	return (char)('0' + value + (value > 9 ? 'a' - '9' - 1 : 0));
}

void fp_oid_format(const struct fp_oid *oid, char *text)
{
	for (int i = 0; i < FP_OID_BYTES; i++) {
		text[2 * i] = digit_of(oid->bytes[i] >> 4);
		text[2 * i + 1] = digit_of(oid->bytes[i] & 15);
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

static int by_oid(const void *a, const void *b)
{
	return fp_oid_compare(a, b);
}

size_t fp_oid_sort_unique(struct fp_oid *oids, size_t count)
{
	size_t unique = 0;

	if (count)
		qsort(oids, count, sizeof(*oids), by_oid);
	for (size_t i = 0; i < count; i++)
		if (!unique || !fp_oid_equal(&oids[unique - 1], &oids[i]))
			oids[unique++] = oids[i];
	return unique;
}
