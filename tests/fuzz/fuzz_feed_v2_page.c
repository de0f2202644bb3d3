/* Atom pages of v2 feeds: whatever the bytes, no reads outside them, and one result however they
 * are cut. */
#include "documents.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	FP_CLEANUP_BUF struct fp_buf whole;
	FP_CLEANUP_BUF struct fp_buf cut;
	struct fp_str text = fp_str_n((const char *)data, size);
	fp_buf_init(&whole, 64 << 20);
	fp_buf_init(&cut, 64 << 20);
	render_v2(text, "Demo", 0, &whole);
	render_v2(text, "Demo", size % 13 + 1, &cut);
	if (!fp_str_equal(fp_buf_str(&whole), fp_buf_str(&cut)))
		abort();
	return 0;
}
