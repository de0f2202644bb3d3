/* The routing table as an OpenAPI 3.1 document: what the table says is what the server checks. */
#include "render.h"

#include <ctype.h>
#include <stdio.h>

enum { PATH_TEXT_MAX = 128 };

/* `{branch...}` takes the rest of a path; in the document it is a parameter like others. */
struct path_text {
	char text[PATH_TEXT_MAX];
};

static struct path_text path_of(const struct fp_route *route)
{
	struct path_text path = {0};
	const char *rest = strstr(route->path, "...}");
	size_t len = rest ? (size_t)(rest - route->path) : strlen(route->path);

	snprintf(path.text, sizeof(path.text), "%.*s%s", (int)len, route->path, rest ? "}" : "");
	return path;
}

static void write_schema(struct fp_json *json, const char *type)
{
	fp_json_key(json, "schema");
	fp_json_object_begin(json);
	fp_json_member_text(json, "type", type);
	fp_json_object_end(json);
}

void fp_json_member_forms(struct fp_json *json, const char *key, const struct fp_route *route)
{
	fp_json_key(json, key);
	fp_json_array_begin(json);
	for (int i = 0; i < FP_FORM_COUNT; i++)
		if (route->forms >> i & 1)
			fp_json_text(json, fp_form_word((enum fp_form)i));
	fp_json_array_end(json);
}

/* ---- parameters ---- */

static void write_placeholder(struct fp_json *json, const char *name, size_t len)
{
	bool rest = len > 3 && memcmp(name + len - 3, "...", 3) == 0;

	fp_json_object_begin(json);
	fp_json_member_string(json, "name", fp_str_n(name, rest ? len - 3 : len));
	fp_json_member_text(json, "in", "path");
	fp_json_member_bool(json, "required", true);
	if (rest)
		fp_json_member_text(json, "description", "the rest of the path, slashes and all");
	write_schema(json, "string");
	fp_json_object_end(json);
}

static void write_placeholders(struct fp_json *json, const char *path)
{
	for (const char *at = strchr(path, '{'); at; at = strchr(at, '{')) {
		size_t len = strcspn(++at, "}");

		write_placeholder(json, at, len);
		at += len;
	}
}

static void write_param_schema(
	struct fp_json *json, const struct fp_route *route, enum fp_param param)
{
	if (param != FP_PARAM_LIMIT && param != FP_PARAM_FORMAT) {
		write_schema(json, "string");
		return;
	}
	fp_json_key(json, "schema");
	fp_json_object_begin(json);
	if (param == FP_PARAM_LIMIT) {
		fp_json_member_text(json, "type", "integer");
		fp_json_member_u64(json, "minimum", 1);
		fp_json_member_u64(json, "maximum", fp_route_limit_max(route));
	} else {
		fp_json_member_text(json, "type", "string");
		fp_json_member_forms(json, "enum", route);
	}
	fp_json_object_end(json);
}

static void write_parameters(struct fp_json *json, const struct fp_route *route)
{
	fp_json_key(json, "parameters");
	fp_json_array_begin(json);
	write_placeholders(json, route->path);
	for (int i = 0; i < FP_PARAM_COUNT; i++) {
		if (!(route->params >> i & 1))
			continue;
		fp_json_object_begin(json);
		fp_json_member_text(json, "name", fp_param_name((enum fp_param)i));
		fp_json_member_text(json, "in", "query");
		fp_json_member_bool(json, "required", route->required >> i & 1);
		fp_json_member_text(json, "description", fp_param_takes((enum fp_param)i));
		write_param_schema(json, route, (enum fp_param)i);
		fp_json_object_end(json);
	}
	fp_json_array_end(json);
}

/* ---- bodies ---- */

static void write_media_type(struct fp_json *json, const char *type)
{
	fp_json_key(json, type);
	fp_json_object_begin(json);
	fp_json_object_end(json);
}

/* Forms may share their media type. */
static bool is_first_of_type(const struct fp_route *route, int form)
{
	const char *type = fp_form_content_type((enum fp_form)form);

	for (int i = 0; i < form; i++)
		if (route->forms >> i & 1 &&
			strcmp(fp_form_content_type((enum fp_form)i), type) == 0)
			return false;
	return true;
}

static void write_content(struct fp_json *json, const struct fp_route *route)
{
	fp_json_key(json, "content");
	fp_json_object_begin(json);
	if (route->content_type)
		write_media_type(json, route->content_type);
	for (int i = 0; !route->content_type && i < FP_FORM_COUNT; i++)
		if (route->forms >> i & 1 && is_first_of_type(route, i))
			write_media_type(json, fp_form_content_type((enum fp_form)i));
	fp_json_object_end(json);
}

