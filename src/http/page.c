/* Lists: their pages, the link to the next one, and rows as CSV. */
#include "page.h"

enum { LIMIT_DEFAULT = 100 };

/* A cursor of another kind of list leads behind the end of this one. */
static uint32_t offset_of(struct fp_str cursor)
{
	uint64_t offset = fp_param_number(cursor, UINT32_MAX);

	return offset < UINT32_MAX ? (uint32_t)offset : UINT32_MAX;
}

struct fp_page fp_page_of(const struct fp_request *request)
{
	return (struct fp_page){
		.offset = request->given[FP_PARAM_CURSOR]
				  ? offset_of(request->params[FP_PARAM_CURSOR])
				  : 0,
		.limit = (uint32_t)fp_param_number(request->params[FP_PARAM_LIMIT], LIMIT_DEFAULT),
	};
}

void fp_page_set_total(struct fp_page *page, size_t count, size_t total)
{
	page->next = (size_t)page->offset + count;
	page->more = page->next < total;
}

void fp_page_write_next(struct fp_json *json, const struct fp_page *page)
{
	char digits[24];
	size_t at = sizeof(digits), left = page->next;

	if (!page->more) {
		fp_json_member_text(json, "next", NULL);
		return;
	}
	do {
		digits[--at] = (char)('0' + left % 10);
	} while (left /= 10);
	fp_json_member_string(json, "next", fp_str_n(digits + at, sizeof(digits) - at));
}

static void add_escaped(struct fp_buf *buf, struct fp_str text)
{
	for (size_t i = 0; i < text.len; i++) {
		if (fp_char_is_alnum(text.ptr[i]) || memchr("-._~/", text.ptr[i], 5))
			fp_buf_add_char(buf, text.ptr[i]);
		else
			fp_buf_addf(buf, "%%%02X", (unsigned char)text.ptr[i]);
	}
}

void fp_link_add_next(struct fp_buf *link, const struct fp_request *request, struct fp_str cursor)
{
	fp_buf_addf(link, "<%s?cursor=%.*s", request->route->path, FP_STR_ARG(cursor));
	for (int i = 0; i < FP_PARAM_COUNT; i++) {
		if (!request->given[i] || i == FP_PARAM_CURSOR)
			continue;
		fp_buf_addf(link, "&%s=", fp_param_name((enum fp_param)i));
		add_escaped(link, request->params[i]);
	}
	fp_buf_add_text(link, ">; rel=\"next\"");
}

void fp_page_set_link(
	const struct fp_page *page, const struct fp_request *request, struct fp_reply *reply)
{
	struct fp_buf FP_CLEANUP_BUF cursor = {0};

	if (!page->more)
		return;
	fp_buf_init(&cursor, 32);
	fp_buf_add_u64(&cursor, page->next);
	fp_link_add_next(&reply->link, request, fp_buf_str(&cursor));
}

void fp_csv_add(struct fp_buf *buf, bool first, struct fp_str text)
{
	bool plain = true;

	if (!first)
		fp_buf_add_char(buf, ',');
	for (size_t i = 0; i < text.len; i++)
		plain = plain && !memchr(",\"\r\n", text.ptr[i], 4);
	if (plain) {
		fp_buf_add_str(buf, text);
		return;
	}
	fp_buf_add_char(buf, '"');
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '"')
			fp_buf_add_char(buf, '"');
		fp_buf_add_char(buf, text.ptr[i]);
	}
	fp_buf_add_char(buf, '"');
}

void fp_csv_add_time(struct fp_buf *buf, int64_t us)
{
	char text[FP_TIME_TEXT_MAX];

	fp_csv_add(buf, false, fp_str_n(text, us < 0 ? 0 : fp_time_format_us(us, text)));
}
