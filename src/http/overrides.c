/* /quarantine and /pins: what people decide, by PUT and DELETE; and lists of it. */
#include "forkpoint/service/overrides.h"

#include "forkpoint/base/json_read.h"

#include "authority.h"
#include "override_fields.h"
#include "repository.h"

#include <stdio.h>

enum {
	REASON_MAX_BYTES = 1000,
	OWNER_MAX_BYTES = 200,
	LIMIT_DEFAULT = 100,
	BRANCH_MAX_BYTES = 1100
};

static const struct fp_json_limits body_limits = {
	.max_bytes = 16 * 1024, .max_depth = 4, .max_values = 64};

/* ---- rows ---- */

static void write_sentence(const struct fp_override *override, struct fp_buf *buf)
{
	char time[FP_TIME_TEXT_MAX];

	fp_buf_addf(buf, "%.*s: ", FP_STR_ARG(override->repo));
	fp_override_write(override, buf);
	if (override->ended_us >= 0) {
		fp_time_format_us(override->ended_us, time);
		fp_buf_addf(buf, "; ended %s by %.*s", time, FP_STR_ARG(override->ended_by));
	}
	fp_buf_add_char(buf, '\n');
}

static int add_row(void *context, const struct fp_override *override)
{
	struct fp_rows *rows = context;
	struct fp_field fields[FP_OVERRIDE_FIELDS];
	size_t count = fp_override_fields(override, fields);

	if (rows->form == FP_FORM_TEXT) {
		write_sentence(override, rows->buf);
		rows->count++;
	} else {
		fp_rows_add(rows, fields, count);
	}
	rows->last = override->id;
	return fp_buf_check(rows->buf, NULL);
}

static enum fp_handled list(
	struct fp_request *request, struct fp_reply *reply, enum fp_override_kind kind)
{
	const struct fp_override none = {.expires_us = -1, .ended_us = -1};
	unsigned limit = (unsigned)fp_param_number(request->params[FP_PARAM_LIMIT], LIMIT_DEFAULT);
	int64_t before = (int64_t)fp_param_number(request->params[FP_PARAM_CURSOR], 0);
	struct fp_field fields[FP_OVERRIDE_FIELDS];
	struct fp_error error;
	struct fp_rows rows;
	int r;

	if (!fp_request_knows_repository(request, reply))
		return FP_HANDLED;
	fp_rows_begin(&rows, request, &reply->body, fields, fp_override_fields(&none, fields));
	r = fp_service_list_overrides(request->context->worker, kind,
		request->params[FP_PARAM_REPO], !request->given[FP_PARAM_PAST], before, limit,
		add_row, &rows, &error);
	if (r < 0)
		return fp_reply_problem(request, reply, "internal", NULL, 0,
			"the decisions cannot be read: %s", error.text);
	if (rows.form == FP_FORM_TEXT && rows.count == 0)
		fp_buf_add_text(rows.buf, kind == FP_OVERRIDE_PIN ? "nothing is pinned\n"
								  : "nothing is quarantined\n");
	fp_rows_end(&rows, request, reply, limit);
	fp_reply_set_body_etag(reply);
	return FP_HANDLED;
}

enum fp_handled fp_handle_quarantines(struct fp_request *request, struct fp_reply *reply)
{
	return list(request, reply, FP_OVERRIDE_QUARANTINE);
}

enum fp_handled fp_handle_pins(struct fp_request *request, struct fp_reply *reply)
{
	return list(request, reply, FP_OVERRIDE_PIN);
}

/* ---- the body ---- */

/* A text member into *text: 1 when it is there and fine, 0 when it is not there, -1 with a
 * problem. */
static int take_text(struct fp_request *request, struct fp_reply *reply,
	const struct fp_json_value *root, const char *key, size_t max, struct fp_str *text)
{
	const struct fp_json_value *member = fp_json_member(root, key);

	if (!member || member->type == FP_JSON_NULL)
		return 0;
	if (member->type == FP_JSON_STRING && member->text.len > 0 && member->text.len <= max &&
		fp_text_is_clean(member->text)) {
		*text = member->text;
		return 1;
	}
	fp_reply_problem(request, reply, "bad-request", NULL, 0,
		"\"%s\" takes a text of 1 to %zu bytes without control characters", key, max);
	return -1;
}

