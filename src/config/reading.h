#pragma once
/*
 * A reading of the file: where it stands in the JSON tree, and the problems that it met. None ends
 * it, but when as many are noted as are kept there is no point in going on.
 */
#include "forkpoint/base/json_read.h"
#include "settings.h"

enum { FP_CONFIG_PROBLEMS_MAX = 100 };

struct fp_reading {
	const char *folder; /* of the file, for relative paths */
	struct fp_config *config;
	struct fp_config_problems *problems;
	struct fp_buf path; /* of the value being read */
	bool printed;	    /* what fp_config_print wrote is read again */
	bool no_memory;
};

/* For "%.*s" with as much of a text as a line of text can bear. */
#define FP_SHOWN(text) (int)((text).len < 80 ? (text).len : 80), (text).ptr

/* Adds a problem at a value, or at a member's key, with the present path. */
void fp_reading_problem(struct fp_reading *reading, const struct fp_json_value *at,
	const char *format, ...) FP_PRINTF(3, 4);
void fp_reading_key_problem(struct fp_reading *reading, const struct fp_json_value *member,
	const char *format, ...) FP_PRINTF(3, 4);
/* "takes …", and "not a list" where that is what is wrong. */
void fp_reading_refuse(struct fp_reading *reading, const struct fp_setting *setting,
	const struct fp_json_value *value);
/* A part of a problem's text that was put together in a buffer; notes when there was no memory. */
const char *fp_reading_part(struct fp_reading *reading, const struct fp_buf *part);
/* No more is kept, or there is no memory. */
bool fp_reading_is_over(const struct fp_reading *reading);

/* Goes down to a member or element, and back: returns what fp_reading_leave takes. */
size_t fp_reading_enter(struct fp_reading *reading, struct fp_str key);
size_t fp_reading_enter_index(struct fp_reading *reading, size_t index);
void fp_reading_leave(struct fp_reading *reading, size_t mark);

/* malloc'ed; notes when there is no memory. */
char *fp_reading_copy(struct fp_reading *reading, struct fp_str text);
/* count zeroed elements and one more; notes when there is no memory. */
void *fp_reading_array(struct fp_reading *reading, size_t count, size_t element_bytes);
/* A string's text, of the row's form; false with a problem. */
bool fp_reading_text(struct fp_reading *reading, const struct fp_setting *setting,
	const struct fp_json_value *value, struct fp_str *text);
/* Whether the value is a list whose length the row takes; false with a problem. */
bool fp_reading_is_list(struct fp_reading *reading, const struct fp_setting *setting,
	const struct fp_json_value *value);
/* A list of strings of the row's form: replaces *texts and *count. */
void fp_reading_texts(struct fp_reading *reading, const struct fp_setting *setting,
	const struct fp_json_value *value, char ***texts, size_t *count);
/* Texts and quantities. */
void fp_reading_scalar(struct fp_reading *reading, const struct fp_setting *setting,
	const struct fp_json_value *value, void *place);

/* Reads an object's members by the owner's rows into `base`, and fills in defaults. */
void fp_reading_object(struct fp_reading *reading, enum fp_setting_owner owner,
	const struct fp_json_value *object, void *base);
/* Defaults of every row of the owner that has one. */
void fp_reading_defaults(struct fp_reading *reading, enum fp_setting_owner owner, void *base);

/* Across settings: checks.c. */
void fp_config_check(struct fp_reading *reading, const struct fp_json_value *root);
