/* /stamp: the version under which a training run of a commit publishes. */
#include "render.h"

static void write_problems(
	struct fp_json *json, const struct fp_stamp_answer *stamp, struct fp_buf *text)
{
	const struct fp_answer *answer = &stamp->answer;
	const struct fp_graph_view *view = &answer->repository->branches->view;
	const char *code = fp_requested_problem_code(answer->requested_problem);
	uint32_t listed =
		stamp->same_stamp_count < FP_TRAINED_MAX ? stamp->same_stamp_count : FP_TRAINED_MAX;

	fp_json_key(json, "problems");
	fp_json_array_begin(json);
	if (code) {
		fp_json_object_begin(json);
		fp_json_member_text(json, "code", code);
		fp_stamp_write_problem(stamp, text);
		fp_json_member_sentence(json, "text", text);
		fp_json_object_end(json);
	}
	if (stamp->published) {
		fp_json_object_begin(json);
		fp_json_member_text(json, "code", "already-published");
		fp_json_member_text(json, "text", "the feed has this version already");
		fp_json_member_version(json, "version", answer, stamp->published_index);
		fp_json_object_end(json);
	}
	if (stamp->same_stamp_count) {
		fp_json_object_begin(json);
		fp_json_member_text(json, "code", "same-stamp");
		fp_json_member_text(
			json, "text", "other commits of the branch have the same stamp");
		fp_json_key(json, "commits");
		fp_json_commits(json, view, stamp->same_stamp, listed);
		fp_json_object_end(json);
	}
	fp_json_array_end(json);
}

static void write_json(
	struct fp_http_context *context, const struct fp_stamp_answer *stamp, struct fp_buf *buf)
{
	const struct fp_answer *answer = &stamp->answer;
	const struct fp_graph_view *view = &answer->repository->branches->view;
	struct fp_json json;

	fp_json_init(&json, buf);
	fp_json_object_begin(&json);
	fp_json_member_string(&json, "repo", answer->repository->settings->name);
	fp_json_member_commit(&json, "sha", view, answer->commit);
	fp_json_member_string(&json, "branch", answer->branch_name);
	fp_json_member_string(&json, "package", answer->package->settings->id);
	fp_json_member_string(&json, "version", fp_buf_str(&answer->requested));
	fp_json_member_text(
		&json, "grammar", fp_grammar_name(answer->package->settings->grammars[0]));
	fp_json_member_text(&json, "stamp", answer->stamp[0] ? answer->stamp : NULL);
	fp_json_member_time_s(&json, "author_time", fp_graph_author_s(view, answer->commit));
	fp_json_member_time_s(&json, "committer_time", fp_graph_committer_s(view, answer->commit));
	fp_json_key(&json, "release");
	fp_json_release(&json, &answer->release, answer->release_source, &context->text);
	fp_json_member_bool(&json, "published", stamp->published);
	write_problems(&json, stamp, &context->text);
	fp_json_object_end(&json);
	fp_buf_add_char(buf, '\n');
}

static void write_text(const struct fp_stamp_answer *stamp, enum fp_form form, struct fp_buf *buf)
{
	fp_buf_add_str(buf, fp_buf_str(&stamp->answer.requested));
	fp_buf_add_char(buf, '\n');
	if (form == FP_FORM_VERSION)
		return;
	if (stamp->answer.requested_problem != FP_REQUESTED_FINE) {
		fp_stamp_write_problem(stamp, buf);
		fp_buf_add_char(buf, '\n');
	}
	if (stamp->published)
		fp_buf_add_text(buf, "the feed has this version already\n");
	if (stamp->same_stamp_count)
		fp_buf_addf(buf, "%u other commits of the branch have the same stamp\n",
			stamp->same_stamp_count);
}

static enum fp_handled reply_failure(
	struct fp_request *request, struct fp_reply *reply, const struct fp_answer *answer)
{
	if (answer->retry_after_us)
		reply->retry_after_us = answer->retry_after_us;
	return fp_reply_problem(request, reply, fp_outcome_code(answer->outcome), answer->nearest,
		answer->nearest_count, "%.*s", FP_STR_ARG(fp_buf_str(&answer->detail)));
}

static enum fp_handled render(
	struct fp_request *request, struct fp_reply *reply, const struct fp_stamp_answer *stamp)
{
	if (request->form == FP_FORM_JSON)
		write_json(request->context, stamp, &reply->body);
	else
		write_text(stamp, request->form, &reply->body);
	reply->content_type = fp_form_content_type(request->form);
	reply->cache_control = "no-cache";
	fp_reply_set_body_etag(reply);
	return FP_HANDLED;
}

enum fp_handled fp_handle_stamp(struct fp_request *request, struct fp_reply *reply)
{
	struct fp_worker *worker = request->context->worker;
	enum fp_handled handled = FP_HANDLED;
	struct fp_stamp_answer stamp;
	struct fp_question question;
	int looking = 0;

	if (!fp_request_question(request, reply, &question))
		return FP_HANDLED;
	fp_stamp_answer_init(&stamp);
	fp_service_stamp(worker, fp_worker_enter(worker), &question, request->received_us, &stamp);
	if (stamp.answer.outcome == FP_OUTCOME_UNKNOWN_COMMIT)
		looking = fp_request_look_for(request, reply, &question);
	if (looking == 1)
		handled = FP_WAITING;
	else if (looking == 0 && stamp.answer.outcome != FP_OUTCOME_OK)
		handled = reply_failure(request, reply, &stamp.answer);
	else if (looking == 0)
		handled = render(request, reply, &stamp);
	fp_worker_leave(worker);
	fp_stamp_answer_release(&stamp);
	return handled;
}