static bool needs_text(struct fp_request *request, struct fp_reply *reply,
	const struct fp_json_value *root, const char *key, size_t max, struct fp_str *text)
{
	int r = take_text(request, reply, root, key, max, text);

	if (r == 0)
		fp_reply_problem(request, reply, "bad-request", NULL, 0,
			"the body needs \"%s\", a text of 1 to %zu bytes", key, max);
	return r == 1;
}

static bool take_expiry(struct fp_request *request, struct fp_reply *reply,
	const struct fp_json_value *root, struct fp_override *override)
{
	struct fp_str text = {0};
	int r = take_text(request, reply, root, "expires", FP_TIME_TEXT_MAX, &text);

	override->expires_us = -1;
	if (r <= 0)
		return r == 0;
	if (fp_time_parse_us(text, &override->expires_us) &&
		override->expires_us > request->received_us)
		return true;
	fp_reply_problem(request, reply, "bad-request", NULL, 0,
		"\"expires\" takes a time to come, such as 2030-01-31T22:05:00Z, or null");
	return false;
}

static bool knows_members(struct fp_request *request, struct fp_reply *reply,
	const struct fp_json_value *root, bool is_pin)
{
	static const char *const names[] = {"reason", "owner", "expires", "package", "version"};
	size_t count = is_pin ? 5 : 4;
	unsigned given = 0;

	if (root->type != FP_JSON_OBJECT) {
		fp_reply_problem(
			request, reply, "bad-request", NULL, 0, "the body takes a JSON object");
		return false;
	}
	for (const struct fp_json_value *at = root->first; at; at = at->next) {
		size_t i = 0;

		while (i < count && !fp_str_equal(at->key, fp_str(names[i])))
			i++;
		if (i < count && !(given >> i & 1)) {
			given |= 1u << i;
			continue;
		}
		fp_reply_problem(request, reply, "bad-request", NULL, 0,
			"\"%.*s\" is not known in the body or given twice; it takes reason, owner, "
			"expires, package%s, once each",
			(int)(at->key.len < 64 ? at->key.len : 64), at->key.ptr,
			is_pin ? ", version" : "");
		return false;
	}
	return true;
}

/* The tree owns the override's texts. */
static bool take_body(struct fp_request *request, struct fp_reply *reply,
	struct fp_json_tree **tree, struct fp_override *override)
{
	bool is_pin = override->kind == FP_OVERRIDE_PIN;
	const struct fp_json_value *root;
	struct fp_error error;

	if (fp_json_tree_read(fp_buf_str(&request->body), &body_limits, false, tree, NULL, NULL,
		    &error) < 0) {
		fp_reply_problem(request, reply, "bad-request", NULL, 0,
			"the body takes a JSON object with \"reason\" and \"owner\": %s",
			error.text);
		return false;
	}
	root = fp_json_tree_root(*tree);
	return knows_members(request, reply, root, is_pin) &&
	       needs_text(request, reply, root, "reason", REASON_MAX_BYTES, &override->reason) &&
	       needs_text(request, reply, root, "owner", OWNER_MAX_BYTES, &override->owner) &&
	       take_expiry(request, reply, root, override) &&
	       take_text(request, reply, root, "package", OWNER_MAX_BYTES, &override->package) >=
		       0 &&
	       (!is_pin || needs_text(request, reply, root, "version", FP_VERSION_MAX_BYTES,
				   &override->version));
}

/* ---- what it is about ---- */

static bool is_in_feed(const struct fp_snapshot_package *package, struct fp_str version)
{
	const struct fp_catalog_version *found =
		package->state ? fp_catalog_find(package->state->catalog, version) : NULL;

	return found && found->row.vanished_us < 0;
}

/* The package that is meant: the one that is named, or the repository's first. Its name is copied,
 * for the snapshot may go. */
static bool find_package(struct fp_request *request, struct fp_reply *reply,
	struct fp_override *override, char *name, size_t name_bytes, bool *in_feed)
{
	struct fp_worker *worker = request->context->worker;
	const struct fp_snapshot *snapshot = fp_worker_enter(worker);
	const struct fp_snapshot_repository *repository =
		fp_snapshot_find(snapshot, request->argument);
	struct fp_str wanted = request->given[FP_PARAM_PACKAGE] ? request->params[FP_PARAM_PACKAGE]
								: override->package;
	bool found = false;

