/* The list of routes, problems explained, and whether the server lives and is ready. */
#include "render.h"

/* ---- / ---- */

static void write_methods(struct fp_buf *buf, unsigned methods)
{
	const char *name;

	for (size_t i = 0; (name = fp_method_name(methods, i)); i++)
		fp_buf_addf(buf, "%s%s", i ? ", " : "", name);
}

static void write_route_json(struct fp_json *json, const struct fp_route *route)
{
	const char *method;

	fp_json_object_begin(json);
	fp_json_member_text(json, "path", route->path);
	fp_json_key(json, "methods");
	fp_json_array_begin(json);
	for (size_t i = 0; (method = fp_method_name(route->methods, i)); i++)
		fp_json_text(json, method);
	fp_json_array_end(json);
	fp_json_member_text(json, "help", route->help);
	fp_json_key(json, "parameters");
	fp_json_array_begin(json);
	for (int i = 0; i < FP_PARAM_COUNT; i++) {
		if (!(route->params >> i & 1))
			continue;
		fp_json_object_begin(json);
		fp_json_member_text(json, "name", fp_param_name((enum fp_param)i));
		fp_json_member_text(json, "takes", fp_param_takes((enum fp_param)i));
		fp_json_member_bool(json, "required", route->required >> i & 1);
		fp_json_object_end(json);
	}
	fp_json_array_end(json);
	fp_json_member_forms(json, "forms", route);
	fp_json_object_end(json);
}

static void write_route_text(struct fp_buf *buf, const struct fp_route *route)
{
	size_t start = buf->len;
	bool first = true;

	write_methods(buf, route->methods);
	fp_buf_add_char(buf, ' ');
	fp_buf_add_text(buf, route->path);
	for (int i = 0; i < FP_PARAM_COUNT; i++) {
		if (!(route->required >> i & 1))
			continue;
		fp_buf_addf(buf, "%s%s=", first ? "?" : "&", fp_param_name((enum fp_param)i));
		first = false;
	}
	do {
		fp_buf_add_char(buf, ' ');
	} while (buf->len - start < 34);
	fp_buf_add_text(buf, route->help);
	fp_buf_add_char(buf, '\n');
}

enum fp_handled fp_handle_index(struct fp_request *request, struct fp_reply *reply)
{
	struct fp_json json;

	if (request->form == FP_FORM_TEXT) {
		fp_buf_add_text(&reply->body,
			"Forkpoint " FP_VERSION
			": which profile database belongs to this commit?\n\n");
		for (size_t i = 0; i < fp_route_count(); i++)
			write_route_text(&reply->body, &fp_routes[i]);
		return fp_reply_finish(request, reply);
	}
	fp_json_init(&json, &reply->body);
	fp_json_object_begin(&json);
	fp_json_member_text(&json, "name", "Forkpoint");
	fp_json_member_text(&json, "version", FP_VERSION);
	fp_json_key(&json, "routes");
	fp_json_array_begin(&json);
	for (size_t i = 0; i < fp_route_count(); i++)
		write_route_json(&json, &fp_routes[i]);
	fp_json_array_end(&json);
	fp_json_object_end(&json);
	fp_buf_add_char(&reply->body, '\n');
	return fp_reply_finish(request, reply);
}

/* ---- /problems/{code} ---- */

static enum fp_handled unknown_problem(struct fp_request *request, struct fp_reply *reply)
{
	struct fp_str codes[32], nearest[FP_NEAREST_MAX];
	size_t indices[FP_NEAREST_MAX], count = 0, found;

	for (const struct fp_problem_row *row; (row = fp_problem_at(count)) && count < 32; count++)
		codes[count] = fp_str(row->code);
	found = fp_str_nearest(request->argument, codes, count, indices, FP_NEAREST_MAX);
	for (size_t i = 0; i < found; i++)
		nearest[i] = codes[indices[i]];
	return fp_reply_problem(
		request, reply, "not-found", nearest, found, "no problem has this code");
}

enum fp_handled fp_handle_problem(struct fp_request *request, struct fp_reply *reply)
{
	const struct fp_problem_row *row = fp_problem_find(request->argument);
	struct fp_json json;

