#pragma once
/*
 * JSON straight into a buffer: no tree, no allocation but the buffer's own. Commas and quotes are
 * the writer's; nesting is the caller's and asserted. Text must be UTF-8; bytes that are not are
 * written as U+FFFD, so that a reply is always valid JSON.
 */
#include "forkpoint/base/buf.h"
#include "forkpoint/base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct fp_json {
	struct fp_buf *out;
	unsigned depth;
	bool need_comma;
	bool after_key;
};

void fp_json_init(struct fp_json *json, struct fp_buf *out);

void fp_json_object_begin(struct fp_json *json);
void fp_json_object_end(struct fp_json *json);
void fp_json_array_begin(struct fp_json *json);
void fp_json_array_end(struct fp_json *json);

/* key must need no escaping (it is ours). */
void fp_json_key(struct fp_json *json, const char *key);
void fp_json_string(struct fp_json *json, struct fp_str value);
void fp_json_text(struct fp_json *json, const char *value); /* NULL writes null */
void fp_json_u64(struct fp_json *json, uint64_t value);
void fp_json_i64(struct fp_json *json, int64_t value);
void fp_json_bool(struct fp_json *json, bool value);
void fp_json_null(struct fp_json *json);
/* RFC 3339 in UTC with seconds; a negative value writes null. */
void fp_json_time_us(struct fp_json *json, int64_t microseconds);
void fp_json_time_s(struct fp_json *json, int64_t seconds);
/* Bytes that are JSON already. */
void fp_json_raw(struct fp_json *json, struct fp_str json_text);

/* key and value at once. */
void fp_json_member_string(struct fp_json *json, const char *key, struct fp_str value);
void fp_json_member_text(struct fp_json *json, const char *key, const char *value);
void fp_json_member_u64(struct fp_json *json, const char *key, uint64_t value);
void fp_json_member_i64(struct fp_json *json, const char *key, int64_t value);
void fp_json_member_bool(struct fp_json *json, const char *key, bool value);
void fp_json_member_time_us(struct fp_json *json, const char *key, int64_t microseconds);
void fp_json_member_time_s(struct fp_json *json, const char *key, int64_t seconds);
