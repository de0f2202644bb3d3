/* /timeline: the table of a branch's commits, for programs, dashboards and people. */
#include "line.h"

#include "forkpoint/service/timeline.h"

struct rendering {
	const struct fp_timeline *timeline;
	struct fp_point_texts texts; /* of the row at hand */
	struct fp_buf packages;	     /* of the row at hand, for forms without lists */
};

static const struct fp_catalog_version *package_at(
	const struct fp_timeline *timeline, const struct fp_timeline_row *row, uint32_t i)
{
	return fp_answer_version(
		&timeline->answer, timeline->packages[row->first_package + i].version);
}

/* ---- JSON ---- */

static void write_packages(
	struct fp_json *json, const struct fp_timeline *timeline, const struct fp_timeline_row *row)
{
	fp_json_key(json, "packages");
	fp_json_array_begin(json);
	for (uint32_t i = 0; i < row->package_count; i++)
		if (!fp_version_unusable(package_at(timeline, row, i)))
			fp_json_string(json, package_at(timeline, row, i)->row.text);
	fp_json_array_end(json);
	fp_json_key(json, "unusable");
	fp_json_array_begin(json);
	for (uint32_t i = 0; i < row->package_count; i++) {
		const struct fp_catalog_version *version = package_at(timeline, row, i);

		if (!fp_version_unusable(version))
			continue;
		fp_json_object_begin(json);
		fp_json_member_string(json, "version", version->row.text);
		fp_json_member_text(json, "why", fp_version_unusable(version));
		fp_json_object_end(json);
	}
	fp_json_array_end(json);
}

/* "2.4.2001312205-main, 2.4.2001312205-MAIN (vanished)". */
static void join_packages(struct rendering *rendering, const struct fp_timeline_row *row)
{
	struct fp_buf *buf = &rendering->packages;

	fp_buf_clear(buf);
	for (uint32_t i = 0; i < row->package_count; i++) {
		const struct fp_catalog_version *version = package_at(rendering->timeline, row, i);

		if (i)
			fp_buf_add_text(buf, ", ");
		fp_buf_add_str(buf, version->row.text);
		if (fp_version_unusable(version))
			fp_buf_addf(buf, " (%s)", fp_version_unusable(version));
	}
}

static void write_inversion(
	struct fp_json *json, const struct fp_timeline *timeline, const struct fp_timeline_row *row)
{
	fp_json_member_bool(json, "inversion", row->behind != FP_NO_COMMIT);
	if (row->behind == FP_NO_COMMIT) {
		fp_json_member_text(json, "inversion_behind", NULL);
		fp_json_member_text(json, "inversion_minutes", NULL);
		return;
	}
	fp_json_member_commit(json, "inversion_behind",
		&timeline->answer.repository->branches->view, row->behind);
	fp_json_member_i64(json, "inversion_minutes", row->behind_minutes);
}

static void write_row(struct fp_json *json, struct rendering *rendering,
	const struct fp_timeline_row *row, bool flat)
{
	struct fp_point_texts *texts = &rendering->texts;

	fp_point_texts_set(texts, &rendering->timeline->answer, &row->point);
	fp_json_object_begin(json);
	fp_json_member_text(json, "sha", texts->sha);
	fp_json_member_text(json, "author_time", texts->author_time);
	fp_json_member_text(json, "committer_time", texts->committer_time);
	fp_json_member_filled(json, "stamp", fp_str(texts->stamp));
	fp_json_member_filled(json, "release", fp_buf_str(&texts->release));
	if (flat) {
		join_packages(rendering, row);
		fp_json_member_filled(json, "packages", fp_buf_str(&rendering->packages));
	} else {
		write_packages(json, rendering->timeline, row);
	}
	fp_json_member_filled(json, "version", texts->version);
	fp_json_member_text(json, "outcome", fp_outcome_code(row->point.outcome));
	fp_json_member_bool(json, "hole", fp_point_is_hole(&row->point));
	write_inversion(json, rendering->timeline, row);
	fp_json_member_u64(json, "merged_commits", row->merged);
	fp_json_object_end(json);
}

