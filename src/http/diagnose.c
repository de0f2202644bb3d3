/* /diagnose: a diagnosis for programs, and as a text to be pasted into a ticket. */
#include "line.h"
#include "override_fields.h"

#include "forkpoint/service/diagnose.h"

#include <stdio.h>

enum { PATH_TEXT_MAX = 32 };

typedef void sentence_fn(const struct fp_diagnosis *diagnosis, struct fp_buf *buf);

static void member_sentence(struct fp_json *json, const char *key, sentence_fn *write,
	const struct fp_diagnosis *diagnosis, struct fp_buf *text)
{
	write(diagnosis, text);
	fp_json_member_sentence(json, key, text);
}

static const char *event_name(int kind)
{
	switch (kind) {
	case FP_VERSION_EVENT_SEEN: return "seen";
	case FP_VERSION_EVENT_LISTED: return "listed";
	case FP_VERSION_EVENT_UNLISTED: return "unlisted";
	case FP_VERSION_EVENT_VANISHED: return "vanished";
	case FP_VERSION_EVENT_RETURNED: return "returned";
	case FP_VERSION_EVENT_UNAVAILABLE: return "unavailable";
	default: return "available";
	}
}

static uint32_t training_listed(const struct fp_diagnosis *diagnosis)
{
	return diagnosis->training_count < FP_TRAINED_MAX ? diagnosis->training_count
							  : FP_TRAINED_MAX;
}

/* The version as the feed has it now; NULL. */
static const struct fp_catalog_version *known_version(const struct fp_diagnosis *diagnosis)
{
	return fp_answer_version(&diagnosis->now, diagnosis->judged_now.version);
}

/* ---- JSON ---- */

static void write_fork_point(struct fp_json *json, const char *key, const struct fp_answer *answer)
{
	const struct fp_graph_view *view = &answer->repository->branches->view;

	fp_json_key(json, key);
	fp_json_object_begin(json);
	fp_json_member_commit(json, "sha", view, answer->fork_point);
	fp_json_member_time_s(json, "author_time", fp_graph_author_s(view, answer->fork_point));
	fp_json_member_time_s(
		json, "committer_time", fp_graph_committer_s(view, answer->fork_point));
	fp_json_member_filled(json, "stamp", fp_str(answer->stamp));
	fp_json_member_commit(json, "branch_tip", view, answer->branch->tip);
	fp_json_member_u64(json, "commits_behind_sha", answer->commits_behind);
	fp_json_object_end(json);
}

static void write_right(struct fp_json *json, const char *key, const struct fp_answer *answer,
	const struct fp_judgement *judgement)
{
	fp_json_key(json, key);
	fp_json_object_begin(json);
	fp_json_member_version(json, "version", answer, answer->selection.chosen);
	fp_json_member_text(json, "outcome", fp_outcome_code(answer->outcome));
	fp_json_member_text(json, "verdict", fp_verdict_name(judgement->verdict));
	fp_json_object_end(json);
}

static void write_version(
	struct fp_json *json, const struct fp_diagnosis *diagnosis, struct fp_buf *text)
{
	const struct fp_answer *answer = fp_diagnosis_answer(diagnosis);
	const struct fp_decoded *decoded = &diagnosis->decoded;
	const struct fp_catalog_version *version = known_version(diagnosis);
	bool read = decoded->grammar != FP_GRAMMAR_NONE;
	char stamp[FP_STAMP_TEXT_MAX] = "";

	if (read && fp_stamp_is_writable(decoded->minute))
		fp_stamp_format(decoded->minute, stamp);
	fp_json_key(json, "used_version");
	fp_json_object_begin(json);
	fp_json_member_filled(json, "version", version ? version->row.text : fp_str_n(NULL, 0));
	fp_json_member_text(json, "grammar", read ? fp_grammar_name(decoded->grammar) : NULL);
	if (read)
		fp_release_write(&decoded->release, text);
	fp_json_member_filled(json, "release", fp_buf_str(text));
	fp_buf_clear(text);
	fp_json_member_filled(json, "stamp", fp_str(stamp));
	fp_json_member_filled(json, "label", read ? decoded->label : fp_str_n(NULL, 0));
	fp_json_key(json, "minutes_after_fork_point");
	if (read)
		fp_json_i64(json, decoded->minute - answer->minute);
	else
		fp_json_null(json);
	fp_json_member_time_us(json, "first_seen", version ? version->row.first_seen_us : -1);
	fp_json_member_time_us(json, "published", version ? version->row.published_us : -1);
	fp_json_member_time_us(json, "unlisted", version ? version->row.unlisted_us : -1);
	fp_json_member_time_us(json, "vanished", version ? version->row.vanished_us : -1);
	fp_json_key(json, "events");
	fp_json_array_begin(json);
	for (size_t i = 0; i < diagnosis->event_count; i++) {
		fp_json_object_begin(json);
		fp_json_member_time_us(json, "at", diagnosis->events[i].at_us);
		fp_json_member_text(json, "event", event_name(diagnosis->events[i].kind));
		fp_json_object_end(json);
	}
	fp_json_array_end(json);
	fp_json_object_end(json);
}

