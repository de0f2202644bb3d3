/* What a request brings: its path, its parameters, its Accept header. The first byte says which. */
#include "forkpoint/http/request.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool condition)
{
	if (!condition)
		abort();
}

/* Placeholders stand for parts of the path, none of them empty. */
static void find_route(struct fp_str path)
{
	struct fp_str arguments[FP_ARGUMENTS_MAX] = {0};
	const struct fp_route *route = fp_route_find(path, arguments);

	for (size_t i = 0; route && i < FP_ARGUMENTS_MAX; i++)
		demand(!arguments[i].ptr ||
			(arguments[i].ptr >= path.ptr && arguments[i].len > 0 &&
				arguments[i].ptr + arguments[i].len <= path.ptr + path.len));
}

/* A form of the route is found for whatever somebody accepts. */
static void negotiate(struct fp_str accept)
{
	for (size_t i = 0; i < fp_route_count(); i++)
		demand(fp_routes[i].forms >> fp_form_negotiate(accept, fp_routes[i].forms) & 1);
}

static void check_params(struct fp_str value)
{
	bool clean = fp_text_is_clean(value);

	for (int i = 0; i < FP_PARAM_COUNT; i++)
		if (fp_param_is_valid((enum fp_param)i, value) && i == FP_PARAM_SHA)
			demand(clean && value.len <= FP_OID_HEX);
	fp_param_number(value, 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fp_str text;

	if (size == 0)
		return 0;
	text = fp_str_n((const char *)data + 1, size - 1);
	switch (data[0] % 3) {
	case 0: find_route(text); break;
	case 1: negotiate(text); break;
	default: check_params(text); break;
	}
	return 0;
}
