/* POST /resolve: many questions in one body, each answered or refused on its own. */
#include "resolve.h"

#include "forkpoint/base/json_read.h"
#include "forkpoint/service/as_of.h"
#include "forkpoint/service/sticky.h"

enum { VALUE_MAX_BYTES = 1024 };

static const enum fp_param batch_params[] = {FP_PARAM_REPO, FP_PARAM_SHA, FP_PARAM_REF,
	FP_PARAM_BRANCH, FP_PARAM_RELEASE, FP_PARAM_PACKAGE, FP_PARAM_CANDIDATES, FP_PARAM_WAIT,
	FP_PARAM_AS_OF, FP_PARAM_BUILD};

static bool is_batch_param(enum fp_param param)
{
	for (size_t i = 0; i < FP_ARRAY_SIZE(batch_params); i++)
		if (batch_params[i] == param)
			return true;
	return false;
}

/* A member becomes a parameter of the request. False with a sentence. */
static bool take_member(
	struct fp_request *request, const struct fp_json_value *member, struct fp_buf *why)
{
	bool plain = member->type == FP_JSON_STRING || member->type == FP_JSON_NUMBER;
	enum fp_param param;

	if (!fp_param_find(member->key, &param) || !is_batch_param(param)) {
		fp_buf_addf(why, "\"%.*s\" is not known in a request; it takes",
			(int)(member->key.len < 64 ? member->key.len : 64), member->key.ptr);
		for (size_t i = 0; i < FP_ARRAY_SIZE(batch_params); i++)
			fp_buf_addf(why, "%s %s", i ? "," : "", fp_param_name(batch_params[i]));
		return false;
	}
	if (!plain || request->given[param] || member->text.len > VALUE_MAX_BYTES ||
		!fp_text_is_clean(member->text) || !fp_param_is_valid(param, member->text)) {
		fp_buf_addf(
			why, "\"%s\" takes %s, once", fp_param_name(param), fp_param_takes(param));
		return false;
	}
	request->given[param] = true;
	request->params[param] = member->text;
	return true;
}

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
	for (const struct fp_json_value *member = item->first; member; member = member->next)
		if (!take_member(request, member, why))
			return false;
	if (request->given[FP_PARAM_REPO] &&
		request->given[FP_PARAM_SHA] != request->given[FP_PARAM_REF])
		return true;
	fp_buf_add_text(why, "a request needs \"repo\" and one of \"sha\" and \"ref\"");
	return false;
}

static void write_problem_item(
	struct fp_request *request, const char *code, struct fp_str why, struct fp_buf *body)
{
	struct fp_json json;

	fp_json_init(&json, body);
	fp_json_object_begin(&json);
	fp_problem_write_members(&json, fp_problem_find(fp_str(code)), why, NULL, 0);
	fp_json_member_text(&json, "instance", request->id);
	fp_json_object_end(&json);
}

/* The first time round, unknown commits are looked for, as many as a request may wait for. False
 * when one could not be. */
static bool look_for_item(struct fp_request *request, const struct fp_snapshot *snapshot)
{
	const struct fp_outside *outside = &request->context->service->outside;
	struct fp_question question = fp_request_params_question(request);
	enum fp_look_refusal refusal;
	int64_t retry_after_us;
	char room[FP_HASH128_HEX + 1];
	struct fp_ticket *ticket;

	if (request->given[FP_PARAM_AS_OF])
		return true;
	fp_service_resolve(request->context->worker, snapshot, &question, request->moment_us,
		&request->context->answer);
	if (request->context->answer.outcome != FP_OUTCOME_UNKNOWN_COMMIT)
		return true;
	ticket = outside->look_for_commit(outside->context, question.repo,
		fp_look_key(&question, room), &refusal, &retry_after_us);
	if (!ticket)
		return refusal != FP_LOOK_TOO_MANY;
	/* Who says wait=0 is not refused: the look has begun. */
	return fp_request_wait_for(request, ticket) || request->ticket_count < FP_TICKETS_MAX;
}