/* What git log takes to list the commits between the fork point and a training commit; empty for
 * the fork point itself. */
static struct fp_str path_of(const struct fp_diagnosis *diagnosis,
	const struct fp_training *training, char path[PATH_TEXT_MAX])
{
	const struct fp_answer *answer = fp_diagnosis_answer(diagnosis);
	const struct fp_graph_view *view = &answer->repository->branches->view;
	bool before = training->place == FP_TRAINING_BEFORE;
	char from[FP_OID_HEX + 1], to[FP_OID_HEX + 1];

	if (training->place == FP_TRAINING_IS_FORK_POINT)
		return (struct fp_str){0};
	fp_oid_format(fp_graph_oid(view, before ? training->commit : answer->fork_point), from);
	fp_oid_format(fp_graph_oid(view, before ? answer->fork_point : training->commit), to);
	snprintf(path, PATH_TEXT_MAX, "%.12s%s%.12s", from,
		before || training->place == FP_TRAINING_AFTER ? ".." : "...", to);
	return fp_str(path);
}

static void write_training(
	struct fp_json *json, const struct fp_diagnosis *diagnosis, struct fp_buf *text)
{
	const struct fp_answer *answer = fp_diagnosis_answer(diagnosis);
	const struct fp_graph_view *view = &answer->repository->branches->view;

	fp_json_key(json, "trained_on");
	fp_json_array_begin(json);
	for (uint32_t i = 0; i < training_listed(diagnosis); i++) {
		const struct fp_training *training = &diagnosis->training[i];
		char path[PATH_TEXT_MAX];

		fp_json_object_begin(json);
		fp_json_member_commit(json, "sha", view, training->commit);
		fp_json_member_text(json, "where", fp_training_place_name(training->place));
		fp_json_member_bool(json, "on_branch", training->on_branch);
		fp_json_member_u64(json, "commits_ahead", training->ahead);
		fp_json_member_u64(json, "commits_behind", training->behind);
		fp_json_member_i64(json, "minutes", training->minutes);
		if (training->meeting == FP_NO_COMMIT)
			fp_json_member_text(json, "parted_at", NULL);
		else
			fp_json_member_commit(json, "parted_at", view, training->meeting);
		fp_json_member_filled(json, "path", path_of(diagnosis, training, path));
		fp_training_write(answer, training, text);
		fp_json_member_sentence(json, "text", text);
		fp_json_object_end(json);
	}
	fp_json_array_end(json);
}

static void write_difference(
	struct fp_json *json, const struct fp_diagnosis *diagnosis, struct fp_buf *text)
{
	const struct fp_difference *difference = &diagnosis->difference;

	fp_json_key(json, "difference");
	if (difference->cause == FP_DIFFERENCE_NONE) {
		fp_json_null(json);
		return;
	}
	fp_json_object_begin(json);
	fp_json_member_time_us(json, "since", difference->since_us);
	fp_json_member_text(json, "cause", fp_difference_cause_name(difference->cause));
	fp_json_member_filled(json, "subject", fp_buf_str(&difference->subject));
	member_sentence(json, "text", fp_diagnosis_write_difference, diagnosis, text);
	if (difference->override) {
		fp_json_key(json, "override");
		fp_json_object_begin(json);
		fp_json_members_of_override(json, difference->override);
		fp_json_member_bool(json, "began", difference->override_began);
		fp_json_object_end(json);
	}
	fp_json_object_end(json);
}

static void write_overrides(
	struct fp_json *json, const struct fp_diagnosis *diagnosis, struct fp_buf *text)
{
	fp_json_key(json, "overrides");
	fp_json_array_begin(json);
	for (size_t i = 0; i < diagnosis->override_count; i++) {
		const struct fp_diagnosed_override *at = &diagnosis->overrides[i];

		fp_json_object_begin(json);
		fp_json_members_of_override(json, at->override);
		fp_json_member_text(json, "effect", fp_override_effect_name(at->effect));
		fp_json_member_bool(json, "in_force_then", at->then);
		fp_json_member_bool(json, "in_force_now", at->now);
		fp_diagnosis_write_override(diagnosis, at, text);
		fp_json_member_sentence(json, "text", text);
		fp_json_object_end(json);
	}
	fp_json_array_end(json);
}

