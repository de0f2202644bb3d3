/* Rows of named fields: JSON, flat, CSV, NDJSON, lines of tabs. */
#include "fields.h"

void fp_field_write(struct fp_json *json, const struct fp_field *field)
{
	switch (field->type) {
	case FP_FIELD_TEXT:
		if (field->text.len)
			fp_json_member_string(json, field->name, field->text);
		else
			fp_json_member_text(json, field->name, NULL);
		break;
	case FP_FIELD_TIME: fp_json_member_time_us(json, field->name, field->number); break;
	case FP_FIELD_NUMBER: fp_json_member_i64(json, field->name, field->number); break;
	case FP_FIELD_JSON:
		fp_json_key(json, field->name);
		fp_json_raw(json, field->text);
		break;
	}
}

void fp_fields_write(struct fp_json *json, const struct fp_field *fields, size_t count)
{
	fp_json_object_begin(json);
	for (size_t i = 0; i < count; i++)
		fp_field_write(json, &fields[i]);
	fp_json_object_end(json);
}

/* The field as text of its own. */
static struct fp_str text_of(const struct fp_field *field, char *room, size_t room_bytes)
{
	struct fp_buf FP_CLEANUP_BUF digits = {0};

	if (field->type == FP_FIELD_TIME)
		return fp_str_n(
			room, field->number < 0 ? 0 : fp_time_format_us(field->number, room));
	if (field->type != FP_FIELD_NUMBER)
		return field->text;
	fp_buf_init(&digits, room_bytes);
	fp_buf_add_i64(&digits, field->number);
	memcpy(room, digits.data ? digits.data : "", digits.len);
	return fp_str_n(room, digits.len);
}

static void write_line(struct fp_buf *buf, const struct fp_field *fields, size_t count, bool csv)
{
	char room[64];

	for (size_t i = 0; i < count; i++) {
		struct fp_str text = text_of(&fields[i], room, sizeof(room));

		if (csv) {
			fp_csv_add(buf, i == 0, text);
			continue;
		}
		if (i)
			fp_buf_add_char(buf, '\t');
		fp_buf_add_str(buf, text);
	}
	fp_buf_add_text(buf, csv ? "\r\n" : "\n");
}

void fp_rows_begin(struct fp_rows *rows, const struct fp_request *request, struct fp_buf *buf,
	const struct fp_field *fields, size_t count)
{
	*rows = (struct fp_rows){
		.form = request->form, .flat = request->given[FP_PARAM_SHAPE], .buf = buf};
	fp_json_init(&rows->json, buf);
	if (rows->form == FP_FORM_JSON && !rows->flat) {
		fp_json_object_begin(&rows->json);
		fp_json_key(&rows->json, "items");
	}
	if (rows->form == FP_FORM_JSON)
		fp_json_array_begin(&rows->json);
	if (rows->form != FP_FORM_CSV)
		return;
	for (size_t i = 0; i < count; i++)
		fp_csv_add(buf, i == 0, fp_str(fields[i].name));
	fp_buf_add_text(buf, "\r\n");
}

void fp_rows_add(struct fp_rows *rows, const struct fp_field *fields, size_t count)
{
	struct fp_json line;

	rows->count++;
	switch (rows->form) {
	case FP_FORM_CSV:
	case FP_FORM_TEXT: write_line(rows->buf, fields, count, rows->form == FP_FORM_CSV); break;
	case FP_FORM_NDJSON:
		fp_json_init(&line, rows->buf);
		fp_fields_write(&line, fields, count);
		fp_buf_add_char(rows->buf, '\n');
		break;
	default: fp_fields_write(&rows->json, fields, count); break;
	}
}

void fp_rows_end(struct fp_rows *rows, const struct fp_request *request, struct fp_reply *reply,
	unsigned limit)
{
	struct fp_buf FP_CLEANUP_BUF cursor = {0};
	bool more = rows->count == limit;

	fp_buf_init(&cursor, 32);
	fp_buf_add_i64(&cursor, rows->last);
	if (rows->form == FP_FORM_JSON)
		fp_json_array_end(&rows->json);
	if (rows->form == FP_FORM_JSON && !rows->flat) {
		if (more)
			fp_json_member_string(&rows->json, "next", fp_buf_str(&cursor));
		else
			fp_json_member_text(&rows->json, "next", NULL);
		fp_json_object_end(&rows->json);
	}
	if (rows->form == FP_FORM_JSON)
		fp_buf_add_char(rows->buf, '\n');
	if (more)
		fp_link_add_next(&reply->link, request, fp_buf_str(&cursor));
	reply->content_type = fp_form_content_type(rows->form);
	reply->cache_control = "no-cache";
}
