/* /repos and /repos/{repo}: what is tracked, and how it is. */
#include "line.h"
#include "lint.h"
#include "page.h"
#include "repository.h"

static const char *phase_name(enum fp_repository_phase phase)
{
	switch (phase) {
	case FP_PHASE_WAITING: return "idle";
	case FP_PHASE_FETCHING: return "fetching";
	case FP_PHASE_READING: return "reading";
	case FP_PHASE_BUILDING: return "building";
	}
	return "idle";
}

static bool status_of(const struct fp_http_context *context,
	const struct fp_snapshot_repository *repository, struct fp_repository_status *status)
{
	const struct fp_outside *outside = &context->service->outside;

	return outside->repository_status(outside->context, repository->settings->name, status);
}

/* ---- JSON ---- */

static void write_span(struct fp_json *json, const char *key, int64_t us)
{
	fp_json_key(json, key);
	if (us < 0)
		fp_json_null(json);
	else
		fp_json_i64(json, us / FP_US_PER_S);
}

static void write_sync(struct fp_json *json, const struct fp_repository_status *status)
{
	fp_json_key(json, "sync");
	fp_json_object_begin(json);
	fp_json_member_text(json, "phase", phase_name(status->phase));
	if (status->phase != FP_PHASE_WAITING) {
		fp_json_member_u64(json, "done", status->done);
		fp_json_key(json, "total");
		if (status->total)
			fp_json_u64(json, status->total);
		else
			fp_json_null(json);
		fp_json_member_u64(json, "rate_per_second", status->rate_per_s);
		write_span(json, "seconds_left", status->left_us);
		fp_json_member_u64(json, "received_bytes", status->received_bytes);
	}
	fp_json_member_time_us(json, "last_attempt", status->last_attempt_us);
	fp_json_member_time_us(json, "last_success", status->last_success_us);
	fp_json_member_time_us(json, "next_attempt", status->next_attempt_us);
	fp_json_member_u64(json, "failures", status->failures);
	fp_json_member_text(json, "last_error", status->last_error[0] ? status->last_error : NULL);
	fp_json_object_end(json);
}

/* The configured branch is what answers use; this is what the upstream itself says. */
static void write_upstream_branch(struct fp_json *json, const struct fp_repository_status *status)
{
	struct fp_str now = fp_branch_short_name(fp_str(status->default_branch));
	struct fp_str before = fp_branch_short_name(fp_str(status->default_branch_before));

	fp_json_member_filled(json, "upstream_default_branch", now);
	fp_json_key(json, "upstream_default_branch_before");
	if (!before.len) {
		fp_json_null(json);
		return;
	}
	fp_json_object_begin(json);
	fp_json_member_string(json, "branch", before);
	fp_json_member_time_us(json, "until", status->default_branch_us);
	fp_json_object_end(json);
}

static void write_sizes(struct fp_json *json, const struct fp_snapshot_repository *repository,
	const struct fp_repository_status *status)
{
	const struct fp_branches *branches = repository->branches;

	fp_json_key(json, "sizes");
	fp_json_object_begin(json);
	fp_json_member_u64(json, "commits", branches ? branches->view.count : 0);
	fp_json_member_u64(json, "refs", branches ? branches->refs.count : 0);
	fp_json_member_u64(json, "branches", branches ? branches->count : 0);
	fp_json_member_u64(json, "mirror_bytes", status->mirror_bytes);
	fp_json_member_u64(json, "packs", status->packs);
	fp_json_member_u64(json, "graph_bytes", status->graph_bytes);
	fp_json_object_end(json);
}

static void write_tip(
	struct fp_json *json, const struct fp_branches *branches, const struct fp_branch *branch)
{
	fp_json_object_begin(json);
	fp_json_member_string(json, "branch", branch->name);
	if (branch->tip == FP_NO_COMMIT) {
		fp_json_member_text(json, "sha", NULL);
	} else {
		fp_json_member_commit(json, "sha", &branches->view, branch->tip);
		fp_json_member_time_s(
			json, "author_time", fp_graph_author_s(&branches->view, branch->tip));
	}
	fp_json_member_bool(json, "tracked", branch->tracked);
	fp_json_object_end(json);
}

static void write_tips(struct fp_json *json, const struct fp_branches *branches, bool all)
{
	fp_json_key(json, "tips");
	fp_json_array_begin(json);
	for (size_t i = 0; branches && i < branches->count; i++)
		if (all || branches->items[i].tracked)
			write_tip(json, branches, &branches->items[i]);
	fp_json_array_end(json);
}

