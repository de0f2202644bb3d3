/* Entity tags, and how a plain reply ends. */
#include "forkpoint/http/request.h"

void fp_reply_set_body_etag(struct fp_reply *reply)
{
	char hex[FP_HASH128_HEX + 1];

	fp_hash128_format(fp_hash128(reply->body.data, reply->body.len), hex);
	reply->etag[0] = '"';
	memcpy(reply->etag + 1, hex, FP_HASH128_HEX);
	memcpy(reply->etag + 1 + FP_HASH128_HEX, "\"", 2);
}

/* An entity tag without its W/. */
static struct fp_str opaque(struct fp_str tag)
{
	if (fp_str_starts_with(tag, "W/")) {
		tag.ptr += 2;
		tag.len -= 2;
	}
	return tag;
}

bool fp_etag_matches(struct fp_str list, const char *etag)
{
	struct fp_str own = opaque(fp_str(etag));

	if (own.len == 0)
		return false;
	while (list.len) {
		const char *comma = memchr(list.ptr, ',', list.len);
		size_t len = comma ? (size_t)(comma - list.ptr) : list.len;
		struct fp_str tag = fp_str_trim(fp_str_n(list.ptr, len));

		if (fp_str_equal(tag, FP_STR_LITERAL("*")) || fp_str_equal(opaque(tag), own))
			return true;
		list.ptr += comma ? len + 1 : len;
		list.len -= comma ? len + 1 : len;
	}
	return false;
}

enum fp_handled fp_reply_finish(struct fp_request *request, struct fp_reply *reply)
{
	reply->content_type = fp_form_content_type(request->form);
	if (!reply->cache_control)
		reply->cache_control = "max-age=60";
	fp_reply_set_body_etag(reply);
	return FP_HANDLED;
}
