/* From a method and a path to a handler, by the routing table. */
#include "loop.h"

enum { ROUTES_SHOWN_MAX = 64, ARGUMENT_MAX_BYTES = 1024 };

static bool refuse_path(struct fp_request *request, struct fp_reply *reply, struct fp_str path)
{
	struct fp_str paths[ROUTES_SHOWN_MAX], nearest[FP_NEAREST_MAX];
	size_t indices[FP_NEAREST_MAX], found;
	size_t count = fp_route_count() < ROUTES_SHOWN_MAX ? fp_route_count() : ROUTES_SHOWN_MAX;

	for (size_t i = 0; i < count; i++)
		paths[i] = fp_str(fp_routes[i].path);
	found = fp_str_nearest(path, paths, count, indices, FP_NEAREST_MAX);
	for (size_t i = 0; i < found; i++)
		nearest[i] = paths[indices[i]];
	fp_reply_problem(request, reply, "not-found", nearest, found,
		"there is nothing at this path; GET / lists the routes");
	return false;
}

static bool refuse_method(struct fp_exchange *exchange, struct fp_reply *reply)
{
	struct fp_str method = exchange->method;

	fp_reply_problem(&exchange->request, reply, "method-not-allowed", NULL, 0,
		"this route does not take %.*s; the Allow header lists what it takes",
		(int)(method.len < 32 ? method.len : 32), method.ptr);
	reply->allow = exchange->request.route->methods;
	return false;
}

/* What stands in the path's placeholder is text, as values are. */
static bool check_argument(struct fp_request *request, struct fp_reply *reply)
{
	if (fp_text_is_clean(request->argument) && fp_text_is_clean(request->second) &&
		request->argument.len <= ARGUMENT_MAX_BYTES &&
		request->second.len <= ARGUMENT_MAX_BYTES)
		return true;
	fp_reply_problem(request, reply, "bad-request", NULL, 0,
		"the path %s takes UTF-8 text without control characters, at most %d bytes, in its "
		"placeholder",
		request->route->path, ARGUMENT_MAX_BYTES);
	return false;
}

static bool answer_options(struct fp_reply *reply, unsigned methods)
{
	reply->status = 204;
	reply->allow = methods;
	return false;
}

static bool find_route(struct fp_exchange *exchange, struct fp_reply *reply)
{
	struct fp_request *request = &exchange->request;
	bool options = fp_str_equal(exchange->method, FP_STR_LITERAL("OPTIONS"));
	struct fp_str arguments[FP_ARGUMENTS_MAX];

	request->form = fp_query_early_form(exchange);
	if (options && fp_str_equal(exchange->path, FP_STR_LITERAL("*")))
		return answer_options(reply, FP_METHOD_GET | FP_METHOD_POST);
	request->route = fp_route_find(exchange->path, arguments);
	request->argument = arguments[0];
	request->second = arguments[1];
	if (!request->route)
		return refuse_path(request, reply, exchange->path);
	if (options)
		return answer_options(reply, request->route->methods);
	if (!(request->route->methods & request->method))
		return refuse_method(exchange, reply);
	return check_argument(request, reply);
}

enum fp_handled fp_dispatch_handler(struct fp_request *request, struct fp_reply *reply)
{
	enum fp_handled handled = FP_WAITING;

	if (!request->context->stopping || request->attempts == 0)
		handled = request->route->handler(request, reply);
	/* Who waits, or would begin to, is told to ask again elsewhere. */
	if (handled == FP_WAITING && request->context->stopping)
		return fp_reply_problem(request, reply, "not-ready", NULL, 0,
			"the server is stopping; ask again in a moment");
	return handled;
}

enum fp_handled fp_dispatch(struct fp_exchange *exchange, struct fp_reply *reply)
{
	struct fp_request *request = &exchange->request;

	if (!request->route) {
		if (!find_route(exchange, reply))
			return FP_HANDLED;
		if (exchange->too_large)
			return fp_reply_problem(request, reply, "too-large", NULL, 0,
				"the body has more than %d bytes", FP_BODY_MAX_BYTES);
		if (!fp_query_take(exchange, reply))
			return FP_HANDLED;
	}
	if (request->route->background)
		return FP_BACKGROUND;
	return fp_dispatch_handler(request, reply);
}
