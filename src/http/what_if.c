/* /what-if: what would be answered, beside what is. */
#include "line.h"
#include "override_fields.h"

#include "forkpoint/service/what_if.h"

struct rendering {
	const struct fp_what_if *what_if;
	size_t limit;		      /* of commits and of ranges that are listed */
	struct fp_point_texts before; /* of the row at hand */
	struct fp_point_texts after;
	struct fp_buf sentence;
};

static size_t listed(const struct rendering *rendering, size_t count)
{
	return count < rendering->limit ? count : rendering->limit;
}

static void take(struct rendering *rendering, const struct fp_what_if_row *row)
{
	const struct fp_what_if *what_if = rendering->what_if;
	struct fp_point after = row->after;

	if (after.version == FP_WHAT_IF_VERSION) /* no catalog has it */
		after.version = FP_SELECT_NO_VERSION;
	fp_point_texts_set(&rendering->before, &what_if->answer, &row->before);
	fp_point_texts_set(&rendering->after, &what_if->answer, &after);
	rendering->after.version = fp_what_if_version(what_if, row->after.version);
	fp_buf_clear(&rendering->sentence);
	fp_what_if_write_row(what_if, row, &rendering->sentence);
}

/* ---- rows ---- */

static void write_row(
	struct fp_json *json, struct rendering *rendering, const struct fp_what_if_row *row)
{
	const struct fp_point_texts *before = &rendering->before, *after = &rendering->after;

	take(rendering, row);
	fp_json_object_begin(json);
	fp_json_member_text(json, "kind", row->tip.len ? "tip" : "commit");
	fp_json_member_filled(json, "tip", row->tip);
	fp_json_member_text(json, "sha", before->sha);
	fp_json_member_string(json, "branch", row->branch);
	fp_json_member_string(json, "branch_then", row->other_branch);
	fp_json_member_filled(json, "stamp", fp_str(before->stamp));
	fp_json_member_filled(json, "release", fp_buf_str(&before->release));
	fp_json_member_filled(json, "release_then", fp_buf_str(&after->release));
	fp_json_member_filled(json, "before", before->version);
	fp_json_member_text(json, "outcome_before", fp_outcome_code(row->before.outcome));
	fp_json_member_filled(json, "after", after->version);
	fp_json_member_text(json, "outcome_after", fp_outcome_code(row->after.outcome));
	fp_json_member_text(json, "why", fp_what_name(rendering->what_if->what));
	fp_json_member_string(json, "text", fp_buf_str(&rendering->sentence));
	fp_json_object_end(json);
}

static void write_rows(struct fp_json *json, struct rendering *rendering,
	const struct fp_what_if_row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++)
		write_row(json, rendering, &rows[i]);
}

static void write_ranges(struct fp_json *json, struct rendering *rendering)
{
	const struct fp_what_if *what_if = rendering->what_if;
	const struct fp_graph_view *view = &what_if->answer.repository->branches->view;

	fp_json_array_begin(json);
	for (size_t i = 0; i < listed(rendering, what_if->range_count); i++) {
		const struct fp_what_if_range *range = &what_if->ranges[i];
		const struct fp_what_if_row *newest = &what_if->commits[range->newest];
		const struct fp_what_if_row *oldest = &what_if->commits[range->oldest];

		take(rendering, newest);
		fp_json_object_begin(json);
		fp_json_member_commit(json, "newest", view, newest->before.commit);
		fp_json_member_commit(json, "oldest", view, oldest->before.commit);
		fp_json_member_u64(json, "commits", range->oldest - range->newest + 1);
		fp_json_member_filled(json, "before", rendering->before.version);
		fp_json_member_filled(json, "after", rendering->after.version);
		fp_json_object_end(json);
	}
	fp_json_array_end(json);
}

static void write_notes(struct fp_json *json, const struct fp_buf *notes)
{
	struct fp_str rest = fp_buf_str(notes);

	fp_json_key(json, "notes");
	fp_json_array_begin(json);
	while (rest.len) {
		const char *end = memchr(rest.ptr, '\n', rest.len);
		size_t len = end ? (size_t)(end - rest.ptr) : rest.len;

		fp_json_string(json, fp_str_n(rest.ptr, len));
		rest = fp_str_n(rest.ptr + len + (end != NULL), rest.len - len - (end != NULL));
	}
	fp_json_array_end(json);
}

