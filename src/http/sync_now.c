/* POST /sync: somebody who may wants the sources looked at now. It says at once what will be done;
 * an answer that waits for it is asked for with Cache-Control: no-cache. */
#include "authority.h"
#include "repository.h"

enum { DETAIL_MAX_BYTES = 8 * 1024 };

static void write_feeds(struct fp_json *json, const struct fp_repository_settings *settings)
{
	fp_json_key(json, "feeds");
	fp_json_array_begin(json);
	for (size_t i = 0; i < settings->package_count; i++) {
		bool said = false;

		for (size_t k = 0; k < i; k++)
			said |= fp_str_equal(
				settings->packages[k].feed, settings->packages[i].feed);
		if (!said)
			fp_json_string(json, settings->packages[i].feed);
	}
	fp_json_array_end(json);
}

static void write_reply(struct fp_reply *reply, const struct fp_repository_settings *settings)
{
	struct fp_json json;

	reply->status = 202;
	reply->content_type = fp_form_content_type(FP_FORM_JSON);
	reply->cache_control = "no-store";
	fp_json_init(&json, &reply->body);
	fp_json_object_begin(&json);
	fp_json_member_string(&json, "repo", settings->name);
	fp_json_member_string(&json, "upstream", settings->url);
	write_feeds(&json, settings);
	fp_json_member_text(&json, "text",
		"The upstream and the feeds are looked at now; /repos/{repo} shows how that goes.");
	fp_json_object_end(&json);
	fp_buf_add_char(&reply->body, '\n');
}

static bool look(struct fp_request *request, struct fp_str repo)
{
	const struct fp_outside *outside = &request->context->service->outside;
	enum fp_look_refusal refusal;
	struct fp_ticket *ticket = outside->look_again(outside->context, repo, &refusal);

	if (ticket)
		outside->ticket_unref(ticket);
	return ticket != NULL;
}

static enum fp_handled start(struct fp_request *request, struct fp_reply *reply,
	const struct fp_authority *authority, const struct fp_snapshot *snapshot)
{
	struct fp_str repo = fp_request_param(request, FP_PARAM_REPO);
	const struct fp_snapshot_repository *repository = fp_snapshot_find(snapshot, repo);
	struct fp_audit_entry entry;
	struct fp_error error;

	if (!repository)
		return fp_reply_unknown_repository(request, reply, snapshot, repo);
	entry = fp_request_audit(request, authority, "sync", repo, FP_STR_LITERAL("{}"));
	if (fp_service_add_audit(request->context->service, &entry, &error) < 0)
		return fp_reply_problem(request, reply, "internal", NULL, 0,
			"nothing is done, for the audit cannot be written: %s", error.text);
	if (!look(request, repo)) {
		reply->retry_after_us = FP_US_PER_S;
		return fp_reply_problem(request, reply, "too-many-requests", NULL, 0,
			"too many wait for this repository's sources already");
	}
	write_reply(reply, repository->settings);
	return FP_HANDLED;
}

enum fp_handled fp_handle_sync(struct fp_request *request, struct fp_reply *reply)
{
	struct fp_authority authority = {0};
	enum fp_handled handled;

	if (!fp_authority_check(request, reply, FP_RIGHT_SYNC, &authority, &handled))
		return handled;
	if (!request->given[FP_PARAM_REPO])
		return fp_reply_problem(request, reply, "bad-request", NULL, 0,
			"parameter \"repo\" is required; it takes %s",
			fp_param_takes(FP_PARAM_REPO));
	handled = start(request, reply, &authority, fp_worker_enter(request->context->worker));
	fp_worker_leave(request->context->worker);
	return handled;
}
