/* A past answer's question, put to the state of its moment. */
#include "forkpoint/http/reproduce.h"

#include "forkpoint/service/as_of.h"

#include "history.h"

enum { DOCUMENT_MAX_BYTES = 256 * 1024 * 1024 };

static void context_release(struct fp_http_context *context)
{
	fp_answer_release(&context->answer);
	fp_buf_release(&context->text);
}

static enum fp_reproduced compare(
	const struct fp_record *record, const struct fp_answer *answer, struct fp_str text)
{
	const struct fp_catalog_version *chosen =
		fp_answer_version(answer, answer->selection.chosen);
	struct fp_str version =
		chosen && answer->outcome == FP_OUTCOME_OK ? chosen->row.text : (struct fp_str){0};

	if (fp_str_equal(record->document, text))
		return FP_REPRODUCED_WHOLE;
	return fp_str_equal(record->outcome, fp_str(fp_outcome_code(answer->outcome))) &&
			       fp_str_equal(record->version, version)
		       ? FP_REPRODUCED_OTHER_WORDS
		       : FP_REPRODUCED_OTHER_ANSWER;
}

static int ask(struct fp_http_context *context, const struct fp_snapshot *then,
	const struct fp_past_question *asked, const struct fp_record *record,
	enum fp_reproduced *result, struct fp_error *error)
{
	struct fp_buf FP_CLEANUP_BUF text = {0};
	struct fp_document document;
	int r;

	fp_buf_init(&text, DOCUMENT_MAX_BYTES);
	fp_service_resolve(
		context->worker, then, &asked->question, record->at_us, &context->answer);
	fp_document_begin(&document, &text);
	fp_answer_write_json(context, &context->answer, &asked->question, asked->all, &document);
	r = fp_buf_check(&text, error);
	if (r >= 0)
		*result = compare(record, &context->answer, fp_buf_str(&text));
	return r;
}

static int enter_and_ask(struct fp_http_context *context, const struct fp_past_question *asked,
	const struct fp_record *record, enum fp_reproduced *result, struct fp_error *error)
{
	const struct fp_snapshot *now = fp_worker_enter(context->worker), *then = NULL;
	enum fp_as_of_result known;
	int64_t first_us;
	int r = fp_as_of_enter_then(context->worker, now, asked->question.repo, record->at_us,
		&known, &then, &first_us, error);

	if (r >= 0 && known == FP_AS_OF_OK)
		r = ask(context, then, asked, record, result, error);
	fp_as_of_leave(context->worker, then);
	fp_worker_leave(context->worker);
	return r;
}

int fp_http_reproduce(const struct fp_service *service, struct fp_worker *worker,
	const struct fp_stored_record *stored, enum fp_reproduced *result, struct fp_error *error)
{
	FP_CLEANUP(fp_past_question_release) struct fp_past_question asked = {0};
	FP_CLEANUP(context_release)
	struct fp_http_context context = {.service = service, .worker = worker};
	int r = 0;

	fp_answer_init(&context.answer);
	fp_buf_init(&context.text, FP_CONTEXT_TEXT_MAX_BYTES);
	*result = FP_REPRODUCED_NOT_ASKED;
	if (stored->record.document.len)
		r = fp_past_question_read(&stored->record, &asked, error);
	if (r >= 0 && asked.comparable && stored->record.status < 500)
		r = enter_and_ask(&context, &asked, &stored->record, result, error);
	return r;
}
