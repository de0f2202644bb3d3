/* /history/{id}/replay: the question of a past answer, put to the state of then and to that of now.
 */
#include "history.h"

#include "forkpoint/service/as_of.h"
#include "forkpoint/service/replay.h"

#include <stdio.h>

enum { DOCUMENT_MAX_BYTES = 256 * 1024 * 1024 };

/* What one replay works with. */
struct replay {
	struct fp_request *request;
	struct fp_stored_record stored; /* document as it is kept, holes blank */
	struct fp_past_question asked;
	bool reproduced;
	struct fp_answer then;
	struct fp_buf then_text, now_text, differences;
	struct fp_json json; /* of the differences */
	struct fp_buf lines;
	unsigned count;
};

static void replay_release(struct replay *replay)
{
	fp_stored_record_release(&replay->stored);
	fp_past_question_release(&replay->asked);
	fp_answer_release(&replay->then);
	fp_buf_release(&replay->then_text);
	fp_buf_release(&replay->now_text);
	fp_buf_release(&replay->differences);
	fp_buf_release(&replay->lines);
}

/* ---- both answers ---- */

/* Writes an answer that is not recorded; blank has its holes still blank. */
static void write_answer(struct replay *replay, const struct fp_answer *answer, int64_t at_us,
	bool blank, struct fp_buf *text)
{
	struct fp_record record = {
		.at_us = at_us,
		.feed_synced_us = answer->feed_synced_us,
		.refs_synced_us = answer->refs_synced_us,
	};
	struct fp_document document;

	fp_document_begin(&document, text);
	fp_answer_write_json(replay->request->context, answer, &replay->asked.question,
		replay->asked.all, &document);
	if (blank || fp_buf_check(text, NULL) < 0)
		return;
	memcpy(record.holes, document.holes, sizeof(record.holes));
	fp_record_fill(&record, fp_document_hash(fp_buf_str(text)), text->data);
}

static void tell(void *context, const struct fp_replay_difference *difference)
{
	struct replay *replay = context;

	replay->count++;
	fp_json_object_begin(&replay->json);
	fp_json_member_text(&replay->json, "what", difference->what);
	if (difference->subject.len)
		fp_json_member_string(&replay->json, "subject", difference->subject);
	fp_json_key(&replay->json, "then");
	if (difference->then.len)
		fp_json_string(&replay->json, difference->then);
	else
		fp_json_null(&replay->json);
	fp_json_key(&replay->json, "now");
	if (difference->now.len)
		fp_json_string(&replay->json, difference->now);
	else
		fp_json_null(&replay->json);
	fp_json_member_string(&replay->json, "text", difference->text);
	fp_json_object_end(&replay->json);
	fp_buf_add_str(&replay->lines, difference->text);
	fp_buf_add_char(&replay->lines, '\n');
}

/* In the worlds of then and now. */
static void compare(struct replay *replay, const struct fp_snapshot *then, int64_t then_us,
	const struct fp_snapshot *now)
{
	struct fp_request *request = replay->request;
	struct fp_answer *answer = &request->context->answer;
	struct fp_worker *worker = request->context->worker;

	fp_service_resolve(worker, then, &replay->asked.question, then_us, &replay->then);
	write_answer(replay, &replay->then, then_us, true, &replay->then_text);
	replay->reproduced =
		fp_str_equal(fp_buf_str(&replay->then_text), replay->stored.record.document);
	fp_service_resolve(worker, now, &replay->asked.question, request->moment_us, answer);
	write_answer(replay, answer, request->moment_us, false, &replay->now_text);
	fp_json_init(&replay->json, &replay->differences);
	fp_json_array_begin(&replay->json);
	fp_service_differences(&replay->asked.question, &replay->then, answer, tell, replay);
	fp_json_array_end(&replay->json);
}

/* ---- the reply ---- */

static void write_json(struct replay *replay, struct fp_buf *body)
{
	struct fp_record *record = &replay->stored.record;
	char id[FP_ANSWER_ID_HEX + 1];
	struct fp_json json;

	snprintf(id, sizeof(id), "%016llx", (unsigned long long)record->id);
	fp_stored_record_fill(&replay->stored);
	fp_json_init(&json, body);
	fp_json_object_begin(&json);
	fp_json_member_text(&json, "id", id);
	fp_json_member_time_us(&json, "at", record->at_us);
	fp_json_member_i64(&json, "at_us", record->at_us);
	fp_json_member_bool(&json, "same", replay->count == 0);
	fp_json_key(&json, "reproduced");
	if (replay->asked.comparable)
		fp_json_bool(&json, replay->reproduced);
	else
		fp_json_null(&json);
	fp_json_key(&json, "differences");
	fp_json_raw(&json, fp_buf_str(&replay->differences));
	fp_json_key(&json, "then");
	fp_json_raw(&json, fp_str_trim(record->document));
	fp_json_key(&json, "now");
	fp_json_raw(&json, fp_str_trim(fp_buf_str(&replay->now_text)));
	fp_json_object_end(&json);
	fp_buf_add_char(body, '\n');
}

static enum fp_handled reply_with(struct replay *replay, struct fp_reply *reply)
{
	struct fp_request *request = replay->request;

	reply->content_type = fp_form_content_type(request->form);
	reply->cache_control = "no-cache";
	if (request->form == FP_FORM_JSON)
		write_json(replay, &reply->body);
	else if (replay->count)
		fp_buf_add_str(&reply->body, fp_buf_str(&replay->lines));
	else
		fp_buf_add_text(&reply->body, "Nothing that the answer depends on has changed.\n");
	return FP_HANDLED;
}

static enum fp_handled run(struct replay *replay, struct fp_reply *reply)
{
	struct fp_request *request = replay->request;
	struct fp_worker *worker = request->context->worker;
	const struct fp_record *record = &replay->stored.record;
	int64_t then_us = record->as_of_us ? record->as_of_us : record->at_us;
	const struct fp_snapshot *now = fp_worker_enter_at(worker, &request->moment_us);
	const struct fp_snapshot *then =
		fp_request_enter_then(request, reply, now, replay->asked.question.repo, then_us);

	if (then) {
		compare(replay, then, then_us, now);
		reply_with(replay, reply);
	}
	fp_as_of_leave(worker, then);
	fp_worker_leave(worker);
	return FP_HANDLED;
}

enum fp_handled fp_handle_replay(struct fp_request *request, struct fp_reply *reply)
{
	FP_CLEANUP(replay_release) struct replay replay = {.request = request};
	enum fp_handled handled;
	struct fp_error error;

	fp_answer_init(&replay.then);
	fp_buf_init(&replay.then_text, DOCUMENT_MAX_BYTES);
	fp_buf_init(&replay.now_text, DOCUMENT_MAX_BYTES);
	fp_buf_init(&replay.differences, DOCUMENT_MAX_BYTES);
	fp_buf_init(&replay.lines, 1024 * 1024);
	if (!fp_history_find(request, reply, &replay.stored, &handled))
		return handled;
	if (replay.stored.record.document.len == 0)
		return fp_reply_problem(request, reply, "not-found", NULL, 0,
			"a crash of the machine took what was answered; only that it was is known");
	if (fp_past_question_read(&replay.stored.record, &replay.asked, &error) < 0)
		return fp_reply_problem(request, reply, "internal", NULL, 0,
			"the answer that is kept cannot be read: %s", error.text);
	return run(&replay, reply);
}