static void write_hypothesis(struct fp_json *json, struct rendering *rendering)
{
	const struct fp_what_if *what_if = rendering->what_if;

	fp_json_key(json, "hypothesis");
	fp_json_object_begin(json);
	fp_json_member_text(json, "what", fp_what_name(what_if->what));
	fp_json_member_string(json, "value", what_if->value);
	fp_buf_clear(&rendering->sentence);
	fp_what_if_write(what_if, &rendering->sentence);
	fp_json_member_string(json, "text", fp_buf_str(&rendering->sentence));
	write_notes(json, &what_if->notes);
	fp_json_object_end(json);
}

static void write_document(struct fp_json *json, struct rendering *rendering)
{
	const struct fp_what_if *what_if = rendering->what_if;
	size_t commits = listed(rendering, what_if->commit_count);

	fp_json_object_begin(json);
	fp_json_members_of_line(json, &what_if->answer);
	write_hypothesis(json, rendering);
	fp_json_member_u64(json, "tips_asked", what_if->tips_asked);
	fp_json_member_u64(json, "tips_changed", what_if->tip_count);
	fp_json_member_u64(json, "commits_asked", what_if->commits_asked);
	fp_json_member_u64(json, "commits_changed", what_if->commit_count);
	fp_json_member_bool(json, "truncated", commits < what_if->commit_count);
	fp_json_key(json, "tips");
	fp_json_array_begin(json);
	write_rows(json, rendering, what_if->tips, what_if->tip_count);
	fp_json_array_end(json);
	fp_json_key(json, "ranges");
	write_ranges(json, rendering);
	fp_json_key(json, "commits");
	fp_json_array_begin(json);
	write_rows(json, rendering, what_if->commits, commits);
	fp_json_array_end(json);
	fp_json_object_end(json);
}

static void write_json(struct rendering *rendering, bool flat, struct fp_buf *buf)
{
	const struct fp_what_if *what_if = rendering->what_if;
	struct fp_json json;

	fp_json_init(&json, buf);
	if (flat) {
		fp_json_array_begin(&json);
		write_rows(&json, rendering, what_if->tips, what_if->tip_count);
		write_rows(&json, rendering, what_if->commits,
			listed(rendering, what_if->commit_count));
		fp_json_array_end(&json);
	} else {
		write_document(&json, rendering);
	}
	fp_buf_add_char(buf, '\n');
}

/* ---- lines ---- */

static void write_csv_row(
	struct fp_buf *buf, struct rendering *rendering, const struct fp_what_if_row *row)
{
	const struct fp_point_texts *before = &rendering->before, *after = &rendering->after;

	take(rendering, row);
	fp_csv_add(buf, true, fp_str(row->tip.len ? "tip" : "commit"));
	fp_csv_add(buf, false, row->tip);
	fp_csv_add(buf, false, fp_str(before->sha));
	fp_csv_add(buf, false, row->branch);
	fp_csv_add(buf, false, row->other_branch);
	fp_csv_add(buf, false, fp_str(before->stamp));
	fp_csv_add(buf, false, fp_buf_str(&before->release));
	fp_csv_add(buf, false, fp_buf_str(&after->release));
	fp_csv_add(buf, false, before->version);
	fp_csv_add(buf, false, fp_str(fp_outcome_code(row->before.outcome)));
	fp_csv_add(buf, false, after->version);
	fp_csv_add(buf, false, fp_str(fp_outcome_code(row->after.outcome)));
	fp_csv_add(buf, false, fp_str(fp_what_name(rendering->what_if->what)));
	fp_csv_add(buf, false, fp_buf_str(&rendering->sentence));
	fp_buf_add_text(buf, "\r\n");
}

static void write_line(struct fp_buf *buf, struct rendering *rendering, enum fp_form form,
	const struct fp_what_if_row *row)
{
	struct fp_json json;

	if (form == FP_FORM_CSV) {
		write_csv_row(buf, rendering, row);
		return;
	}
	fp_json_init(&json, buf);
	write_row(&json, rendering, row);
	fp_buf_add_char(buf, '\n');
}