enum { REF_EVENTS_SHOWN = 20 };

static void write_oid(struct fp_json *json, const char *key, const struct fp_oid *oid)
{
	char hex[FP_OID_HEX + 1];

	fp_oid_format(oid, hex);
	fp_json_member_text(json, key, fp_oid_is_zero(oid) ? NULL : hex);
}

static int write_ref_event(
	void *context, int64_t event, int64_t at_us, const struct fp_ref_event *row)
{
	struct fp_json *json = context;

	fp_json_object_begin(json);
	fp_json_member_text(json, "ref", row->name);
	fp_json_member_text(json, "movement", fp_ref_movement_name(row->movement));
	write_oid(json, "old", &row->old_oid);
	write_oid(json, "new", &row->new_oid);
	fp_json_member_time_us(json, "at", at_us);
	fp_json_member_i64(json, "revision", event);
	fp_json_object_end(json);
	return 0;
}

static void write_ref_events(struct fp_http_context *context, struct fp_json *json,
	const struct fp_snapshot_repository *repository)
{
	struct fp_error error;
	int r;

	fp_json_key(json, "ref_events");
	fp_json_array_begin(json);
	r = fp_service_ref_events(
		context->worker, repository, REF_EVENTS_SHOWN, write_ref_event, json, &error);
	fp_json_array_end(json);
	if (r < 0)
		fp_json_member_text(json, "ref_events_trouble", error.text);
}

static void write_feed(struct fp_http_context *context, struct fp_json *json,
	const struct fp_package_settings *settings)
{
	const struct fp_outside *outside = &context->service->outside;
	struct fp_feed_status status;

	if (!outside->feed_status(outside->context, settings->feed, settings->id, &status))
		return;
	fp_json_member_text(json, "protocol", status.protocol[0] ? status.protocol : NULL);
	fp_json_member_time_us(json, "last_attempt", status.last_attempt_us);
	fp_json_member_time_us(json, "last_success", status.last_success_us);
	fp_json_member_time_us(json, "next_attempt", status.next_attempt_us);
	fp_json_member_u64(json, "failures", status.failures);
	fp_json_member_text(json, "last_error", status.last_error[0] ? status.last_error : NULL);
	fp_json_member_text(json, "note", status.note[0] ? status.note : NULL);
}

static void write_package(struct fp_http_context *context, struct fp_json *json,
	const struct fp_snapshot_package *package)
{
	fp_json_object_begin(json);
	fp_json_member_string(json, "id", package->settings->id);
	fp_json_member_string(json, "feed", package->settings->feed);
	fp_json_member_bool(json, "ready", package->state != NULL);
	fp_json_member_time_us(json, "feed_synced_at", package->feed_synced_us);
	if (package->state) {
		fp_json_member_u64(json, "versions", package->state->catalog->listed_count);
		fp_json_member_u64(
			json, "unrecognised", package->state->catalog->unrecognised_count);
		fp_json_member_u64(json, "unlisted", package->state->catalog->unlisted_count);
		fp_json_member_i64(json, "feed_revision", package->state->revision);
	}
	fp_json_member_text(json, "trouble", package->feed_trouble);
	write_feed(context, json, package->settings);
	fp_json_object_end(json);
}

static void write_repository(struct fp_http_context *context, struct fp_json *json,
	const struct fp_snapshot_repository *repository, bool whole)
{
	struct fp_repository_status status = {0};

	fp_json_object_begin(json);
	fp_json_member_string(json, "name", repository->settings->name);
	fp_json_member_string(json, "url", repository->settings->url);
	fp_json_member_bool(json, "ready", repository->branches != NULL);
	fp_json_member_string(json, "default_branch", repository->settings->default_branch);
	fp_json_member_time_us(json, "refs_synced_at", repository->refs_synced_us);
	if (repository->branches)
		fp_json_member_i64(json, "refs_revision", repository->branches->revision);
	fp_json_member_text(json, "trouble", repository->refs_trouble);
	if (status_of(context, repository, &status)) {
		write_upstream_branch(json, &status);
		write_sync(json, &status);
		write_sizes(json, repository, &status);
	}
	write_tips(json, repository->branches, whole);
	if (whole)
		write_ref_events(context, json, repository);
	fp_json_key(json, "packages");
	fp_json_array_begin(json);
	for (size_t i = 0; i < repository->settings->package_count; i++)
		write_package(context, json, &repository->packages[i]);
	fp_json_array_end(json);
	fp_json_object_end(json);
}

/* ---- rows ---- */

