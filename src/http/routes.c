/* The routing table. */
#include "forkpoint/http/request.h"

#define BIT(param) (UINT64_C(1) << FP_PARAM_##param)
#define FORM(form) (1u << FP_FORM_##form)

#define QUESTION (BIT(REPO) | BIT(SHA) | BIT(REF) | BIT(BRANCH) | BIT(RELEASE) | BIT(PACKAGE))
#define PAGE (BIT(LIMIT) | BIT(CURSOR) | BIT(SHAPE))

#define LIST_FORMS (FORM(JSON) | FORM(TEXT) | FORM(CSV) | FORM(NDJSON))
#define LIST_OF_DECISIONS (PAGE | BIT(REPO) | BIT(PAST) | BIT(FORMAT))

const struct fp_route fp_routes[] = {
	{FP_METHOD_GET, "/", BIT(FORMAT), 0, FORM(TEXT) | FORM(JSON), fp_handle_index, "this list"},
	{FP_METHOD_GET | FP_METHOD_POST, "/resolve",
		QUESTION | BIT(WAIT) | BIT(FORMAT) | BIT(CANDIDATES) | BIT(AS_OF) | BIT(BUILD),
		BIT(REPO),
		FORM(JSON) | FORM(TEXT) | FORM(VERSION) | FORM(PROPS) | FORM(ENV) | FORM(VSO),
		fp_handle_resolve,
		"which database belongs to a commit, and why; POST takes {\"requests\": [...]}"},
	{FP_METHOD_GET, "/stamp", QUESTION | BIT(WAIT) | BIT(FORMAT), BIT(REPO),
		FORM(JSON) | FORM(TEXT) | FORM(VERSION), fp_handle_stamp,
		"the version under which a training run of a commit publishes"},
	{FP_METHOD_GET, "/decode", BIT(VERSION) | BIT(REPO) | BIT(FORMAT), BIT(VERSION),
		FORM(JSON) | FORM(TEXT), fp_handle_decode, "what a version string says"},
	{FP_METHOD_GET, "/diagnose", QUESTION | BIT(USED) | BIT(AT) | BIT(FORMAT),
		BIT(REPO) | BIT(USED), FORM(JSON) | FORM(TEXT), fp_handle_diagnose,
		"whether a version was right for a commit, and what happened since",
		.background = true},
	{FP_METHOD_GET, "/timeline",
		BIT(REPO) | BIT(BRANCH) | BIT(RELEASE) | BIT(PACKAGE) | BIT(FROM) | BIT(TO) |
			BIT(AS_OF) | PAGE | BIT(FORMAT),
		BIT(REPO), FORM(JSON) | FORM(TEXT) | FORM(CSV) | FORM(NDJSON), fp_handle_timeline,
		"a branch's commits, what was trained on each, and what a build of each gets",
		.background = true},
	{FP_METHOD_GET, "/changes",
		BIT(REPO) | BIT(BRANCH) | BIT(RELEASE) | BIT(PACKAGE) | BIT(FROM) | BIT(TO) |
			BIT(AS_OF) | PAGE | BIT(FORMAT),
		BIT(REPO), FORM(JSON) | FORM(TEXT) | FORM(CSV) | FORM(NDJSON) | FORM(ANNOTATIONS),
		fp_handle_changes, "the commits of a branch at which the answer changes, and why",
		.background = true},
	{FP_METHOD_GET, "/what-if",
		BIT(REPO) | BIT(BRANCH) | BIT(RELEASE) | BIT(PACKAGE) | BIT(PUBLISH) |
			BIT(QUARANTINE) | BIT(LAST) | BIT(LIMIT) | BIT(SHAPE) | BIT(FORMAT),
		BIT(REPO), FORM(JSON) | FORM(TEXT) | FORM(CSV) | FORM(NDJSON), fp_handle_what_if,
		"which builds would get another answer if one thing were different",
		.background = true},
	{FP_METHOD_GET, "/freshness",
		BIT(REPO) | BIT(BRANCH) | BIT(PACKAGE) | BIT(SHAPE) | BIT(FORMAT), BIT(REPO),
		FORM(JSON) | FORM(TEXT) | FORM(CSV) | FORM(NDJSON), fp_handle_freshness,
		"how old each tracked branch's databases are, and where there are none",
		.background = true},
	{FP_METHOD_GET, "/audit-pins",
		BIT(REPO) | BIT(BRANCH) | BIT(PACKAGE) | BIT(RELEASE) | BIT(SHAPE) | BIT(FORMAT),
		BIT(REPO), FORM(JSON) | FORM(TEXT) | FORM(CSV) | FORM(NDJSON), fp_handle_audit_pins,
		"versions that a branch's own files name, compared with the right one",
		.background = true},
	{FP_METHOD_GET, "/versions",
		BIT(REPO) | BIT(PACKAGE) | BIT(BRANCH) | BIT(RELEASE) | BIT(STATUS) | PAGE |
			BIT(FORMAT),
		BIT(REPO), FORM(JSON) | FORM(TEXT) | FORM(CSV) | FORM(NDJSON), fp_handle_versions,
		"the mirrored versions of a package"},
	{FP_METHOD_GET, "/repos", PAGE | BIT(FORMAT), 0,
		FORM(JSON) | FORM(TEXT) | FORM(CSV) | FORM(NDJSON), fp_handle_repos,
		"what is tracked, and how it is"},
	{FP_METHOD_GET, "/repos/{repo}", BIT(LINT) | BIT(FORMAT), 0, FORM(JSON) | FORM(TEXT),
		fp_handle_repo,
		"one repository: tips, packages, sync state, sizes; with lint: what will surprise",
		.background = true},
	{FP_METHOD_GET, "/history",
		BIT(REPO) | BIT(BRANCH) | BIT(SHA) | BIT(VERSION) | BIT(OUTCOME) | BIT(BUILD) |
			BIT(CLIENT) | BIT(SINCE) | BIT(UNTIL) | PAGE | BIT(FORMAT),
		0, FORM(JSON) | FORM(TEXT) | FORM(CSV) | FORM(NDJSON), fp_handle_history_list,
		"past answers, newest first", .background = true, .limit_max = 10000000},
	{FP_METHOD_GET, "/history/{id}/replay", BIT(FORMAT), 0, FORM(JSON) | FORM(TEXT),
		fp_handle_replay, "a past answer's question put to then and to now", true},
	{FP_METHOD_GET, "/history/{id}", BIT(FORMAT), 0, FORM(JSON), fp_handle_history,
		"one past answer, whole", .background = true},
	{FP_METHOD_GET, "/stats",
		BIT(REPO) | BIT(BY) | BIT(BUCKET) | BIT(SINCE) | BIT(UNTIL) | PAGE | BIT(FORMAT), 0,
		FORM(JSON) | FORM(CSV) | FORM(NDJSON), fp_handle_stats,
		"how many answers were given, and how fast", .background = true,
		.limit_max = 100000},
	{FP_METHOD_GET, "/answers/{hash}", BIT(FORMAT), 0, FORM(JSON), fp_handle_answer,
		"an answer by its content, for ever: where replay URLs lead", .background = true},
	{FP_METHOD_GET, "/events", BIT(REPO) | BIT(CURSOR) | BIT(FORMAT), 0, FORM(JSON),
		fp_handle_events,
		"what happens, as server-sent events; Last-Event-ID or cursor goes on from there",
		.background = true, .content_type = "text/event-stream"},
	{FP_METHOD_GET, "/metrics", BIT(FORMAT), 0, FORM(TEXT), fp_handle_metrics,
		"what is to be watched, for Prometheus", .background = true,
		.content_type = "text/plain; version=0.0.4; charset=utf-8"},
	{FP_METHOD_GET, "/quarantine", LIST_OF_DECISIONS, 0, LIST_FORMS, fp_handle_quarantines,
		"versions that are never selected; past=1: also those that were",
		.background = true},
	{FP_METHOD_PUT | FP_METHOD_DELETE, "/quarantine/{repo}/{version}",
		BIT(PACKAGE) | BIT(FORMAT), 0, FORM(JSON) | FORM(TEXT), fp_handle_quarantine,
		"never select a version, or stamps:FIRST-LAST; body {\"reason\", \"owner\", "
		"\"expires\"}; needs a token",
		.background = true, .token = true},
	{FP_METHOD_GET, "/pins", LIST_OF_DECISIONS, 0, LIST_FORMS, fp_handle_pins,
		"branches for which a version is answered whatever would be selected",
		.background = true},
	{FP_METHOD_PUT | FP_METHOD_DELETE, "/pins/{repo}/{branch...}", BIT(PACKAGE) | BIT(FORMAT),
		0, FORM(JSON) | FORM(TEXT), fp_handle_pin,
		"answer a version for a branch; body {\"version\", \"reason\", \"owner\", "
		"\"expires\"}; needs a token",
		.background = true, .token = true},
	{FP_METHOD_GET, "/audit", PAGE | BIT(FORMAT), 0, LIST_FORMS, fp_handle_audit,
		"who changed what, and when; needs a token", .background = true, .token = true},
	{FP_METHOD_POST, "/sync", BIT(REPO) | BIT(FORMAT), BIT(REPO), FORM(JSON), fp_handle_sync,
		"look at a repository's upstream and feeds now; needs a token", .background = true,
		.token = true},
	{FP_METHOD_POST, "/hooks/{sender}", BIT(FORMAT), 0, FORM(JSON), fp_handle_hook,
		"a webhook of github, gitlab, gitea, azure-devops or generic: a reason to look now",
		.background = true},
	{FP_METHOD_GET, "/livez", BIT(FORMAT), 0, FORM(TEXT) | FORM(JSON), fp_handle_livez,
		"whether the process serves"},
	{FP_METHOD_GET, "/readyz", BIT(VERBOSE) | BIT(FORMAT), 0, FORM(TEXT) | FORM(JSON),
		fp_handle_readyz, "whether it can answer for everything that is configured"},
	{FP_METHOD_GET, "/openapi.json", BIT(FORMAT), 0, FORM(JSON), fp_handle_openapi,
		"these routes as an OpenAPI 3.1 document"},
	{FP_METHOD_GET, "/problems/{code}", BIT(FORMAT), 0, FORM(TEXT) | FORM(JSON),
		fp_handle_problem, "what a problem's code means"},
};