	if (!row)
		return unknown_problem(request, reply);
	if (request->form == FP_FORM_TEXT) {
		fp_buf_addf(&reply->body, "%s (%s, HTTP %u)\n%s\n", row->title, row->code,
			row->status, row->explanation);
		return fp_reply_finish(request, reply);
	}
	fp_json_init(&json, &reply->body);
	fp_json_object_begin(&json);
	fp_json_member_text(&json, "code", row->code);
	fp_json_member_text(&json, "title", row->title);
	fp_json_member_u64(&json, "status", row->status);
	fp_json_member_bool(&json, "retryable", row->retryable);
	fp_json_member_text(&json, "explanation", row->explanation);
	fp_json_object_end(&json);
	fp_buf_add_char(&reply->body, '\n');
	return fp_reply_finish(request, reply);
}

/* ---- /livez, /readyz ---- */

enum fp_handled fp_handle_livez(struct fp_request *request, struct fp_reply *reply)
{
	fp_buf_add_text(&reply->body, request->form == FP_FORM_JSON ? "{\"live\":true}\n" : "ok\n");
	reply->cache_control = "no-store";
	return fp_reply_finish(request, reply);
}

/* One line per check: what is checked, whether it holds, and what it was looked at. */
struct check {
	const char *name;
	bool good;
	uint64_t is, of;
	const char *words; /* between the two numbers; NULL: the second one says nothing */
};

static void write_check_text(const struct check *check, struct fp_buf *buf)
{
	fp_buf_addf(buf, "[%c] %s %llu", check->good ? '+' : '-', check->name,
		(unsigned long long)check->is);
	if (check->words)
		fp_buf_addf(buf, "%s%llu", check->words, (unsigned long long)check->of);
	fp_buf_add_char(buf, '\n');
}

static void write_checks(
	const struct check *checks, size_t count, bool ready, enum fp_form form, struct fp_buf *buf)
{
	struct fp_json json;

	if (form == FP_FORM_TEXT) {
		for (size_t i = 0; i < count; i++)
			write_check_text(&checks[i], buf);
		return;
	}
	fp_json_init(&json, buf);
	fp_json_object_begin(&json);
	fp_json_member_bool(&json, "ready", ready);
	fp_json_key(&json, "checks");
	fp_json_array_begin(&json);
	for (size_t i = 0; i < count; i++) {
		fp_json_object_begin(&json);
		fp_json_member_text(&json, "name", checks[i].name);
		fp_json_member_bool(&json, "good", checks[i].good);
		fp_json_member_u64(&json, "is", checks[i].is);
		fp_json_member_u64(&json, "of", checks[i].of);
		fp_json_object_end(&json);
	}
	fp_json_array_end(&json);
	fp_json_object_end(&json);
	fp_buf_add_char(buf, '\n');
}

enum fp_handled fp_handle_readyz(struct fp_request *request, struct fp_reply *reply)
{
	struct fp_worker *worker = request->context->worker;
	struct fp_readiness ready;

	fp_service_readiness(worker, fp_worker_enter(worker), &ready);
	fp_worker_leave(worker);
	const struct check checks[] = {
		{"repositories-mirrored", ready.repositories_ready == ready.repositories,
			ready.repositories_ready, ready.repositories, " of "},
		{"packages-read", ready.packages_ready == ready.packages, ready.packages_ready,
			ready.packages, " of "},
		{"journal-bytes-waiting", !ready.journal_full, ready.journal_waiting,
			ready.journal_room + ready.journal_waiting, " of "},
		{"database-takes-records", !ready.recorder.failing, !ready.recorder.failing, 1,
			" of "},
		{"disk-bytes-free", !ready.recorder.disk_low, ready.recorder.disk_free_bytes,
			ready.recorder.disk_wanted_bytes, ", wanted at least "},
		{"database-log-bytes-held", !ready.recorder.log_held, ready.recorder.log.held_bytes,
			ready.recorder.log.log_bytes, " of "},
		{"answers-unrecorded", ready.unrecorded == 0, ready.unrecorded, 0, NULL},
	};

	if (request->form == FP_FORM_TEXT)
		fp_buf_add_text(&reply->body, ready.ready ? "ready\n" : "not ready\n");
	if (request->form == FP_FORM_JSON || request->given[FP_PARAM_VERBOSE])
		write_checks(
			checks, FP_ARRAY_SIZE(checks), ready.ready, request->form, &reply->body);
	reply->status = ready.ready ? 200 : 503;
	reply->retry_after_us = ready.ready ? 0 : FP_US_PER_S;
	reply->cache_control = "no-store";
	reply->content_type = fp_form_content_type(request->form);
	return FP_HANDLED;
}