static void write_json(struct rendering *rendering, bool flat, struct fp_buf *buf)
{
	const struct fp_timeline *timeline = rendering->timeline;
	struct fp_json json;

	fp_json_init(&json, buf);
	if (!flat) {
		fp_json_object_begin(&json);
		fp_json_members_of_line(&json, &timeline->answer);
		fp_json_member_commit(&json, "branch_tip",
			&timeline->answer.repository->branches->view, timeline->answer.branch->tip);
		fp_json_key(&json, "items");
	}
	fp_json_array_begin(&json);
	for (size_t i = 0; i < timeline->row_count; i++)
		write_row(&json, rendering, &timeline->rows[i], flat);
	fp_json_array_end(&json);
	if (!flat) {
		fp_json_member_next(&json, &timeline->answer, timeline->next);
		fp_json_object_end(&json);
	}
	fp_buf_add_char(buf, '\n');
}

/* ---- lines ---- */

static void write_ndjson(struct rendering *rendering, struct fp_buf *buf)
{
	for (size_t i = 0; i < rendering->timeline->row_count; i++) {
		struct fp_json json;

		fp_json_init(&json, buf);
		write_row(&json, rendering, &rendering->timeline->rows[i], true);
		fp_buf_add_char(buf, '\n');
	}
}

static void write_csv_row(
	struct rendering *rendering, const struct fp_timeline_row *row, struct fp_buf *buf)
{
	const struct fp_graph_view *view = &rendering->timeline->answer.repository->branches->view;
	struct fp_point_texts *texts = &rendering->texts;
	char behind[FP_OID_HEX + 1] = "";

	fp_point_texts_set(texts, &rendering->timeline->answer, &row->point);
	join_packages(rendering, row);
	fp_csv_add(buf, true, fp_str(texts->sha));
	fp_csv_add(buf, false, fp_str(texts->author_time));
	fp_csv_add(buf, false, fp_str(texts->committer_time));
	fp_csv_add(buf, false, fp_str(texts->stamp));
	fp_csv_add(buf, false, fp_buf_str(&texts->release));
	fp_csv_add(buf, false, fp_buf_str(&rendering->packages));
	fp_csv_add(buf, false, texts->version);
	fp_csv_add(buf, false, fp_str(fp_outcome_code(row->point.outcome)));
	fp_csv_add(buf, false, fp_str(fp_point_is_hole(&row->point) ? "true" : "false"));
	fp_csv_add(buf, false, fp_str(row->behind == FP_NO_COMMIT ? "false" : "true"));
	if (row->behind != FP_NO_COMMIT)
		fp_oid_format(fp_graph_oid(view, row->behind), behind);
	fp_csv_add(buf, false, fp_str(behind));
	fp_buf_add_char(buf, ',');
	if (row->behind != FP_NO_COMMIT)
		fp_buf_add_i64(buf, row->behind_minutes);
	fp_buf_add_char(buf, ',');
	fp_buf_add_u64(buf, row->merged);
	fp_buf_add_text(buf, "\r\n");
}

static void write_csv(struct rendering *rendering, struct fp_buf *buf)
{
	fp_buf_add_text(buf, "sha,author_time,committer_time,stamp,release,packages,version,"
			     "outcome,hole,inversion,inversion_behind,inversion_minutes,"
			     "merged_commits\r\n");
	for (size_t i = 0; i < rendering->timeline->row_count; i++)
		write_csv_row(rendering, &rendering->timeline->rows[i], buf);
}

/* ---- text ---- */

static void write_remarks(struct fp_columns *columns, const struct fp_timeline *timeline,
	const struct fp_timeline_row *row)
{
	const struct fp_graph_view *view = &timeline->answer.repository->branches->view;
	struct fp_buf FP_CLEANUP_BUF text = {0};
	char hex[FP_OID_HEX + 1];

	fp_buf_init(&text, 1024);
	if (fp_point_is_hole(&row->point))
		fp_buf_add_text(&text, "hole");
	if (row->behind != FP_NO_COMMIT) {
		fp_oid_format(fp_graph_oid(view, row->behind), hex);
		fp_buf_addf(&text, "%sinversion: ", text.len ? "; " : "");
		fp_time_add_span(&text, row->behind_minutes * 60 * FP_US_PER_S);
		fp_buf_addf(&text, " behind %.*s", FP_SHORT_SHA, hex);
	}
	if (row->merged)
		fp_buf_addf(&text, "%smerges %u more", text.len ? "; " : "", row->merged);
	fp_columns_cell(columns, fp_buf_str(&text));
}

