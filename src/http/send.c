/* From a reply to libmicrohttpd: its headers, its status, its body. */
#include "loop.h"

#include <stdlib.h>

/* By bits of enum fp_method. */
static const char *const allowed[] = {
	[FP_METHOD_GET] = "GET, HEAD, OPTIONS",
	[FP_METHOD_POST] = "POST, OPTIONS",
	[FP_METHOD_GET | FP_METHOD_POST] = "GET, HEAD, POST, OPTIONS",
	[FP_METHOD_PUT] = "PUT, OPTIONS",
	[FP_METHOD_DELETE] = "DELETE, OPTIONS",
	[FP_METHOD_PUT | FP_METHOD_DELETE] = "PUT, DELETE, OPTIONS",
};

static void add_header(struct MHD_Response *response, const char *name, const char *value)
{
	MHD_add_response_header(response, name, value);
}

static void add_origin_headers(
	const char *origin, const struct fp_reply *reply, struct MHD_Response *response)
{
	add_header(response, "Access-Control-Allow-Origin", origin);
	if (reply->status != 204) {
		add_header(response, "Access-Control-Expose-Headers",
			"ETag, Link, Retry-After, X-Problem-Code, X-Request-Id");
		return;
	}
	add_header(response, "Access-Control-Allow-Methods", allowed[reply->allow]);
	add_header(response, "Access-Control-Allow-Headers",
		"Authorization, Cache-Control, Content-Type, If-None-Match, X-Request-Id");
	add_header(response, "Access-Control-Max-Age", "3600");
}

static void add_retry_after(struct MHD_Response *response, int64_t us)
{
	struct fp_buf FP_CLEANUP_BUF seconds = {0};

	fp_buf_init(&seconds, 32);
	fp_buf_add_i64(&seconds, (us + FP_US_PER_S - 1) / FP_US_PER_S);
	add_header(response, MHD_HTTP_HEADER_RETRY_AFTER, seconds.data);
}

/* Whether another Accept header would have brought another form. */
static bool varies(const struct fp_request *request)
{
	const struct fp_route *route = request->route;

	if (!route)
		return true; /* a problem, in text or JSON */
	return !request->given[FP_PARAM_FORMAT] && (route->forms & (route->forms - 1));
}

static void add_headers(const struct fp_exchange *exchange, const struct fp_reply *reply,
	struct MHD_Response *response)
{
	const struct fp_request *request = &exchange->request;
	const struct fp_http_context *context = request->context;

	add_header(response, "X-Request-Id", request->id);
	if (reply->content_type)
		add_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, reply->content_type);
	if (reply->problem)
		add_header(response, "X-Problem-Code", reply->problem);
	if (reply->cache_control)
		add_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, reply->cache_control);
	if (reply->etag[0])
		add_header(response, MHD_HTTP_HEADER_ETAG, reply->etag);
	if (varies(request))
		add_header(response, MHD_HTTP_HEADER_VARY, "Accept");
	if (reply->link.len)
		add_header(response, "Link", reply->link.data);
	if (reply->authenticate)
		add_header(response, MHD_HTTP_HEADER_WWW_AUTHENTICATE, reply->authenticate);
	if (reply->allow)
		add_header(response, MHD_HTTP_HEADER_ALLOW, allowed[reply->allow]);
	if (reply->retry_after_us)
		add_retry_after(response, reply->retry_after_us);
	if (request->unrecorded)
		add_header(response, "Warning",
			"199 - \"this answer is not on record: the history is full\"");
	if (context->allow_origin)
		add_origin_headers(context->allow_origin, reply, response);
	if (context->stopping)
		add_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
}

static struct MHD_Response *make_response(struct fp_exchange *exchange, struct fp_reply *reply)
{
	struct MHD_Response *response;
	size_t len = reply->body.len;
	char *body;

	if (reply->stream.next)
		return fp_stream_response(exchange, reply);
	body = fp_buf_take(&reply->body);
	if (!body)
		return NULL;
	response = MHD_create_response_from_buffer(len, body, MHD_RESPMEM_MUST_FREE);
	if (!response)
		free(body);
	return response;
}

enum MHD_Result fp_reply_send(struct fp_exchange *exchange, struct fp_reply *reply)
{
	struct MHD_Response *response;
	enum MHD_Result sent;

	if (reply->body.state != FP_BUF_OK)
		fp_reply_problem(&exchange->request, reply, "internal", NULL, 0,
			"the answer is larger than this server writes");
	if (reply->status == 200 && fp_etag_matches(exchange->request.if_none_match, reply->etag)) {
		reply->status = 304;
		fp_buf_clear(&reply->body);
	}
	fp_counts_reply(&exchange->loop->server->counts, exchange->request.route, reply->status,
		reply->problem);
	response = make_response(exchange, reply);
	if (!response)
		return MHD_NO;
	add_headers(exchange, reply, response);
	sent = MHD_queue_response(exchange->connection, reply->status, response);
	MHD_destroy_response(response);
	return sent;
}
