/*
 * From libmicrohttpd to a handler and back: headers and parameters are taken and checked against
 * the route's row, the handler runs, its reply is sent. The handler may ask to wait; then the
 * connection is suspended and the handler runs again when its loop resumes it.
 */
#include "loop.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>

enum { VALUE_MAX_BYTES = 1024, AGENT_MAX_BYTES = 200 };

/* ---- exchanges ---- */

static struct fp_exchange *exchange_new(struct fp_http_loop *loop)
{
	struct fp_exchange *exchange = loop->free;

	if (exchange) {
		loop->free = exchange->next;
		return exchange;
	}
	exchange = calloc(1, sizeof(*exchange));
	if (exchange)
		fp_buf_init(&exchange->request.body, FP_BODY_MAX_BYTES);
	return exchange;
}

void fp_exchange_free(struct fp_exchange *exchange)
{
	fp_buf_release(&exchange->request.body);
	free(exchange);
}

static void release_tickets(struct fp_request *request)
{
	const struct fp_outside *outside = &request->context->service->outside;

	for (size_t i = 0; i < request->ticket_count; i++)
		outside->ticket_unref(request->tickets[i]);
	request->ticket_count = 0;
}

void fp_completed(void *context, struct MHD_Connection *connection, void **held,
	enum MHD_RequestTerminationCode why)
{
	struct fp_http_loop *loop = context;
	struct fp_exchange *exchange = *held;

	if (!exchange)
		return;
	*held = NULL;
	release_tickets(&exchange->request);
	fp_buf_clear(&exchange->request.body);
	exchange->next = loop->free;
	loop->free = exchange;
	loop->active--;
}

bool fp_exchange_is_ready(struct fp_exchange *exchange, int64_t now_us)
{
	struct fp_request *request = &exchange->request;
	const struct fp_outside *outside = &request->context->service->outside;

	if (now_us >= request->wait_until_us) {
		request->timed_out = true;
		return true;
	}
	if (request->ticket_count == 0)
		return false; /* waits for the moment alone */
	for (size_t i = 0; i < request->ticket_count; i++)
		if (outside->ticket_result(request->tickets[i]) == FP_LOOK_PENDING)
			return false;
	return true;
}

/* ---- the first call: what needs no body ---- */

static bool is_sane_id(struct fp_str id)
{
	if (id.len == 0 || id.len > FP_REQUEST_ID_MAX)
		return false;
	for (size_t i = 0; i < id.len; i++)
		if (!fp_char_is_alnum(id.ptr[i]) && !strchr("._:/=+-", id.ptr[i]))
			return false;
	return true;
}

static struct fp_str header(struct MHD_Connection *connection, const char *name)
{
	const char *value = NULL;
	size_t len = 0;

	MHD_lookup_connection_value_n(
		connection, MHD_HEADER_KIND, name, strlen(name), &value, &len);
	return fp_str_n(value, value ? len : 0);
}

static void set_id(struct fp_http_loop *loop, struct fp_request *request, struct fp_str given)
{
	request->id_is_own = !is_sane_id(given);
	if (request->id_is_own) {
		uint64_t id = fp_hash64(&loop->id_count, sizeof(loop->id_count), loop->id_seed);

		loop->id_count++;
		snprintf(request->id, sizeof(request->id), "%016llx", (unsigned long long)id);
		return;
	}
	memcpy(request->id, given.ptr, given.len);
	request->id[given.len] = '\0';
}

static void set_client(struct fp_request *request, struct MHD_Connection *connection)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
	const struct sockaddr *address = info ? info->client_addr : NULL;

	request->client[0] = '\0';
	if (!address)
		return;
	if (address->sa_family == AF_INET6)
		inet_ntop(AF_INET6,
			&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr,
			request->client, sizeof(request->client));
	else if (address->sa_family == AF_INET)
		inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr,
			request->client, sizeof(request->client));
}

/* Cache-Control: no-cache among others. */
static bool asks_fresh(struct fp_str cache_control)
{
	static const char wanted[] = "no-cache";
	size_t len = sizeof(wanted) - 1;

	for (size_t i = 0; i + len <= cache_control.len; i++)
		if (fp_str_equal_nocase(fp_str_n(cache_control.ptr + i, len), fp_str(wanted)))
			return true;
	return false;
}

