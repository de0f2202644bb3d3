/* /audit-pins: versions that a branch's own files name, in every form. */
#include "columns.h"
#include "line.h"

#include "forkpoint/service/pin_audit.h"

struct rows {
	enum fp_form form;
	struct fp_json json;
	struct fp_columns columns; /* of text */
	struct fp_buf *buf;
	size_t count, matching;
};

struct texts {
	struct fp_str right, verdict;
	char sha[FP_OID_HEX + 1];
};

static struct texts texts_of(const struct fp_answer *answer, const struct fp_pin_finding *finding)
{
	const struct fp_catalog_version *chosen =
		fp_answer_version(answer, answer->selection.chosen);
	struct texts texts = {0};

	if (chosen)
		texts.right = chosen->row.text;
	if (finding->version.len)
		texts.verdict = fp_str(fp_verdict_name(finding->judgement.verdict));
	fp_oid_format(fp_graph_oid(&answer->repository->branches->view, answer->commit), texts.sha);
	return texts;
}

static void write_row(
	struct fp_json *json, const struct fp_answer *answer, const struct fp_pin_finding *finding)
{
	struct texts texts = texts_of(answer, finding);

	fp_json_object_begin(json);
	fp_json_members_of_line(json, answer);
	fp_json_member_text(json, "sha", texts.sha);
	fp_json_member_string(json, "file", finding->settings->file);
	fp_json_member_filled(json, "element", finding->settings->element);
	fp_json_member_filled(json, "pin_package", finding->settings->package);
	fp_json_member_text(json, "status", fp_pin_status_name(finding->status));
	fp_json_member_filled(json, "verdict", texts.verdict);
	fp_json_member_filled(json, "version", finding->version);
	fp_json_member_filled(json, "right", texts.right);
	fp_json_member_string(json, "text", finding->text);
	fp_json_object_end(json);
}

static void write_csv_row(
	struct fp_buf *buf, const struct fp_answer *answer, const struct fp_pin_finding *finding)
{
	struct texts texts = texts_of(answer, finding);

	fp_csv_add(buf, true, answer->repository->settings->name);
	fp_csv_add(buf, false, answer->branch_name);
	fp_csv_add(buf, false, answer->package->settings->id);
	fp_csv_add(buf, false, fp_str(texts.sha));
	fp_csv_add(buf, false, finding->settings->file);
	fp_csv_add(buf, false, finding->settings->element);
	fp_csv_add(buf, false, finding->settings->package);
	fp_csv_add(buf, false, fp_str(fp_pin_status_name(finding->status)));
	fp_csv_add(buf, false, texts.verdict);
	fp_csv_add(buf, false, finding->version);
	fp_csv_add(buf, false, texts.right);
	fp_csv_add(buf, false, finding->text);
	fp_buf_add_text(buf, "\r\n");
}

static void add_cells(struct fp_columns *columns, const struct fp_pin_finding *finding)
{
	fp_columns_cell(columns, fp_str(fp_pin_status_name(finding->status)));
	fp_columns_cell(columns, finding->settings->file);
	fp_columns_cell(columns, finding->settings->element.len ? finding->settings->element
								: finding->settings->package);
	fp_columns_cell(columns, finding->version.len ? finding->version : FP_STR_LITERAL("none"));
	fp_columns_cell(columns, finding->text);
}

static int take(void *context, const struct fp_answer *answer, const struct fp_pin_finding *finding)
{
	struct rows *rows = context;
	struct fp_json line;

	rows->count++;
	rows->matching += finding->status == FP_PIN_MATCH;
	switch (rows->form) {
	case FP_FORM_TEXT: add_cells(&rows->columns, finding); break;
	case FP_FORM_CSV: write_csv_row(rows->buf, answer, finding); break;
	case FP_FORM_NDJSON:
		fp_json_init(&line, rows->buf);
		write_row(&line, answer, finding);
		fp_buf_add_char(rows->buf, '\n');
		break;
	default: write_row(&rows->json, answer, finding);
	}
	return fp_buf_check(rows->buf, NULL);
}

static void begin(struct rows *rows, bool flat)
{
	fp_json_init(&rows->json, rows->buf);
	fp_columns_init(&rows->columns, 5);
	if (rows->form == FP_FORM_CSV)
		fp_buf_add_text(rows->buf,
			"repo,branch,package,sha,file,element,pin_package,status,"
			"verdict,version,right,text\r\n");
	if (rows->form != FP_FORM_JSON)
		return;
	if (!flat) {
		fp_json_object_begin(&rows->json);
		fp_json_key(&rows->json, "items");
	}
	fp_json_array_begin(&rows->json);
}

static void end(struct rows *rows, const struct fp_answer *answer, bool flat)
{
	if (rows->form == FP_FORM_TEXT) {
		if (rows->count)
			fp_columns_write(&rows->columns, rows->buf);
		fp_buf_addf(rows->buf, "%.*s, branch %.*s: %zu of %zu pins match\n",
			FP_STR_ARG(answer->repository->settings->name),
			FP_STR_ARG(answer->branch_name), rows->matching, rows->count);
	}
	if (rows->form != FP_FORM_JSON)
		return;
	fp_json_array_end(&rows->json);
	if (!flat) {
		fp_json_member_text(&rows->json, "next", NULL);
		fp_json_object_end(&rows->json);
	}
	fp_buf_add_char(rows->buf, '\n');
}

static void reply_pins(
	struct fp_request *request, const struct fp_question *question, struct fp_reply *reply)
{
	struct fp_http_context *context = request->context;
	bool flat = request->given[FP_PARAM_SHAPE];
	struct rows rows = {.form = request->form, .buf = &reply->body};
	struct fp_error error = {0};
	int64_t now_us;
	const struct fp_snapshot *snapshot = fp_worker_enter_at(context->worker, &now_us);
	int r;

	begin(&rows, flat);
	r = fp_service_audit_pins(
		context->worker, snapshot, question, now_us, &context->answer, take, &rows, &error);
	if (r < 0 || (context->answer.outcome != FP_OUTCOME_OK &&
			     context->answer.outcome != FP_OUTCOME_NO_DATABASE)) {
		fp_buf_clear(&reply->body);
		if (r < 0)
			fp_reply_problem(request, reply, "internal", NULL, 0, "%s", error.text);
		else
			fp_reply_failure(request, reply, &context->answer);
	} else {
		end(&rows, &context->answer, flat);
		reply->content_type = fp_form_content_type(request->form);
		reply->cache_control = "no-cache";
		fp_reply_set_body_etag(reply);
	}
	fp_columns_release(&rows.columns);
	fp_worker_leave(context->worker);
}

enum fp_handled fp_handle_audit_pins(struct fp_request *request, struct fp_reply *reply)
{
	const struct fp_question question = {
		.repo = request->params[FP_PARAM_REPO],
		.branch = request->params[FP_PARAM_BRANCH],
		.package = request->params[FP_PARAM_PACKAGE],
		.release = request->params[FP_PARAM_RELEASE],
	};

	reply_pins(request, &question, reply);
	return FP_HANDLED;
}
