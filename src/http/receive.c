/*
 * libmicrohttpd's callbacks: an exchange begins with a request's first call, collects its body,
 * and is answered in the last one. A handler may ask to wait; then the connection is suspended and
 * the handler runs again when the loop resumes it.
 */
#include "loop.h"

#include "forkpoint/base/number.h"

#include <stdlib.h>

enum {
	AGENT_MAX_BYTES = 200,
	/* A body beyond its maximum is read to its end, so that the client sees why it is refused,
	 * but not for ever. */
	PATIENCE_MAX_BYTES = 16 * FP_BODY_MAX_BYTES,
	REPLY_MAX_BYTES = 256 * 1024 * 1024,
	REPLY_FIRST_BYTES = 6 * 1024,
	LINK_MAX_BYTES = 16 * 1024,
};

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

static void reply_release(struct fp_reply *reply)
{
	fp_buf_release(&reply->body);
	fp_buf_release(&reply->link);
	if (reply->stream.free)
		reply->stream.free(reply->stream.state);
	reply->stream = (struct fp_stream){0};
}

void fp_completed(void *context, struct MHD_Connection *connection, void **held,
	enum MHD_RequestTerminationCode why)
{
	struct fp_http_loop *loop = context;
	struct fp_exchange *exchange = *held;

	if (!exchange)
		return;
	*held = NULL;
	exchange->sender = NULL;
	if (exchange->held) {
		struct fp_reply reply;

		fp_hold_end(exchange, &reply);
		reply_release(&reply);
	}
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

	if (exchange->held)
		return fp_hold_is_over(exchange, now_us);
	if (atomic_load_explicit(&exchange->job.state, memory_order_acquire) == FP_JOB_DONE)
		return true;
	if (exchange->sender)
		return fp_stream_is_ready(exchange) || now_us >= request->wait_until_us;
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
		if (!fp_char_is_alnum(id.ptr[i]) && !memchr("._:/=+-", id.ptr[i], 7))
			return false;
	return true;
}

struct fp_str fp_exchange_header(const struct fp_exchange *exchange, const char *name)
{
	const char *value = NULL;
	size_t len = 0;

	MHD_lookup_connection_value_n(
		exchange->connection, MHD_HEADER_KIND, name, strlen(name), &value, &len);
	return fp_str_n(value, value ? len : 0);
}

static void make_id(struct fp_http_loop *loop, char *text)
{
	uint64_t id = fp_hash64(&loop->id_count, sizeof(loop->id_count), loop->id_seed);

	loop->id_count++;
	for (int i = FP_ANSWER_ID_HEX; i-- > 0; id >>= 4)
		text[i] = "0123456789abcdef"[id & 15];
	text[FP_ANSWER_ID_HEX] = '\0';
}