static void begin(struct fp_http_loop *loop, struct fp_exchange *exchange,
	struct MHD_Connection *connection, const char *url, const char *method)
{
	struct fp_request *request = &exchange->request;
	struct fp_buf body = request->body;
	struct fp_str agent = header(connection, MHD_HTTP_HEADER_USER_AGENT);

	memset(exchange, 0, offsetof(struct fp_exchange, request.tickets));
	request->body = body;
	request->context = &loop->context;
	exchange->loop = loop;
	exchange->connection = connection;
	exchange->method = fp_str(method);
	exchange->path = fp_str(url);
	request->received_us = fp_clock_real_us();
	request->started_us = fp_clock_monotonic_us();
	request->head = strcmp(method, MHD_HTTP_METHOD_HEAD) == 0;
	request->is_post = strcmp(method, MHD_HTTP_METHOD_POST) == 0;
	request->agent =
		fp_str_n(agent.ptr, agent.len < AGENT_MAX_BYTES ? agent.len : AGENT_MAX_BYTES);
	request->if_none_match = header(connection, MHD_HTTP_HEADER_IF_NONE_MATCH);
	request->wants_fresh = asks_fresh(header(connection, MHD_HTTP_HEADER_CACHE_CONTROL));
	set_id(loop, request, header(connection, "X-Request-Id"));
	set_client(request, connection);
	loop->active++;
}

/* ---- parameters ---- */

/* What is wrong with the query: the first problem found. */
struct query {
	struct fp_request *request;
	enum { QUERY_FINE, QUERY_UNKNOWN, QUERY_REPEATED, QUERY_TOO_LONG, QUERY_MALFORMED } problem;
	struct fp_str name;
	enum fp_param param;
};

static void note(struct query *query, int problem, struct fp_str name, enum fp_param param)
{
	if (query->problem != QUERY_FINE)
		return;
	query->problem = problem;
	query->name = name;
	query->param = param;
}

static enum MHD_Result take_param(void *context, enum MHD_ValueKind kind, const char *key,
	size_t key_len, const char *value, size_t value_len)
{
	struct query *query = context;
	struct fp_request *request = query->request;
	struct fp_str name = fp_str_n(key, key_len), text = fp_str_n(value ? value : "", value_len);
	enum fp_param param;

	if (!fp_param_find(name, &param) || !(request->route->params >> param & 1)) {
		note(query, QUERY_UNKNOWN, name, FP_PARAM_COUNT);
	} else if (request->given[param]) {
		note(query, QUERY_REPEATED, name, param);
	} else if (text.len > VALUE_MAX_BYTES) {
		note(query, QUERY_TOO_LONG, name, param);
	} else {
		request->given[param] = true;
		request->params[param] = text;
		if (memchr(text.ptr, '\0', text.len) || !fp_str_is_utf8(text) ||
			!fp_param_is_valid(param, text))
			note(query, QUERY_MALFORMED, name, param);
	}
	return MHD_YES;
}

static void list_params(const struct fp_route *route, struct fp_buf *list)
{
	for (int i = 0; i < FP_PARAM_COUNT; i++) {
		if (!(route->params >> i & 1))
			continue;
		if (list->len)
			fp_buf_add_text(list, ", ");
		fp_buf_add_text(list, fp_param_name((enum fp_param)i));
	}
}

static void list_forms(const struct fp_route *route, struct fp_buf *list)
{
	for (int i = 0; i < FP_FORM_COUNT; i++) {
		if (!(route->forms >> i & 1))
			continue;
		if (list->len)
			fp_buf_add_text(list, ", ");
		fp_buf_add_text(list, fp_form_name((enum fp_form)i));
	}
}

static bool refuse_query(
	const struct query *query, struct fp_request *request, struct fp_reply *reply)
{
	struct fp_buf FP_CLEANUP_BUF list = {0};
	const char *takes = query->param < FP_PARAM_COUNT ? fp_param_takes(query->param) : "";

	fp_buf_init(&list, 1024);
	switch (query->problem) {
	case QUERY_UNKNOWN:
		list_params(request->route, &list);
		fp_reply_problem(request, reply, "bad-request", NULL, 0,
			"parameter \"%.*s\" is not known here; this route takes: %s",
			(int)(query->name.len < 64 ? query->name.len : 64), query->name.ptr,
			list.len ? list.data : "none");
		break;
	case QUERY_REPEATED:
		fp_reply_problem(request, reply, "bad-request", NULL, 0,
			"parameter \"%s\" is given more than once; it takes %s, once",
			fp_param_name(query->param), takes);
		break;
	case QUERY_TOO_LONG:
		fp_reply_problem(request, reply, "bad-request", NULL, 0,
			"parameter \"%s\" has more than %d bytes; it takes %s",
			fp_param_name(query->param), VALUE_MAX_BYTES, takes);
		break;
	case QUERY_MALFORMED:
		fp_reply_problem(request, reply, "bad-request", NULL, 0,
			"parameter \"%s\" is malformed; it takes %s", fp_param_name(query->param),
			takes);
		break;
	case QUERY_FINE: break;
	}
	return false;
}