static void write_lines(struct rendering *rendering, enum fp_form form, struct fp_buf *buf)
{
	const struct fp_what_if *what_if = rendering->what_if;

	if (form == FP_FORM_CSV)
		fp_buf_add_text(buf, "kind,tip,sha,branch,branch_then,stamp,release,release_then,"
				     "before,outcome_before,after,outcome_after,why,text\r\n");
	for (size_t i = 0; i < what_if->tip_count; i++)
		write_line(buf, rendering, form, &what_if->tips[i]);
	for (size_t i = 0; i < listed(rendering, what_if->commit_count); i++)
		write_line(buf, rendering, form, &what_if->commits[i]);
}

/* ---- text ---- */

/* A version, or the outcome in its place. */
static struct fp_str word(const struct fp_what_if *what_if, const struct fp_point *point)
{
	struct fp_str version = fp_what_if_version(what_if, point->version);

	return version.len ? version : fp_str(fp_outcome_code(point->outcome));
}

static void add_end(
	struct fp_columns *columns, struct rendering *rendering, const struct fp_what_if_row *row)
{
	fp_columns_cell(columns, word(rendering->what_if, &row->before));
	fp_columns_cell(columns, word(rendering->what_if, &row->after));
	fp_columns_cell(columns, fp_buf_str(&rendering->sentence));
}

static void write_tip_table(struct rendering *rendering, struct fp_buf *buf)
{
	const struct fp_what_if *what_if = rendering->what_if;
	static const char *const head[] = {"tip of", "commit", "asked for", "now", "then", "why"};
	struct fp_columns columns;

	fp_buf_addf(buf, "%zu of %zu answers for tips of tracked branches would change\n",
		what_if->tip_count, what_if->tips_asked);
	fp_columns_init(&columns, FP_ARRAY_SIZE(head));
	for (size_t i = 0; i < FP_ARRAY_SIZE(head); i++)
		fp_columns_cell(&columns, fp_str(head[i]));
	for (size_t i = 0; i < what_if->tip_count; i++) {
		const struct fp_what_if_row *row = &what_if->tips[i];

		take(rendering, row);
		fp_columns_cell(&columns, row->tip);
		fp_columns_cell(&columns, fp_str_n(rendering->before.sha, FP_SHORT_SHA));
		fp_columns_cell(&columns, row->branch);
		add_end(&columns, rendering, row);
	}
	if (what_if->tip_count)
		fp_columns_write(&columns, buf);
	fp_columns_release(&columns);
}

static void add_range(struct fp_columns *columns, struct rendering *rendering,
	const struct fp_what_if_range *range)
{
	const struct fp_what_if_row *commits = rendering->what_if->commits;
	struct fp_buf FP_CLEANUP_BUF count = {0};

	fp_buf_init(&count, 32);
	fp_buf_add_u64(&count, range->oldest - range->newest + 1);
	fp_columns_cell(columns, fp_buf_str(&count));
	take(rendering, &commits[range->oldest]);
	fp_columns_cell(columns, fp_str_n(rendering->before.sha, FP_SHORT_SHA));
	take(rendering, &commits[range->newest]);
	fp_columns_cell(columns, fp_str_n(rendering->before.sha, FP_SHORT_SHA));
	add_end(columns, rendering, &commits[range->newest]);
}

static void write_range_table(struct rendering *rendering, struct fp_buf *buf)
{
	const struct fp_what_if *what_if = rendering->what_if;
	static const char *const head[] = {"commits", "from", "to", "now", "then", "why"};
	struct fp_columns columns;

	fp_buf_addf(buf, "%zu of the last %zu commits of %.*s would get another answer\n",
		what_if->commit_count, what_if->commits_asked,
		FP_STR_ARG(what_if->answer.branch_name));
	fp_columns_init(&columns, FP_ARRAY_SIZE(head));
	for (size_t i = 0; i < FP_ARRAY_SIZE(head); i++)
		fp_columns_cell(&columns, fp_str(head[i]));
	for (size_t i = 0; i < listed(rendering, what_if->range_count); i++)
		add_range(&columns, rendering, &what_if->ranges[i]);
	if (what_if->range_count)
		fp_columns_write(&columns, buf);
	if (what_if->range_count > rendering->limit)
		fp_buf_addf(buf, "and %zu more such ranges: add limit=\n",
			what_if->range_count - rendering->limit);
	fp_columns_release(&columns);
}