static void add_text_row(
	struct fp_columns *columns, struct rendering *rendering, const struct fp_timeline_row *row)
{
	struct fp_point_texts *texts = &rendering->texts;

	fp_point_texts_set(texts, &rendering->timeline->answer, &row->point);
	join_packages(rendering, row);
	fp_columns_cell(columns, fp_str_n(texts->sha, FP_SHORT_SHA));
	fp_columns_cell(columns, fp_str(texts->minute));
	fp_columns_cell(columns, fp_buf_str(&texts->release));
	fp_columns_cell(columns, fp_buf_str(&rendering->packages));
	fp_columns_cell(columns, fp_point_word(&rendering->timeline->answer, &row->point));
	write_remarks(columns, rendering->timeline, row);
}

static void write_text(struct rendering *rendering, struct fp_buf *buf)
{
	const struct fp_timeline *timeline = rendering->timeline;
	const struct fp_answer *answer = &timeline->answer;
	struct fp_columns columns;

	fp_buf_addf(buf, "%.*s, branch %.*s, package %.*s; newest first\n",
		FP_STR_ARG(answer->repository->settings->name), FP_STR_ARG(answer->branch_name),
		FP_STR_ARG(answer->package->settings->id));
	fp_columns_init(&columns, 6);
	fp_columns_cell(&columns, FP_STR_LITERAL("commit"));
	fp_columns_cell(&columns, answer->repository->settings->committer_time
					  ? FP_STR_LITERAL("committer time (UTC)")
					  : FP_STR_LITERAL("author time (UTC)"));
	fp_columns_cell(&columns, FP_STR_LITERAL("release"));
	fp_columns_cell(&columns, FP_STR_LITERAL("package trained on it"));
	fp_columns_cell(&columns, FP_STR_LITERAL("a build of it gets"));
	fp_columns_cell(&columns, FP_STR_LITERAL(""));
	for (size_t i = 0; i < timeline->row_count; i++)
		add_text_row(&columns, rendering, &timeline->rows[i]);
	fp_columns_write(&columns, buf);
	fp_columns_release(&columns);
	fp_text_add_next(buf, answer, timeline->next);
}

/* ---- the route ---- */

static const struct fp_answer *ask(struct fp_worker *worker, const struct fp_snapshot *snapshot,
	const struct fp_line_query *query, void *result)
{
	struct fp_timeline *timeline = result;

	fp_service_timeline(worker, snapshot, query, timeline);
	return &timeline->answer;
}

static uint32_t write_form(const struct fp_request *request, const void *result, struct fp_buf *buf)
{
	const struct fp_timeline *timeline = result;
	struct rendering rendering = {.timeline = timeline};

	fp_point_texts_init(&rendering.texts);
	fp_buf_init(&rendering.packages, 1024 * 1024);
	switch (request->form) {
	case FP_FORM_TEXT: write_text(&rendering, buf); break;
	case FP_FORM_CSV: write_csv(&rendering, buf); break;
	case FP_FORM_NDJSON: write_ndjson(&rendering, buf); break;
	default: write_json(&rendering, request->given[FP_PARAM_SHAPE], buf);
	}
	fp_buf_release(&rendering.packages);
	fp_point_texts_release(&rendering.texts);
	return timeline->next;
}

enum fp_handled fp_handle_timeline(struct fp_request *request, struct fp_reply *reply)
{
	static const struct fp_line_route route = {ask, write_form};
	struct fp_timeline timeline;
	enum fp_handled handled;

	fp_timeline_init(&timeline);
	handled = fp_handle_line(request, reply, &route, &timeline);
	fp_timeline_release(&timeline);
	return handled;
}
