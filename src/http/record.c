/* An answer on its way into the journal, from which it is replayed for ever. */
#include "resolve.h"

#include "forkpoint/base/log.h"

#define LOG_EVERY_US (10 * FP_US_PER_S)
#define JOURNAL_FULL_RETRY_US (2 * FP_US_PER_S)

static void fill_record(const struct fp_request *request, const struct fp_answer *answer,
	const struct fp_document *document, unsigned status, struct fp_record *record,
	char sha[FP_OID_HEX + 1])
{
	const struct fp_catalog_version *chosen =
		fp_answer_version(answer, answer->selection.chosen);
	const char *form = fp_form_word(request->form);

	*record = (struct fp_record){
		.id = fp_service_next_id(request->context->service),
		.at_us = request->moment_us,
		.feed_synced_us = answer->feed_synced_us,
		.refs_synced_us = answer->refs_synced_us,
		.as_of_us = answer->as_of_us,
		.sticky = answer->sticky,
		.duration_us = (uint32_t)(fp_clock_monotonic_us() - request->started_us),
		.status = (uint16_t)status,
		.client = request->client,
		.agent = request->agent,
		.build = request->params[FP_PARAM_BUILD],
		.branch = answer->branch_name,
		.outcome = fp_str(fp_outcome_code(answer->outcome)),
		.document = fp_buf_str(document->buf),
	};
	memcpy(record->form, form, strlen(form) < sizeof(record->form) ? strlen(form) : 7);
	memcpy(record->holes, document->holes, sizeof(record->holes));
	if (answer->repository)
		record->repo = answer->repository->settings->name;
	if (answer->started && answer->commit != FP_NO_COMMIT) {
		fp_oid_format(
			fp_graph_oid(&answer->repository->branches->view, answer->commit), sha);
		record->sha = fp_str_n(sha, FP_OID_HEX);
	}
	if (chosen && answer->outcome == FP_OUTCOME_OK)
		record->version = chosen->row.text;
}

/* Loudly, but not once per answer. */
static void note_unrecorded(struct fp_request *request, const struct fp_error *error)
{
	struct fp_unrecorded *unrecorded = request->context->service->unrecorded;
	int64_t now_us = fp_clock_monotonic_us(), last_us;
	uint64_t count = atomic_fetch_add(&unrecorded->count, 1) + 1;

	request->unrecorded = true;
	last_us = atomic_load(&unrecorded->logged_us);
	if ((last_us == 0 || now_us - last_us > LOG_EVERY_US) &&
		atomic_compare_exchange_strong(&unrecorded->logged_us, &last_us, now_us))
		fp_log_error(FP_LOG_ERROR, "answers.unrecorded", error, "since_start=%llu",
			(unsigned long long)count);
}

/* 0 also for an answer that is given without a record, where that is allowed. Its id is 0: the
 * number that it was to have may be given to another one after a restart. */
static int keep_record(
	struct fp_request *request, struct fp_record *record, struct fp_hash128 *hash)
{
	const struct fp_service *service = request->context->service;
	struct fp_error error;
	int r = fp_service_record(service, record, hash, &error);

	if (r >= 0)
		request->sync = fp_service_ask_sync(service);
	if (r != -FP_ERROR_FULL || !service->answers_unrecorded)
		return r;
	note_unrecorded(request, &error);
	record->id = 0;
	return 0;
}

/* An unknown commit is found in the history under what was asked for. */
static struct fp_str asked_sha(const struct fp_question *question, char sha[FP_OID_HEX + 1])
{
	size_t len = question->sha.len < FP_OID_HEX ? question->sha.len : FP_OID_HEX;

	for (size_t i = 0; i < len; i++)
		sha[i] = fp_char_lower(question->sha.ptr[i]);
	return fp_str_n(sha, len);
}

int fp_answer_record(struct fp_request *request, const struct fp_question *question,
	unsigned status, struct fp_buf *buf, struct fp_hash128 *hash, struct fp_record *record,
	struct fp_document *document)
{
	struct fp_answer *answer = &request->context->answer;
	bool all = request->given[FP_PARAM_CANDIDATES];
	char sha[FP_OID_HEX + 1];
	int r;

	fp_document_begin(document, buf);
	fp_answer_write_json(request->context, answer, question, all, document);
	r = fp_buf_check(buf, NULL);
	if (r < 0)
		return r;
	fill_record(request, answer, document, status, record, sha);
	if (!record->sha.len)
		record->sha = asked_sha(question, sha);
	r = keep_record(request, record, hash);
	if (r < 0)
		return r;
	if (answer->repository)
		fp_counts_answer(request->context->counts, answer->repository->settings->name,
			answer->outcome);
	fp_record_fill(record, *hash, buf->data);
	return 0;
}

void fp_answer_set_instance(
	struct fp_request *request, struct fp_buf *body, const struct fp_document *document)
{
	uint32_t at = document->holes[FP_HOLE_INSTANCE];
	struct fp_buf spliced;

	if (request->id_is_own || at == FP_NO_HOLE)
		return;
	fp_buf_init(&spliced, body->max);
	fp_buf_add(&spliced, body->data, at);
	fp_buf_add_text(&spliced, request->id);
	fp_buf_add(&spliced, body->data + at + FP_ANSWER_ID_HEX, body->len - at - FP_ANSWER_ID_HEX);
	fp_buf_release(body);
	*body = spliced;
}

enum fp_handled fp_reply_not_recorded(
	struct fp_request *request, struct fp_reply *reply, int result)
{
	if (result != -FP_ERROR_FULL)
		return fp_reply_problem(request, reply, "internal", NULL, 0,
			"the answer is larger than this server can record; ask without "
			"candidates=all, or give history.journal more room");
	reply->retry_after_us = JOURNAL_FULL_RETRY_US;
	return fp_reply_problem(request, reply, "not-ready", NULL, 0,
		"answers cannot be recorded at the moment, and none is given without a record; the "
		"server's log and /readyz?verbose tell why");
}
