/* Problems (RFC 9457): a row each; the document, and its plain lines. */
#include "forkpoint/http/request.h"

#include <stdarg.h>
#include <stdio.h>

static const struct fp_problem_row rows[] = {
	{"bad-request", 400, "Bad request", false,
		"A parameter, the body or the combination of them is not what the route takes. The "
		"detail names the parameter and what it takes; GET / lists every route with its "
		"parameters."},
	{"unauthorised", 401, "Authorisation needed", false,
		"The call changes something and needs a bearer token: Authorization: Bearer "
		"TOKEN."},
	{"forbidden", 403, "Not allowed", false,
		"The token is known, but its rights do not cover this call."},
	{"unknown-repository", 404, "Unknown repository", false,
		"No repository of that name is configured here. GET /repos lists those that are."},
	{"unknown-commit", 404, "Unknown commit", true,
		"The mirror has no such commit, and the upstream did not have it either when it "
		"was asked just now. It may not have been pushed yet, or is on no ref that is "
		"mirrored."},
	{"unknown-branch", 404, "Unknown branch", false,
		"The mirror has no branch of that name. Former names count only where the "
		"configuration lists them as aliases."},
	{"unknown-package", 404, "Unknown package", false,
		"The repository has no package of that id in the configuration."},
	{"no-database", 404, "No database", true,
		"Of the versions that the feed lists, none is of the release and branch asked for "
		"and as old as the fork point or older. Training may not have run yet since the "
		"release was raised; the nearest misses are listed. Nothing is ever taken from "
		"another branch or release."},
	{"before-records", 404, "Before the records", false,
		"Nothing was written down yet at the time asked about, so how this server would "
		"have answered then is not known. The detail says when the records begin."},
	{"not-found", 404, "Not found", false, "No route leads there. GET / lists the routes."},
	{"method-not-allowed", 405, "Method not allowed", false,
		"The route does not take this method; the Allow header lists those that it takes."},
	{"ambiguous-commit", 409, "Ambiguous commit", false,
		"The abbreviated id fits several commits of the mirror. Give more digits."},
	{"too-large", 413, "Too large", false, "The request's body is larger than 1 MiB."},
	{"no-fork-point", 422, "No fork point", false,
		"The commit and the PGO branch have no common ancestor."},
	{"release-unknown", 422, "Release unknown", false,
		"Neither the request nor the version file in the commit's tree says which release "
		"is being built. Add release= or mend the version file."},
	{"branch-not-packageable", 422, "Branch not packageable", false,
		"The branch's name makes no legal label in the package's version grammar, so no "
		"training run can publish for it. Rename the branch."},
	{"too-many-requests", 429, "Too many requests", true,
		"More different unknown commits were asked for than the upstream is troubled with. "
		"Wait as long as Retry-After says."},
	{"internal", 500, "Internal error", true,
		"Something failed inside the server; its log has the details."},
	{"not-ready", 503, "Not ready", true,
		"What the answer depends on has not been read for the first time yet, answers "
		"cannot be recorded now, or the server is stopping. Wait as long as Retry-After "
		"says; /readyz?verbose and /repos tell more."},
};

const struct fp_problem_row *fp_problem_at(size_t index)
{
	return index < FP_ARRAY_SIZE(rows) ? &rows[index] : NULL;
}

const struct fp_problem_row *fp_problem_find(struct fp_str code)
{
	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++)
		if (fp_str_equal(code, fp_str(rows[i].code)))
			return &rows[i];
	return NULL;
}

const struct fp_problem_row *fp_problem_of(enum fp_outcome outcome)
{
	return fp_problem_find(fp_str(fp_outcome_code(outcome)));
}

void fp_problem_write_members(struct fp_json *json, const struct fp_problem_row *row,
	struct fp_str detail, const struct fp_str *nearest, size_t nearest_count)
{
	char type[64] = "/problems/";

	strncat(type, row->code, sizeof(type) - sizeof("/problems/"));
	fp_json_member_text(json, "type", type);
	fp_json_member_text(json, "title", row->title);
	fp_json_member_u64(json, "status", row->status);
	fp_json_member_string(json, "detail", detail);
	fp_json_member_text(json, "code", row->code);
	fp_json_member_bool(json, "retryable", row->retryable);
	if (nearest_count == 0)
		return;
	fp_json_key(json, "nearest");
	fp_json_array_begin(json);
	for (size_t i = 0; i < nearest_count; i++)
		fp_json_string(json, nearest[i]);
	fp_json_array_end(json);
}

void fp_problem_add_line(
	struct fp_buf *buf, const char *prefix, struct fp_str line, enum fp_form form)
{
	size_t start;

	/* A script that evals an error does nothing. */
	if (form == FP_FORM_ENV)
		fp_buf_add_text(buf, "# ");
	fp_buf_add_text(buf, prefix);
	start = buf->len;
	fp_buf_add_str(buf, line);
	for (size_t i = start; i < buf->len; i++) {
		if ((unsigned char)buf->data[i] < 0x20 || buf->data[i] == 0x7f)
			buf->data[i] = ' ';
		else if (form == FP_FORM_VSO && buf->data[i] == '[')
			buf->data[i] = '('; /* ##vso[ is a command wherever it stands */
	}
	fp_buf_add_char(buf, '\n');
}

void fp_problem_write_text(struct fp_buf *buf, const struct fp_problem_row *row,
	struct fp_str detail, const struct fp_str *nearest, size_t nearest_count, enum fp_form form)
{
	fp_problem_add_line(buf, "", fp_str(row->title), form);
	fp_problem_add_line(buf, "", detail, form);
	for (size_t i = 0; i < nearest_count; i++)
		fp_problem_add_line(buf, "nearest: ", nearest[i], form);
}

static void write_document(struct fp_request *request, struct fp_reply *reply,
	const struct fp_problem_row *row, struct fp_str detail, const struct fp_str *nearest,
	size_t nearest_count)
{
	struct fp_json json;

	fp_json_init(&json, &reply->body);
	fp_json_object_begin(&json);
	fp_problem_write_members(&json, row, detail, nearest, nearest_count);
	fp_json_member_text(&json, "instance", request->id);
	fp_json_object_end(&json);
	fp_buf_add_char(&reply->body, '\n');
}

const char *fp_reply_cache_control_of_404(const struct fp_reply *reply)
{
	return reply->retry_after_us ? "max-age=1" : "max-age=3";
}

enum fp_handled fp_reply_problem(struct fp_request *request, struct fp_reply *reply,
	const char *code, const struct fp_str *nearest, size_t nearest_count, const char *format,
	...)
{
	const struct fp_problem_row *row = fp_problem_find(fp_str(code));
	char detail[2048];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(detail, sizeof(detail), format, arguments);
	va_end(arguments);
	fp_buf_clear(&reply->body);
	fp_buf_clear(&reply->link);
	reply->etag[0] = '\0';
	reply->status = row->status;
	reply->problem = row->code;
	reply->cache_control =
		row->status == 404 ? fp_reply_cache_control_of_404(reply) : "no-store";
	if ((row->status == 429 || row->status == 503) && reply->retry_after_us == 0)
		reply->retry_after_us = FP_US_PER_S;
	if (request->form == FP_FORM_JSON || request->form == FP_FORM_ANNOTATIONS) {
		reply->content_type = "application/problem+json";
		write_document(request, reply, row, fp_str(detail), nearest, nearest_count);
	} else {
		reply->content_type = "text/plain; charset=utf-8";
		fp_problem_write_text(
			&reply->body, row, fp_str(detail), nearest, nearest_count, request->form);
	}
	return FP_HANDLED;
}
