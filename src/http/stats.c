/*
 * /stats: how many answers were given, and how fast, by time and by what is told apart. Rows are
 * flat and go from the oldest to the newest, as charts read them.
 */
#include "forkpoint/service/history.h"

#include "page.h"
#include "repository.h"

enum { LIMIT_DEFAULT = 10000, DAYS_BY_HOUR_MAX = 14 };

#define DAY_US (24 * 3600 * FP_US_PER_S)

static const struct {
	const char *name;
	unsigned bit;
} groupings[] = {
	{"repo", FP_STATS_BY_REPO},
	{"branch", FP_STATS_BY_BRANCH},
	{"version", FP_STATS_BY_VERSION},
	{"outcome", FP_STATS_BY_OUTCOME},
	{"client", FP_STATS_BY_CLIENT},
};

/* ---- rows ---- */

struct rows {
	enum fp_form form;
	unsigned by;
	struct fp_json *json;
	struct fp_buf *buf;
	size_t count;
};

static struct fp_str text_of(const struct fp_stats_row *row, size_t grouping)
{
	const struct fp_str texts[] = {
		row->repo, row->branch, row->version, row->outcome, row->client};

	return texts[grouping];
}

static void write_row(struct fp_json *json, unsigned by, const struct fp_stats_row *row)
{
	fp_json_object_begin(json);
	fp_json_member_time_s(json, "time", row->bucket_s);
	fp_json_member_i64(json, "time_ms", row->bucket_s * 1000);
	for (size_t i = 0; i < FP_ARRAY_SIZE(groupings); i++)
		if (by & groupings[i].bit)
			fp_json_member_string(json, groupings[i].name, text_of(row, i));
	fp_json_member_u64(json, "requests", row->requests);
	fp_json_member_u64(json, "p50_us", row->p50_us);
	fp_json_member_u64(json, "p90_us", row->p90_us);
	fp_json_member_u64(json, "p99_us", row->p99_us);
	fp_json_object_end(json);
}

static void write_csv_row(struct fp_buf *buf, unsigned by, const struct fp_stats_row *row)
{
	const uint64_t numbers[] = {row->requests, row->p50_us, row->p90_us, row->p99_us};
	char time[FP_TIME_TEXT_MAX];

	fp_csv_add(buf, true, fp_str_n(time, fp_time_format_s(row->bucket_s, time)));
	fp_buf_add_char(buf, ',');
	fp_buf_add_i64(buf, row->bucket_s * 1000);
	for (size_t i = 0; i < FP_ARRAY_SIZE(groupings); i++)
		if (by & groupings[i].bit)
			fp_csv_add(buf, false, text_of(row, i));
	for (size_t i = 0; i < FP_ARRAY_SIZE(numbers); i++) {
		fp_buf_add_char(buf, ',');
		fp_buf_add_u64(buf, numbers[i]);
	}
	fp_buf_add_text(buf, "\r\n");
}

static void write_csv_head(struct fp_buf *buf, unsigned by)
{
	fp_buf_add_text(buf, "time,time_ms");
	for (size_t i = 0; i < FP_ARRAY_SIZE(groupings); i++)
		if (by & groupings[i].bit)
			fp_csv_add(buf, false, fp_str(groupings[i].name));
	fp_buf_add_text(buf, ",requests,p50_us,p90_us,p99_us\r\n");
}

static int add_row(void *context, const struct fp_stats_row *row)
{
	struct rows *rows = context;
	struct fp_json line;

	rows->count++;
	if (rows->form == FP_FORM_CSV) {
		write_csv_row(rows->buf, rows->by, row);
	} else if (rows->form == FP_FORM_NDJSON) {
		fp_json_init(&line, rows->buf);
		write_row(&line, rows->by, row);
		fp_buf_add_char(rows->buf, '\n');
	} else {
		write_row(rows->json, rows->by, row);
	}
	return fp_buf_check(rows->buf, NULL);
}

/* ---- the question ---- */

static unsigned grouping_bit(struct fp_str name)
{
	for (size_t i = 0; i < FP_ARRAY_SIZE(groupings); i++)
		if (fp_str_equal(name, fp_str(groupings[i].name)))
			return groupings[i].bit;
	return 0;
}

/* False where a name is none of them, or comes twice. */
static bool read_by(struct fp_str list, unsigned *by)
{
	size_t from = 0;

	for (size_t at = 0; list.len && at <= list.len; at++) {
		unsigned bit;

		if (at < list.len && list.ptr[at] != ',')
			continue;
		bit = grouping_bit(fp_str_n(list.ptr + from, at - from));
		if (bit == 0 || *by & bit)
			return false;
		*by |= bit;
		from = at + 1;
	}
	return true;
}

