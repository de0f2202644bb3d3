/* /audit: who changed, or tried to change, what. */
#include "forkpoint/service/overrides.h"

#include "authority.h"
#include "fields.h"

enum { LIMIT_DEFAULT = 100, FIELDS = 8 };

static void fill_fields(const struct fp_audit_entry *entry, struct fp_field fields[FIELDS])
{
	const struct fp_field all[FIELDS] = {
		{"id", FP_FIELD_NUMBER, {0}, entry->id},
		{"at", FP_FIELD_TIME, {0}, entry->at_us},
		{"who", FP_FIELD_TEXT, entry->who, 0},
		{"client", FP_FIELD_TEXT, entry->client, 0},
		{"request_id", FP_FIELD_TEXT, entry->request_id, 0},
		{"action", FP_FIELD_TEXT, entry->action, 0},
		{"subject", FP_FIELD_TEXT, entry->subject, 0},
		{"detail", FP_FIELD_JSON, entry->detail, 0},
	};

	memcpy(fields, all, sizeof(all));
}

static int add_row(void *context, const struct fp_audit_entry *entry)
{
	struct fp_rows *rows = context;
	struct fp_field fields[FIELDS];

	fill_fields(entry, fields);
	fp_rows_add(rows, fields, FIELDS);
	rows->last = entry->id;
	return fp_buf_check(rows->buf, NULL);
}

enum fp_handled fp_handle_audit(struct fp_request *request, struct fp_reply *reply)
{
	const struct fp_audit_entry none = {.at_us = -1};
	unsigned limit = (unsigned)fp_param_number(request->params[FP_PARAM_LIMIT], LIMIT_DEFAULT);
	int64_t before = (int64_t)fp_param_number(request->params[FP_PARAM_CURSOR], 0);
	struct fp_authority authority = {0};
	struct fp_field fields[FIELDS];
	enum fp_handled handled;
	struct fp_error error;
	struct fp_rows rows;

	if (!fp_authority_check(request, reply, FP_RIGHT_ANY, &authority, &handled))
		return handled;
	fill_fields(&none, fields);
	fp_rows_begin(&rows, request, &reply->body, fields, FIELDS);
	if (fp_service_list_audit(request->context->worker, before, limit, add_row, &rows, &error) <
		0)
		return fp_reply_problem(request, reply, "internal", NULL, 0,
			"the audit cannot be read: %s", error.text);
	fp_rows_end(&rows, request, reply, limit);
	reply->cache_control = "no-store";
	return FP_HANDLED;
}