/* What a dashboard shows of a repository in one line. */
struct row {
	const struct fp_snapshot_repository *repository;
	struct fp_repository_status status;
	size_t packages_ready;
};

static struct row row_of(
	const struct fp_http_context *context, const struct fp_snapshot_repository *repository)
{
	struct row row = {.repository = repository};

	if (!status_of(context, repository, &row.status))
		row.status = (struct fp_repository_status){0};
	for (size_t i = 0; i < repository->settings->package_count; i++)
		row.packages_ready += repository->packages[i].state != NULL;
	return row;
}

static void write_row_json(struct fp_json *json, const struct row *row)
{
	const struct fp_snapshot_repository *repository = row->repository;
	const struct fp_branches *branches = repository->branches;

	fp_json_object_begin(json);
	fp_json_member_string(json, "name", repository->settings->name);
	fp_json_member_string(json, "url", repository->settings->url);
	fp_json_member_bool(json, "ready", branches != NULL);
	fp_json_member_string(json, "default_branch", repository->settings->default_branch);
	fp_json_member_time_us(json, "refs_synced_at", repository->refs_synced_us);
	fp_json_member_text(json, "trouble", repository->refs_trouble);
	fp_json_member_text(json, "phase", phase_name(row->status.phase));
	fp_json_member_u64(json, "failures", row->status.failures);
	fp_json_member_u64(json, "commits", branches ? branches->view.count : 0);
	fp_json_member_u64(json, "refs", branches ? branches->refs.count : 0);
	fp_json_member_u64(json, "branches", branches ? branches->count : 0);
	fp_json_member_u64(json, "mirror_bytes", row->status.mirror_bytes);
	fp_json_member_u64(json, "packages", repository->settings->package_count);
	fp_json_member_u64(json, "packages_ready", row->packages_ready);
	fp_json_object_end(json);
}

static void write_row_csv(struct fp_buf *buf, const struct row *row)
{
	const struct fp_snapshot_repository *repository = row->repository;
	const struct fp_branches *branches = repository->branches;

	fp_csv_add(buf, true, repository->settings->name);
	fp_csv_add(buf, false, repository->settings->url);
	fp_csv_add(buf, false, fp_str(branches ? "true" : "false"));
	fp_csv_add(buf, false, repository->settings->default_branch);
	fp_csv_add_time(buf, repository->refs_synced_us);
	fp_csv_add(buf, false, fp_str(repository->refs_trouble));
	fp_csv_add(buf, false, fp_str(phase_name(row->status.phase)));
	fp_buf_addf(buf, ",%u,%u,%zu,%zu,%llu,%zu,%zu\r\n", row->status.failures,
		branches ? branches->view.count : 0, branches ? branches->refs.count : 0,
		branches ? branches->count : 0, (unsigned long long)row->status.mirror_bytes,
		repository->settings->package_count, row->packages_ready);
}

/* ---- text ---- */

/* When a source was last read in full, and what is wrong since. */
static void write_read_at(struct fp_buf *buf, int64_t synced_us, const char *trouble)
{
	char time[FP_TIME_TEXT_MAX];

	if (synced_us > 0) {
		fp_time_format_us(synced_us, time);
		fp_buf_addf(buf, "\tread %s", time);
	}
	if (trouble)
		fp_buf_addf(buf, "\t%s", trouble);
	fp_buf_add_char(buf, '\n');
}

static void write_line(struct fp_http_context *context, struct fp_buf *buf,
	const struct fp_snapshot_repository *repository)
{
	struct fp_repository_status status = {0};

	status_of(context, repository, &status);
	fp_buf_addf(buf, "%.*s\t%s\t%s", FP_STR_ARG(repository->settings->name),
		repository->branches ? "ready" : "not ready", phase_name(status.phase));
	if (status.phase != FP_PHASE_WAITING)
		fp_buf_addf(buf, " %llu", (unsigned long long)status.done);
	if (status.phase != FP_PHASE_WAITING && status.total)
		fp_buf_addf(buf, " of %llu", (unsigned long long)status.total);
	if (repository->branches)
		fp_buf_addf(buf, "\t%u commits\t%zu branches", repository->branches->view.count,
			repository->branches->count);
	write_read_at(buf, repository->refs_synced_us, repository->refs_trouble);
	for (size_t i = 0; i < repository->settings->package_count; i++) {
		const struct fp_snapshot_package *package = &repository->packages[i];

		fp_buf_addf(buf, "  %.*s\t%s", FP_STR_ARG(package->settings->id),
			package->state ? "ready" : "not ready");
		if (package->state)
			fp_buf_addf(buf, "\t%u versions", package->state->catalog->listed_count);
		write_read_at(buf, package->feed_synced_us, package->feed_trouble);
	}
}

