/* From a query to checked parameters: known to the route, given once, short, text, and sane. */
#include "loop.h"

enum { VALUE_MAX_BYTES = 1024, NAME_SHOWN_BYTES = 64 };

/* ---- decoding ---- */

static bool decode_byte(const char *at, char *byte)
{
	int high = fp_char_hex_value(at[1]);
	int low = high < 0 ? -1 : fp_char_hex_value(at[2]);

	*byte = (char)(high * 16 + low);
	return low >= 0 && *byte != '\0';
}

size_t fp_query_unescape(void *context, struct MHD_Connection *connection, char *text)
{
	char *to = text;

	for (const char *at = text; *at; at++) {
		char byte = *at;

		if (byte == '%') {
			bool whole = fp_char_hex_value(at[1]) >= 0 && fp_char_hex_value(at[2]) >= 0;

			if (!decode_byte(at, &byte))
				byte = '\xff';
			at += whole ? 2 : 0;
		}
		*to++ = byte;
	}
	*to = '\0';
	return (size_t)(to - text);
}

/* ---- taking ---- */

/* What is wrong with the query: the first problem found. */
enum trouble { FINE, UNKNOWN, REPEATED, TOO_LONG, MALFORMED };

struct query {
	struct fp_request *request;
	enum trouble trouble;
	struct fp_str name;
	enum fp_param param;
};

static void note(struct query *query, enum trouble trouble, struct fp_str name, enum fp_param param)
{
	if (query->trouble != FINE)
		return;
	query->trouble = trouble;
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
		note(query, UNKNOWN, name, FP_PARAM_COUNT);
	} else if (request->given[param]) {
		note(query, REPEATED, name, param);
	} else if (text.len > VALUE_MAX_BYTES) {
		note(query, TOO_LONG, name, param);
	} else {
		request->given[param] = true;
		request->params[param] = text;
		if (!fp_text_is_clean(text) || !fp_param_is_valid(param, text))
			note(query, MALFORMED, name, param);
	}
	return MHD_YES;
}

/* ---- refusing ---- */

static void add_name(struct fp_buf *list, const char *name)
{
	if (list->len)
		fp_buf_add_text(list, ", ");
	fp_buf_add_text(list, name);
}

static void list_params(const struct fp_route *route, struct fp_buf *list)
{
	for (int i = 0; i < FP_PARAM_COUNT; i++)
		if (route->params >> i & 1)
			add_name(list, fp_param_name((enum fp_param)i));
}

static void list_forms(const struct fp_route *route, struct fp_buf *list)
{
	for (int i = 0; i < FP_FORM_COUNT; i++)
		if (route->forms >> i & 1)
			add_name(list, fp_form_word((enum fp_form)i));
}

static void refuse_unknown(
	const struct query *query, struct fp_request *request, struct fp_reply *reply)
{
	struct fp_str name = query->name, names[FP_PARAM_COUNT], nearest[FP_NEAREST_MAX];
	struct fp_buf FP_CLEANUP_BUF list = {0};
	size_t indices[FP_NEAREST_MAX], count = 0, found;

	fp_buf_init(&list, 1024);
	list_params(request->route, &list);
	for (int i = 0; i < FP_PARAM_COUNT; i++)
		if (request->route->params >> i & 1)
			names[count++] = fp_str(fp_param_name((enum fp_param)i));
	found = fp_str_nearest(name, names, count, indices, FP_NEAREST_MAX);
	for (size_t i = 0; i < found; i++)
		nearest[i] = names[indices[i]];
	fp_reply_problem(request, reply, "bad-request", nearest, found,
		"parameter \"%.*s\" is not known here; this route takes: %s",
		(int)(name.len < NAME_SHOWN_BYTES ? name.len : NAME_SHOWN_BYTES), name.ptr,
		list.len ? list.data : "none");
}

static bool refuse(const struct query *query, struct fp_request *request, struct fp_reply *reply)
{
	const char *name = query->param < FP_PARAM_COUNT ? fp_param_name(query->param) : "";
	const char *takes = query->param < FP_PARAM_COUNT ? fp_param_takes(query->param) : "";

	switch (query->trouble) {
	case UNKNOWN: refuse_unknown(query, request, reply); break;
	case REPEATED:
		fp_reply_problem(request, reply, "bad-request", NULL, 0,
			"parameter \"%s\" is given more than once; it takes %s, once", name, takes);
		break;
	case TOO_LONG:
		fp_reply_problem(request, reply, "bad-request", NULL, 0,
			"parameter \"%s\" has more than %d bytes; it takes %s", name,
			VALUE_MAX_BYTES, takes);
		break;
	case MALFORMED:
		fp_reply_problem(request, reply, "bad-request", NULL, 0,
			"parameter \"%s\" is malformed; it takes %s", name, takes);
		break;
	case FINE: break;
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

static bool has_fair_limit(struct fp_request *request, struct fp_reply *reply)
{
	uint32_t max = fp_route_limit_max(request->route);

	if (fp_param_number(request->params[FP_PARAM_LIMIT], 1) <= max)
		return true;
	fp_reply_problem(request, reply, "bad-request", NULL, 0,
		"parameter \"limit\" is malformed; it takes a number from 1 to %u", max);
	return false;
}

/* ---- the form ---- */

/* `format` wins over Accept. */
static bool choose_form(struct fp_exchange *exchange, struct fp_reply *reply)
{
	struct fp_request *request = &exchange->request;
	struct fp_buf FP_CLEANUP_BUF list = {0};
	enum fp_form form;

	request->form = fp_form_negotiate(
		fp_exchange_header(exchange, MHD_HTTP_HEADER_ACCEPT), request->route->forms);
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

enum fp_form fp_query_early_form(const struct fp_exchange *exchange)
{
	const char *format =
		MHD_lookup_connection_value(exchange->connection, MHD_GET_ARGUMENT_KIND, "format");
	enum fp_form form;

	if (format && fp_form_find(fp_str(format), &form))
		return form;
	return fp_form_negotiate(fp_exchange_header(exchange, MHD_HTTP_HEADER_ACCEPT),
		1u << FP_FORM_JSON | 1u << FP_FORM_TEXT);
}

bool fp_query_take(struct fp_exchange *exchange, struct fp_reply *reply)
{
	struct query query = {.request = &exchange->request};

	MHD_get_connection_values_n(
		exchange->connection, MHD_GET_ARGUMENT_KIND, take_param, &query);
	if (!choose_form(exchange, reply))
		return false;
	if (query.trouble != FINE)
		return refuse(&query, &exchange->request, reply);
	return has_required(&exchange->request, reply) && has_fair_limit(&exchange->request, reply);
}
