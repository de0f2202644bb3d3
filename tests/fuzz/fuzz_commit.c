/* Raw commit objects and raw trees: whatever the bytes, no reads outside them, and a commit that is
 * read piece by piece says the same as one that is read whole. */
#include "forkpoint/mirror/commit_object.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void compare(const struct fp_commit_header *a, const struct fp_commit_header *b)
{
	if (a->parent_count != b->parent_count || a->author_s != b->author_s ||
		a->committer_s != b->committer_s || !fp_oid_equal(&a->tree, &b->tree))
		abort();
	for (uint32_t i = 0; i < a->parent_count; i++) {
		struct fp_oid x = fp_commit_header_parent(a, i);
		struct fp_oid y = fp_commit_header_parent(b, i);

		if (!fp_oid_equal(&x, &y))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fp_commit_header whole, part;
	bool complete = false;

	if (fp_commit_header_parse(fp_str_n((const char *)data, size), &whole, NULL, NULL) != 0)
		return 0;
	if (whole.author_s < 0 || whole.committer_s < 0)
		abort();
	for (size_t len = size / 8; len < size && !complete; len += size / 8 + 1)
		if (fp_commit_header_parse(
			    fp_str_n((const char *)data, len), &part, &complete, NULL) == 0 &&
			complete)
			compare(&whole, &part);
	return 0;
}
