/* JSON straight into a buffer. On the path of every request: plain text is copied eight bytes at a
 * look, and nothing is formatted with printf. */
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
	size_t len = strlen(key);
	size_t comma = json->need_comma ? 1 : 0;
	char *at;

	assert(json->depth > 0 && !json->after_key);
	json->need_comma = true;
	json->after_key = true;
	at = fp_buf_extend(json->out, comma + len + 3);
	if (!at)
		return;
	if (comma)
		*at++ = ',';
	*at++ = '"';
	memcpy(at, key, len);
	memcpy(at + len, "\":", 2);
}

/* Whether one of eight bytes cannot be copied as it is: below 0x20, a quote, a backslash, beyond
 * ASCII. A byte after such a one may be taken for one too. */
static bool has_special(uint64_t word)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t quotes = word ^ ones * '"', backslashes = word ^ ones * '\\';
	uint64_t marks = (word - ones * 0x20) | (quotes - ones) | (backslashes - ones) | word;

	return (marks & ones << 7) != 0;
}

static bool is_plain(unsigned char c)
{
	return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* How many bytes from the start can be copied as they are: plain ones and whole characters. */
static size_t clean_run(struct fp_str s)
{
	size_t at = 0;
	uint64_t word;

	while (at < s.len) {
		size_t step;

		if (s.len >= sizeof(word)) {
			/* At the end some bytes are looked at twice rather than one by one. */
			size_t last = s.len - sizeof(word), from = at < last ? at : last;

			memcpy(&word, s.ptr + from, sizeof(word));
			if (!has_special(word)) {
				at = from + sizeof(word);
				continue;
			}
		}
		step = is_plain((unsigned char)s.ptr[at]) ? 1
		       : (unsigned char)s.ptr[at] >= 0x80 ? fp_utf8_length(s.ptr + at, s.len - at)
							  : 0;
		if (step == 0)
			break;
		at += step;
	}
	return at;
}

/* A byte that cannot stand in a string: what is not ASCII is no character either. */
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
	default:
		if (c < 0x80)
			fp_buf_add(out, escape, sizeof(escape));
		else
			fp_buf_add(out, "\xef\xbf\xbd", 3);
	}
}

/* The common case, a string that needs no escape, at once. */
static bool add_whole(struct fp_buf *out, struct fp_str value)
{
	char *at;

	if (clean_run(value) < value.len)
		return false;
	at = fp_buf_extend(out, value.len + 2);
	if (!at)
		return true;
	at[0] = '"';
	if (value.len > 0)
		memcpy(at + 1, value.ptr, value.len);
	at[value.len + 1] = '"';
	return true;
}

void fp_json_string(struct fp_json *json, struct fp_str value)
{
	before_value(json);
	if (add_whole(json->out, value))
		return;
	fp_buf_add_char(json->out, '"');
	while (value.len > 0) {
		size_t run = clean_run(value);

		fp_buf_add(json->out, value.ptr, run);
		if (run < value.len)
			add_escape(json->out, (unsigned char)value.ptr[run++]);
		value = fp_str_n(value.ptr + run, value.len - run);
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
	char text[FP_TIME_TEXT_MAX + 2] = "\"";
	size_t len;

	if (seconds < 0) {
		fp_json_null(json);
		return;
	}
	len = fp_time_format_s(seconds, text + 1);
	text[len + 1] = '"';
	fp_json_raw(json, fp_str_n(text, len + 2));
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
