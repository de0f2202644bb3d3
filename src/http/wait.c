/* Requests that wait for the world outside: what they wait for, and what came of it. */
#include "resolve.h"

enum { WAIT_DEFAULT_S = 10 };

/* Who does not wait for a look is told to come back when it is likely to be through. */
#define LOOK_RETRY_US (2 * FP_US_PER_S)

static int64_t longest_wait_us(const struct fp_request *request)
{
	return (int64_t)fp_param_number(request->params[FP_PARAM_WAIT], WAIT_DEFAULT_S) *
	       FP_US_PER_S;
}

/* Several items of a batch may ask for one commit. */
static bool waits_for(const struct fp_request *request, const struct fp_ticket *ticket)
{
	for (size_t i = 0; i < request->ticket_count; i++)
		if (request->tickets[i] == ticket)
			return true;
	return false;
}

bool fp_request_wait_for(struct fp_request *request, struct fp_ticket *ticket)
{
	int64_t wait_us = longest_wait_us(request);
	int64_t until_us = request->started_us + wait_us;
	bool held = waits_for(request, ticket);
	bool waits = wait_us > 0 && (held || request->ticket_count < FP_TICKETS_MAX);

	if (waits && (request->ticket_count == 0 || until_us > request->wait_until_us))
		request->wait_until_us = until_us;
	if (waits && !held)
		request->tickets[request->ticket_count++] = ticket;
	else
		request->context->service->outside.ticket_unref(ticket);
	return waits;
}

struct fp_str fp_look_key(const struct fp_question *question, char room[FP_HASH128_HEX + 1])
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

	if (request->attempts > 0)
		return 0;
	ticket = outside->look_for_commit(outside->context, question->repo,
		fp_look_key(question, room), &refusal, &retry_after_us);
	if (ticket && fp_request_wait_for(request, ticket))
		return 1;
	reply->retry_after_us = ticket ? LOOK_RETRY_US : retry_after_us;
	if (ticket || refusal != FP_LOOK_TOO_MANY)
		return 0;
	fp_reply_problem(request, reply, "too-many-requests", NULL, 0, FP_TOO_MANY_UNKNOWN);
	return 2;
}

bool fp_request_look_again(struct fp_request *request, struct fp_str repo)
{
	const struct fp_outside *outside = &request->context->service->outside;
	enum fp_look_refusal refusal;
	struct fp_ticket *ticket;

	if (!request->wants_fresh || request->attempts > 0)
		return false;
	ticket = outside->look_again(outside->context, repo, &refusal);
	return ticket && fp_request_wait_for(request, ticket);
}

void fp_request_explain_unknown(struct fp_request *request, struct fp_answer *answer)
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
