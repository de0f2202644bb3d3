#pragma once
/* Rows of named fields, written in whatever form a list is asked for. */
#include "page.h"

struct fp_field {
	const char *name;
	enum {
		FP_FIELD_TEXT, /* empty: null, nothing in CSV */
		FP_FIELD_TIME, /* microseconds, -1: null */
		FP_FIELD_NUMBER,
		FP_FIELD_JSON, /* as it is; a text in CSV */
	} type;
	struct fp_str text;
	int64_t number;
};

struct fp_rows {
	enum fp_form form;
	bool flat;
	struct fp_buf *buf;
	struct fp_json json;
	size_t count;
	int64_t last; /* the cursor behind the last row */
};

/* A member of the object that is open. */
void fp_field_write(struct fp_json *json, const struct fp_field *field);
/* An object of the fields. */
void fp_fields_write(struct fp_json *json, const struct fp_field *fields, size_t count);
/* Begins a list; fields' names are CSV's head. */
void fp_rows_begin(struct fp_rows *rows, const struct fp_request *request, struct fp_buf *buf,
	const struct fp_field *fields, size_t count);
void fp_rows_add(struct fp_rows *rows, const struct fp_field *fields, size_t count);
/* Ends it: `limit` rows were asked for, and as many mean that there may be more. */
void fp_rows_end(struct fp_rows *rows, const struct fp_request *request, struct fp_reply *reply,
	unsigned limit);
