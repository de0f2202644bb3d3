/* Bodies, packed or not: one result however they are cut. The first byte says how. */
#include "forkpoint/feed/body.h"

#include <stdlib.h>

enum { MAX_BYTES = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int take(void *context, const char *data, size_t len, struct fp_error *error)
{
	fp_buf_add(context, data, len);
	return 0;
}

static int run(struct fp_str text, size_t piece, struct fp_buf *out)
{
	struct fp_body_options options = {
		.max_bytes = MAX_BYTES, .kind = FP_BODY_JSON, .body = take, .context = out};
	FP_CLEANUP(fp_body_free_cleanup) struct fp_body *body = fp_body_new(&options);
	if (!body)
		abort();
	for (size_t at = 0; at < text.len; at += piece) {
		size_t len = text.len - at < piece ? text.len - at : piece;
		int r = fp_body_feed(body, text.ptr + at, len, NULL);
		if (r < 0)
			return r;
	}
	return fp_body_finish(body, NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	FP_CLEANUP_BUF struct fp_buf whole;
	FP_CLEANUP_BUF struct fp_buf cut;
	fp_buf_init(&whole, MAX_BYTES);
	fp_buf_init(&cut, MAX_BYTES);
	if (size < 2)
		return 0;
	struct fp_str text = fp_str_n((const char *)data + 1, size - 1);
	int a = run(text, text.len, &whole);
	int b = run(text, data[0] % 32 + 1u, &cut);
	if (a != b || !fp_str_equal(fp_buf_str(&whole), fp_buf_str(&cut)))
		abort();
	return 0;
}
