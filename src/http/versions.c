/* /versions: the mirrored versions of a package, page by page. */
#include "render.h"

#include <stdio.h>

enum { LIMIT_DEFAULT = 100 };

/* ---- rows ---- */

static void write_release(struct fp_json *json, const struct fp_decoded *decoded)
{
	struct fp_buf FP_CLEANUP_BUF text = {0};

	fp_buf_init(&text, 1024);
	fp_release_write(&decoded->release, &text);
	fp_json_member_string(json, "release", fp_buf_str(&text));
}

/* unavailable_us: when its file was last found missing, -1 = it was not. */
static void write_row(
	struct fp_json *json, const struct fp_catalog_version *version, int64_t unavailable_us)
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
	fp_json_member_time_us(json, "unavailable", unavailable_us);
	if (version->row.missing_ids.len)
		fp_json_member_string(json, "missing_from_set", version->row.missing_ids);
	fp_json_object_end(json);
}

/* RFC 4180: quoted where it must be. */
static void add_csv(struct fp_buf *buf, struct fp_str text)
{
	bool plain = true;

	for (size_t i = 0; i < text.len; i++)
		plain = plain && !memchr(",\"\r\n", text.ptr[i], 4);
	if (plain) {
		fp_buf_add_str(buf, text);
		return;
	}
	fp_buf_add_char(buf, '"');
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '"')
			fp_buf_add_char(buf, '"');
		fp_buf_add_char(buf, text.ptr[i]);
	}
	fp_buf_add_char(buf, '"');
}

static void add_csv_time(struct fp_buf *buf, int64_t us)
{
	char text[FP_TIME_TEXT_MAX];

	fp_buf_add_char(buf, ',');
	if (us >= 0)
		fp_buf_add(buf, text, fp_time_format_us(us, text));
}

static void write_csv_row(struct fp_buf *buf, const struct fp_catalog_version *version)
{
	const struct fp_decoded *decoded = &version->decoded;
	char stamp[FP_STAMP_TEXT_MAX] = "";

	add_csv(buf, version->row.text);
	fp_buf_addf(buf, ",%s,", fp_version_status_name(fp_catalog_version_status(version)));
	if (decoded->grammar != FP_GRAMMAR_NONE) {
		fp_stamp_format(decoded->minute, stamp);
		fp_buf_addf(buf, "%s,", fp_grammar_name(decoded->grammar));
		fp_release_write(&decoded->release, buf);
		fp_buf_add_char(buf, ',');
		add_csv(buf, decoded->label);
		fp_buf_addf(buf, ",%s", stamp);
	} else {
		fp_buf_add_text(buf, ",,,");
	}
	add_csv_time(buf, version->row.first_seen_us);
	add_csv_time(buf, version->row.published_us);
	add_csv_time(buf, version->row.unlisted_us);
	add_csv_time(buf, version->row.vanished_us);
	fp_buf_add_text(buf, "\r\n");
}

/* ---- pages ---- */

static bool has_next(const struct fp_versions_query *query, const struct fp_versions_answer *answer)
{
	return query->offset + answer->count < answer->total;
}

static const struct fp_catalog_version *item(const struct fp_versions_answer *answer, size_t at)
{
	return &answer->package->state->catalog->versions[answer->items[at]];
}

/* The catalog and the rows that it was made of are in one order. */
static int64_t unavailable_us(const struct fp_versions_answer *answer, size_t at)
{
	return answer->package->state->rows.items[answer->items[at]].unavailable_us;
}

static void write_json(const struct fp_versions_query *query,
	const struct fp_versions_answer *answer, bool flat, struct fp_buf *buf)
{
	struct fp_json json;

	fp_json_init(&json, buf);
	if (!flat) {
		fp_json_object_begin(&json);
		fp_json_key(&json, "items");
	}
	fp_json_array_begin(&json);
	for (size_t i = 0; i < answer->count; i++)
		write_row(&json, item(answer, i), unavailable_us(answer, i));
	fp_json_array_end(&json);
	if (!flat) {
		char cursor[24];

		snprintf(cursor, sizeof(cursor), "%zu", query->offset + answer->count);
		fp_json_member_text(&json, "next", has_next(query, answer) ? cursor : NULL);
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
			"version,status,grammar,release,label,stamp,first_seen,published,unlisted,"
			"vanished\r\n");
	for (size_t i = 0; i < answer->count; i++) {
		const struct fp_catalog_version *version = item(answer, i);
		struct fp_json json;

		if (form == FP_FORM_CSV) {
			write_csv_row(buf, version);
		} else if (form == FP_FORM_NDJSON) {
			fp_json_init(&json, buf);
			write_row(&json, version, unavailable_us(answer, i));
			fp_buf_add_char(buf, '\n');
		} else {
			fp_buf_addf(buf, "%.*s\t%s\n", FP_STR_ARG(version->row.text),
				fp_version_status_name(fp_catalog_version_status(version)));
		}
	}
}

