/*
 * Pages of facts: for each, six texts, each a length of 32 bits and its bytes. Numbers are in the
 * machine's byte order: a page that another kind of machine made is none of ours, and is made again
 * from the mirror.
 */
#include "facts_page.h"

#include <stdlib.h>

enum { TEXTS = 6 };

static const uint32_t PAGE_MARK = 0x46503031; /* "FP01"; reads otherwise in another byte order */
static const uint32_t NO_TEXT = UINT32_MAX;

static void write_text(const char *text, struct fp_buf *page)
{
	uint32_t len = text ? (uint32_t)strlen(text) : NO_TEXT;

	fp_buf_add(page, &len, sizeof(len));
	if (text)
		fp_buf_add(page, text, len);
}

void fp_facts_page_write(const struct fp_facts_row *facts, size_t count, struct fp_buf *page)
{
	fp_buf_add(page, &PAGE_MARK, sizeof(PAGE_MARK));
	for (size_t i = 0; i < count; i++) {
		const char *const texts[TEXTS] = {facts[i].release, facts[i].release_source,
			facts[i].release_problem, facts[i].branch, facts[i].branch_source,
			facts[i].branch_problem};

		for (size_t k = 0; k < TEXTS; k++)
			write_text(texts[k], page);
	}
}

static bool take(struct fp_str *rest, size_t len, const char **bytes)
{
	if (rest->len < len)
		return false;
	*bytes = rest->ptr;
	rest->ptr += len;
	rest->len -= len;
	return true;
}

static int read_text(struct fp_str *rest, char **text, struct fp_error *error)
{
	const char *bytes;
	uint32_t len;

	if (!take(rest, sizeof(len), &bytes))
		return 1;
	memcpy(&len, bytes, sizeof(len));
	if (len == NO_TEXT)
		return 0;
	if (!take(rest, len, &bytes))
		return 1;
	*text = fp_str_dup(fp_str_n(bytes, len));
	return *text ? 0 : fp_error_memory(error);
}

int fp_facts_page_read(
	struct fp_str page, size_t count, struct fp_facts_rows *rows, struct fp_error *error)
{
	const char *mark;
	int r = 0;

	if (!take(&page, sizeof(PAGE_MARK), &mark) ||
		memcmp(mark, &PAGE_MARK, sizeof(PAGE_MARK)) != 0)
		return 1;
	for (size_t i = 0; r == 0 && i < count; i++) {
		struct fp_facts_row *row = &rows->items[rows->count++];
		char **const texts[TEXTS] = {&row->release, &row->release_source,
			&row->release_problem, &row->branch, &row->branch_source,
			&row->branch_problem};

		for (size_t k = 0; r == 0 && k < TEXTS; k++)
			r = read_text(&page, texts[k], error);
	}
	return r == 0 && page.len > 0 ? 1 : r;
}
