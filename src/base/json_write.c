/* JSON straight into a buffer. */
#include "forkpoint/base/json_write.h"

#include "forkpoint/base/time.h"

#include <assert.h>

void fp_json_init(struct fp_json *json, struct fp_buf *out)
{
	*json = (struct fp_json){.out = out};
}

static void before_value(struct fp_json *json)
{
	if (json->need_comma && !json->after_key)
		fp_buf_add_char(json->out, ',');
	json->after_key = false;
	json->need_comma = true;
}

static void begin(struct fp_json *json, char bracket)
{
	before_value(json);
	fp_buf_add_char(json->out, bracket);
	json->depth++;
	json->need_comma = false;
}

static void end(struct fp_json *json, char bracket)
{
	assert(json->depth > 0 && !json->after_key);
	fp_buf_add_char(json->out, bracket);
	json->depth--;
	json->need_comma = true;
}

void fp_json_object_begin(struct fp_json *json)
{
	begin(json, '{');
}

void fp_json_object_end(struct fp_json *json)
{
	end(json, '}');
}

void fp_json_array_begin(struct fp_json *json)
{
	begin(json, '[');
}

void fp_json_array_end(struct fp_json *json)
{
	end(json, ']');
}

void fp_json_key(struct fp_json *json, const char *key)
{
	assert(!json->after_key);
	fp_buf_add(json->out, ",\"", json->need_comma ? 2 : 0);
	if (!json->need_comma)
		fp_buf_add_char(json->out, '"');
	fp_buf_add_text(json->out, key);
	fp_buf_add(json->out, "\":", 2);
	json->need_comma = true;
	json->after_key = true;
}

/* Bytes that stand for themselves in a JSON string. */
static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

static void add_escape(struct fp_buf *out, unsigned char c)
{
	static const char digits[] = "0123456789abcdef";
	char escape[6] = {'\\', 'u', '0', '0', digits[c >> 4], digits[c & 15]};

	switch (c) {
	case '"': fp_buf_add(out, "\\\"", 2); break;
	case '\\': fp_buf_add(out, "\\\\", 2); break;
	case '\n': fp_buf_add(out, "\\n", 2); break;
	case '\r': fp_buf_add(out, "\\r", 2); break;
	case '\t': fp_buf_add(out, "\\t", 2); break;
	default: fp_buf_add(out, escape, sizeof(escape)); break;
	}
}

/* A character of more than one byte, or U+FFFD in the place of a byte that starts none. Returns the
 * bytes that were used up. */
static size_t add_multibyte(struct fp_buf *out, struct fp_str rest)
{
	for (size_t len = 2; len <= 4 && len <= rest.len; len++) {
		if (fp_str_is_utf8(fp_str_n(rest.ptr, len))) {
			fp_buf_add(out, rest.ptr, len);
			return len;
		}
	}
	fp_buf_add(out, "\xef\xbf\xbd", 3);
	return 1;
}

void fp_json_string(struct fp_json *json, struct fp_str value)
{
	size_t at = 0;

	before_value(json);
	fp_buf_add_char(json->out, '"');
	while (at < value.len) {
		size_t run = at;

		while (run < value.len && is_plain((unsigned char)value.ptr[run]))
			run++;
		fp_buf_add(json->out, value.ptr + at, run - at);
		at = run;
		if (at == value.len)
			break;
		if ((unsigned char)value.ptr[at] < 0x80)
			add_escape(json->out, (unsigned char)value.ptr[at++]);
		else
			at += add_multibyte(json->out, fp_str_n(value.ptr + at, value.len - at));
	}
	fp_buf_add_char(json->out, '"');
}

void fp_json_text(struct fp_json *json, const char *value)
{
	if (value)
		fp_json_string(json, fp_str(value));
	else
		fp_json_null(json);
}

void fp_json_u64(struct fp_json *json, uint64_t value)
{
	before_value(json);
	fp_buf_add_u64(json->out, value);
}

void fp_json_i64(struct fp_json *json, int64_t value)
{
	before_value(json);
	fp_buf_add_i64(json->out, value);
}

void fp_json_bool(struct fp_json *json, bool value)
{
	before_value(json);
	fp_buf_add_text(json->out, value ? "true" : "false");
}

void fp_json_null(struct fp_json *json)
{
	before_value(json);
	fp_buf_add(json->out, "null", 4);
}

void fp_json_time_us(struct fp_json *json, int64_t microseconds)
{
	fp_json_time_s(json, microseconds < 0 ? -1 : microseconds / FP_US_PER_S);
}

void fp_json_time_s(struct fp_json *json, int64_t seconds)
{
	char text[FP_TIME_TEXT_MAX];

	if (seconds < 0) {
		fp_json_null(json);
		return;
	}
	before_value(json);
	fp_buf_add_char(json->out, '"');
	fp_buf_add(json->out, text, fp_time_format_s(seconds, text));
	fp_buf_add_char(json->out, '"');
}

void fp_json_raw(struct fp_json *json, struct fp_str json_text)
{
	before_value(json);
	fp_buf_add_str(json->out, json_text);
}

void fp_json_member_string(struct fp_json *json, const char *key, struct fp_str value)
{
	fp_json_key(json, key);
	fp_json_string(json, value);
}

void fp_json_member_text(struct fp_json *json, const char *key, const char *value)
{
	fp_json_key(json, key);
	fp_json_text(json, value);
}

void fp_json_member_u64(struct fp_json *json, const char *key, uint64_t value)
{
	fp_json_key(json, key);
	fp_json_u64(json, value);
}

void fp_json_member_i64(struct fp_json *json, const char *key, int64_t value)
{
	fp_json_key(json, key);
	fp_json_i64(json, value);
}

void fp_json_member_bool(struct fp_json *json, const char *key, bool value)
{
	fp_json_key(json, key);
	fp_json_bool(json, value);
}

void fp_json_member_time_us(struct fp_json *json, const char *key, int64_t microseconds)
{
	fp_json_key(json, key);
	fp_json_time_us(json, microseconds);
}

void fp_json_member_time_s(struct fp_json *json, const char *key, int64_t seconds)
{
	fp_json_key(json, key);
	fp_json_time_s(json, seconds);
}
