/* Growing byte buffers with a mandatory maximum. */
#include "forkpoint/base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY = 256 };

void fp_buf_init(struct fp_buf *buf, size_t max)
{
	*buf = (struct fp_buf){.max = max};
}

void fp_buf_release(struct fp_buf *buf)
{
	if (!buf)
		return;
	free(buf->data);
	fp_buf_init(buf, buf->max);
}

void fp_buf_clear(struct fp_buf *buf)
{
	buf->len = 0;
	buf->state = FP_BUF_OK;
	if (buf->data)
		buf->data[0] = '\0';
}

static void grow(struct fp_buf *buf, size_t needed)
{
	size_t capacity = buf->capacity + buf->capacity / 2;
	char *grown;

	if (capacity < needed)
		capacity = needed;
	if (capacity < FIRST_CAPACITY)
		capacity = FIRST_CAPACITY;
	grown = realloc(buf->data, capacity);
	if (!grown) {
		buf->state = FP_BUF_NO_MEMORY;
		return;
	}
	if (!buf->data)
		grown[0] = '\0';
	buf->data = grown;
	buf->capacity = capacity;
}

void fp_buf_reserve(struct fp_buf *buf, size_t more)
{
	if (buf->state != FP_BUF_OK)
		return;
	if (more > buf->max - buf->len)
		more = buf->max - buf->len;
	if (more < SIZE_MAX - buf->len && buf->len + more + 1 > buf->capacity)
		grow(buf, buf->len + more + 1);
}

/* Whether `more` bytes and the terminator fit now. */
static bool make_room(struct fp_buf *buf, size_t more)
{
	if (buf->state != FP_BUF_OK)
		return false;
	if (more > buf->max - buf->len || more >= SIZE_MAX - buf->len) {
		buf->state = FP_BUF_TOO_LARGE;
		return false;
	}
	if (buf->len + more + 1 > buf->capacity)
		grow(buf, buf->len + more + 1);
	return buf->state == FP_BUF_OK;
}

char *fp_buf_extend(struct fp_buf *buf, size_t len)
{
	char *start;

	if (!make_room(buf, len))
		return NULL;
	start = buf->data + buf->len;
	buf->len += len;
	buf->data[buf->len] = '\0';
	return start;
}

void fp_buf_add_growing(struct fp_buf *buf, const void *data, size_t len)
{
	if (!make_room(buf, len))
		return;
	memcpy(buf->data + buf->len, data, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
}

void fp_buf_addf(struct fp_buf *buf, const char *format, ...)
{
	va_list arguments, again;
	int len;

	va_start(arguments, format);
	va_copy(again, arguments);
	len = vsnprintf(NULL, 0, format, arguments);
	if (len > 0 && make_room(buf, (size_t)len)) {
		vsnprintf(buf->data + buf->len, (size_t)len + 1, format, again);
		buf->len += (size_t)len;
	}
	va_end(again);
	va_end(arguments);
}

void fp_buf_add_u64(struct fp_buf *buf, uint64_t value)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	fp_buf_add(buf, digits + at, sizeof(digits) - at);
}

void fp_buf_add_i64(struct fp_buf *buf, int64_t value)
{
	if (value < 0)
		fp_buf_add_char(buf, '-');
	fp_buf_add_u64(buf, value < 0 ? -(uint64_t)value : (uint64_t)value);
}

void fp_buf_add_padded(struct fp_buf *buf, uint64_t value, int width)
{
	char digits[20];
	size_t at = sizeof(digits);

	if (width > (int)sizeof(digits))
		width = (int)sizeof(digits);
	do {
		digits[--at] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	while ((int)(sizeof(digits) - at) < width)
		digits[--at] = '0';
	fp_buf_add(buf, digits + at, sizeof(digits) - at);
}

int fp_buf_check(const struct fp_buf *buf, struct fp_error *error)
{
	switch (buf->state) {
	case FP_BUF_OK: return 0;
	case FP_BUF_TOO_LARGE:
		return fp_error_set(error, FP_ERROR_LIMIT, "more than %zu bytes", buf->max);
	case FP_BUF_NO_MEMORY: break;
	}
	return fp_error_memory(error);
}

struct fp_str fp_buf_str(const struct fp_buf *buf)
{
	return (struct fp_str){buf->data, buf->len};
}

char *fp_buf_take(struct fp_buf *buf)
{
	char *data = NULL;

	if (buf->state == FP_BUF_OK) {
		data = buf->data ? buf->data : calloc(1, 1);
		buf->data = NULL;
	}
	fp_buf_release(buf);
	return data;
}
