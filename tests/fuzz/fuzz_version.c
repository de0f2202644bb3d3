/* Version strings, one a line: whatever the bytes, reading is the same when it is done again with
 * what was written, the order is one, and every grammar reads or refuses. */
#include "forkpoint/core/grammar.h"
#include "forkpoint/core/nuget_version.h"

#include <stdint.h>
#include <stdlib.h>

enum { TEXTS_MAX = 3 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool holds)
{
	if (!holds)
		abort();
}

static size_t split(struct fp_str text, struct fp_str *lines)
{
	size_t count = 0;

	while (count < TEXTS_MAX) {
		const char *end = text.len ? memchr(text.ptr, '\n', text.len) : NULL;
		size_t len = end ? (size_t)(end - text.ptr) : text.len;

		lines[count++] = fp_str_n(text.ptr, len);
		if (!end)
			break;
		text = fp_str_n(end + 1, text.len - len - 1);
	}
	return count;
}

/* The normal form is the same version, and its own normal form. */
static void check_normal_form(const struct fp_nuget_version *version)
{
	FP_CLEANUP_BUF struct fp_buf once;
	FP_CLEANUP_BUF struct fp_buf twice;
	struct fp_nuget_version again;

	fp_buf_init(&once, 4096);
	fp_buf_init(&twice, 4096);
	fp_nuget_version_write(version, &once);
	if (once.len > FP_VERSION_MAX_BYTES)
		return; /* `1-…` grows to `1.0.0-…` */
	demand(fp_nuget_version_parse(fp_buf_str(&once), &again));
	demand(fp_nuget_version_compare(version, &again) == 0);
	fp_nuget_version_write(&again, &twice);
	demand(fp_str_equal(fp_buf_str(&once), fp_buf_str(&twice)));
}

static void check_one(struct fp_str text)
{
	struct fp_nuget_version version;

	for (int grammar = 0; grammar < FP_GRAMMAR_COUNT; grammar++) {
		struct fp_decoded decoded;
		const char *why = NULL;

		if (fp_grammar_read((enum fp_grammar)grammar, text, &decoded, &why))
			demand(decoded.grammar == (enum fp_grammar)grammar);
		else
			demand(why != NULL);
	}
	demand(fp_version_text_compare(text, text) == 0);
	if (!fp_nuget_version_parse(text, &version))
		return;
	demand(text.len <= FP_VERSION_MAX_BYTES);
	demand(version.number_count >= 1 && version.number_count <= FP_VERSION_PARTS);
	check_normal_form(&version);
}

static int sign(int order)
{
	return (order > 0) - (order < 0);
}

/* One key means one place in NuGet's order. */
static void check_keys(struct fp_str a, struct fp_str b)
{
	FP_CLEANUP_BUF struct fp_buf left;
	FP_CLEANUP_BUF struct fp_buf right;
	struct fp_nuget_version first, second;

	fp_buf_init(&left, 4096 + 2 * a.len);
	fp_buf_init(&right, 4096 + 2 * b.len);
	fp_version_key(a, &left);
	fp_version_key(b, &right);
	if (!fp_nuget_version_parse(a, &first) || !fp_nuget_version_parse(b, &second))
		return;
	if (fp_str_equal(fp_buf_str(&left), fp_buf_str(&right)))
		demand(fp_nuget_version_compare(&first, &second) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fp_str lines[TEXTS_MAX];
	size_t count = split(fp_str_n((const char *)data, size), lines);

	for (size_t i = 0; i < count; i++) {
		check_one(lines[i]);
		for (size_t k = 0; k < count; k++) {
			int order = fp_version_text_compare(lines[i], lines[k]);

			demand(sign(order) == -sign(fp_version_text_compare(lines[k], lines[i])));
			check_keys(lines[i], lines[k]);
		}
	}
	if (count == TEXTS_MAX && fp_version_text_compare(lines[0], lines[1]) <= 0 &&
		fp_version_text_compare(lines[1], lines[2]) <= 0)
		demand(fp_version_text_compare(lines[0], lines[2]) <= 0);
	return 0;
}