static void write_responses(struct fp_json *json, const struct fp_route *route)
{
	fp_json_key(json, "responses");
	fp_json_object_begin(json);
	fp_json_key(json, "2XX");
	fp_json_object_begin(json);
	fp_json_member_text(json, "description", route->help);
	write_content(json, route);
	fp_json_object_end(json);
	fp_json_key(json, "default");
	fp_json_object_begin(json);
	fp_json_member_text(json, "$ref", "#/components/responses/problem");
	fp_json_object_end(json);
	fp_json_object_end(json);
}

static void write_request_body(struct fp_json *json)
{
	fp_json_key(json, "requestBody");
	fp_json_object_begin(json);
	fp_json_key(json, "content");
	fp_json_object_begin(json);
	fp_json_key(json, "application/json");
	fp_json_object_begin(json);
	write_schema(json, "object");
	fp_json_object_end(json);
	fp_json_object_end(json);
	fp_json_object_end(json);
}

/* ---- operations ---- */

static void write_security(struct fp_json *json)
{
	fp_json_key(json, "security");
	fp_json_array_begin(json);
	fp_json_object_begin(json);
	fp_json_key(json, "token");
	fp_json_array_begin(json);
	fp_json_array_end(json);
	fp_json_object_end(json);
	fp_json_array_end(json);
}

/* The method in lower case and the path's words: get_history_id. */
static void write_operation_id(
	struct fp_json *json, const struct fp_route *route, const char *method)
{
	char id[PATH_TEXT_MAX];
	size_t len = (size_t)snprintf(id, sizeof(id), "%s", method);

	for (const char *at = route->path; *at && len + 2 < sizeof(id); at++) {
		if (isalnum((unsigned char)*at))
			id[len++] = *at;
		else if (isalnum((unsigned char)at[1]) && id[len - 1] != '_')
			id[len++] = '_';
	}
	id[len] = '\0';
	fp_json_member_text(json, "operationId", id);
}

static void write_operation(struct fp_json *json, const struct fp_route *route, const char *name)
{
	char method[8] = "";

	for (size_t i = 0; name[i] && i + 1 < sizeof(method); i++)
		method[i] = (char)tolower((unsigned char)name[i]);
	fp_json_key(json, method);
	fp_json_object_begin(json);
	write_operation_id(json, route, method);
	fp_json_member_text(json, "summary", route->help);
	write_parameters(json, route);
	if (name[0] == 'P') /* POST, PUT */
		write_request_body(json);
	write_responses(json, route);
	if (route->token)
		write_security(json);
	fp_json_object_end(json);
}

static void write_paths(struct fp_json *json)
{
	fp_json_key(json, "paths");
	fp_json_object_begin(json);
	for (size_t i = 0; i < fp_route_count(); i++) {
		const struct fp_route *route = &fp_routes[i];
		struct path_text path = path_of(route);
		const char *name;

		fp_json_key(json, path.text);
		fp_json_object_begin(json);
		for (size_t m = 0; (name = fp_method_name(route->methods, m)); m++)
			write_operation(json, route, name);
		fp_json_object_end(json);
	}
	fp_json_object_end(json);
}

static const char info[] = "{\"title\":\"Forkpoint\",\"version\":\"" FP_VERSION "\","
			   "\"description\":\"Which profile database belongs to this commit?\","
			   "\"license\":{\"name\":\"MIT\",\"identifier\":\"MIT\"}}";

/* RFC 9457, and what this server adds. */
static const char components[] =
	"{\"responses\":{\"problem\":{\"description\":\"a problem; /problems/{code} explains it\","
	"\"content\":{\"application/problem+json\":{\"schema\":{\"type\":\"object\",\"required\":"
	"[\"type\",\"title\",\"status\",\"detail\",\"instance\",\"code\",\"retryable\"],"
	"\"properties\":{\"type\":{\"type\":\"string\",\"format\":\"uri-reference\"},"
	"\"title\":{\"type\":\"string\"},\"status\":{\"type\":\"integer\"},"
	"\"detail\":{\"type\":\"string\"},\"instance\":{\"type\":\"string\"},"
	"\"code\":{\"type\":\"string\"},\"retryable\":{\"type\":\"boolean\"},"
	"\"nearest\":{\"type\":\"array\"}}}}}}},"
	"\"securitySchemes\":{\"token\":{\"type\":\"http\",\"scheme\":\"bearer\"}}}";

enum fp_handled fp_handle_openapi(struct fp_request *request, struct fp_reply *reply)
{
	struct fp_json json;

	fp_json_init(&json, &reply->body);
	fp_json_object_begin(&json);
	fp_json_member_text(&json, "openapi", "3.1.0");
	fp_json_key(&json, "info");
	fp_json_raw(&json, FP_STR_LITERAL(info));
	write_paths(&json);
	fp_json_key(&json, "components");
	fp_json_raw(&json, FP_STR_LITERAL(components));
	fp_json_object_end(&json);
	fp_buf_add_char(&reply->body, '\n');
	return fp_reply_finish(request, reply);
}