size_t fp_route_count(void)
{
	return FP_ARRAY_SIZE(fp_routes);
}

const char *fp_method_name(unsigned methods, size_t index)
{
	static const char *const names[] = {"GET", "POST", "PUT", "DELETE"};

	for (size_t i = 0; i < FP_ARRAY_SIZE(names); i++)
		if (methods >> i & 1 && index-- == 0)
			return names[i];
	return NULL;
}

uint32_t fp_route_limit_max(const struct fp_route *route)
{
	enum { LIMIT_MAX = 1000 };

	return route->limit_max ? route->limit_max : LIMIT_MAX;
}

/* Reads one placeholder's value at *path: a part, or with `...` all that is left. */
static bool take_argument(
	const char *name, size_t len, struct fp_str *path, struct fp_str *argument)
{
	bool all = len > 3 && memcmp(name + len - 3, "...", 3) == 0;
	const char *slash = all ? NULL : memchr(path->ptr, '/', path->len);

	*argument = fp_str_n(path->ptr, slash ? (size_t)(slash - path->ptr) : path->len);
	*path = fp_str_n(path->ptr + argument->len, path->len - argument->len);
	return argument->len > 0;
}

static bool matches(
	const struct fp_route *route, struct fp_str path, struct fp_str arguments[FP_ARGUMENTS_MAX])
{
	size_t taken = 0;

	for (const char *at = route->path; *at;) {
		size_t plain = strcspn(at, "{"), name;

		if (path.len < plain || memcmp(path.ptr, at, plain) != 0)
			return false;
		path = fp_str_n(path.ptr + plain, path.len - plain);
		at += plain;
		if (!*at)
			break;
		name = strcspn(at, "}");
		if (taken == FP_ARGUMENTS_MAX ||
			!take_argument(at + 1, name - 1, &path, &arguments[taken++]))
			return false;
		at += name + 1;
	}
	return path.len == 0;
}

const struct fp_route *fp_route_find(struct fp_str path, struct fp_str arguments[FP_ARGUMENTS_MAX])
{
	for (size_t i = 0; i < FP_ARRAY_SIZE(fp_routes); i++) {
		memset(arguments, 0, FP_ARGUMENTS_MAX * sizeof(*arguments));
		if (matches(&fp_routes[i], path, arguments))
			return &fp_routes[i];
	}
	return NULL;
}
