#pragma once
/* Numbers of seven bits a byte, lowest first, the highest bit set in all bytes but the last. */
#include "forkpoint/base/buf.h"

enum { FP_VARINT_MAX_BYTES = 10 };

/* Bytes written; room has FP_VARINT_MAX_BYTES. */
static inline size_t fp_varint_write(uint8_t *room, uint64_t value)
{
	size_t bytes = 0;

	for (; value >= 0x80; value >>= 7)
		room[bytes++] = (uint8_t)(value | 0x80);
	room[bytes++] = (uint8_t)value;
	return bytes;
}

static inline void fp_varint_add(struct fp_buf *buf, uint64_t value)
{
	uint8_t room[FP_VARINT_MAX_BYTES];

	fp_buf_add(buf, room, fp_varint_write(room, value));
}

/* Takes one off the front of *bytes; false when there is no whole one. */
static inline bool fp_varint_take(struct fp_str *bytes, uint64_t *value)
{
	uint64_t read = 0;

	/* Most numbers are small. */
	if (bytes->len && !(bytes->ptr[0] & 0x80)) {
		*value = (uint8_t)bytes->ptr[0];
		*bytes = fp_str_n(bytes->ptr + 1, bytes->len - 1);
		return true;
	}
	for (size_t i = 0; i < bytes->len && i < FP_VARINT_MAX_BYTES; i++) {
		uint8_t byte = (uint8_t)bytes->ptr[i];

		read |= (uint64_t)(byte & 0x7f) << (7 * i);
		if (byte & 0x80)
			continue;
		*value = read;
		*bytes = fp_str_n(bytes->ptr + i + 1, bytes->len - i - 1);
		return true;
	}
	return false;
}
