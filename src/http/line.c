/* Points of a branch's line in the forms of a reply. */
#include "line.h"

void fp_point_texts_init(struct fp_point_texts *texts)
{
	*texts = (struct fp_point_texts){0};
	fp_buf_init(&texts->release, 1024);
}

void fp_point_texts_release(struct fp_point_texts *texts)
{
	fp_buf_release(&texts->release);
}

static void set_minute(struct fp_point_texts *texts, fp_minute minute)
{
	size_t len = fp_time_format_s(fp_minute_to_s(minute), texts->minute);

	texts->minute[len - strlen(":00Z")] = '\0';
	texts->minute[len - strlen("T00:00:00Z")] = ' ';
	texts->stamp[0] = '\0';
	if (fp_stamp_is_writable(minute))
		fp_stamp_format(minute, texts->stamp);
}

void fp_point_texts_set(
	struct fp_point_texts *texts, const struct fp_answer *answer, const struct fp_point *point)
{
	const struct fp_graph_view *view = &answer->repository->branches->view;
	const struct fp_catalog_version *version = fp_answer_version(answer, point->version);

	fp_oid_format(fp_graph_oid(view, point->commit), texts->sha);
	fp_time_format_s(fp_graph_author_s(view, point->commit), texts->author_time);
	fp_time_format_s(fp_graph_committer_s(view, point->commit), texts->committer_time);
	set_minute(texts, point->minute);
	texts->version = version ? version->row.text : (struct fp_str){0};
	fp_buf_clear(&texts->release);
	if (point->has_release)
		fp_release_write(&point->release, &texts->release);
}

struct fp_str fp_point_word(const struct fp_answer *answer, const struct fp_point *point)
{
	const struct fp_catalog_version *version = fp_answer_version(answer, point->version);

	if (version)
		return version->row.text;
	return point->outcome == FP_OUTCOME_RELEASE_UNKNOWN ? FP_STR_LITERAL("release unknown")
							    : FP_STR_LITERAL("no database");
}

const char *fp_version_unusable(const struct fp_catalog_version *version)
{
	if (version->row.vanished_us >= 0)
		return "vanished";
	return version->standing == FP_REJECTION_NONE ? NULL : fp_rejection_name(version->standing);
}

enum fp_handled fp_reply_failure(
	struct fp_request *request, struct fp_reply *reply, const struct fp_answer *answer)
{
	if (request->given[FP_PARAM_AS_OF] && answer->outcome == FP_OUTCOME_NOT_READY)
		return fp_reply_before_package(request, reply, answer);
	reply->retry_after_us = answer->retry_after_us;
	return fp_reply_problem(request, reply, fp_outcome_code(answer->outcome), answer->nearest,
		answer->nearest_count, "%.*s", FP_STR_ARG(fp_buf_str(&answer->detail)));
}

void fp_json_member_next(struct fp_json *json, const struct fp_answer *answer, uint32_t commit)
{
	if (commit == FP_NO_COMMIT)
		fp_json_member_text(json, "next", NULL);
	else
		fp_json_member_commit(json, "next", &answer->repository->branches->view, commit);
}

static void link_next(const struct fp_request *request, struct fp_reply *reply,
	const struct fp_answer *answer, uint32_t commit)
{
	char hex[FP_OID_HEX + 1];

	if (commit == FP_NO_COMMIT)
		return;
	fp_oid_format(fp_graph_oid(&answer->repository->branches->view, commit), hex);
	fp_link_add_next(&reply->link, request, fp_str(hex));
}

void fp_text_add_next(struct fp_buf *buf, const struct fp_answer *answer, uint32_t commit)
{
	char hex[FP_OID_HEX + 1];

	if (commit == FP_NO_COMMIT)
		return;
	fp_oid_format(fp_graph_oid(&answer->repository->branches->view, commit), hex);
	fp_buf_addf(buf, "there is more: add cursor=%s\n", hex);
}

void fp_json_member_filled(struct fp_json *json, const char *key, struct fp_str text)
{
	fp_json_key(json, key);
	if (text.len)
		fp_json_string(json, text);
	else
		fp_json_null(json);
}

void fp_json_members_of_line(struct fp_json *json, const struct fp_answer *answer)
{
	fp_json_member_string(json, "repo", answer->repository->settings->name);
	fp_json_member_string(json, "branch", answer->branch_name);
	fp_json_member_string(json, "package", answer->package->settings->id);
}

/* ---- the routes ---- */

static void finish(const struct fp_request *request, struct fp_reply *reply,
	const struct fp_answer *answer, uint32_t next)
{
	reply->content_type = fp_form_content_type(request->form);
	reply->cache_control = "no-cache";
	link_next(request, reply, answer, next);
	fp_reply_set_body_etag(reply);
}

enum fp_handled fp_handle_line(struct fp_request *request, struct fp_reply *reply,
	const struct fp_line_route *route, void *result)
{
	const struct fp_snapshot *snapshot =
		fp_request_enter_moment(request, reply, request->params[FP_PARAM_REPO]);
	const struct fp_line_query query = {
		.repo = request->params[FP_PARAM_REPO],
		.package = request->params[FP_PARAM_PACKAGE],
		.branch = request->params[FP_PARAM_BRANCH],
		.release = request->params[FP_PARAM_RELEASE],
		.from = request->params[FP_PARAM_FROM],
		.to = request->params[FP_PARAM_TO],
		.cursor = request->params[FP_PARAM_CURSOR],
		.limit = fp_page_of(request).limit,
	};
	const struct fp_answer *answer;

	if (!snapshot)
		return FP_HANDLED;
	answer = route->ask(request->context->worker, snapshot, &query, result);
	if (answer->outcome == FP_OUTCOME_OK)
		finish(request, reply, answer, route->write(request, result, &reply->body));
	else
		fp_reply_failure(request, reply, answer);
	fp_request_leave_moment(request, snapshot);
	return FP_HANDLED;
}