	if (!repository)
		fp_reply_unknown_repository(request, reply, snapshot, request->argument);
	for (size_t i = 0; repository && !found && i < repository->settings->package_count; i++) {
		struct fp_str id = repository->settings->packages[i].id;

		found = wanted.len == 0 || fp_str_equal_nocase(wanted, id);
		if (!found)
			continue;
		snprintf(name, name_bytes, "%.*s", FP_STR_ARG(id));
		*in_feed = is_in_feed(&repository->packages[i], override->version);
	}
	if (repository && !found)
		fp_reply_unknown_package(request, reply, repository->settings, wanted);
	fp_worker_leave(worker);
	override->package = fp_str(name);
	override->repo = request->argument;
	return found;
}

/* A pin's branch as answers have it: a former name would never be met. One that is not there can
 * only be given up. Its name is copied, as the package's. */
static bool find_branch(struct fp_request *request, struct fp_reply *reply,
	struct fp_override *override, char name[BRANCH_MAX_BYTES])
{
	struct fp_worker *worker = request->context->worker;
	struct fp_answer *answer = &request->context->answer;
	const struct fp_snapshot *snapshot = fp_worker_enter(worker);
	bool found = fp_service_find_branch(snapshot, request->argument, request->second, answer);

	if (found) {
		snprintf(name, BRANCH_MAX_BYTES, "%.*s", FP_STR_ARG(answer->branch->name));
		override->branch = fp_str(name);
	} else if (request->method == FP_METHOD_PUT) {
		fp_reply_problem(request, reply, fp_problem_of(answer->outcome)->code,
			answer->nearest, answer->nearest_count, "%s",
			answer->detail.len ? answer->detail.data : "the branch is not known");
	}
	fp_worker_leave(worker);
	return found || request->method != FP_METHOD_PUT;
}

/* stamps:FIRST-LAST, or a version. */
static bool find_versions(
	struct fp_request *request, struct fp_reply *reply, struct fp_override *override)
{
	if (fp_override_take_versions(override, request->second))
		return true;
	fp_reply_problem(request, reply, "bad-request", NULL, 0, FP_STAMPS_HELP);
	return false;
}

/* ---- doing it ---- */

#define NOT_IN_FEED                                                                                \
	"The feed has no such version now: if it is not one to come, look at its spelling.\n"

static void write_decision(const struct fp_request *request, const struct fp_override *override,
	bool in_feed, struct fp_reply *reply)
{
	struct fp_field fields[FP_OVERRIDE_FIELDS + 1];
	struct fp_json json;
	size_t count = fp_override_fields(override, fields);

	reply->content_type = fp_form_content_type(request->form);
	reply->cache_control = "no-store";
	if (request->form == FP_FORM_TEXT) {
		write_sentence(override, &reply->body);
		if (override->version.len && !in_feed)
			fp_buf_add_text(&reply->body, NOT_IN_FEED);
		return;
	}
	if (override->version.len)
		fields[count++] = (struct fp_field){
			"in_feed", FP_FIELD_JSON, fp_str(in_feed ? "true" : "false"), 0};
	fp_json_init(&json, &reply->body);
	fp_fields_write(&json, fields, count);
	fp_buf_add_char(&reply->body, '\n');
}

/* The decision as the audit's detail. */
static void write_detail(const struct fp_override *override, struct fp_buf *buf)
{
	struct fp_field fields[FP_OVERRIDE_FIELDS];
	size_t count = fp_override_fields(override, fields);
	struct fp_json json;

	fp_json_init(&json, buf);
	/* Without number, status and times, which the entry has. */
	fp_fields_write(&json, fields + 1, count - 5);
}

static enum fp_handled failed(
	struct fp_request *request, struct fp_reply *reply, const struct fp_error *error)
{
	if (error->code == FP_ERROR_LIMIT)
		return fp_reply_problem(
			request, reply, "too-many-requests", NULL, 0, "%s", error->text);
	if (error->code == FP_ERROR_FULL)
		return fp_reply_problem(request, reply, "not-ready", NULL, 0,
			"the decision cannot be kept: %s", error->text);
	return fp_reply_problem(request, reply, "internal", NULL, 0,
		"the decision cannot be kept: %s", error->text);
}