/* The Link header of the next page: the same query with another cursor. */
static void set_link(const struct fp_request *request, const struct fp_versions_query *query,
	const struct fp_versions_answer *answer, struct fp_reply *reply)
{
	static const enum fp_param kept[] = {FP_PARAM_REPO, FP_PARAM_PACKAGE, FP_PARAM_BRANCH,
		FP_PARAM_RELEASE, FP_PARAM_STATUS, FP_PARAM_LIMIT, FP_PARAM_SHAPE, FP_PARAM_FORMAT};
	struct fp_buf *link = &reply->link;

	if (!has_next(query, answer))
		return;
	fp_buf_addf(link, "</versions?cursor=%zu", query->offset + answer->count);
	for (size_t i = 0; i < FP_ARRAY_SIZE(kept); i++) {
		struct fp_str value = request->params[kept[i]];

		if (!request->given[kept[i]])
			continue;
		fp_buf_addf(link, "&%s=", fp_param_name(kept[i]));
		for (size_t k = 0; k < value.len; k++) {
			if (fp_char_is_alnum(value.ptr[k]) || memchr("-._~/", value.ptr[k], 5))
				fp_buf_add_char(link, value.ptr[k]);
			else
				fp_buf_addf(link, "%%%02X", (unsigned char)value.ptr[k]);
		}
	}
	fp_buf_add_text(link, ">; rel=\"next\"");
}

static enum fp_version_status wanted_status(struct fp_str name)
{
	for (int i = 0; i < FP_VERSION_STATUS_COUNT; i++)
		if (fp_str_equal(name, fp_str(fp_version_status_name((enum fp_version_status)i))))
			return (enum fp_version_status)i;
	return FP_VERSION_STATUS_ANY;
}

static void render(struct fp_request *request, const struct fp_versions_query *query,
	const struct fp_versions_answer *answer, struct fp_reply *reply)
{
	if (request->form == FP_FORM_JSON)
		write_json(query, answer, request->given[FP_PARAM_SHAPE], &reply->body);
	else
		write_lines(answer, request->form, &reply->body);
	reply->content_type = fp_form_content_type(request->form);
	reply->cache_control = "no-cache";
	set_link(request, query, answer, reply);
	fp_reply_set_body_etag(reply);
}

enum fp_handled fp_handle_versions(struct fp_request *request, struct fp_reply *reply)
{
	struct fp_worker *worker = request->context->worker;
	const struct fp_versions_query query = {
		.repo = request->params[FP_PARAM_REPO],
		.package = request->params[FP_PARAM_PACKAGE],
		.branch = request->params[FP_PARAM_BRANCH],
		.release = request->params[FP_PARAM_RELEASE],
		.status = wanted_status(request->params[FP_PARAM_STATUS]),
		.offset = (uint32_t)fp_param_number(request->params[FP_PARAM_CURSOR], 0),
		.limit = (uint32_t)fp_param_number(request->params[FP_PARAM_LIMIT], LIMIT_DEFAULT),
	};
	struct fp_versions_answer answer;

	fp_versions_answer_init(&answer);
	fp_service_versions(worker, fp_worker_enter(worker), &query, &answer);
	if (answer.outcome == FP_OUTCOME_OK)
		render(request, &query, &answer, reply);
	else
		fp_reply_problem(request, reply, fp_outcome_code(answer.outcome), answer.nearest,
			answer.nearest_count, "%.*s", FP_STR_ARG(fp_buf_str(&answer.detail)));
	fp_worker_leave(worker);
	fp_versions_answer_release(&answer);
	return FP_HANDLED;
}