static int64_t time_param(const struct fp_request *request, enum fp_param param, int64_t otherwise)
{
	int64_t us;

	return request->given[param] && fp_time_parse_us(request->params[param], &us) ? us
										      : otherwise;
}

/* False with a problem. */
static bool read_query(
	struct fp_request *request, struct fp_stats_query *query, struct fp_reply *reply)
{
	struct fp_str cursor = request->params[FP_PARAM_CURSOR];

	query->repo = request->params[FP_PARAM_REPO];
	query->until_us = time_param(request, FP_PARAM_UNTIL, fp_clock_real_us() + 1);
	query->since_us = time_param(request, FP_PARAM_SINCE, query->until_us - DAY_US);
	query->daily =
		request->given[FP_PARAM_BUCKET]
			? fp_str_equal(request->params[FP_PARAM_BUCKET], FP_STR_LITERAL("day"))
			: query->until_us - query->since_us > DAYS_BY_HOUR_MAX * DAY_US;
	query->offset = fp_param_number(cursor, 0);
	query->limit = (uint32_t)fp_param_number(request->params[FP_PARAM_LIMIT], LIMIT_DEFAULT);
	if (!read_by(request->params[FP_PARAM_BY], &query->by)) {
		fp_reply_problem(request, reply, "bad-request", NULL, 0,
			"parameter \"by\" is malformed; it takes names of repo, branch, version, "
			"outcome, client, each once, by commas");
		return false;
	}
	if (query->since_us >= 0 && query->since_us < query->until_us)
		return true;
	fp_reply_problem(request, reply, "bad-request", NULL, 0,
		"parameter \"since\" takes a time before that of \"until\", from 1970 on");
	return false;
}

/* ---- the reply ---- */

static void begin_document(
	struct fp_json *json, const struct fp_stats_query *query, bool flat, struct fp_buf *buf)
{
	fp_json_init(json, buf);
	if (!flat) {
		fp_json_object_begin(json);
		fp_json_member_text(json, "bucket", query->daily ? "day" : "hour");
		fp_json_member_time_us(json, "since", query->since_us);
		fp_json_member_time_us(json, "until", query->until_us);
		fp_json_key(json, "items");
	}
	fp_json_array_begin(json);
}

static void end_document(
	struct fp_json *json, const struct fp_page *page, bool flat, struct fp_buf *buf)
{
	fp_json_array_end(json);
	if (!flat) {
		fp_page_write_next(json, page);
		fp_json_object_end(json);
	}
	fp_buf_add_char(buf, '\n');
}

static enum fp_handled reply_rows(
	struct fp_request *request, const struct fp_stats_query *query, struct fp_reply *reply)
{
	bool is_json = request->form == FP_FORM_JSON, flat = request->given[FP_PARAM_SHAPE];
	struct fp_page page = {.limit = query->limit};
	struct fp_error error = {0};
	struct fp_json json;
	struct rows rows = {request->form, query->by, &json, &reply->body, 0};
	int r;

	if (is_json)
		begin_document(&json, query, flat, &reply->body);
	else if (request->form == FP_FORM_CSV)
		write_csv_head(&reply->body, query->by);
	r = fp_service_stats(request->context->worker, query, add_row, &rows, &page.more, &error);
	if (r < 0) {
		fp_buf_clear(&reply->body);
		return fp_reply_problem(request, reply,
			r == -FP_ERROR_LIMIT ? "bad-request" : "internal", NULL, 0,
			"the numbers cannot be read: %s", error.text);
	}
	page.next = query->offset + rows.count;
	if (is_json)
		end_document(&json, &page, flat, &reply->body);
	fp_page_set_link(&page, request, reply);
	fp_reply_set_body_etag(reply);
	return FP_HANDLED;
}

enum fp_handled fp_handle_stats(struct fp_request *request, struct fp_reply *reply)
{
	struct fp_stats_query query = {0};

	if (!read_query(request, &query, reply))
		return FP_HANDLED;
	fp_service_history_wait(request->context->worker);
	if (!fp_request_knows_repository(request, reply))
		return FP_HANDLED;
	reply->content_type = fp_form_content_type(request->form);
	reply->cache_control = "no-cache";
	return reply_rows(request, &query, reply);
}
