/* /changes: markers for charts; as rows, as annotations, as a table. */
#include "line.h"

#include "forkpoint/service/changes.h"

struct rendering {
	const struct fp_changes *changes;
	struct fp_point_texts before, after; /* of the change at hand */
	struct fp_buf sentence;
};

static void take(struct rendering *rendering, const struct fp_change *change)
{
	const struct fp_answer *answer = &rendering->changes->answer;

	fp_point_texts_set(&rendering->before, answer, &change->before);
	fp_point_texts_set(&rendering->after, answer, &change->after);
	fp_buf_clear(&rendering->sentence);
	fp_change_write(rendering->changes, change, &rendering->sentence);
}

/* ---- rows ---- */

static void write_row(
	struct fp_json *json, struct rendering *rendering, const struct fp_change *change)
{
	const struct fp_point_texts *before = &rendering->before, *after = &rendering->after;

	take(rendering, change);
	fp_json_object_begin(json);
	fp_json_member_text(json, "sha", after->sha);
	fp_json_member_text(json, "author_time", after->author_time);
	fp_json_member_text(json, "committer_time", after->committer_time);
	fp_json_member_filled(json, "stamp", fp_str(after->stamp));
	fp_json_member_filled(json, "release", fp_buf_str(&after->release));
	fp_json_member_filled(json, "version", after->version);
	fp_json_member_text(json, "outcome", fp_outcome_code(change->after.outcome));
	fp_json_member_text(json, "previous_sha", before->sha);
	fp_json_member_filled(json, "previous_release", fp_buf_str(&before->release));
	fp_json_member_filled(json, "previous_version", before->version);
	fp_json_member_text(json, "previous_outcome", fp_outcome_code(change->before.outcome));
	fp_json_member_text(json, "why", fp_change_reason_name(change->reason));
	fp_json_member_text(json, "hole", fp_change_hole(change));
	fp_json_member_string(json, "text", fp_buf_str(&rendering->sentence));
	fp_json_object_end(json);
}

static void write_rows(struct fp_json *json, struct rendering *rendering)
{
	fp_json_array_begin(json);
	for (size_t i = 0; i < rendering->changes->count; i++)
		write_row(json, rendering, &rendering->changes->items[i]);
	fp_json_array_end(json);
}

static void write_json(struct rendering *rendering, bool flat, struct fp_buf *buf)
{
	const struct fp_changes *changes = rendering->changes;
	struct fp_json json;

	fp_json_init(&json, buf);
	if (flat) {
		write_rows(&json, rendering);
	} else {
		fp_json_object_begin(&json);
		fp_json_members_of_line(&json, &changes->answer);
		fp_json_key(&json, "items");
		write_rows(&json, rendering);
		fp_json_member_next(&json, &changes->answer, changes->next);
		fp_json_member_u64(&json, "commits_looked_at", changes->looked_at);
		fp_json_object_end(&json);
	}
	fp_buf_add_char(buf, '\n');
}

static void write_ndjson(struct rendering *rendering, struct fp_buf *buf)
{
	for (size_t i = 0; i < rendering->changes->count; i++) {
		struct fp_json json;

		fp_json_init(&json, buf);
		write_row(&json, rendering, &rendering->changes->items[i]);
		fp_buf_add_char(buf, '\n');
	}
}

static void write_csv_row(
	struct rendering *rendering, const struct fp_change *change, struct fp_buf *buf)
{
	const struct fp_point_texts *before = &rendering->before, *after = &rendering->after;

	take(rendering, change);
	fp_csv_add(buf, true, fp_str(after->sha));
	fp_csv_add(buf, false, fp_str(after->author_time));
	fp_csv_add(buf, false, fp_str(after->committer_time));
	fp_csv_add(buf, false, fp_str(after->stamp));
	fp_csv_add(buf, false, fp_buf_str(&after->release));
	fp_csv_add(buf, false, after->version);
	fp_csv_add(buf, false, fp_str(fp_outcome_code(change->after.outcome)));
	fp_csv_add(buf, false, fp_str(before->sha));
	fp_csv_add(buf, false, fp_buf_str(&before->release));
	fp_csv_add(buf, false, before->version);
	fp_csv_add(buf, false, fp_str(fp_outcome_code(change->before.outcome)));
	fp_csv_add(buf, false, fp_str(fp_change_reason_name(change->reason)));
	fp_csv_add(buf, false, fp_str(fp_change_hole(change)));
	fp_csv_add(buf, false, fp_buf_str(&rendering->sentence));
	fp_buf_add_text(buf, "\r\n");
}

static void write_csv(struct rendering *rendering, struct fp_buf *buf)
{
	fp_buf_add_text(buf, "sha,author_time,committer_time,stamp,release,version,outcome,"
			     "previous_sha,previous_release,previous_version,previous_outcome,why,"
			     "hole,text\r\n");
	for (size_t i = 0; i < rendering->changes->count; i++)
		write_csv_row(rendering, &rendering->changes->items[i], buf);
}

/* ---- annotations ---- */

static void write_tags(
	struct fp_json *json, const struct fp_answer *answer, const struct fp_change *change)
{
	fp_json_key(json, "tags");
	fp_json_array_begin(json);
	fp_json_text(json, "forkpoint");
	fp_json_string(json, answer->repository->settings->name);
	fp_json_string(json, answer->branch_name);
	fp_json_text(json, fp_change_reason_name(change->reason));
	if (fp_change_hole(change))
		fp_json_text(json, "hole");
	fp_json_array_end(json);
}