static void write_answers(struct fp_json *json, const struct fp_diagnosis *diagnosis)
{
	fp_json_key(json, "answered");
	fp_json_array_begin(json);
	for (size_t i = 0; i < diagnosis->answer_count; i++) {
		const struct fp_diagnosed_answer *answer = &diagnosis->answers[i];
		char id[FP_ANSWER_ID_HEX + 1];

		snprintf(id, sizeof(id), "%016llx", (unsigned long long)answer->id);
		fp_json_object_begin(json);
		fp_json_member_text(json, "id", id);
		fp_json_member_time_us(json, "at", answer->at_us);
		fp_json_member_filled(json, "branch", answer->branch);
		fp_json_member_filled(json, "version", answer->version);
		fp_json_member_string(json, "outcome", answer->outcome);
		fp_json_member_string(json, "client", answer->client);
		fp_json_member_filled(json, "agent", answer->agent);
		fp_json_member_filled(json, "build", answer->build);
		fp_json_member_bool(json, "got_used", answer->got_used);
		fp_json_object_end(json);
	}
	fp_json_array_end(json);
	fp_json_member_bool(json, "answered_more", diagnosis->more_answers);
}

static void write_then(struct fp_json *json, const struct fp_diagnosis *diagnosis)
{
	if (!diagnosis->then_counts) {
		fp_json_member_text(json, "right_then", NULL);
		fp_json_member_text(json, "fork_point_then", NULL);
		return;
	}
	write_right(json, "right_then", &diagnosis->then, &diagnosis->judged_then);
	write_fork_point(json, "fork_point_then", &diagnosis->then);
}

static void write_json(
	struct fp_http_context *context, const struct fp_diagnosis *diagnosis, struct fp_buf *buf)
{
	const struct fp_answer *now = &diagnosis->now;
	const struct fp_answer *answer = fp_diagnosis_answer(diagnosis);
	struct fp_json json;

	fp_json_init(&json, buf);
	fp_json_object_begin(&json);
	fp_json_members_of_line(&json, answer);
	fp_json_member_commit(&json, "sha", &answer->repository->branches->view, answer->commit);
	fp_json_key(&json, "release");
	fp_json_release(&json, &answer->release, answer->release_source, &context->text);
	fp_json_member_string(&json, "used", fp_buf_str(&diagnosis->used));
	fp_json_member_text(
		&json, "verdict", fp_verdict_name(fp_diagnosis_judgement(diagnosis)->verdict));
	member_sentence(&json, "text", fp_diagnosis_write_conclusion, diagnosis, &context->text);
	member_sentence(&json, "advice", fp_diagnosis_write_advice, diagnosis, &context->text);
	fp_json_member_time_us(&json, "at", diagnosis->at_us);
	fp_json_member_text(&json, "at_source",
		diagnosis->at_us < 0 ? NULL
				     : (diagnosis->at_is_from_history ? "history" : "request"));
	fp_json_member_filled(&json, "at_build", fp_buf_str(&diagnosis->at_build));
	fp_json_member_filled(&json, "at_trouble", fp_buf_str(&diagnosis->then_trouble));
	write_right(&json, "right_now", now, &diagnosis->judged_now);
	write_fork_point(&json, "fork_point", now);
	write_then(&json, diagnosis);
	write_difference(&json, diagnosis, &context->text);
	write_overrides(&json, diagnosis, &context->text);
	write_version(&json, diagnosis, &context->text);
	write_training(&json, diagnosis, &context->text);
	write_answers(&json, diagnosis);
	fp_json_object_end(&json);
	fp_buf_add_char(buf, '\n');
}

/* ---- text ---- */

static void add_time(int64_t us, struct fp_buf *buf)
{
	char text[FP_TIME_TEXT_MAX];

	fp_time_format_us(us, text);
	fp_buf_add_text(buf, text);
}

static void add_commit(const struct fp_answer *answer, uint32_t commit, struct fp_buf *buf)
{
	char hex[FP_OID_HEX + 1];

	fp_oid_format(fp_graph_oid(&answer->repository->branches->view, commit), hex);
	fp_buf_add_text(buf, hex);
}

