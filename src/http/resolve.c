/* /resolve: ask, wait where waiting may help, render, record, answer. */
#include "render.h"

#include "forkpoint/base/json_read.h"

enum { WAIT_DEFAULT_S = 10, BATCH_MAX = 1000 };

#define JOURNAL_FULL_RETRY_US (2 * FP_US_PER_S)

bool fp_request_question(
	struct fp_request *request, struct fp_reply *reply, struct fp_question *question)
{
	*question = (struct fp_question){
		.repo = request->params[FP_PARAM_REPO],
		.sha = request->params[FP_PARAM_SHA],
		.ref = request->params[FP_PARAM_REF],
		.branch = request->params[FP_PARAM_BRANCH],
		.release = request->params[FP_PARAM_RELEASE],
		.package = request->params[FP_PARAM_PACKAGE],
	};
	if ((question->sha.len > 0) != (question->ref.len > 0))
		return true;
	fp_reply_problem(request, reply, "bad-request", NULL, 0,
		question->sha.len
			? "parameters \"sha\" and \"ref\" exclude each other; give one"
			: "parameter \"sha\" is required (or \"ref\"); it takes a commit id of 4 "
			  "to 40 hexadecimal digits");
	return false;
}

/* ---- waiting ---- */

static int64_t wait_us(const struct fp_request *request)
{
	return (int64_t)fp_param_number(request->params[FP_PARAM_WAIT], WAIT_DEFAULT_S) *
	       FP_US_PER_S;
}

static void wait_for(struct fp_request *request, struct fp_ticket *ticket)
{
	request->tickets[request->ticket_count++] = ticket;
	request->wait_until_us = request->started_us + wait_us(request);
}

static void drop_tickets(struct fp_request *request)
{
	while (request->ticket_count)
		request->context->service->outside.ticket_unref(
			request->tickets[--request->ticket_count]);
}

/* What is looked for: a ref goes by a hash of its name, so that refs that were looked for in vain
 * are remembered as commits are. */
static struct fp_str look_key(const struct fp_question *question, char room[FP_HASH128_HEX + 1])
{
	if (question->sha.len)
		return question->sha;
	fp_hash128_format(fp_hash128(question->ref.ptr, question->ref.len), room);
	return fp_str(room);
}

int fp_request_look_for(
	struct fp_request *request, struct fp_reply *reply, const struct fp_question *question)
{
	const struct fp_outside *outside = &request->context->service->outside;
	char room[FP_HASH128_HEX + 1];
	enum fp_look_refusal refusal;
	int64_t retry_after_us = 0;
	struct fp_ticket *ticket;

	if (request->attempts > 0 || wait_us(request) == 0)
		return 0;
	ticket = outside->look_for_commit(outside->context, question->repo,
		look_key(question, room), &refusal, &retry_after_us);
	if (ticket) {
		wait_for(request, ticket);
		return 1;
	}
	reply->retry_after_us = retry_after_us;
	if (refusal != FP_LOOK_TOO_MANY)
		return 0;
	fp_reply_problem(request, reply, "too-many-requests", NULL, 0,
		"too many different unknown commits are being asked for; ask again in a moment");
	return 2;
}

/* `Cache-Control: no-cache`: look at upstream and feed before the first try. */
static bool look_again(struct fp_request *request, struct fp_str repo)
{
	const struct fp_outside *outside = &request->context->service->outside;
	enum fp_look_refusal refusal;
	struct fp_ticket *ticket;

	if (!request->wants_fresh || request->attempts > 0 || wait_us(request) == 0)
		return false;
	ticket = outside->look_again(outside->context, repo, &refusal);
	if (ticket)
		wait_for(request, ticket);
	return ticket != NULL;
}

/* What came of waiting, in the words of the problem's detail. */
static void explain_unknown(struct fp_request *request, struct fp_answer *answer)
{
	const struct fp_outside *outside = &request->context->service->outside;

	if (request->timed_out)
		fp_buf_add_text(&answer->detail,
			"; looking for it upstream took longer than the request waits");
	for (size_t i = 0; i < request->ticket_count && !request->timed_out; i++) {
		enum fp_look_result result = outside->ticket_result(request->tickets[i]);

		if (result == FP_LOOK_NOT_A_COMMIT) {
			fp_buf_clear(&answer->detail);
			fp_buf_add_text(&answer->detail,
				"that object is in the mirror, but it is a tree, a blob or a tag, "
				"not a commit");
		} else if (result == FP_LOOK_FAILED) {
			fp_buf_add_text(
				&answer->detail, "; the upstream could not be asked just now");
		}
	}
}

/* ---- recording ---- */