/* At the committer's time, which is when the branch got the commit: author times run backwards, and
 * a marker of years ago would stand on no chart. */
static void write_annotation(
	struct fp_json *json, struct rendering *rendering, const struct fp_change *change)
{
	const struct fp_answer *answer = &rendering->changes->answer;
	struct fp_buf *text = &rendering->sentence;
	int64_t seconds =
		fp_graph_committer_s(&answer->repository->branches->view, change->after.commit);

	take(rendering, change);
	fp_json_object_begin(json);
	fp_json_member_text(json, "time", rendering->after.committer_time);
	fp_json_member_i64(json, "time_ms", seconds * 1000);
	fp_buf_addf(text, " (%.*s)", FP_SHORT_SHA, rendering->after.sha);
	fp_json_member_string(json, "text", fp_buf_str(text));
	fp_buf_clear(text);
	fp_buf_add_str(text, fp_point_word(answer, &change->before));
	fp_buf_add_text(text, " \xe2\x86\x92 ");
	fp_buf_add_str(text, fp_point_word(answer, &change->after));
	fp_json_member_string(json, "title", fp_buf_str(text));
	write_tags(json, answer, change);
	fp_json_object_end(json);
}

static void write_annotations(struct rendering *rendering, struct fp_buf *buf)
{
	struct fp_json json;

	fp_json_init(&json, buf);
	fp_json_array_begin(&json);
	for (size_t i = 0; i < rendering->changes->count; i++)
		write_annotation(&json, rendering, &rendering->changes->items[i]);
	fp_json_array_end(&json);
	fp_buf_add_char(buf, '\n');
}

/* ---- text ---- */

static void write_text(struct rendering *rendering, struct fp_buf *buf)
{
	const struct fp_changes *changes = rendering->changes;
	const struct fp_answer *answer = &changes->answer;
	struct fp_columns columns;

	fp_buf_addf(buf, "%.*s, branch %.*s, package %.*s; newest first; commits looked at: %llu\n",
		FP_STR_ARG(answer->repository->settings->name), FP_STR_ARG(answer->branch_name),
		FP_STR_ARG(answer->package->settings->id), (unsigned long long)changes->looked_at);
	fp_columns_init(&columns, 5);
	fp_columns_cell(&columns, FP_STR_LITERAL("commit"));
	fp_columns_cell(&columns, FP_STR_LITERAL("stamp's time (UTC)"));
	fp_columns_cell(&columns, FP_STR_LITERAL("before it"));
	fp_columns_cell(&columns, FP_STR_LITERAL("from it on"));
	fp_columns_cell(&columns, FP_STR_LITERAL("why"));
	for (size_t i = 0; i < changes->count; i++) {
		const struct fp_change *change = &changes->items[i];

		take(rendering, change);
		fp_columns_cell(&columns, fp_str_n(rendering->after.sha, FP_SHORT_SHA));
		fp_columns_cell(&columns, fp_str(rendering->after.minute));
		fp_columns_cell(&columns, fp_point_word(answer, &change->before));
		fp_columns_cell(&columns, fp_point_word(answer, &change->after));
		fp_columns_cell(&columns, fp_buf_str(&rendering->sentence));
	}
	if (changes->count)
		fp_columns_write(&columns, buf);
	else
		fp_buf_add_text(buf, "the answer does not change\n");
	fp_columns_release(&columns);
	fp_text_add_next(buf, answer, changes->next);
}

/* ---- the route ---- */

static const struct fp_answer *ask(struct fp_worker *worker, const struct fp_snapshot *snapshot,
	const struct fp_line_query *query, void *result)
{
	struct fp_changes *changes = result;

	fp_service_changes(worker, snapshot, query, changes);
	return &changes->answer;
}

static uint32_t write_form(const struct fp_request *request, const void *result, struct fp_buf *buf)
{
	const struct fp_changes *changes = result;
	struct rendering rendering = {.changes = changes};

	fp_point_texts_init(&rendering.before);
	fp_point_texts_init(&rendering.after);
	fp_buf_init(&rendering.sentence, 64 * 1024);
	switch (request->form) {
	case FP_FORM_TEXT: write_text(&rendering, buf); break;
	case FP_FORM_CSV: write_csv(&rendering, buf); break;
	case FP_FORM_NDJSON: write_ndjson(&rendering, buf); break;
	case FP_FORM_ANNOTATIONS: write_annotations(&rendering, buf); break;
	default: write_json(&rendering, request->given[FP_PARAM_SHAPE], buf);
	}
	fp_buf_release(&rendering.sentence);
	fp_point_texts_release(&rendering.before);
	fp_point_texts_release(&rendering.after);
	return changes->next;
}

enum fp_handled fp_handle_changes(struct fp_request *request, struct fp_reply *reply)
{
	static const struct fp_line_route route = {ask, write_form};
	struct fp_changes changes;
	enum fp_handled handled;

	fp_changes_init(&changes);
	handled = fp_handle_line(request, reply, &route, &changes);
	fp_changes_release(&changes);
	return handled;
}
