/* /decode: what a version string says. */
#include "render.h"

static void write_stamp(struct fp_json *json, const struct fp_decoded *decoded)
{
	char stamp[FP_STAMP_TEXT_MAX];

	if (decoded->grammar == FP_GRAMMAR_ARCADE) {
		fp_json_member_u64(
			json, "date", fp_day_arcade_number(fp_day_from_minute(decoded->minute)));
		fp_json_member_u64(json, "revision", decoded->revision);
	} else {
		fp_stamp_format(decoded->minute, stamp);
		fp_json_member_text(json, "stamp", stamp);
		fp_json_member_string(json, "label", decoded->label);
	}
	fp_json_member_time_s(json, "time", fp_minute_to_s(decoded->minute));
}

static void write_meanings(struct fp_json *json, const struct fp_decode_answer *answer,
	const struct fp_decode_reading *reading)
{
	const struct fp_branches *branches = answer->repository->branches;

	fp_json_key(json, "branches");
	fp_json_array_begin(json);
	for (uint32_t i = 0; i < reading->branch_count && i < FP_TRAINED_MAX; i++)
		fp_json_string(json, branches->items[reading->branches[i]].name);
	fp_json_array_end(json);
	fp_json_key(json, "commits");
	fp_json_commits(json, &branches->view, reading->commits,
		reading->commit_count < FP_TRAINED_MAX ? reading->commit_count : FP_TRAINED_MAX);
	fp_json_member_u64(json, "commit_count", reading->commit_count);
}

static void write_reading(struct fp_json *json, const struct fp_decode_answer *answer,
	enum fp_grammar grammar, struct fp_buf *text)
{
	const struct fp_decode_reading *reading = &answer->readings[grammar];

	fp_json_object_begin(json);
	fp_json_member_text(json, "grammar", fp_grammar_name(grammar));
	fp_json_member_bool(json, "recognised", reading->taken);
	if (!reading->taken) {
		fp_json_member_text(json, "why_not", reading->why);
	} else {
		fp_json_key(json, "release");
		fp_json_release(json, &reading->decoded.release, (struct fp_str){0}, text);
		write_stamp(json, &reading->decoded);
		if (answer->repository && answer->repository->branches)
			write_meanings(json, answer, reading);
	}
	fp_json_object_end(json);
}

/* What a NuGet client makes of it. */
static const char *verdict(const struct fp_decode_answer *answer)
{
	if (!answer->is_version)
		return "no NuGet client takes this as a version";
	if (!answer->is_nuget)
		return "servers take it, but NuGet's own client refuses the _ in its label";
	return NULL;
}

/* With a repository. */
static const char *status_of(const struct fp_decode_answer *answer)
{
	if (answer->listed)
		return fp_version_status_name(fp_catalog_version_status(answer->listed));
	return answer->unread ? "not-read" : "never-seen";
}

static void write_json(const struct fp_decode_answer *answer, struct fp_str version,
	struct fp_buf *text, struct fp_buf *buf)
{
	struct fp_json json;

	fp_json_init(&json, buf);
	fp_json_object_begin(&json);
	fp_json_member_string(&json, "version", version);
	fp_json_member_text(&json, "normalised", answer->normalised[0] ? answer->normalised : NULL);
	fp_json_member_text(&json, "problem", verdict(answer));
	fp_json_key(&json, "readings");
	fp_json_array_begin(&json);
	for (int i = 0; i < FP_GRAMMAR_COUNT; i++)
		write_reading(&json, answer, (enum fp_grammar)i, text);
	fp_json_array_end(&json);
	if (answer->repository) {
		fp_json_member_string(&json, "repo", answer->repository->settings->name);
		fp_json_member_text(&json, "status", status_of(answer));
	}
	fp_json_object_end(&json);
	fp_buf_add_char(buf, '\n');
}

static void write_meanings_text(const struct fp_decode_answer *answer,
	const struct fp_decode_reading *reading, struct fp_buf *buf)
{
	const struct fp_branches *branches = answer->repository->branches;
	char hex[FP_OID_HEX + 1];

	fp_buf_add_text(buf, reading->branch_count ? "  branches:" : "  no branch has this label");
	for (uint32_t i = 0; i < reading->branch_count && i < FP_TRAINED_MAX; i++)
		fp_buf_addf(buf, " %.*s", FP_STR_ARG(branches->items[reading->branches[i]].name));
	fp_buf_add_text(
		buf, reading->commit_count ? "\n  commits:" : "\n  no commit has this stamp");
	for (uint32_t i = 0; i < reading->commit_count && i < FP_TRAINED_MAX; i++) {
		fp_oid_format(fp_graph_oid(&branches->view, reading->commits[i]), hex);
		fp_buf_addf(buf, " %s", hex);
	}
	fp_buf_add_char(buf, '\n');
}

static void write_text(
	const struct fp_decode_answer *answer, struct fp_str version, struct fp_buf *buf)
{
	char time[FP_TIME_TEXT_MAX];

	fp_buf_add_str(buf, version);
	fp_buf_add_char(buf, '\n');
	if (verdict(answer))
		fp_buf_addf(buf, "%s\n", verdict(answer));
	for (int i = 0; i < FP_GRAMMAR_COUNT; i++) {
		const struct fp_decode_reading *reading = &answer->readings[i];

		fp_buf_addf(buf, "%s: ", fp_grammar_name((enum fp_grammar)i));
		if (!reading->taken) {
			fp_buf_addf(buf, "not recognised, %s\n", reading->why);
			continue;
		}
		fp_time_format_s(fp_minute_to_s(reading->decoded.minute), time);
		fp_buf_add_text(buf, "release ");
		fp_release_write(&reading->decoded.release, buf);
		fp_buf_addf(buf, ", trained on %s", time);
		if (reading->decoded.label.len)
			fp_buf_addf(buf, ", branch label %.*s", FP_STR_ARG(reading->decoded.label));
		fp_buf_add_char(buf, '\n');
		if (answer->repository && answer->repository->branches)
			write_meanings_text(answer, reading, buf);
	}
	if (answer->repository)
		fp_buf_addf(buf, "%.*s: %s\n", FP_STR_ARG(answer->repository->settings->name),
			status_of(answer));
}

enum fp_handled fp_handle_decode(struct fp_request *request, struct fp_reply *reply)
{
	struct fp_worker *worker = request->context->worker;
	struct fp_str version = request->params[FP_PARAM_VERSION];
	struct fp_str repo = request->params[FP_PARAM_REPO];
	struct fp_decode_answer answer;

	fp_service_decode(worker, fp_worker_enter(worker), version, repo, &answer);
	if (answer.outcome != FP_OUTCOME_OK)
		fp_reply_problem(request, reply, fp_outcome_code(answer.outcome), answer.nearest,
			answer.nearest_count, "no repository named \"%.*s\" is configured",
			FP_STR_ARG(repo));
	else if (request->form == FP_FORM_JSON)
		write_json(&answer, version, &request->context->text, &reply->body);
	else
		write_text(&answer, version, &reply->body);
	fp_worker_leave(worker);
	if (reply->status == 200) {
		reply->content_type = fp_form_content_type(request->form);
		reply->cache_control = "no-cache";
		fp_reply_set_body_etag(reply);
	}
	return FP_HANDLED;
}
