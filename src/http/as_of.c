/* Requests about another moment: when that is, the world of then, and what to say without one. */
#include "render.h"
#include "repository.h"

#include "forkpoint/service/as_of.h"

int64_t fp_request_moment(const struct fp_request *request, enum fp_param param, int64_t now_us)
{
	struct fp_str text = request->params[param];
	int64_t at_us;

	if (!request->given[param] || !fp_time_parse_us(text, &at_us))
		return now_us;
	/* Without a fraction it is the second as a whole: what was answered within it counts. */
	if (!memchr(text.ptr, '.', text.len) && at_us <= now_us) {
		at_us += FP_US_PER_S - 1;
		return at_us < now_us ? at_us : now_us;
	}
	return at_us;
}

static enum fp_handled before_records(
	struct fp_request *request, struct fp_reply *reply, struct fp_str repo, int64_t first_us)
{
	char first[FP_TIME_TEXT_MAX];

	if (first_us < 0)
		return fp_reply_problem(request, reply, "before-records", NULL, 0,
			"nothing was known of repository \"%.*s\" at that time, nor when its "
			"records begin",
			FP_STR_ARG(repo));
	fp_time_format_micros(first_us, first);
	return fp_reply_problem(request, reply, "before-records", NULL, 0,
		"nothing was known of repository \"%.*s\" at that time: its records begin at %s",
		FP_STR_ARG(repo), first);
}

static enum fp_handled refuse(struct fp_request *request, struct fp_reply *reply,
	struct fp_str repo, enum fp_as_of_result result, int64_t first_us)
{
	switch (result) {
	case FP_AS_OF_UNKNOWN_REPOSITORY:
		return fp_reply_problem(request, reply, "unknown-repository", NULL, 0,
			"repository \"%.*s\" was tracked then and is not any more, so its commits "
			"are not at hand; answers of then are in /history",
			FP_STR_ARG(repo));
	case FP_AS_OF_NOT_READY: return fp_reply_not_mirrored(request, reply, repo);
	case FP_AS_OF_OTHER_SOURCES:
		return fp_reply_problem(request, reply, "before-records", NULL, 0,
			"at that time other settings said how the trees of \"%.*s\" are read "
			"(branch_source, release), and what they read then is not kept; answers "
			"of then are in /history",
			FP_STR_ARG(repo));
	case FP_AS_OF_OK:
	case FP_AS_OF_BEFORE_RECORDS: break;
	}
	return before_records(request, reply, repo, first_us);
}

typedef int enter_fn(struct fp_worker *worker, const struct fp_snapshot *now, struct fp_str repo,
	int64_t at_us, enum fp_as_of_result *result, const struct fp_snapshot **world,
	int64_t *first_us, struct fp_error *error);

static const struct fp_snapshot *enter(struct fp_request *request, struct fp_reply *reply,
	enter_fn *function, const struct fp_snapshot *now, struct fp_str repo, int64_t at_us)
{
	const struct fp_snapshot *world = NULL;
	enum fp_as_of_result result;
	struct fp_error error;
	int64_t first_us;
	int r = function(
		request->context->worker, now, repo, at_us, &result, &world, &first_us, &error);

	if (r < 0)
		fp_reply_problem(request, reply, "internal", NULL, 0,
			"the state of that time cannot be made again: %s", error.text);
	else if (result != FP_AS_OF_OK)
		refuse(request, reply, repo, result, first_us);
	return r < 0 || result != FP_AS_OF_OK ? NULL : world;
}

const struct fp_snapshot *fp_request_enter_as_of(struct fp_request *request, struct fp_reply *reply,
	const struct fp_snapshot *now, struct fp_str repo, int64_t at_us)
{
	return enter(request, reply, fp_as_of_enter, now, repo, at_us);
}

const struct fp_snapshot *fp_request_enter_then(struct fp_request *request, struct fp_reply *reply,
	const struct fp_snapshot *now, struct fp_str repo, int64_t at_us)
{
	return enter(request, reply, fp_as_of_enter_then, now, repo, at_us);
}

enum fp_handled fp_reply_before_package(
	struct fp_request *request, struct fp_reply *reply, const struct fp_answer *answer)
{
	return fp_reply_problem(request, reply, "before-records", NULL, 0, "at that time %.*s",
		(int)answer->detail.len, answer->detail.data);
}

const struct fp_snapshot *fp_request_enter_moment(
	struct fp_request *request, struct fp_reply *reply, struct fp_str repo)
{
	struct fp_worker *worker = request->context->worker;
	const struct fp_snapshot *now = fp_worker_enter_at(worker, &request->moment_us);
	const struct fp_snapshot *world = NULL;
	int64_t at_us;

	if (!request->given[FP_PARAM_AS_OF])
		return now;
	at_us = fp_request_moment(request, FP_PARAM_AS_OF, request->moment_us);
	if (at_us > request->moment_us)
		fp_reply_future(request, reply, FP_PARAM_AS_OF);
	else
		world = fp_request_enter_as_of(request, reply, now, repo, at_us);
	if (!world)
		fp_worker_leave(worker);
	return world;
}

void fp_request_leave_moment(struct fp_request *request, const struct fp_snapshot *snapshot)
{
	if (request->given[FP_PARAM_AS_OF])
		fp_as_of_leave(request->context->worker, snapshot);
	fp_worker_leave(request->context->worker);
}

enum fp_handled fp_reply_future(
	struct fp_request *request, struct fp_reply *reply, enum fp_param param)
{
	return fp_reply_problem(request, reply, "bad-request", NULL, 0,
		"parameter \"%s\" takes a time that has been, and that one is yet to come",
		fp_param_name(param));
}
