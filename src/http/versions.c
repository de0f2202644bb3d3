/* /versions: the mirrored versions of a package, page by page. */
#include "page.h"

/* ---- rows ---- */

static void write_release(struct fp_json *json, const struct fp_decoded *decoded)
{
	struct fp_buf FP_CLEANUP_BUF text = {0};

	fp_buf_init(&text, 1024);
	fp_release_write(&decoded->release, &text);
	fp_json_member_string(json, "release", fp_buf_str(&text));
}

/* stored: of the same version; it knows what selection does not ask for. */
static void write_row(struct fp_json *json, const struct fp_catalog_version *version,
	const struct fp_version_row *stored)
{
	const struct fp_decoded *decoded = &version->decoded;
	bool recognised = decoded->grammar != FP_GRAMMAR_NONE;
	char stamp[FP_STAMP_TEXT_MAX];

	fp_json_object_begin(json);
	fp_json_member_string(json, "version", version->row.text);
	fp_json_member_text(
		json, "status", fp_version_status_name(fp_catalog_version_status(version)));
	fp_json_member_text(json, "grammar", recognised ? fp_grammar_name(decoded->grammar) : NULL);
	if (recognised) {
		write_release(json, decoded);
		fp_json_member_string(json, "label", decoded->label);
		fp_stamp_format(decoded->minute, stamp);
		fp_json_member_text(json, "stamp", stamp);
	} else {
		fp_json_member_text(json, "release", NULL);
		fp_json_member_text(json, "label", NULL);
		fp_json_member_text(json, "stamp", NULL);
	}
	fp_json_member_time_us(json, "first_seen", version->row.first_seen_us);
	fp_json_member_time_us(json, "published", version->row.published_us);
	fp_json_member_bool(
		json, "listed", version->row.unlisted_us < 0 && version->row.vanished_us < 0);
	fp_json_member_time_us(json, "unlisted", version->row.unlisted_us);
	fp_json_member_time_us(json, "vanished", version->row.vanished_us);
	fp_json_member_time_us(json, "returned", stored->returned_us);
	fp_json_member_time_us(json, "unavailable", stored->unavailable_us);
	fp_json_member_bool(json, "quarantined", version->row.quarantined);
	if (version->row.missing_ids.len)
		fp_json_member_string(json, "missing_from_set", version->row.missing_ids);
	fp_json_object_end(json);
}

static void add_csv_reading(struct fp_buf *buf, const struct fp_decoded *decoded)
{
	char stamp[FP_STAMP_TEXT_MAX];

	if (decoded->grammar == FP_GRAMMAR_NONE) {
		fp_buf_add_text(buf, ",,,,");
		return;
	}
	fp_stamp_format(decoded->minute, stamp);
	fp_csv_add(buf, false, fp_str(fp_grammar_name(decoded->grammar)));
	fp_buf_add_char(buf, ',');
	fp_release_write(&decoded->release, buf);
	fp_csv_add(buf, false, decoded->label);
	fp_csv_add(buf, false, fp_str(stamp));
}

static void write_csv_row(struct fp_buf *buf, const struct fp_catalog_version *version,
	const struct fp_version_row *stored)
{
	const struct fp_catalog_row *row = &version->row;
	bool listed = row->unlisted_us < 0 && row->vanished_us < 0;

	fp_csv_add(buf, true, row->text);
	fp_csv_add(buf, false, fp_str(fp_version_status_name(fp_catalog_version_status(version))));
	add_csv_reading(buf, &version->decoded);
	fp_csv_add_time(buf, row->first_seen_us);
	fp_csv_add_time(buf, row->published_us);
	fp_csv_add(buf, false, fp_str(listed ? "true" : "false"));
	fp_csv_add_time(buf, row->unlisted_us);
	fp_csv_add_time(buf, row->vanished_us);
	fp_csv_add_time(buf, stored->unavailable_us);
	fp_csv_add(buf, false, row->missing_ids);
	fp_csv_add(buf, false, fp_str(row->quarantined ? "true" : "false"));
	fp_csv_add_time(buf, stored->returned_us);
	fp_buf_add_text(buf, "\r\n");
}

/* ---- pages ---- */

static const struct fp_catalog_version *item(const struct fp_versions_answer *answer, size_t at)
{
	return &answer->package->state->catalog->versions[answer->items[at]];
}