static void text_fork_point(const char *title, const struct fp_answer *answer, struct fp_buf *buf)
{
	char tip[FP_OID_HEX + 1];

	fp_oid_format(fp_graph_oid(&answer->repository->branches->view, answer->branch->tip), tip);
	fp_buf_add_text(buf, title);
	add_commit(answer, answer->fork_point, buf);
	fp_buf_addf(buf, ", stamp %s, %u commit%s before the built one; tip of %.*s: %.12s\n",
		answer->stamp[0] ? answer->stamp : "none", answer->commits_behind,
		answer->commits_behind == 1 ? "" : "s", FP_STR_ARG(answer->branch_name), tip);
}

static void text_right(const char *title, const struct fp_answer *answer, struct fp_buf *buf)
{
	const struct fp_catalog_version *chosen =
		fp_answer_version(answer, answer->selection.chosen);

	fp_buf_addf(buf, "%s%.*s\n", title,
		FP_STR_ARG(chosen ? chosen->row.text : FP_STR_LITERAL("no database")));
}

static void text_commit(const struct fp_answer *answer, struct fp_buf *buf)
{
	fp_buf_add_text(buf, "Commit:      ");
	add_commit(answer, answer->commit, buf);
	fp_buf_addf(buf, " of %.*s, PGO branch %.*s, release ",
		FP_STR_ARG(answer->repository->settings->name), FP_STR_ARG(answer->branch_name));
	fp_release_write(&answer->release, buf);
	fp_buf_addf(buf, ", package %.*s\n", FP_STR_ARG(answer->package->settings->id));
}

static void text_events(const struct fp_diagnosis *diagnosis, struct fp_buf *buf)
{
	fp_buf_add_text(buf, "In the feed: ");
	if (!known_version(diagnosis))
		fp_buf_add_text(buf, "never");
	for (size_t i = 0; i < diagnosis->event_count; i++) {
		fp_buf_addf(buf, "%s%s ", i ? ", " : "", event_name(diagnosis->events[i].kind));
		add_time(diagnosis->events[i].at_us, buf);
	}
	fp_buf_add_char(buf, '\n');
}

static void text_training(const struct fp_diagnosis *diagnosis, struct fp_buf *buf)
{
	char path[PATH_TEXT_MAX];

	if (diagnosis->training_count == 0 && diagnosis->decoded.grammar != FP_GRAMMAR_NONE)
		fp_buf_add_text(buf, "Trained on:  a commit that the mirror does not know\n");
	for (uint32_t i = 0; i < training_listed(diagnosis); i++) {
		fp_buf_add_text(buf, i ? "  or on:     " : "Trained on:  ");
		fp_training_write(fp_diagnosis_answer(diagnosis), &diagnosis->training[i], buf);
		if (path_of(diagnosis, &diagnosis->training[i], path).len)
			fp_buf_addf(buf, " (git log %s)", path);
		fp_buf_add_char(buf, '\n');
	}
}

static void text_overrides(const struct fp_diagnosis *diagnosis, struct fp_buf *buf)
{
	for (size_t i = 0; i < diagnosis->override_count; i++) {
		fp_buf_add_text(buf, "Decision:    ");
		fp_diagnosis_write_override(diagnosis, &diagnosis->overrides[i], buf);
		fp_buf_add_char(buf, '\n');
	}
}

static void text_answers(const struct fp_diagnosis *diagnosis, struct fp_buf *buf)
{
	fp_buf_add_text(buf, diagnosis->answer_count ? "Answered for this commit, newest first:\n"
						     : "Answered for this commit: nothing yet\n");
	for (size_t i = 0; i < diagnosis->answer_count; i++) {
		const struct fp_diagnosed_answer *answer = &diagnosis->answers[i];

		fp_buf_add_text(buf, "  ");
		add_time(answer->at_us, buf);
		fp_buf_addf(buf, "  %.*s  to %.*s",
			FP_STR_ARG(answer->version.len ? answer->version : answer->outcome),
			FP_STR_ARG(answer->client));
		if (answer->build.len)
			fp_buf_addf(buf, ", build %.*s", FP_STR_ARG(answer->build));
		if (answer->branch.len)
			fp_buf_addf(buf, ", branch %.*s", FP_STR_ARG(answer->branch));
		fp_buf_addf(buf, "  (/history/%016llx)\n", (unsigned long long)answer->id);
	}
	if (diagnosis->more_answers)
		fp_buf_add_text(buf, "  and more, in /history\n");
}