static void set_id(struct fp_http_loop *loop, struct fp_request *request, struct fp_str given)
{
	request->id_is_own = !is_sane_id(given);
	if (request->id_is_own) {
		make_id(loop, request->id);
		return;
	}
	memcpy(request->id, given.ptr, given.len);
	request->id[given.len] = '\0';
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

/* 0 for those that no route takes. */
static enum fp_method method_of(const char *method)
{
	static const struct {
		const char *name;
		enum fp_method method;
	} methods[] = {
		{MHD_HTTP_METHOD_GET, FP_METHOD_GET},
		{MHD_HTTP_METHOD_HEAD, FP_METHOD_GET},
		{MHD_HTTP_METHOD_POST, FP_METHOD_POST},
		{MHD_HTTP_METHOD_PUT, FP_METHOD_PUT},
		{MHD_HTTP_METHOD_DELETE, FP_METHOD_DELETE},
	};

	for (size_t i = 0; i < FP_ARRAY_SIZE(methods); i++)
		if (strcmp(method, methods[i].name) == 0)
			return methods[i].method;
	return (enum fp_method)0;
}

static void take_headers(struct fp_exchange *exchange)
{
	static const char *const names[] = {
		[FP_HEADER_HUB_SIGNATURE_256] = "X-Hub-Signature-256",
		[FP_HEADER_GITEA_SIGNATURE] = "X-Gitea-Signature",
		[FP_HEADER_GITLAB_TOKEN] = "X-Gitlab-Token",
		[FP_HEADER_GITHUB_DELIVERY] = "X-GitHub-Delivery",
		[FP_HEADER_GITEA_DELIVERY] = "X-Gitea-Delivery",
		[FP_HEADER_GITLAB_EVENT_UUID] = "X-Gitlab-Event-UUID",
	};

	_Static_assert(FP_ARRAY_SIZE(names) == FP_HEADER_COUNT, "a name for every header");
	for (int i = 0; i < FP_HEADER_COUNT; i++)
		exchange->request.headers[i] = fp_exchange_header(exchange, names[i]);
}

static void begin(struct fp_http_loop *loop, struct fp_exchange *exchange,
	struct MHD_Connection *connection, const char *url, const char *method)
{
	struct fp_request *request = &exchange->request;
	struct fp_buf body = request->body;
	struct fp_str agent;

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
	request->method = method_of(method);
	request->is_post = strcmp(method, MHD_HTTP_METHOD_POST) == 0;
	agent = fp_exchange_header(exchange, MHD_HTTP_HEADER_USER_AGENT);
	request->agent =
		fp_str_n(agent.ptr, agent.len < AGENT_MAX_BYTES ? agent.len : AGENT_MAX_BYTES);
	request->if_none_match = fp_exchange_header(exchange, MHD_HTTP_HEADER_IF_NONE_MATCH);
	request->last_event_id = fp_exchange_header(exchange, "Last-Event-ID");
	request->authorization = fp_exchange_header(exchange, MHD_HTTP_HEADER_AUTHORIZATION);
	request->wants_fresh =
		asks_fresh(fp_exchange_header(exchange, MHD_HTTP_HEADER_CACHE_CONTROL));
	if (!request->head && strcmp(method, MHD_HTTP_METHOD_GET) != 0)
		take_headers(exchange);
	set_id(loop, request, fp_exchange_header(exchange, "X-Request-Id"));
	request->client = fp_connection_client(connection);
	loop->active++;
}

/* ---- the last call ---- */

static void reply_begin(struct fp_reply *reply)
{
	*reply = (struct fp_reply){.status = 200};
	fp_buf_init(&reply->body, REPLY_MAX_BYTES);
	fp_buf_init(&reply->link, LINK_MAX_BYTES);
	fp_buf_reserve(&reply->body, REPLY_FIRST_BYTES);
}

/* A background thread's: runs the handler with that thread's worker. */
static void run_handler(struct fp_exchange *exchange, struct fp_http_context *context)
{
	struct fp_request *request = &exchange->request;
	struct fp_http_context *own = request->context;

	context->counts = own->counts;
	context->guard = own->guard;
	request->context = context;
	request->in_background = true;
	exchange->job.handled = fp_dispatch_handler(request, exchange->job.reply);
	request->in_background = false;
	request->context = own;
}

/* Gives the request to a background thread; with a problem when that cannot be. */
static enum fp_handled go_to_background(struct fp_exchange *exchange, struct fp_reply *reply)
{
	struct fp_reply *later = malloc(sizeof(*later));

	if (later) {
		*later = *reply;
		exchange->job.reply = later;
		if (fp_background_submit(
			    exchange->loop->server->background, exchange, run_handler)) {
			*reply = (struct fp_reply){0};
			return FP_BACKGROUND;
		}
		exchange->job.reply = NULL;
		free(later);
	}
	reply->retry_after_us = FP_US_PER_S;
	return fp_reply_problem(&exchange->request, reply, "not-ready", NULL, 0,
		"too many requests that read the history wait already; ask again in a moment");
}

/* What became of the request on a background thread. */
static enum fp_handled take_from_background(struct fp_exchange *exchange, struct fp_reply *reply)
{
	enum fp_handled handled = exchange->job.handled;

	*reply = *exchange->job.reply;
	free(exchange->job.reply);
	exchange->job.reply = NULL;
	atomic_store_explicit(&exchange->job.state, FP_JOB_NONE, memory_order_relaxed);
	if (handled == FP_WAITING && exchange->request.context->stopping)
		return fp_reply_problem(&exchange->request, reply, "not-ready", NULL, 0,
			"the server is stopping; ask again in a moment");
	return handled;
}

static enum MHD_Result send_held(struct fp_exchange *exchange)
{
	struct fp_reply reply;
	enum MHD_Result sent;

	fp_hold_end(exchange, &reply);
	sent = fp_reply_send(exchange, &reply);
	reply_release(&reply);
	return sent;
}

static enum MHD_Result answer(struct fp_exchange *exchange)
{
	struct fp_request *request = &exchange->request;
	enum MHD_Result sent = MHD_YES;
	enum fp_handled handled;
	struct fp_reply reply;

	if (exchange->held)
		return send_held(exchange);
	if (atomic_load_explicit(&exchange->job.state, memory_order_acquire) == FP_JOB_DONE) {
		handled = take_from_background(exchange, &reply);
	} else {
		reply_begin(&reply);
		handled = fp_dispatch(exchange, &reply);
		if (handled == FP_BACKGROUND)
			handled = go_to_background(exchange, &reply);
	}
	if (handled == FP_HANDLED && fp_hold(exchange, &reply))
		return MHD_YES;
	if (handled == FP_WAITING) {
		request->attempts++;
		request->timed_out = false;
	}
	if (handled == FP_HANDLED)
		sent = fp_reply_send(exchange, &reply);
	else
		fp_http_loop_wait(exchange->loop, exchange);
	reply_release(&reply);
	return sent;
}

/* ---- all calls ---- */

/* What is being sent already is read to its end, within reason: most clients see no answer before
 * they have sent all, only a broken connection. */
static bool announces_too_much(const struct fp_exchange *exchange)
{
	struct fp_str text = fp_exchange_header(exchange, MHD_HTTP_HEADER_CONTENT_LENGTH);
	bool asks_first = fp_exchange_header(exchange, MHD_HTTP_HEADER_EXPECT).len > 0;
	uint64_t bytes;

	return text.len &&
	       !fp_parse_u64(text, 0, asks_first ? FP_BODY_MAX_BYTES : PATIENCE_MAX_BYTES, &bytes);
}

static enum MHD_Result first_call(struct fp_http_loop *loop, struct MHD_Connection *connection,
	const char *url, const char *method, void **held)
{
	struct fp_exchange *exchange = exchange_new(loop);

	if (!exchange)
		return MHD_NO;
	begin(loop, exchange, connection, url, method);
	*held = exchange;
	if (!announces_too_much(exchange))
		return MHD_YES;
	/* The one answer to a first call: it closes the connection, as is right for a body that is
	 * not wanted; a client that asked with Expect: 100-continue need not send it. */
	exchange->too_large = true;
	return answer(exchange);
}

static enum MHD_Result take_body(struct fp_exchange *exchange, const char *data, size_t *size)
{
	struct fp_buf *body = &exchange->request.body;

	fp_buf_add(body, data, *size);
	exchange->too_large |= body->state != FP_BUF_OK;
	exchange->received_bytes += *size;
	*size = 0;
	return exchange->received_bytes <= PATIENCE_MAX_BYTES ? MHD_YES : MHD_NO;
}

enum MHD_Result fp_receive(void *context, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *upload, size_t *upload_size,
	void **held)
{
	/* An answer to the first call would close the connection. */
	if (!*held)
		return first_call(context, connection, url, method, held);
	if (*upload_size)
		return take_body(*held, upload, upload_size);
	return answer(*held);
}