/* The answer as an item, with its record. */
static int write_item(
	struct fp_request *request, const struct fp_question *question, struct fp_buf *item)
{
	struct fp_answer *answer = &request->context->answer;
	struct fp_document document;
	struct fp_record record;
	struct fp_hash128 hash;
	unsigned status;
	int r;

	status = answer->outcome == FP_OUTCOME_OK ? 200 : fp_problem_of(answer->outcome)->status;
	r = fp_answer_record(request, question, status, item, &hash, &record, &document);
	if (r < 0)
		return r;
	fp_answer_set_instance(request, item, &document);
	if (item->len)
		item->len--; /* the line end between documents */
	return 0;
}

static bool could_not_be_looked_for(const struct fp_request *request, size_t index)
{
	return request->not_looked_for[index / 8] >> (index % 8) & 1;
}

/* *snapshot is another one afterwards when another leg of the build was answered from a newer one.
 */
static int answer_item(struct fp_request *request, size_t index,
	const struct fp_snapshot **snapshot, struct fp_buf *item)
{
	struct fp_question question = fp_request_params_question(request);
	struct fp_answer *answer = &request->context->answer;
	struct fp_worker *worker = request->context->worker;

	for (unsigned tries = 0;; tries++) {
		fp_service_resolve(worker, *snapshot, &question, request->moment_us, answer);
		if (answer->outcome == FP_OUTCOME_UNKNOWN_COMMIT &&
			could_not_be_looked_for(request, index)) {
			write_problem_item(
				request, "too-many-requests", fp_str(FP_TOO_MANY_UNKNOWN), item);
			return 0;
		}
		if (fp_service_stick(worker, request->params[FP_PARAM_BUILD], request->moment_us,
			    answer) == 0 ||
			tries == FP_STICK_TRIES)
			return write_item(request, &question, item);
		fp_worker_leave(worker);
		*snapshot = fp_worker_enter_at(worker, &request->moment_us);
	}
}

static int answer_world(struct fp_request *request, struct fp_reply *problem,
	const struct fp_snapshot *world, int64_t at_us, struct fp_buf *item)
{
	struct fp_question question = fp_request_params_question(request);
	struct fp_answer *answer = &request->context->answer;

	fp_service_resolve(request->context->worker, world, &question, at_us, answer);
	answer->as_of_us = at_us;
	if (answer->outcome != FP_OUTCOME_NOT_READY)
		return write_item(request, &question, item);
	fp_reply_before_package(request, problem, answer);
	return 0;
}

/* About another time. What has no answer becomes a problem of its own. */
static int answer_item_then(
	struct fp_request *request, const struct fp_snapshot *now, struct fp_buf *item)
{
	int64_t at_us = fp_request_moment(request, FP_PARAM_AS_OF, request->moment_us);
	const struct fp_snapshot *world;
	struct fp_reply problem = {0};
	int r = 0;

	fp_buf_init(&problem.body, item->max);
	if (at_us > request->moment_us) {
		fp_reply_future(request, &problem, FP_PARAM_AS_OF);
	} else {
		world = fp_request_enter_as_of(
			request, &problem, now, request->params[FP_PARAM_REPO], at_us);
		if (world)
			r = answer_world(request, &problem, world, at_us, item);
		fp_as_of_leave(request->context->worker, world);
	}
	fp_buf_add_str(item, fp_str_trim(fp_buf_str(&problem.body)));
	fp_buf_release(&problem.body);
	return r;
}

static int answer_items(struct fp_request *request, struct fp_reply *reply,
	const struct fp_snapshot **snapshot, const struct fp_json_value *items)
{
	struct fp_buf FP_CLEANUP_BUF item = {0}, FP_CLEANUP_BUF why = {0};
	size_t index = 0;
	int r = 0;

	fp_buf_init(&item, 64 * 1024 * 1024);
	fp_buf_init(&why, 1024);
	fp_buf_add_text(&reply->body, "{\"items\":[");
	for (const struct fp_json_value *at = items->first; at; at = at->next, index++) {
		fp_buf_clear(&item);
		fp_buf_clear(&why);
		if (!take_item(request, at, &why))
			write_problem_item(request, "bad-request", fp_buf_str(&why), &item);
		else if (request->given[FP_PARAM_AS_OF])
			r = answer_item_then(request, *snapshot, &item);
		else
			r = answer_item(request, index, snapshot, &item);
		if (r < 0)
			return r;
		if (index)
			fp_buf_add_char(&reply->body, ',');
		fp_buf_add_str(&reply->body, fp_buf_str(&item));
	}
	fp_buf_add_text(&reply->body, "]}\n");
	return 0;
}

