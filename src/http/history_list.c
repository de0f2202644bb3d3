/*
 * /history: past answers, newest first, by what they asked and got.
 *
 * A page is one body. More rows than a page has, for programs that take all of them, are sent part
 * by part, each part read anew behind the last, so that neither memory nor a reading transaction
 * grows with the list.
 */
#include "forkpoint/service/history.h"

#include "page.h"
#include "repository.h"

#include <stdio.h>

enum { PAGE_DEFAULT = 100, PAGE_MAX = 1000, PART_ROWS = 250 };

/* A page that rare rows would fill only after a long look through the index ends early. */
#define PAGE_PATIENCE_US (200 * FP_US_PER_MS)

/* ---- rows ---- */

static struct fp_str form_of(const struct fp_record *record)
{
	return fp_str_n(record->form, strnlen(record->form, sizeof(record->form)));
}

static int64_t as_of(const struct fp_record *record)
{
	return record->as_of_us ? record->as_of_us : -1;
}

static void write_row(struct fp_json *json, const struct fp_record *record)
{
	char id[FP_ANSWER_ID_HEX + 1];

	snprintf(id, sizeof(id), "%016llx", (unsigned long long)record->id);
	fp_json_object_begin(json);
	fp_json_member_text(json, "id", id);
	fp_json_member_time_us(json, "at", record->at_us);
	fp_json_member_i64(json, "at_us", record->at_us);
	fp_json_member_string(json, "repo", record->repo);
	fp_json_member_string(json, "branch", record->branch);
	fp_json_member_string(json, "sha", record->sha);
	fp_json_member_string(json, "version", record->version);
	fp_json_member_string(json, "outcome", record->outcome);
	fp_json_member_u64(json, "status", record->status);
	fp_json_member_string(json, "form", form_of(record));
	fp_json_member_string(json, "client", record->client);
	fp_json_member_string(json, "agent", record->agent);
	fp_json_member_string(json, "build", record->build);
	fp_json_member_u64(json, "duration_us", record->duration_us);
	fp_json_member_time_us(json, "as_of", as_of(record));
	fp_json_object_end(json);
}

static void write_csv_row(struct fp_buf *buf, const struct fp_record *record)
{
	fp_buf_addf(buf, "%016llx", (unsigned long long)record->id);
	fp_csv_add_time(buf, record->at_us);
	fp_buf_add_char(buf, ',');
	fp_buf_add_i64(buf, record->at_us);
	fp_csv_add(buf, false, record->repo);
	fp_csv_add(buf, false, record->branch);
	fp_csv_add(buf, false, record->sha);
	fp_csv_add(buf, false, record->version);
	fp_csv_add(buf, false, record->outcome);
	fp_buf_add_char(buf, ',');
	fp_buf_add_u64(buf, record->status);
	fp_csv_add(buf, false, form_of(record));
	fp_csv_add(buf, false, record->client);
	fp_csv_add(buf, false, record->agent);
	fp_csv_add(buf, false, record->build);
	fp_buf_add_char(buf, ',');
	fp_buf_add_u64(buf, record->duration_us);
	fp_csv_add_time(buf, as_of(record));
	fp_buf_add_text(buf, "\r\n");
}

static void write_text_row(struct fp_buf *buf, const struct fp_record *record)
{
	char at[FP_TIME_TEXT_MAX];

	fp_time_format_us(record->at_us, at);
	fp_buf_addf(buf, "%016llx\t%s\t%.*s\t%.*s\t%.*s\t%.*s\t%.*s\n",
		(unsigned long long)record->id, at, FP_STR_ARG(record->repo),
		FP_STR_ARG(record->branch), FP_STR_ARG(record->sha), FP_STR_ARG(record->outcome),
		FP_STR_ARG(record->version));
}

/* Rows on their way into a body; in JSON they are the elements of an open array. */
struct rows {
	enum fp_form form;
	struct fp_json *json;
	struct fp_buf *buf;
	size_t count;
};

