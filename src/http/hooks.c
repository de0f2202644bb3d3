/*
 * POST /hooks/{sender}: webhooks. Whatever a delivery says, it is answered at once with 202 and is
 * a reason to look, never data: the sources are asked themselves. So a delivery that is taken
 * twice, or that lies, costs a look and changes no answer.
 */
#include "forkpoint/service/hooks.h"

#include "authority.h"

#include <stdio.h>

enum { DELIVERY_MAX_BYTES = 160, DETAIL_MAX_BYTES = 8 * 1024, LOOKS_MAX = 16 };

/* What is done about a delivery. */
struct outcome {
	struct fp_str id; /* of the delivery; empty where none is known */
	bool repeated;
	struct fp_str looks[LOOKS_MAX]; /* repositories that are looked at now */
	size_t look_count;
	size_t named; /* repositories that it is about */
};

/* ---- who sends ---- */

static struct fp_hook_delivery delivery_of(
	const struct fp_request *request, enum fp_hook_sender sender)
{
	static const enum fp_header signatures[] = {
		[FP_HOOK_GITHUB] = FP_HEADER_HUB_SIGNATURE_256,
		[FP_HOOK_GITLAB] = FP_HEADER_GITLAB_TOKEN,
		[FP_HOOK_GITEA] = FP_HEADER_GITEA_SIGNATURE,
	};
	struct fp_hook_delivery delivery = {
		.sender = sender,
		.authorization = request->authorization,
		.body = fp_buf_str(&request->body),
	};

	if ((size_t)sender < FP_ARRAY_SIZE(signatures))
		delivery.signature = request->headers[signatures[sender]];
	return delivery;
}

static struct fp_str id_of(const struct fp_request *request, enum fp_hook_sender sender,
	const struct fp_hook_hint *hint)
{
	switch (sender) {
	case FP_HOOK_GITHUB: return request->headers[FP_HEADER_GITHUB_DELIVERY];
	case FP_HOOK_GITLAB: return request->headers[FP_HEADER_GITLAB_EVENT_UUID];
	case FP_HOOK_GITEA: return request->headers[FP_HEADER_GITEA_DELIVERY];
	default: return hint->id;
	}
}

static enum fp_handled refuse(struct fp_request *request, struct fp_reply *reply,
	enum fp_hook_sender sender, enum fp_hook_verdict verdict)
{
	const char *name = fp_hook_sender_name(sender), *header = fp_hook_header(sender);
	char why[160];

	if (verdict == FP_HOOK_OFF)
		return fp_reply_problem(request, reply, "not-found", NULL, 0,
			"webhooks of %s are not taken here: the setting hooks.%s has no secret",
			name, name);
	if (verdict == FP_HOOK_UNSIGNED)
		snprintf(why, sizeof(why),
			"the header %s is missing or has not the form that %s gives it", header,
			name);
	else
		snprintf(why, sizeof(why), "the header %s was not made with the secret of hooks.%s",
			header, name);
	return fp_authority_refuse(request, reply,
		sender == FP_HOOK_AZURE_DEVOPS ? "Basic realm=\"forkpoint\""
					       : "Bearer realm=\"forkpoint\"",
		why);
}

/* Whether the delivery is to be believed. A token that may sync is as good as a secret of
 * hooks.generic. */
static bool is_trusted(struct fp_request *request, struct fp_reply *reply,
	const struct fp_hook_delivery *delivery, struct fp_authority *authority,
	enum fp_handled *handled)
{
	struct fp_hooks *hooks = request->context->service->hooks;
	enum fp_hook_verdict verdict = hooks ? fp_hooks_judge(hooks, delivery) : FP_HOOK_OFF;

	if (verdict == FP_HOOK_TRUSTED)
		return true;
	if (delivery->sender == FP_HOOK_GENERIC)
		return fp_authority_check(request, reply, FP_RIGHT_SYNC, authority, handled);
	*handled = refuse(request, reply, delivery->sender, verdict);
	return false;
}

/* ---- what is done ---- */

static void look(struct fp_request *request, struct fp_str repo, struct outcome *outcome)
{
	const struct fp_outside *outside = &request->context->service->outside;
	enum fp_look_refusal refusal;
	struct fp_ticket *ticket;

	outcome->named++;
	if (outcome->look_count == LOOKS_MAX)
		return;
	ticket = outside->look_again(outside->context, repo, &refusal);
	if (!ticket)
		return;
	outside->ticket_unref(ticket);
	outcome->looks[outcome->look_count++] = repo;
}

/* Names are the snapshot's: leave it only when the reply is written. */
static void look_at_all(struct fp_request *request, const struct fp_snapshot *snapshot,
	const struct fp_hook_hint *hint, struct outcome *outcome)
{
	for (size_t i = 0; i < snapshot->settings->repository_count; i++) {
		const struct fp_repository_settings *own = &snapshot->settings->repositories[i];

		if (fp_hook_concerns(hint, own))
			look(request, own->name, outcome);
	}
}

static int note_delivery(struct fp_request *request, enum fp_hook_sender sender,
	struct outcome *outcome, struct fp_error *error)
{
	struct fp_buf FP_CLEANUP_BUF key = {0};
	int r;