/* ---- handlers ---- */

static enum fp_handled finish(struct fp_request *request, struct fp_reply *reply)
{
	reply->content_type = fp_form_content_type(request->form);
	reply->cache_control = "no-cache";
	fp_reply_set_body_etag(reply);
	return FP_HANDLED;
}

static void write_items(struct fp_http_context *context, const struct fp_snapshot_repository *items,
	size_t count, bool flat, struct fp_json *json)
{
	fp_json_array_begin(json);
	for (size_t i = 0; i < count; i++) {
		if (flat) {
			struct row row = row_of(context, &items[i]);

			write_row_json(json, &row);
		} else {
			write_repository(context, json, &items[i], false);
		}
	}
	fp_json_array_end(json);
}

static void write_page_json(struct fp_request *request, const struct fp_page *page,
	const struct fp_snapshot_repository *items, size_t count, struct fp_buf *buf)
{
	bool flat = request->given[FP_PARAM_SHAPE];
	struct fp_json json;

	fp_json_init(&json, buf);
	if (!flat) {
		fp_json_object_begin(&json);
		fp_json_key(&json, "items");
	}
	write_items(request->context, items, count, flat, &json);
	if (!flat) {
		fp_page_write_next(&json, page);
		fp_json_object_end(&json);
	}
	fp_buf_add_char(buf, '\n');
}

static void write_page_lines(struct fp_request *request, const struct fp_snapshot_repository *items,
	size_t count, struct fp_buf *buf)
{
	if (request->form == FP_FORM_CSV)
		fp_buf_add_text(buf,
			"name,url,ready,default_branch,refs_synced_at,trouble,phase,failures,"
			"commits,refs,branches,mirror_bytes,packages,packages_ready\r\n");
	for (size_t i = 0; i < count; i++) {
		struct row row = row_of(request->context, &items[i]);
		struct fp_json json;

		if (request->form == FP_FORM_TEXT) {
			write_line(request->context, buf, &items[i]);
		} else if (request->form == FP_FORM_CSV) {
			write_row_csv(buf, &row);
		} else {
			fp_json_init(&json, buf);
			write_row_json(&json, &row);
			fp_buf_add_char(buf, '\n');
		}
	}
}

enum fp_handled fp_handle_repos(struct fp_request *request, struct fp_reply *reply)
{
	struct fp_worker *worker = request->context->worker;
	const struct fp_snapshot *snapshot = fp_worker_enter(worker);
	size_t total = snapshot->settings->repository_count;
	struct fp_page page = fp_page_of(request);
	size_t first = page.offset < total ? page.offset : total;
	size_t count = total - first < page.limit ? total - first : page.limit;
	const struct fp_snapshot_repository *items = snapshot->repositories + first;

	fp_page_set_total(&page, count, total);
	if (request->form == FP_FORM_JSON)
		write_page_json(request, &page, items, count, &reply->body);
	else
		write_page_lines(request, items, count, &reply->body);
	fp_worker_leave(worker);
	fp_page_set_link(&page, request, reply);
	return finish(request, reply);
}

static void reply_lint(struct fp_request *request, const struct fp_snapshot *snapshot,
	const struct fp_snapshot_repository *repository, struct fp_reply *reply)
{
	if (fp_lint_write(request, snapshot, repository, &reply->body) >= 0)
		return;
	fp_buf_clear(&reply->body);
	fp_reply_problem(request, reply, "internal", NULL, 0, "out of memory");
}

enum fp_handled fp_handle_repo(struct fp_request *request, struct fp_reply *reply)
{
	struct fp_http_context *context = request->context;
	const struct fp_snapshot *snapshot = fp_worker_enter(context->worker);
	const struct fp_snapshot_repository *repository =
		fp_snapshot_find(snapshot, request->argument);
	struct fp_json json;

	if (!repository) {
		fp_reply_unknown_repository(request, reply, snapshot, request->argument);
	} else if (request->given[FP_PARAM_LINT]) {
		reply_lint(request, snapshot, repository, reply);
	} else if (request->form == FP_FORM_TEXT) {
		write_line(context, &reply->body, repository);
	} else {
		fp_json_init(&json, &reply->body);
		write_repository(context, &json, repository, true);
		fp_buf_add_char(&reply->body, '\n');
	}
	fp_worker_leave(context->worker);
	return repository && reply->status == 200 ? finish(request, reply) : FP_HANDLED;
}
