#pragma once
/*
 * A growing byte buffer with a mandatory maximum. Appending never fails at the call: the first
 * append that would pass the maximum or the memory sets `failed`, everything after it is dropped,
 * and whoever hands the buffer on asks fp_buf_check once. The content is always NUL-terminated
 * (the terminator is not counted in len).
 */
#include "forkpoint/base/error.h"
#include "forkpoint/base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fp_buf_state { FP_BUF_OK = 0, FP_BUF_TOO_LARGE, FP_BUF_NO_MEMORY };

struct fp_buf {
	char *data; /* NULL until the first append */
	size_t len; /* bytes */
	size_t capacity;
	size_t max; /* bytes that the content may have */
	enum fp_buf_state state;
};

/* An empty buffer whose content may have max bytes. Release with fp_buf_release. */
void fp_buf_init(struct fp_buf *buf, size_t max);
void fp_buf_release(struct fp_buf *buf);
#define FP_CLEANUP_BUF FP_CLEANUP(fp_buf_release)
/* Empties the buffer and forgives a failure; keeps the memory. */
void fp_buf_clear(struct fp_buf *buf);
/* Makes room for `more` further bytes ahead of time. */
void fp_buf_reserve(struct fp_buf *buf, size_t more);

/* Appends len bytes that the caller fills in, all, at the returned place; NULL when the buffer has
 * failed. */
char *fp_buf_extend(struct fp_buf *buf, size_t len);
/* For fp_buf_add where there is no room yet, or none at all. */
void fp_buf_add_growing(struct fp_buf *buf, const void *data, size_t len);

/* Inline, here and below, because replies are made of hundreds of literals: their lengths are known
 * when compiling, and nearly always there is room. */
static inline void fp_buf_add(struct fp_buf *buf, const void *data, size_t len)
{
	if (len == 0)
		return;
	if (buf->state != FP_BUF_OK || len > buf->max - buf->len ||
		len >= buf->capacity - buf->len) {
		fp_buf_add_growing(buf, data, len);
		return;
	}
	memcpy(buf->data + buf->len, data, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
}

static inline void fp_buf_add_char(struct fp_buf *buf, char c)
{
	fp_buf_add(buf, &c, 1);
}

static inline void fp_buf_add_str(struct fp_buf *buf, struct fp_str s)
{
	fp_buf_add(buf, s.ptr, s.len);
}

static inline void fp_buf_add_text(struct fp_buf *buf, const char *text)
{
	fp_buf_add(buf, text, strlen(text));
}
void fp_buf_addf(struct fp_buf *buf, const char *format, ...) FP_PRINTF(2, 3);
/* Decimal digits, without printf's cost. */
void fp_buf_add_u64(struct fp_buf *buf, uint64_t value);
void fp_buf_add_i64(struct fp_buf *buf, int64_t value);
/* Decimal, zero-padded to `width` digits (at most 20). */
void fp_buf_add_padded(struct fp_buf *buf, uint64_t value, int width);

/* 0, or -FP_ERROR_LIMIT / -FP_ERROR_MEMORY with a text. */
int fp_buf_check(const struct fp_buf *buf, struct fp_error *error);
struct fp_str fp_buf_str(const struct fp_buf *buf);
/* Hands the malloc'ed, NUL-terminated content to the caller and empties the buffer; "" when empty,
 * NULL when the buffer had failed or memory ran out. */
char *fp_buf_take(struct fp_buf *buf);