static int add_row(void *context, const struct fp_record *record)
{
	struct rows *rows = context;
	struct fp_json line;

	rows->count++;
	switch (rows->form) {
	case FP_FORM_CSV: write_csv_row(rows->buf, record); break;
	case FP_FORM_TEXT: write_text_row(rows->buf, record); break;
	case FP_FORM_NDJSON:
		fp_json_init(&line, rows->buf);
		write_row(&line, record);
		fp_buf_add_char(rows->buf, '\n');
		break;
	default: write_row(rows->json, record); break;
	}
	return fp_buf_check(rows->buf, NULL);
}

static void add_head(enum fp_form form, struct fp_buf *buf)
{
	if (form == FP_FORM_CSV)
		fp_buf_add_text(buf, "id,at,at_us,repo,branch,sha,version,outcome,status,form,"
				     "client,agent,build,duration_us,as_of\r\n");
}

/* ---- the question ---- */

/* -1 without one. What was before 1970 was before all answers, as its beginning was. */
static int64_t time_param(const struct fp_request *request, enum fp_param param)
{
	int64_t us;

	if (!request->given[param] || !fp_time_parse_us(request->params[param], &us))
		return -1;
	return us < 0 ? 0 : us;
}

static struct fp_history_query query_of(const struct fp_request *request)
{
	return (struct fp_history_query){
		.repo = request->params[FP_PARAM_REPO],
		.branch = request->params[FP_PARAM_BRANCH],
		.version = request->params[FP_PARAM_VERSION],
		.outcome = request->params[FP_PARAM_OUTCOME],
		.build = request->params[FP_PARAM_BUILD],
		.client = request->params[FP_PARAM_CLIENT],
		.sha = request->params[FP_PARAM_SHA],
		.since_us = time_param(request, FP_PARAM_SINCE),
		.until_us = time_param(request, FP_PARAM_UNTIL),
		.before = fp_param_number(request->params[FP_PARAM_CURSOR], 0),
	};
}

/* ---- a page ---- */

static int fill_page(struct fp_worker *worker, struct fp_history_query *query, uint32_t limit,
	struct rows *rows, struct fp_error *error)
{
	int64_t until_us = fp_clock_monotonic_us() + PAGE_PATIENCE_US;
	int r;

	do {
		query->limit = limit - (uint32_t)rows->count;
		r = fp_service_history_list(worker, query, add_row, rows, &query->before, error);
	} while (r >= 0 && query->before && rows->count < limit &&
		 fp_clock_monotonic_us() < until_us);
	return r;
}

static enum fp_handled failed(
	struct fp_request *request, struct fp_reply *reply, const struct fp_error *error)
{
	fp_buf_clear(&reply->body);
	return fp_reply_problem(
		request, reply, "internal", NULL, 0, "the history cannot be read: %s", error->text);
}

static enum fp_handled reply_page(
	struct fp_request *request, struct fp_history_query *query, struct fp_reply *reply)
{
	bool flat = request->given[FP_PARAM_SHAPE] || request->form != FP_FORM_JSON;
	struct fp_page page = {
		.limit = (uint32_t)fp_param_number(request->params[FP_PARAM_LIMIT], PAGE_DEFAULT)};
	struct fp_error error = {0};
	struct fp_json json;
	struct rows rows = {request->form, &json, &reply->body, 0};

	fp_json_init(&json, &reply->body);
	add_head(request->form, &reply->body);
	if (!flat) {
		fp_json_object_begin(&json);
		fp_json_key(&json, "items");
	}
	if (request->form == FP_FORM_JSON)
		fp_json_array_begin(&json);
	if (fill_page(request->context->worker, query, page.limit, &rows, &error) < 0)
		return failed(request, reply, &error);
	page.next = query->before;
	page.more = query->before > 0;
	if (request->form == FP_FORM_JSON)
		fp_json_array_end(&json);
	if (!flat) {
		fp_page_write_next(&json, &page);
		fp_json_object_end(&json);
	}
	if (request->form == FP_FORM_JSON)
		fp_buf_add_char(&reply->body, '\n');
	fp_page_set_link(&page, request, reply);
	fp_reply_set_body_etag(reply);
	return FP_HANDLED;
}

/* ---- a long list ---- */