static void write_text(struct rendering *rendering, struct fp_buf *buf)
{
	const struct fp_what_if *what_if = rendering->what_if;

	fp_buf_addf(buf,
		"%.*s, package %.*s: ", FP_STR_ARG(what_if->answer.repository->settings->name),
		FP_STR_ARG(what_if->answer.package->settings->id));
	fp_what_if_write(what_if, buf);
	fp_buf_add_char(buf, '\n');
	fp_buf_add_str(buf, fp_buf_str(&what_if->notes));
	write_tip_table(rendering, buf);
	write_range_table(rendering, buf);
}

/* ---- the route ---- */

static void render(
	struct fp_request *request, const struct fp_what_if *what_if, struct fp_reply *reply)
{
	struct rendering rendering = {.what_if = what_if, .limit = fp_page_of(request).limit};

	fp_point_texts_init(&rendering.before);
	fp_point_texts_init(&rendering.after);
	fp_buf_init(&rendering.sentence, 64 * 1024);
	if (request->form == FP_FORM_JSON)
		write_json(&rendering, request->given[FP_PARAM_SHAPE], &reply->body);
	else if (request->form == FP_FORM_TEXT)
		write_text(&rendering, &reply->body);
	else
		write_lines(&rendering, request->form, &reply->body);
	fp_buf_release(&rendering.sentence);
	fp_point_texts_release(&rendering.before);
	fp_point_texts_release(&rendering.after);
	reply->content_type = fp_form_content_type(request->form);
	reply->cache_control = "no-cache";
	fp_reply_set_body_etag(reply);
}

/* Exactly one thing is to be different. */
static bool take_hypothesis(struct fp_request *request, struct fp_what_if_query *query)
{
	static const struct {
		enum fp_param param;
		enum fp_what what;
	} rows[] = {
		{FP_PARAM_PUBLISH, FP_WHAT_PUBLISH},
		{FP_PARAM_QUARANTINE, FP_WHAT_QUARANTINE},
		{FP_PARAM_RELEASE, FP_WHAT_RELEASE},
	};
	unsigned given = 0;

	query->what = FP_WHAT_BRANCH;
	for (size_t i = 0; i < FP_ARRAY_SIZE(rows); i++) {
		if (!request->given[rows[i].param])
			continue;
		given++;
		query->what = rows[i].what;
		query->value = request->params[rows[i].param];
	}
	return given == 1 || (given == 0 && request->given[FP_PARAM_BRANCH]);
}

enum fp_handled fp_handle_what_if(struct fp_request *request, struct fp_reply *reply)
{
	enum { LAST_DEFAULT = 100 };
	struct fp_worker *worker = request->context->worker;
	struct fp_what_if_query query = {
		.repo = request->params[FP_PARAM_REPO],
		.package = request->params[FP_PARAM_PACKAGE],
		.branch = request->params[FP_PARAM_BRANCH],
		.last = (uint32_t)fp_param_number(request->params[FP_PARAM_LAST], LAST_DEFAULT),
	};
	struct fp_what_if what_if;

	if (!take_hypothesis(request, &query))
		return fp_reply_problem(request, reply, "bad-request", NULL, 0,
			"one thing is to be different: give one of \"publish\", \"quarantine\" and "
			"\"release\", each with or without \"branch\", or \"branch\" alone");
	if (query.what == FP_WHAT_QUARANTINE &&
		!fp_override_take_versions(&(struct fp_override){0}, query.value))
		return fp_reply_problem(
			request, reply, "bad-request", NULL, 0, "\"quarantine\": " FP_STAMPS_HELP);
	fp_what_if_init(&what_if);
	fp_service_what_if(worker, fp_worker_enter(worker), &query, request->received_us, &what_if);
	if (what_if.answer.outcome == FP_OUTCOME_OK)
		render(request, &what_if, reply);
	else
		fp_reply_failure(request, reply, &what_if.answer);
	fp_worker_leave(worker);
	fp_what_if_release(&what_if);
	return FP_HANDLED;
}