static void fill_record(const struct fp_request *request, const struct fp_answer *answer,
	const struct fp_document *document, unsigned status, struct fp_record *record,
	char sha[FP_OID_HEX + 1])
{
	const struct fp_catalog_version *chosen =
		fp_answer_version(answer, answer->selection.chosen);
	const char *form = fp_form_word(request->form);

	*record = (struct fp_record){
		.id = fp_service_next_id(request->context->service),
		.at_us = request->received_us,
		.feed_synced_us = answer->feed_synced_us,
		.refs_synced_us = answer->refs_synced_us,
		.duration_us = (uint32_t)(fp_clock_monotonic_us() - request->started_us),
		.status = (uint16_t)status,
		.client = request->client,
		.agent = request->agent,
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

/* ---- one question ---- */

/* Resolves into context->answer. False when the request is to wait, or became a problem (then the
 * outcome is in *handled). */
static bool ask(struct fp_request *request, struct fp_reply *reply,
	const struct fp_snapshot *snapshot, const struct fp_question *question,
	enum fp_handled *handled)
{
	struct fp_answer *answer = &request->context->answer;
	int looking;

	fp_service_resolve(
		request->context->worker, snapshot, question, request->received_us, answer);
	if (answer->outcome != FP_OUTCOME_UNKNOWN_COMMIT)
		return true;
	looking = fp_request_look_for(request, reply, question);
	*handled = looking == 1 ? FP_WAITING : FP_HANDLED;
	if (looking)
		return false;
	explain_unknown(request, answer);
	if (reply->retry_after_us == 0)
		reply->retry_after_us = 5 * FP_US_PER_S;
	return true;
}

/* Writes the document of context->answer to `buf` and records it. False when it could not be
 * recorded: no answer without a record. */
static bool write_and_record(struct fp_request *request, struct fp_str asked_sha, unsigned status,
	struct fp_buf *buf, struct fp_hash128 *hash, struct fp_record *record,
	struct fp_document *document)
{
	struct fp_answer *answer = &request->context->answer;
	bool all = request->given[FP_PARAM_CANDIDATES];
	char sha[FP_OID_HEX + 1];
	struct fp_error error;

	fp_document_begin(document, buf);
	fp_answer_write_json(request->context, answer, asked_sha, all, document);
	if (buf->state != FP_BUF_OK)
		return false;
	fill_record(request, answer, document, status, record, sha);
	if (fp_service_record(request->context->service, record, hash, &error) < 0)
		return false;
	fp_document_fill(buf->data, document->holes, record->id, record->at_us,
		record->feed_synced_us, record->refs_synced_us, *hash);
	return true;
}

/* A problem's instance is the request's id, which may be the client's and of another length. */
static void set_instance(
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

static void set_etag(struct fp_reply *reply, struct fp_hash128 hash, enum fp_form form)
{
	/* Weak: two replies of one state differ in id and times. */
	memcpy(reply->etag, "W/\"", 3);
	fp_hash128_format(hash, reply->etag + 3);
	reply->etag[3 + FP_HASH128_HEX] = (char)('0' + form);
	memcpy(reply->etag + 4 + FP_HASH128_HEX, "\"", 2);
}

static enum fp_handled not_recorded(struct fp_request *request, struct fp_reply *reply)
{
	reply->retry_after_us = JOURNAL_FULL_RETRY_US;
	return fp_reply_problem(request, reply, "not-ready", NULL, 0,
		"answers cannot be recorded at the moment, and none is given without a record; the "
		"server's log and /readyz?verbose tell why");
}

static enum fp_handled render(
	struct fp_request *request, struct fp_reply *reply, struct fp_str asked_sha)
{
	struct fp_answer *answer = &request->context->answer;
	const struct fp_problem_row *problem =
		answer->outcome == FP_OUTCOME_OK ? NULL : fp_problem_of(answer->outcome);
	struct fp_document document;
	struct fp_record record;
	struct fp_hash128 hash;

	reply->status = problem ? problem->status : 200;
	if (!write_and_record(
		    request, asked_sha, reply->status, &reply->body, &hash, &record, &document))
		return not_recorded(request, reply);
	if (request->id_is_own)
		memcpy(request->id, reply->body.data + document.holes[FP_HOLE_ID],
			FP_ANSWER_ID_HEX);
	request->id[request->id_is_own ? FP_ANSWER_ID_HEX : strlen(request->id)] = '\0';
	set_etag(reply, hash, request->form);
	reply->cache_control = problem && problem->status == 404 ? "max-age=3" : "no-cache";
	reply->content_type = fp_form_content_type(request->form);
	if (answer->retry_after_us)
		reply->retry_after_us = answer->retry_after_us;
	if (request->form == FP_FORM_JSON) {
		if (problem)
			reply->content_type = "application/problem+json";
		set_instance(request, &reply->body, &document);
		return FP_HANDLED;
	}
	if (problem)
		reply->content_type = "text/plain; charset=utf-8";
	fp_buf_clear(&reply->body);
	fp_answer_write_form(request->context, answer, request->form, &reply->body);
	return FP_HANDLED;
}

static enum fp_handled resolve_one(struct fp_request *request, struct fp_reply *reply)
{
	struct fp_worker *worker = request->context->worker;
	enum fp_handled handled = FP_HANDLED;
	const struct fp_snapshot *snapshot;
	struct fp_question question;

	if (!fp_request_question(request, reply, &question))
		return FP_HANDLED;
	if (look_again(request, question.repo))
		return FP_WAITING;
	snapshot = fp_worker_enter(worker);
	if (ask(request, reply, snapshot, &question, &handled))
		handled = render(request, reply, question.sha);
	fp_worker_leave(worker);
	return handled;
}

/* ---- a batch ---- */

static const enum fp_param batch_params[] = {FP_PARAM_REPO, FP_PARAM_SHA, FP_PARAM_REF,
	FP_PARAM_BRANCH, FP_PARAM_RELEASE, FP_PARAM_PACKAGE, FP_PARAM_CANDIDATES, FP_PARAM_WAIT};

/* An item's members become the request's parameters. False with a sentence. */
static bool take_item(
	struct fp_request *request, const struct fp_json_value *item, struct fp_buf *why)
{
	memset(request->params, 0, sizeof(request->params));
	memset(request->given, 0, sizeof(request->given));
	if (item->type != FP_JSON_OBJECT) {
		fp_buf_add_text(why, "each of \"requests\" takes an object");
		return false;
	}
	for (const struct fp_json_value *member = item->first; member; member = member->next) {
		enum fp_param param = FP_PARAM_COUNT;
		bool known = false;

		if (fp_param_find(member->key, &param))
			for (size_t i = 0; i < FP_ARRAY_SIZE(batch_params); i++)
				known |= batch_params[i] == param;
		if (!known) {
			fp_buf_addf(why, "\"%.*s\" is not known in a request",
				(int)(member->key.len < 64 ? member->key.len : 64),
				member->key.ptr);
			return false;
		}
		if ((member->type != FP_JSON_STRING && member->type != FP_JSON_NUMBER) ||
			request->given[param] || member->text.len > 1024 ||
			memchr(member->text.ptr, '\0', member->text.len) ||
			!fp_param_is_valid(param, member->text)) {
			fp_buf_addf(why, "\"%s\" takes %s, once", fp_param_name(param),
				fp_param_takes(param));
			return false;
		}
		request->given[param] = true;
		request->params[param] = member->text;
	}
	if (!request->given[FP_PARAM_REPO] ||
		request->given[FP_PARAM_SHA] == request->given[FP_PARAM_REF]) {
		fp_buf_add_text(why, "a request needs \"repo\" and one of \"sha\" and \"ref\"");
		return false;
	}
	return true;
}

static void write_bad_item(struct fp_request *request, struct fp_str why, struct fp_buf *body)
{
	struct fp_json json;

	fp_json_init(&json, body);
	fp_json_object_begin(&json);
	fp_problem_write_members(
		&json, fp_problem_find(FP_STR_LITERAL("bad-request")), why, NULL, 0);
	fp_json_member_text(&json, "instance", request->id);
	fp_json_object_end(&json);
}

static struct fp_question question_of(const struct fp_request *request)
{
	return (struct fp_question){
		.repo = request->params[FP_PARAM_REPO],
		.sha = request->params[FP_PARAM_SHA],
		.ref = request->params[FP_PARAM_REF],
		.branch = request->params[FP_PARAM_BRANCH],
		.release = request->params[FP_PARAM_RELEASE],
		.package = request->params[FP_PARAM_PACKAGE],
	};
}

/* The first time round, unknown commits are looked for, as many as a request may wait for. */
static void look_for_item(struct fp_request *request, const struct fp_snapshot *snapshot)
{
	const struct fp_outside *outside = &request->context->service->outside;
	struct fp_question question = question_of(request);
	enum fp_look_refusal refusal;
	int64_t retry_after_us;
	char room[FP_HASH128_HEX + 1];
	struct fp_ticket *ticket;

	if (request->ticket_count == FP_TICKETS_MAX || wait_us(request) == 0)
		return;
	fp_service_resolve(request->context->worker, snapshot, &question, request->received_us,
		&request->context->answer);
	if (request->context->answer.outcome != FP_OUTCOME_UNKNOWN_COMMIT)
		return;
	ticket = outside->look_for_commit(outside->context, question.repo,
		look_key(&question, room), &refusal, &retry_after_us);
	if (ticket)
		wait_for(request, ticket);
}

static bool answer_item(
	struct fp_request *request, const struct fp_snapshot *snapshot, struct fp_buf *item)
{
	struct fp_question question = question_of(request);
	struct fp_answer *answer = &request->context->answer;
	struct fp_document document;
	struct fp_record record;
	struct fp_hash128 hash;
	unsigned status;

	fp_service_resolve(
		request->context->worker, snapshot, &question, request->received_us, answer);
	status = answer->outcome == FP_OUTCOME_OK ? 200 : fp_problem_of(answer->outcome)->status;
	if (!write_and_record(request, question.sha, status, item, &hash, &record, &document))
		return false;
	set_instance(request, item, &document);
	if (item->len)
		item->len--; /* the line end between documents */
	return true;
}

static bool answer_items(struct fp_request *request, struct fp_reply *reply,
	const struct fp_snapshot *snapshot, const struct fp_json_value *items)
{
	struct fp_buf FP_CLEANUP_BUF item = {0}, FP_CLEANUP_BUF why = {0};
	bool first = true;

	fp_buf_init(&item, 64 * 1024 * 1024);
	fp_buf_init(&why, 1024);
	fp_buf_add_text(&reply->body, "{\"items\":[");
	for (const struct fp_json_value *at = items->first; at; at = at->next) {
		fp_buf_clear(&item);
		fp_buf_clear(&why);
		if (!take_item(request, at, &why))
			write_bad_item(request, fp_buf_str(&why), &item);
		else if (!answer_item(request, snapshot, &item))
			return false;
		if (!first)
			fp_buf_add_char(&reply->body, ',');
		first = false;
		fp_buf_add_str(&reply->body, fp_buf_str(&item));
	}
	fp_buf_add_text(&reply->body, "]}\n");
	return true;
}

static bool must_wait(struct fp_request *request, const struct fp_snapshot *snapshot,
	const struct fp_json_value *items)
{
	struct fp_buf FP_CLEANUP_BUF why = {0};

	fp_buf_init(&why, 1024);
	for (const struct fp_json_value *at = items->first; at && request->attempts == 0;
		at = at->next)
		if (take_item(request, at, &why))
			look_for_item(request, snapshot);
	return request->attempts == 0 && request->ticket_count > 0;
}

static enum fp_handled resolve_list(
	struct fp_request *request, struct fp_reply *reply, const struct fp_json_value *items)
{
	const struct fp_snapshot *snapshot = fp_worker_enter(request->context->worker);
	bool waits = must_wait(request, snapshot, items);
	bool answered = waits || answer_items(request, reply, snapshot, items);

	fp_worker_leave(request->context->worker);
	if (waits)
		return FP_WAITING;
	drop_tickets(request);
	if (!answered)
		return not_recorded(request, reply);
	reply->content_type = fp_form_content_type(FP_FORM_JSON);
	reply->cache_control = "no-store";
	return FP_HANDLED;
}

static enum fp_handled resolve_batch(struct fp_request *request, struct fp_reply *reply)
{
	static const struct fp_json_limits limits = {
		.max_bytes = FP_BODY_MAX_BYTES, .max_depth = 4, .max_values = 40000};
	FP_CLEANUP(fp_json_tree_free_cleanup) struct fp_json_tree *tree = NULL;
	const struct fp_json_value *items;
	struct fp_error error;

	request->form = FP_FORM_JSON;
	if (request->given[FP_PARAM_REPO] || request->given[FP_PARAM_SHA])
		return fp_reply_problem(request, reply, "bad-request", NULL, 0,
			"POST takes its questions from the body: {\"requests\": [...]}");
	if (fp_json_tree_read(
		    fp_buf_str(&request->body), &limits, false, &tree, NULL, NULL, &error) < 0)
		return fp_reply_problem(
			request, reply, "bad-request", NULL, 0, "the body is %s", error.text);
	items = fp_json_member(fp_json_tree_root(tree), "requests");
	if (!items || items->type != FP_JSON_ARRAY || fp_json_tree_root(tree)->count != 1)
		return fp_reply_problem(request, reply, "bad-request", NULL, 0,
			"the body takes {\"requests\": [{\"repo\": …, \"sha\": …}, …]} and nothing "
			"else");
	if (items->count > BATCH_MAX)
		return fp_reply_problem(request, reply, "bad-request", NULL, 0,
			"\"requests\" takes at most %d items, not %zu", BATCH_MAX, items->count);
	return resolve_list(request, reply, items);
}

enum fp_handled fp_handle_resolve(struct fp_request *request, struct fp_reply *reply)
{
	return request->is_post ? resolve_batch(request, reply) : resolve_one(request, reply);
}