struct long_list {
	struct fp_history_query query; /* its texts stand in `texts` */
	struct fp_buf texts;
	enum fp_form form;
	uint64_t left; /* rows */
	struct fp_json json;
	bool begun;
};

static void long_list_free(void *state)
{
	struct long_list *list = state;

	if (list)
		fp_buf_release(&list->texts);
	free(list);
}
FP_DEFINE_CLEANUP(void *, long_list_free)

/* 1 when more is to come. */
static int end_long_list(struct long_list *list, struct fp_buf *part)
{
	if (list->form == FP_FORM_JSON) {
		list->json.out = part;
		fp_json_array_end(&list->json);
		fp_buf_add_char(part, '\n');
	}
	return 0;
}

static int next_part(void *state, struct fp_http_context *context, struct fp_buf *part)
{
	struct long_list *list = state;
	struct rows rows = {list->form, &list->json, part, 0};
	int r;

	list->json.out = part;
	if (!list->begun) {
		add_head(list->form, part);
		if (list->form == FP_FORM_JSON)
			fp_json_array_begin(&list->json);
		list->begun = true;
	}
	list->query.limit = list->left < PART_ROWS ? (unsigned)list->left : PART_ROWS;
	r = fp_service_history_list(
		context->worker, &list->query, add_row, &rows, &list->query.before, NULL);
	if (r < 0)
		return r;
	list->left -= rows.count;
	return list->left && list->query.before ? 1 : end_long_list(list, part);
}

/* The request's texts go with the request; the list may be sent for longer. */
static int keep_texts(struct long_list *list, struct fp_error *error)
{
	struct fp_history_query *query = &list->query;
	struct fp_str *const texts[] = {&query->repo, &query->branch, &query->version,
		&query->outcome, &query->build, &query->client, &query->sha};
	const char *at;

	fp_buf_init(&list->texts, 64 * 1024);
	fp_buf_add_char(&list->texts, '\n');
	for (size_t i = 0; i < FP_ARRAY_SIZE(texts); i++)
		fp_buf_add_str(&list->texts, *texts[i]);
	if (fp_buf_check(&list->texts, error) < 0)
		return -FP_ERROR_MEMORY;
	at = list->texts.data + 1;
	for (size_t i = 0; i < FP_ARRAY_SIZE(texts); i++) {
		texts[i]->ptr = at;
		at += texts[i]->len;
	}
	return 0;
}

static enum fp_handled reply_long_list(struct fp_request *request,
	const struct fp_history_query *query, uint64_t limit, struct fp_reply *reply)
{
	FP_CLEANUP(long_list_free_cleanup) void *state = NULL;
	struct long_list *list = calloc(1, sizeof(*list));
	struct fp_error error = {0};

	state = list;
	if (!list || (list->query = *query, keep_texts(list, &error)) < 0) {
		fp_error_memory(&error);
		return failed(request, reply, &error);
	}
	list->form = request->form;
	list->left = limit;
	fp_json_init(&list->json, NULL);
	reply->stream =
		(struct fp_stream){.next = next_part, .free = long_list_free, .state = state};
	state = NULL;
	return FP_HANDLED;
}

enum fp_handled fp_handle_history_list(struct fp_request *request, struct fp_reply *reply)
{
	struct fp_history_query query = query_of(request);
	uint64_t limit = fp_param_number(request->params[FP_PARAM_LIMIT], PAGE_DEFAULT);
	bool flat = request->given[FP_PARAM_SHAPE] || request->form != FP_FORM_JSON;

	if (limit > PAGE_MAX && !flat)
		return fp_reply_problem(request, reply, "bad-request", NULL, 0,
			"parameter \"limit\" takes a number from 1 to %d in this form; more rows "
			"come with format=ndjson, format=csv or shape=flat",
			PAGE_MAX);
	fp_service_history_wait(request->context->worker);
	if (!fp_request_knows_repository(request, reply))
		return FP_HANDLED;
	reply->content_type = fp_form_content_type(request->form);
	reply->cache_control = "no-cache";
	return limit > PAGE_MAX ? reply_long_list(request, &query, limit, reply)
				: reply_page(request, &query, reply);
}