static bool has_required(struct fp_request *request, struct fp_reply *reply)
{
	for (int i = 0; i < FP_PARAM_COUNT; i++) {
		if (!(request->route->required >> i & 1) || request->given[i] || request->is_post)
			continue;
		fp_reply_problem(request, reply, "bad-request", NULL, 0,
			"parameter \"%s\" is required; it takes %s",
			fp_param_name((enum fp_param)i), fp_param_takes((enum fp_param)i));
		return false;
	}
	return true;
}

/* `format` wins over Accept. */
static bool choose_form(struct fp_exchange *exchange, struct fp_reply *reply)
{
	struct fp_request *request = &exchange->request;
	struct fp_buf FP_CLEANUP_BUF list = {0};
	enum fp_form form;

	request->form = fp_form_negotiate(
		header(exchange->connection, MHD_HTTP_HEADER_ACCEPT), request->route->forms);
	if (!request->given[FP_PARAM_FORMAT])
		return true;
	if (fp_form_find(request->params[FP_PARAM_FORMAT], &form) &&
		request->route->forms >> form & 1) {
		request->form = form;
		return true;
	}
	fp_buf_init(&list, 1024);
	list_forms(request->route, &list);
	fp_reply_problem(request, reply, "bad-request", NULL, 0,
		"parameter \"format\" takes one of: %s", list.data);
	return false;
}

static bool take_query(struct fp_exchange *exchange, struct fp_reply *reply)
{
	struct query query = {.request = &exchange->request};

	MHD_get_connection_values_n(
		exchange->connection, MHD_GET_ARGUMENT_KIND, take_param, &query);
	if (!choose_form(exchange, reply))
		return false;
	if (query.problem != QUERY_FINE)
		return refuse_query(&query, &exchange->request, reply);
	return has_required(&exchange->request, reply);
}

/* ---- dispatch ---- */

static unsigned method_bit(const struct fp_exchange *exchange)
{
	if (exchange->request.head || fp_str_equal(exchange->method, FP_STR_LITERAL("GET")))
		return FP_METHOD_GET;
	return exchange->request.is_post ? FP_METHOD_POST : 0;
}

static bool find_route(struct fp_exchange *exchange, struct fp_reply *reply)
{
	struct fp_request *request = &exchange->request;

	request->route = fp_route_find(exchange->path, &request->argument);
	if (!request->route) {
		fp_reply_problem(request, reply, "not-found", NULL, 0,
			"there is nothing at this path; GET / lists the routes");
		return false;
	}
	if (fp_str_equal(exchange->method, FP_STR_LITERAL("OPTIONS"))) {
		reply->status = 204;
		reply->allow = request->route->methods;
		return false;
	}
	if (!(request->route->methods & method_bit(exchange))) {
		fp_reply_problem(request, reply, "method-not-allowed", NULL, 0,
			"this route does not take %.*s",
			(int)(exchange->method.len < 32 ? exchange->method.len : 32),
			exchange->method.ptr);
		reply->allow = request->route->methods;
		return false;
	}
	return true;
}

static enum fp_handled dispatch(struct fp_exchange *exchange, struct fp_reply *reply)
{
	struct fp_request *request = &exchange->request;

	if (request->attempts == 0) {
		if (!find_route(exchange, reply))
			return FP_HANDLED;
		if (exchange->too_large)
			return fp_reply_problem(request, reply, "too-large", NULL, 0,
				"the body has more than %d bytes", FP_BODY_MAX_BYTES);
		if (!take_query(exchange, reply))
			return FP_HANDLED;
	}
	if (request->context->stopping && request->attempts > 0)
		return fp_reply_problem(request, reply, "not-ready", NULL, 0,
			"the server is stopping; ask again in a moment");
	return request->route->handler(request, reply);
}

/* ---- replies ---- */