static void text_moment(const struct fp_diagnosis *diagnosis, struct fp_buf *buf)
{
	if (diagnosis->at_build.len)
		fp_buf_addf(buf, ", when build %.*s was first answered this version\n",
			FP_STR_ARG(fp_buf_str(&diagnosis->at_build)));
	else
		fp_buf_add_text(buf, diagnosis->at_is_from_history
					     ? ", when this version was last answered\n"
					     : ", as asked\n");
}

static void write_text(const struct fp_diagnosis *diagnosis, struct fp_buf *buf)
{
	fp_buf_addf(buf, "%s: ", fp_verdict_name(fp_diagnosis_judgement(diagnosis)->verdict));
	fp_diagnosis_write_conclusion(diagnosis, buf);
	fp_buf_add_char(buf, '\n');
	fp_diagnosis_write_advice(diagnosis, buf);
	fp_buf_add_text(buf, "\n\n");
	text_commit(fp_diagnosis_answer(diagnosis), buf);
	fp_buf_addf(buf, "Used:        %.*s\n", FP_STR_ARG(fp_buf_str(&diagnosis->used)));
	text_right("Right now:   ", &diagnosis->now, buf);
	if (diagnosis->then_counts) {
		text_right("Right then:  ", &diagnosis->then, buf);
		fp_buf_add_text(buf, "Then:        ");
		add_time(diagnosis->at_us, buf);
		text_moment(diagnosis, buf);
	} else if (diagnosis->then_trouble.len) {
		fp_buf_addf(buf, "Right then:  not known: %.*s\n",
			FP_STR_ARG(fp_buf_str(&diagnosis->then_trouble)));
	}
	if (diagnosis->difference.cause != FP_DIFFERENCE_NONE) {
		fp_buf_add_text(buf, "Changed:     ");
		fp_diagnosis_write_difference(diagnosis, buf);
		fp_buf_add_char(buf, '\n');
	}
	text_overrides(diagnosis, buf);
	text_fork_point("Fork point:  ", &diagnosis->now, buf);
	if (diagnosis->then_counts)
		text_fork_point("  then:      ", &diagnosis->then, buf);
	text_training(diagnosis, buf);
	text_events(diagnosis, buf);
	text_answers(diagnosis, buf);
}

/* ---- the route ---- */

/* What was before 1970 was before all records, as its beginning was; below 0 is no moment. */
static int64_t moment_asked(const struct fp_request *request)
{
	int64_t at_us = fp_request_moment(request, FP_PARAM_AT, request->received_us);

	return at_us < 0 ? 0 : at_us;
}

static void render(
	struct fp_request *request, const struct fp_diagnosis *diagnosis, struct fp_reply *reply)
{
	if (request->form == FP_FORM_TEXT)
		write_text(diagnosis, &reply->body);
	else
		write_json(request->context, diagnosis, &reply->body);
	reply->content_type = fp_form_content_type(request->form);
	reply->cache_control = "no-cache";
	fp_reply_set_body_etag(reply);
}

static enum fp_handled reply_diagnosis(struct fp_request *request,
	const struct fp_diagnosis_query *query, struct fp_diagnosis *diagnosis,
	struct fp_reply *reply)
{
	struct fp_worker *worker = request->context->worker;
	struct fp_error error = {0};
	int64_t now_us;
	const struct fp_snapshot *snapshot = fp_worker_enter_at(worker, &now_us);

	if (fp_service_diagnose(worker, snapshot, query, now_us, diagnosis, &error) < 0)
		return fp_reply_problem(request, reply, "internal", NULL, 0,
			"the past cannot be read: %s", error.text);
	if (diagnosis->now.outcome != FP_OUTCOME_OK &&
		diagnosis->now.outcome != FP_OUTCOME_NO_DATABASE)
		return fp_reply_failure(request, reply, &diagnosis->now);
	render(request, diagnosis, reply);
	return FP_HANDLED;
}

enum fp_handled fp_handle_diagnose(struct fp_request *request, struct fp_reply *reply)
{
	struct fp_diagnosis_query query = {.used = request->params[FP_PARAM_USED], .at_us = -1};
	struct fp_diagnosis diagnosis;
	enum fp_handled handled;

	if (!fp_request_question(request, reply, &query.question))
		return FP_HANDLED;
	if (request->given[FP_PARAM_AT])
		query.at_us = moment_asked(request);
	if (query.at_us > request->received_us)
		return fp_reply_future(request, reply, FP_PARAM_AT);
	fp_diagnosis_init(&diagnosis);
	handled = reply_diagnosis(request, &query, &diagnosis, reply);
	fp_diagnosis_release(request->context->worker, &diagnosis);
	fp_worker_leave(request->context->worker);
	return handled;
}