/* The catalog and the rows that it was made of are in one order. */
static const struct fp_version_row *stored(const struct fp_versions_answer *answer, size_t at)
{
	return &answer->package->state->rows.items[answer->items[at]];
}

static void write_json(const struct fp_page *page, const struct fp_versions_answer *answer,
	bool flat, struct fp_buf *buf)
{
	struct fp_json json;

	fp_json_init(&json, buf);
	if (!flat) {
		fp_json_object_begin(&json);
		fp_json_key(&json, "items");
	}
	fp_json_array_begin(&json);
	for (size_t i = 0; i < answer->count; i++)
		write_row(&json, item(answer, i), stored(answer, i));
	fp_json_array_end(&json);
	if (!flat) {
		fp_page_write_next(&json, page);
		fp_json_member_u64(&json, "total", answer->total);
		fp_json_member_string(&json, "package", answer->package->settings->id);
		fp_json_member_time_us(&json, "feed_synced_at", answer->package->feed_synced_us);
		fp_json_member_text(&json, "feed_trouble", answer->package->feed_trouble);
		fp_json_object_end(&json);
	}
	fp_buf_add_char(buf, '\n');
}

static void write_lines(
	const struct fp_versions_answer *answer, enum fp_form form, struct fp_buf *buf)
{
	if (form == FP_FORM_CSV)
		fp_buf_add_text(buf,
			"version,status,grammar,release,label,stamp,first_seen,published,listed,"
			"unlisted,vanished,unavailable,missing_from_set,quarantined,returned\r\n");
	for (size_t i = 0; i < answer->count; i++) {
		const struct fp_catalog_version *version = item(answer, i);
		struct fp_json json;

		if (form == FP_FORM_CSV) {
			write_csv_row(buf, version, stored(answer, i));
		} else if (form == FP_FORM_NDJSON) {
			fp_json_init(&json, buf);
			write_row(&json, version, stored(answer, i));
			fp_buf_add_char(buf, '\n');
		} else {
			fp_buf_addf(buf, "%.*s\t%s\n", FP_STR_ARG(version->row.text),
				fp_version_status_name(fp_catalog_version_status(version)));
		}
	}
}

static enum fp_version_status wanted_status(struct fp_str name)
{
	for (int i = 0; i < FP_VERSION_STATUS_COUNT; i++)
		if (fp_str_equal(name, fp_str(fp_version_status_name((enum fp_version_status)i))))
			return (enum fp_version_status)i;
	return FP_VERSION_STATUS_ANY;
}

static void render(struct fp_request *request, struct fp_page *page,
	const struct fp_versions_answer *answer, struct fp_reply *reply)
{
	fp_page_set_total(page, answer->count, answer->total);
	if (request->form == FP_FORM_JSON)
		write_json(page, answer, request->given[FP_PARAM_SHAPE], &reply->body);
	else
		write_lines(answer, request->form, &reply->body);
	reply->content_type = fp_form_content_type(request->form);
	reply->cache_control = "no-cache";
	fp_page_set_link(page, request, reply);
	fp_reply_set_body_etag(reply);
}

enum fp_handled fp_handle_versions(struct fp_request *request, struct fp_reply *reply)
{
	struct fp_worker *worker = request->context->worker;
	struct fp_page page = fp_page_of(request);
	const struct fp_versions_query query = {
		.repo = request->params[FP_PARAM_REPO],
		.package = request->params[FP_PARAM_PACKAGE],
		.branch = request->params[FP_PARAM_BRANCH],
		.release = request->params[FP_PARAM_RELEASE],
		.status = wanted_status(request->params[FP_PARAM_STATUS]),
		.offset = page.offset,
		.limit = page.limit,
	};
	struct fp_versions_answer answer;

	fp_versions_answer_init(&answer);
	fp_service_versions(worker, fp_worker_enter(worker), &query, &answer);
	if (answer.outcome == FP_OUTCOME_OK)
		render(request, &page, &answer, reply);
	else
		fp_reply_problem(request, reply, fp_outcome_code(answer.outcome), answer.nearest,
			answer.nearest_count, "%.*s", FP_STR_ARG(fp_buf_str(&answer.detail)));
	fp_worker_leave(worker);
	fp_versions_answer_release(&answer);
	return FP_HANDLED;
}
