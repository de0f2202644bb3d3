/* /resolve: ask, wait where waiting may help, render, record, answer. */
#include "resolve.h"

#include "forkpoint/service/as_of.h"
#include "forkpoint/service/sticky.h"

struct fp_question fp_request_params_question(const struct fp_request *request)
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

bool fp_request_question(
	struct fp_request *request, struct fp_reply *reply, struct fp_question *question)
{
	*question = fp_request_params_question(request);
	if ((question->sha.len > 0) != (question->ref.len > 0))
		return true;
	fp_reply_problem(request, reply, "bad-request", NULL, 0,
		question->sha.len
			? "parameters \"sha\" and \"ref\" exclude each other; give one"
			: "parameter \"sha\" is required (or \"ref\"); it takes a commit id of 4 "
			  "to 40 hexadecimal digits");
	return false;
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
		request->context->worker, snapshot, question, request->moment_us, answer);
	if (answer->outcome != FP_OUTCOME_UNKNOWN_COMMIT)
		return true;
	looking = fp_request_look_for(request, reply, question);
	*handled = looking == 1 ? FP_WAITING : FP_HANDLED;
	if (looking)
		return false;
	fp_request_explain_unknown(request, answer);
	if (reply->retry_after_us == 0)
		reply->retry_after_us = 5 * FP_US_PER_S;
	return true;
}

static void set_etag(struct fp_reply *reply, struct fp_hash128 hash, enum fp_form form)
{
	/* Weak: two replies of one state differ in id and times. */
	memcpy(reply->etag, "W/\"", 3);
	fp_hash128_format(hash, reply->etag + 3);
	reply->etag[3 + FP_HASH128_HEX] = (char)('0' + form);
	memcpy(reply->etag + 4 + FP_HASH128_HEX, "\"", 2);
}

static enum fp_handled render(
	struct fp_request *request, struct fp_reply *reply, const struct fp_question *question)
{
	struct fp_answer *answer = &request->context->answer;
	const struct fp_problem_row *problem =
		answer->outcome == FP_OUTCOME_OK ? NULL : fp_problem_of(answer->outcome);
	struct fp_document document;
	struct fp_record record;
	struct fp_hash128 hash;
	int r;

	reply->status = problem ? problem->status : 200;
	reply->problem = problem ? problem->code : NULL;
	r = fp_answer_record(
		request, question, reply->status, &reply->body, &hash, &record, &document);
	if (r < 0)
		return fp_reply_not_recorded(request, reply, r);
	if (request->id_is_own)
		memcpy(request->id, reply->body.data + document.holes[FP_HOLE_ID],
			FP_ANSWER_ID_HEX);
	request->id[request->id_is_own ? FP_ANSWER_ID_HEX : strlen(request->id)] = '\0';
	set_etag(reply, hash, request->form);
	if (answer->retry_after_us)
		reply->retry_after_us = answer->retry_after_us;
	reply->cache_control = problem && problem->status == 404
				       ? fp_reply_cache_control_of_404(reply)
				       : "no-cache";
	reply->content_type = fp_form_content_type(request->form);
	if (request->form == FP_FORM_JSON) {
		if (problem)
			reply->content_type = "application/problem+json";
		fp_answer_set_instance(request, &reply->body, &document);
		return FP_HANDLED;
	}
	if (problem)
		reply->content_type = "text/plain; charset=utf-8";
	fp_buf_clear(&reply->body);
	fp_answer_write_form(request->context, answer, request->form, &reply->body);
	return FP_HANDLED;
}

static enum fp_handled resolve_now(
	struct fp_request *request, struct fp_reply *reply, const struct fp_question *question)
{
	struct fp_worker *worker = request->context->worker;
	struct fp_str build = request->params[FP_PARAM_BUILD];
	enum fp_handled handled = FP_HANDLED;
	const struct fp_snapshot *snapshot;
	unsigned tries = 0;

	if (fp_request_look_again(request, question->repo))
		return FP_WAITING;
	for (;;) {
		snapshot = fp_worker_enter_at(worker, &request->moment_us);
		if (!ask(request, reply, snapshot, question, &handled))
			break;
		/* Another leg was answered from a newer snapshot than this one. */
		if (fp_service_stick(
			    worker, build, request->moment_us, &request->context->answer) &&
			tries++ < FP_STICK_TRIES) {
			fp_worker_leave(worker);
			continue;
		}
		handled = render(request, reply, question);
		break;
	}
	fp_worker_leave(worker);
	return handled;
}

/* ---- one question about another time ---- */

static enum fp_handled answer_then(struct fp_request *request, struct fp_reply *reply,
	const struct fp_snapshot *now, const struct fp_question *question, int64_t at_us)
{
	struct fp_answer *answer = &request->context->answer;
	struct fp_worker *worker = request->context->worker;
	const struct fp_snapshot *world =
		fp_request_enter_as_of(request, reply, now, question->repo, at_us);
	enum fp_handled handled;

	if (!world)
		return FP_HANDLED;
	fp_service_resolve(worker, world, question, at_us, answer);
	answer->as_of_us = at_us;
	handled = answer->outcome == FP_OUTCOME_NOT_READY
			  ? fp_reply_before_package(request, reply, answer)
			  : render(request, reply, question);
	fp_as_of_leave(worker, world);
	return handled;
}

static enum fp_handled resolve_then(
	struct fp_request *request, struct fp_reply *reply, const struct fp_question *question)
{
	struct fp_worker *worker = request->context->worker;
	const struct fp_snapshot *now;
	enum fp_handled handled;
	int64_t at_us;

	if (!request->in_background)
		return FP_BACKGROUND;
	now = fp_worker_enter_at(worker, &request->moment_us);
	at_us = fp_request_moment(request, FP_PARAM_AS_OF, request->moment_us);
	handled = at_us > request->moment_us ? fp_reply_future(request, reply, FP_PARAM_AS_OF)
					     : answer_then(request, reply, now, question, at_us);
	fp_worker_leave(worker);
	return handled;
}

enum fp_handled fp_handle_resolve(struct fp_request *request, struct fp_reply *reply)
{
	struct fp_question question;

	if (request->is_post)
		return fp_resolve_batch(request, reply);
	if (!fp_request_question(request, reply, &question))
		return FP_HANDLED;
	return request->given[FP_PARAM_AS_OF] ? resolve_then(request, reply, &question)
					      : resolve_now(request, reply, &question);
}