	if (!outcome->id.len)
		return 0;
	fp_buf_init(&key, DELIVERY_MAX_BYTES + 32);
	fp_buf_addf(&key, "%s:%.*s", fp_hook_sender_name(sender), FP_STR_ARG(outcome->id));
	r = fp_service_note_delivery(request->context->service, fp_buf_str(&key), error);
	outcome->repeated = r == 1;
	return r < 0 ? r : 0;
}

static void write_looks(struct fp_json *json, const struct outcome *outcome)
{
	fp_json_key(json, "looks");
	fp_json_array_begin(json);
	for (size_t i = 0; i < outcome->look_count; i++)
		fp_json_string(json, outcome->looks[i]);
	fp_json_array_end(json);
}

static int audit(struct fp_request *request, const struct fp_authority *authority,
	enum fp_hook_sender sender, const struct outcome *outcome, struct fp_error *error)
{
	struct fp_buf FP_CLEANUP_BUF detail = {0};
	struct fp_audit_entry entry;
	struct fp_json json;

	fp_buf_init(&detail, DETAIL_MAX_BYTES);
	fp_json_init(&json, &detail);
	fp_json_object_begin(&json);
	fp_json_member_string(&json, "delivery", outcome->id);
	write_looks(&json, outcome);
	fp_json_object_end(&json);
	entry = fp_request_audit(request, authority, "hook", fp_str(fp_hook_sender_name(sender)),
		fp_buf_str(&detail));
	return fp_service_add_audit(request->context->service, &entry, error);
}

static const char *say(const struct outcome *outcome)
{
	if (outcome->repeated)
		return "This delivery was taken before: nothing to do.";
	if (outcome->named == 0)
		return "No repository that is tracked here has a URL of this delivery: nothing to "
		       "do.";
	return "The sources are looked at now.";
}

static void write_reply(
	struct fp_reply *reply, enum fp_hook_sender sender, const struct outcome *outcome)
{
	struct fp_json json;

	reply->status = 202;
	reply->content_type = fp_form_content_type(FP_FORM_JSON);
	reply->cache_control = "no-store";
	fp_json_init(&json, &reply->body);
	fp_json_object_begin(&json);
	fp_json_member_text(&json, "sender", fp_hook_sender_name(sender));
	fp_json_key(&json, "delivery");
	if (outcome->id.len)
		fp_json_string(&json, outcome->id);
	else
		fp_json_null(&json);
	fp_json_member_bool(&json, "repeated", outcome->repeated);
	write_looks(&json, outcome);
	fp_json_member_text(&json, "text", say(outcome));
	fp_json_object_end(&json);
	fp_buf_add_char(&reply->body, '\n');
}

static enum fp_handled take(struct fp_request *request, struct fp_reply *reply,
	const struct fp_authority *authority, enum fp_hook_sender sender,
	const struct fp_hook_hint *hint)
{
	struct outcome outcome = {.id = id_of(request, sender, hint)};
	const struct fp_snapshot *snapshot;
	struct fp_error error;
	int r;

	if (outcome.id.len > DELIVERY_MAX_BYTES || !fp_text_is_clean(outcome.id))
		return fp_reply_problem(request, reply, "bad-request", NULL, 0,
			"the delivery's id takes UTF-8 text without control characters, at most "
			"%d bytes",
			DELIVERY_MAX_BYTES);
	r = note_delivery(request, sender, &outcome, &error);
	if (r < 0)
		return fp_reply_problem(request, reply, "internal", NULL, 0, "%s", error.text);
	snapshot = fp_worker_enter(request->context->worker);
	if (!outcome.repeated)
		look_at_all(request, snapshot, hint, &outcome);
	if (outcome.look_count)
		r = audit(request, authority, sender, &outcome, &error);
	write_reply(reply, sender, &outcome);
	fp_worker_leave(request->context->worker);
	if (r < 0)
		return fp_reply_problem(request, reply, "internal", NULL, 0, "%s", error.text);
	return FP_HANDLED;
}

enum fp_handled fp_handle_hook(struct fp_request *request, struct fp_reply *reply)
{
	struct fp_hooks *hooks = request->context->service->hooks;
	struct fp_authority authority = {0};
	struct fp_hook_delivery delivery;
	struct fp_hook_hint hint = {0};
	enum fp_hook_sender sender;
	enum fp_handled handled;
	struct fp_error error;
	int r;

	if (!fp_hook_sender_find(request->argument, &sender))
		return fp_reply_problem(request, reply, "not-found", NULL, 0,
			"webhooks are taken from github, gitlab, gitea, azure-devops and generic");
	delivery = delivery_of(request, sender);
	if (!is_trusted(request, reply, &delivery, &authority, &handled))
		return handled;
	if (hooks && !fp_hooks_take_turn(hooks, fp_clock_monotonic_us())) {
		reply->retry_after_us = FP_US_PER_S;
		return fp_reply_problem(request, reply, "too-many-requests", NULL, 0,
			"more webhooks come than are taken; what they tell is seen at the next "
			"look in any case");
	}
	r = fp_hook_read(sender, delivery.body, &hint, &error);
	if (r < 0)
		return fp_reply_problem(request, reply,
			r == -FP_ERROR_MEMORY ? "internal" : "bad-request", NULL, 0,
			"the body takes %s's JSON: %s", fp_hook_sender_name(sender), error.text);
	handled = take(request, reply, &authority, sender, &hint);
	fp_hook_hint_release(&hint);
	return handled;
}