static struct fp_str subject_of(const struct fp_request *request, struct fp_buf *buf)
{
	fp_buf_addf(buf, "%.*s/%.*s", FP_STR_ARG(request->argument), FP_STR_ARG(request->second));
	return fp_buf_str(buf);
}

static enum fp_handled set(struct fp_request *request, struct fp_reply *reply,
	struct fp_override *override, const struct fp_authority *authority)
{
	FP_CLEANUP(fp_json_tree_free_cleanup) struct fp_json_tree *tree = NULL;
	struct fp_buf FP_CLEANUP_BUF detail = {0}, FP_CLEANUP_BUF subject = {0};
	struct fp_audit_entry entry;
	struct fp_error error;
	char package[256];
	bool in_feed = false;

	fp_buf_init(&detail, 16 * 1024);
	fp_buf_init(&subject, 4096);
	if (!take_body(request, reply, &tree, override) ||
		!find_package(request, reply, override, package, sizeof(package), &in_feed))
		return FP_HANDLED;
	override->set_by = fp_str(authority->who);
	override->ended_us = -1;
	override->set_us = fp_clock_real_us();
	write_detail(override, &detail);
	entry = fp_request_audit(request, authority,
		override->kind == FP_OVERRIDE_PIN ? "pin.set" : "quarantine.set",
		subject_of(request, &subject), fp_buf_str(&detail));
	if (fp_service_set_override(
		    request->context->service, override, &entry, &override->id, &error) < 0)
		return failed(request, reply, &error);
	write_decision(request, override, in_feed, reply);
	return FP_HANDLED;
}

static enum fp_handled end(struct fp_request *request, struct fp_reply *reply,
	struct fp_override *override, const struct fp_authority *authority)
{
	struct fp_buf FP_CLEANUP_BUF subject = {0};
	enum fp_override_result result = FP_OVERRIDE_NONE;
	struct fp_audit_entry entry;
	struct fp_error error;
	char package[256];
	bool in_feed = false;

	fp_buf_init(&subject, 4096);
	if (!find_package(request, reply, override, package, sizeof(package), &in_feed))
		return FP_HANDLED;
	entry = fp_request_audit(request, authority,
		override->kind == FP_OVERRIDE_PIN ? "pin.end" : "quarantine.end",
		subject_of(request, &subject), (struct fp_str){0});
	if (fp_service_end_override(request->context->service, override, &entry, &result, &error) <
		0)
		return failed(request, reply, &error);
	if (result == FP_OVERRIDE_NONE)
		return fp_reply_problem(request, reply, "not-found", NULL, 0,
			"no such decision is in force; GET %s lists those that are",
			override->kind == FP_OVERRIDE_PIN ? "/pins" : "/quarantine");
	reply->status = 204;
	return FP_HANDLED;
}

static enum fp_handled decide(
	struct fp_request *request, struct fp_reply *reply, struct fp_override *override)
{
	struct fp_authority authority = {0};
	enum fp_handled handled;
	char branch[BRANCH_MAX_BYTES];

	if (!fp_authority_check(request, reply, FP_RIGHT_OVERRIDE, &authority, &handled))
		return handled;
	override->branch = override->kind == FP_OVERRIDE_PIN ? request->second : (struct fp_str){0};
	if (override->kind == FP_OVERRIDE_PIN && !find_branch(request, reply, override, branch))
		return FP_HANDLED;
	if (override->kind == FP_OVERRIDE_QUARANTINE && !find_versions(request, reply, override))
		return FP_HANDLED;
	return request->method == FP_METHOD_PUT ? set(request, reply, override, &authority)
						: end(request, reply, override, &authority);
}

enum fp_handled fp_handle_quarantine(struct fp_request *request, struct fp_reply *reply)
{
	struct fp_override override = {.kind = FP_OVERRIDE_QUARANTINE};

	return decide(request, reply, &override);
}

enum fp_handled fp_handle_pin(struct fp_request *request, struct fp_reply *reply)
{
	struct fp_override override = {.kind = FP_OVERRIDE_PIN};

	return decide(request, reply, &override);
}