static bool must_wait(struct fp_request *request, const struct fp_snapshot *snapshot,
	const struct fp_json_value *items)
{
	struct fp_buf FP_CLEANUP_BUF why = {0};
	size_t index = 0;

	if (request->attempts > 0)
		return false;
	fp_buf_init(&why, 1024);
	for (const struct fp_json_value *at = items->first; at; at = at->next, index++)
		if (take_item(request, at, &why) && !look_for_item(request, snapshot))
			request->not_looked_for[index / 8] |= (uint8_t)(1u << (index % 8));
	return request->ticket_count > 0;
}

static enum fp_handled resolve_list(
	struct fp_request *request, struct fp_reply *reply, const struct fp_json_value *items)
{
	const struct fp_snapshot *snapshot =
		fp_worker_enter_at(request->context->worker, &request->moment_us);
	bool waits = must_wait(request, snapshot, items);
	int r = waits ? 0 : answer_items(request, reply, &snapshot, items);

	fp_worker_leave(request->context->worker);
	if (waits)
		return FP_WAITING;
	if (r < 0)
		return fp_reply_not_recorded(request, reply, r);
	reply->content_type = fp_form_content_type(FP_FORM_JSON);
	reply->cache_control = "no-store";
	return FP_HANDLED;
}

/* Whether an item asks about another time, so that the database is read. */
static bool asks_the_past(const struct fp_json_value *items)
{
	for (const struct fp_json_value *at = items->first; at; at = at->next)
		if (at->type == FP_JSON_OBJECT && fp_json_member(at, "as_of"))
			return true;
	return false;
}

static bool asks_in_query(const struct fp_request *request)
{
	for (int i = 0; i < FP_PARAM_COUNT; i++)
		if (request->given[i] && !(i == FP_PARAM_FORMAT && request->form == FP_FORM_JSON))
			return true;
	return false;
}

enum fp_handled fp_resolve_batch(struct fp_request *request, struct fp_reply *reply)
{
	static const struct fp_json_limits limits = {
		.max_bytes = FP_BODY_MAX_BYTES, .max_depth = 4, .max_values = 40000};
	FP_CLEANUP(fp_json_tree_free_cleanup) struct fp_json_tree *tree = NULL;
	const struct fp_json_value *items;
	struct fp_error error;

	/* From the second time round, the parameters are those of the last item. */
	if (request->attempts == 0 && !request->in_background && asks_in_query(request))
		return fp_reply_problem(request, reply, "bad-request", NULL, 0,
			"POST takes its questions from the body, {\"requests\": [...]}, and "
			"answers in JSON; it has no parameters");
	request->form = FP_FORM_JSON;
	if (fp_json_tree_read(
		    fp_buf_str(&request->body), &limits, false, &tree, NULL, NULL, &error) < 0)
		return fp_reply_problem(
			request, reply, "bad-request", NULL, 0, "the body is %s", error.text);
	items = fp_json_member(fp_json_tree_root(tree), "requests");
	if (!items || items->type != FP_JSON_ARRAY || fp_json_tree_root(tree)->count != 1)
		return fp_reply_problem(request, reply, "bad-request", NULL, 0,
			"the body takes {\"requests\": [{\"repo\": …, \"sha\": …}, …]} and nothing "
			"else");
	if (items->count > FP_BATCH_MAX)
		return fp_reply_problem(request, reply, "bad-request", NULL, 0,
			"\"requests\" takes at most %d items, not %zu", FP_BATCH_MAX, items->count);
	if (!request->in_background && asks_the_past(items))
		return FP_BACKGROUND;
	return resolve_list(request, reply, items);
}
