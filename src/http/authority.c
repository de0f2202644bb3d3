/* Bearer tokens: known by their SHA-256, compared in constant time, slow to guess. */
#include "authority.h"

#include "forkpoint/base/digest.h"

#include <stdio.h>

#define BEARER "Bearer "
#define CHALLENGE "Bearer realm=\"forkpoint\""

struct fp_audit_entry fp_request_audit(const struct fp_request *request,
	const struct fp_authority *authority, const char *action, struct fp_str subject,
	struct fp_str detail)
{
	return (struct fp_audit_entry){
		.who = authority ? fp_str(authority->who) : FP_STR_LITERAL(""),
		.client = request->client,
		.request_id = fp_str(request->id),
		.action = fp_str(action),
		.subject = subject,
		.detail = detail,
	};
}

/* ---- refusing ---- */

static void tell_audit(struct fp_request *request)
{
	const struct fp_audit_entry entry =
		fp_request_audit(request, NULL, "refused", fp_str(request->route->path),
			FP_STR_LITERAL("{\"reason\":\"wrong or missing token\"}"));

	/* A full disk must not turn a refusal into something else. */
	fp_service_add_audit(request->context->service, &entry, NULL);
}

enum fp_handled fp_authority_refuse(
	struct fp_request *request, struct fp_reply *reply, const char *challenge, const char *why)
{
	bool tell;
	int64_t wait_us;

	if (request->attempts == 0) {
		int64_t now_us = fp_clock_monotonic_us();

		wait_us = fp_guard_fail_us(request->context->guard, request->client, now_us, &tell);
		if (tell)
			tell_audit(request);
		if (wait_us < 0) {
			reply->retry_after_us = 30 * FP_US_PER_S;
			return fp_reply_problem(request, reply, "too-many-requests", NULL, 0,
				"too many attempts with wrong tokens from this address");
		}
		request->wait_until_us = now_us + wait_us;
		return FP_WAITING;
	}
	reply->authenticate = challenge;
	return fp_reply_problem(request, reply, "unauthorised", NULL, 0, "%s", why);
}

/* ---- checking ---- */

/* Every token is compared, so that time tells nothing about which one came near. */
static const struct fp_token_settings *find_token(
	const struct fp_settings *settings, struct fp_str token)
{
	const struct fp_token_settings *found = NULL;
	uint8_t digest[FP_SHA256_BYTES];

	fp_sha256(token, digest);
	for (size_t i = 0; i < settings->token_count; i++)
		if (fp_equal_secret(digest, settings->tokens[i].sha256, sizeof(digest)))
			found = &settings->tokens[i];
	return found;
}

static bool may(const struct fp_token_settings *token, enum fp_right right)
{
	return right == FP_RIGHT_ANY || (right == FP_RIGHT_SYNC && token->may_sync) ||
	       (right == FP_RIGHT_OVERRIDE && token->may_override);
}

/* 1 = he may, 0 = no such token, -1 = it has not that right. */
static int look_up(struct fp_request *request, enum fp_right right, struct fp_str given,
	struct fp_authority *authority)
{
	struct fp_worker *worker = request->context->worker;
	const struct fp_snapshot *snapshot = fp_worker_enter(worker);
	const struct fp_token_settings *token = find_token(snapshot->settings, given);
	int found = 0;

	if (token) {
		snprintf(authority->who, sizeof(authority->who), "%.*s", FP_STR_ARG(token->name));
		found = may(token, right) ? 1 : -1;
	}
	fp_worker_leave(worker);
	return found;
}

bool fp_authority_check(struct fp_request *request, struct fp_reply *reply, enum fp_right right,
	struct fp_authority *authority, enum fp_handled *handled)
{
	struct fp_str given = request->authorization;
	size_t prefix = sizeof(BEARER) - 1;
	bool bears = given.len > prefix &&
		     fp_str_equal_nocase(fp_str_n(given.ptr, prefix), fp_str(BEARER));
	int found = 0;

	if (bears)
		found = look_up(request, right,
			fp_str_trim(fp_str_n(given.ptr + prefix, given.len - prefix)), authority);
	if (found > 0)
		return true;
	*handled = FP_HANDLED;
	if (found < 0)
		fp_reply_problem(request, reply, "forbidden", NULL, 0,
			"the token \"%s\" has not the right \"%s\"; give it that in \"tokens\" of "
			"the configuration",
			authority->who, right == FP_RIGHT_SYNC ? "sync" : "override");
	else
		*handled = fp_authority_refuse(request, reply, CHALLENGE,
			bears ? "the token is not known here; tokens stand in \"tokens\" of the "
				"configuration by their SHA-256, the one of /hooks/generic in "
				"\"hooks\""
			      : "this needs a header \"Authorization: Bearer TOKEN\"");
	return false;
}
