/* /history/{id} and /answers/{hash}: past answers, read from the database. */
#include "history.h"

#include <stdio.h>

/* A record on its way from the journal to the database is asked for again so soon, so often. */
#define AGAIN_US (5 * FP_US_PER_MS)

enum { AGAIN_MAX = 400 };

static bool parse_hex(struct fp_str text, size_t digits, uint64_t *value)
{
	*value = 0;
	if (text.len != digits)
		return false;
	for (size_t i = 0; i < digits; i++) {
		int digit = fp_char_hex_value(text.ptr[i]);

		if (digit < 0)
			return false;
		*value = *value << 4 | (uint64_t)digit;
	}
	return true;
}

/* The document as it was answered. */
void fp_stored_record_fill(struct fp_stored_record *stored)
{
	struct fp_record *record = &stored->record;
	struct fp_hash128 hash = fp_document_hash(record->document);
	/* The slice points into memory that is ours. */
	char *document = stored->memory + (record->document.ptr - stored->memory);

	fp_record_fill(record, hash, document);
}

static void write_record(const struct fp_record *record, struct fp_buf *buf)
{
	char id[FP_ANSWER_ID_HEX + 1];
	struct fp_json json;

	snprintf(id, sizeof(id), "%016llx", (unsigned long long)record->id);
	fp_json_init(&json, buf);
	fp_json_object_begin(&json);
	fp_json_member_text(&json, "id", id);
	fp_json_member_time_us(&json, "at", record->at_us);
	fp_json_member_i64(&json, "at_us", record->at_us);
	if (record->as_of_us)
		fp_json_member_i64(&json, "as_of_us", record->as_of_us);
	fp_json_member_u64(&json, "status", record->status);
	fp_json_member_string(&json, "outcome", record->outcome);
	fp_json_member_text(&json, "form", record->form);
	fp_json_member_string(&json, "repo", record->repo);
	fp_json_member_string(&json, "branch", record->branch);
	fp_json_member_string(&json, "sha", record->sha);
	fp_json_member_string(&json, "version", record->version);
	fp_json_member_string(&json, "client", record->client);
	fp_json_member_string(&json, "agent", record->agent);
	fp_json_member_string(&json, "build", record->build);
	fp_json_member_u64(&json, "duration_us", record->duration_us);
	fp_json_key(&json, "answer");
	fp_json_raw(&json, fp_str_trim(record->document));
	fp_json_object_end(&json);
	fp_buf_add_char(buf, '\n');
}

static enum fp_handled again(struct fp_request *request)
{
	request->wait_until_us = fp_clock_monotonic_us() + AGAIN_US;
	return FP_WAITING;
}

static enum fp_handled failed(
	struct fp_request *request, struct fp_reply *reply, const struct fp_error *error)
{
	return fp_reply_problem(
		request, reply, "internal", NULL, 0, "the history cannot be read: %s", error->text);
}

static enum fp_handled immutable(struct fp_request *request, struct fp_reply *reply)
{
	reply->content_type = fp_form_content_type(request->form);
	reply->cache_control = "public, max-age=31536000, immutable";
	fp_reply_set_body_etag(reply);
	return FP_HANDLED;
}

bool fp_history_find(struct fp_request *request, struct fp_reply *reply,
	struct fp_stored_record *stored, enum fp_handled *handled)
{
	struct fp_error error;
	uint64_t id;
	int r = 1;

	if (parse_hex(request->argument, FP_ANSWER_ID_HEX, &id))
		r = fp_service_history_get(request->context->worker, id, stored, &error);
	if (r == 2 && request->attempts < AGAIN_MAX)
		*handled = again(request);
	else if (r < 0)
		*handled = failed(request, reply, &error);
	else if (r > 0)
		*handled = fp_reply_problem(request, reply, "not-found", NULL, 0,
			"no answer has this id; it takes the 16 digits of an answer's \"id\"");
	return r == 0;
}

enum fp_handled fp_handle_history(struct fp_request *request, struct fp_reply *reply)
{
	struct fp_stored_record stored = {0};
	enum fp_handled handled;

	if (!fp_history_find(request, reply, &stored, &handled))
		return handled;
	fp_stored_record_fill(&stored);
	write_record(&stored.record, &reply->body);
	fp_stored_record_release(&stored);
	return immutable(request, reply);
}

enum fp_handled fp_handle_answer(struct fp_request *request, struct fp_reply *reply)
{
	struct fp_stored_record stored = {0};
	struct fp_hash128 hash = {0};
	struct fp_str text = request->argument;
	struct fp_error error;
	int r = 1;

	if (text.len == FP_HASH128_HEX && parse_hex(fp_str_n(text.ptr, 16), 16, &hash.high) &&
		parse_hex(fp_str_n(text.ptr + 16, 16), 16, &hash.low))
		r = fp_service_answer_get(request->context->worker, hash, &stored, &error);
	if (r == 2 && request->attempts < AGAIN_MAX)
		return again(request);
	if (r < 0)
		return failed(request, reply, &error);
	if (r > 0)
		return fp_reply_problem(request, reply, "not-found", NULL, 0,
			"no answer has this content; take the URL from an answer's \"replay\"");
	fp_stored_record_fill(&stored);
	fp_buf_add_str(&reply->body, stored.record.document);
	fp_stored_record_release(&stored);
	return immutable(request, reply);
}