static void add_header(struct MHD_Response *response, const char *name, const char *value)
{
	MHD_add_response_header(response, name, value);
}

static void add_headers(const struct fp_exchange *exchange, const struct fp_reply *reply,
	struct MHD_Response *response)
{
	const struct fp_request *request = &exchange->request;
	const char *origin = exchange->loop->context.allow_origin;
	char seconds[24];

	add_header(response, "X-Request-Id", request->id);
	if (reply->content_type)
		add_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, reply->content_type);
	if (reply->cache_control)
		add_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, reply->cache_control);
	if (reply->etag[0])
		add_header(response, MHD_HTTP_HEADER_ETAG, reply->etag);
	if (reply->link.len)
		add_header(response, "Link", reply->link.data);
	if (reply->allow)
		add_header(response, MHD_HTTP_HEADER_ALLOW,
			reply->allow & FP_METHOD_POST ? "GET, HEAD, POST, OPTIONS"
						      : "GET, HEAD, OPTIONS");
	if (reply->retry_after_us) {
		snprintf(seconds, sizeof(seconds), "%lld",
			(long long)((reply->retry_after_us + FP_US_PER_S - 1) / FP_US_PER_S));
		add_header(response, MHD_HTTP_HEADER_RETRY_AFTER, seconds);
	}
	if (origin) {
		add_header(response, "Access-Control-Allow-Origin", origin);
		if (reply->status == 204)
			add_header(response, "Access-Control-Allow-Headers",
				"Authorization, Content-Type, X-Request-Id");
	}
}

static enum MHD_Result send_reply(struct fp_exchange *exchange, struct fp_reply *reply)
{
	struct MHD_Response *response;
	enum MHD_Result sent;
	size_t len;
	char *body;

	if (reply->body.state != FP_BUF_OK)
		fp_reply_problem(&exchange->request, reply, "internal", NULL, 0,
			"the answer is larger than this server writes");
	if (reply->status == 200 && fp_etag_matches(exchange->request.if_none_match, reply->etag)) {
		reply->status = 304;
		fp_buf_clear(&reply->body);
	}
	len = reply->body.len;
	body = fp_buf_take(&reply->body);
	if (!body)
		return MHD_NO;
	response = MHD_create_response_from_buffer(len, body, MHD_RESPMEM_MUST_FREE);
	if (!response) {
		free(body);
		return MHD_NO;
	}
	add_headers(exchange, reply, response);
	sent = MHD_queue_response(exchange->connection, reply->status, response);
	MHD_destroy_response(response);
	return sent;
}

enum {
	REPLY_MAX_BYTES = 256 * 1024 * 1024,
	REPLY_FIRST_BYTES = 6 * 1024,
	LINK_MAX_BYTES = 16 * 1024,
};

static enum MHD_Result answer(struct fp_exchange *exchange)
{
	struct fp_http_loop *loop = exchange->loop;
	struct fp_reply reply = {.status = 200};
	enum MHD_Result sent;

	fp_buf_init(&reply.body, REPLY_MAX_BYTES);
	fp_buf_init(&reply.link, LINK_MAX_BYTES);
	fp_buf_reserve(&reply.body, REPLY_FIRST_BYTES);
	if (dispatch(exchange, &reply) == FP_WAITING) {
		exchange->request.attempts++;
		exchange->request.timed_out = false;
		exchange->next = loop->waiting;
		loop->waiting = exchange;
		MHD_suspend_connection(exchange->connection);
		fp_buf_release(&reply.body);
		return MHD_YES;
	}
	sent = send_reply(exchange, &reply);
	fp_buf_release(&reply.body);
	fp_buf_release(&reply.link);
	return sent;
}

enum MHD_Result fp_receive(void *context, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *upload, size_t *upload_size,
	void **held)
{
	struct fp_http_loop *loop = context;
	struct fp_exchange *exchange = *held;

	/* An answer to the first call would close the connection. */
	if (!exchange) {
		exchange = exchange_new(loop);
		if (!exchange)
			return MHD_NO;
		begin(loop, exchange, connection, url, method);
		*held = exchange;
		return MHD_YES;
	}
	if (*upload_size) {
		fp_buf_add(&exchange->request.body, upload, *upload_size);
		exchange->too_large |= exchange->request.body.state == FP_BUF_TOO_LARGE;
		*upload_size = 0;
		return MHD_YES;
	}
	return answer(exchange);
}
