/* Names that nobody here knows. */
#include "repository.h"

#include "forkpoint/service/history.h"

#include <stdlib.h>

#define NOT_READY_RETRY_US (5 * FP_US_PER_S)

enum { NAME_SHOWN_BYTES = 128 };

static struct fp_str shown(struct fp_str name)
{
	return fp_str_n(name.ptr, name.len < NAME_SHOWN_BYTES ? name.len : NAME_SHOWN_BYTES);
}

enum fp_handled fp_reply_unknown_repository(struct fp_request *request, struct fp_reply *reply,
	const struct fp_snapshot *snapshot, struct fp_str name)
{
	struct fp_str nearest[FP_NEAREST_MAX];
	size_t count = 0;

	name = shown(name);
	fp_service_suggest_repositories(snapshot, name, nearest, &count);
	return fp_reply_problem(request, reply, "unknown-repository", nearest, count,
		"no repository named \"%.*s\" is configured; GET /repos lists them",
		FP_STR_ARG(name));
}

enum fp_handled fp_reply_unknown_package(struct fp_request *request, struct fp_reply *reply,
	const struct fp_repository_settings *settings, struct fp_str id)
{
	struct fp_str nearest[FP_NEAREST_MAX];
	size_t found = 0;

	id = shown(id);
	fp_service_suggest_packages(settings, id, nearest, &found);
	return fp_reply_problem(request, reply, "unknown-package", nearest, found,
		"repository \"%.*s\" has no package \"%.*s\"; GET /repos/%.*s lists them",
		FP_STR_ARG(settings->name), FP_STR_ARG(id), FP_STR_ARG(settings->name));
}

enum fp_handled fp_reply_untracked_branch(struct fp_request *request, struct fp_reply *reply,
	const struct fp_snapshot_repository *repository, struct fp_str name)
{
	const struct fp_branches *branches = repository->branches;
	FP_CLEANUP_FREE struct fp_str *names = calloc(branches->count + 1, sizeof(*names));
	struct fp_str nearest[FP_NEAREST_MAX];
	size_t count = 0, found = 0;

	name = shown(name);
	for (size_t i = 0; names && i < branches->count; i++)
		if (branches->items[i].tracked)
			names[count++] = branches->items[i].name;
	if (names)
		fp_answer_suggest(nearest, &found, name, names, count);
	return fp_reply_problem(request, reply, "unknown-branch", nearest, found,
		"no tracked branch of \"%.*s\" is named \"%.*s\"; GET /repos/%.*s lists them",
		FP_STR_ARG(repository->settings->name), FP_STR_ARG(name),
		FP_STR_ARG(repository->settings->name));
}

enum fp_handled fp_reply_not_mirrored(
	struct fp_request *request, struct fp_reply *reply, struct fp_str repo)
{
	reply->retry_after_us = NOT_READY_RETRY_US;
	return fp_reply_problem(request, reply, "not-ready", NULL, 0,
		"repository \"%.*s\" has not been mirrored yet; GET /repos/%.*s shows how "
		"far it is",
		FP_STR_ARG(repo), FP_STR_ARG(repo));
}

bool fp_request_knows_repository(struct fp_request *request, struct fp_reply *reply)
{
	struct fp_worker *worker = request->context->worker;
	struct fp_str name = fp_request_param(request, FP_PARAM_REPO);
	const struct fp_snapshot *snapshot = fp_worker_enter(worker);
	bool known = name.len == 0 || fp_snapshot_find(snapshot, name);
	struct fp_error error;

	if (!known && fp_service_has_records(worker, name, &known, &error) < 0)
		fp_reply_problem(request, reply, "internal", NULL, 0,
			"the records cannot be read: %s", error.text);
	else if (!known)
		fp_reply_unknown_repository(request, reply, snapshot, name);
	fp_worker_leave(worker);
	return known;
}
