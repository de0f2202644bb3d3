#pragma once
/* Lists: their pages, the link to the next one, and rows as CSV. */
#include "render.h"

struct fp_page {
	uint32_t offset, limit; /* what the request asks for */
	size_t next;		/* where the next page begins */
	bool more;		/* whether there is one */
};

/* Of a list of `total` things, `count` of which are on this page. */
struct fp_page fp_page_of(const struct fp_request *request);
void fp_page_set_total(struct fp_page *page, size_t count, size_t total);
/* "next": the cursor, or null. */
void fp_page_write_next(struct fp_json *json, const struct fp_page *page);
/* The Link header of the next page: the same query with another cursor. */
void fp_page_set_link(
	const struct fp_page *page, const struct fp_request *request, struct fp_reply *reply);

/* The same for a cursor of any kind. */
void fp_link_add_next(struct fp_buf *link, const struct fp_request *request, struct fp_str cursor);

/* Fields of a CSV row (RFC 4180), after the first with their comma. Times below 0 are empty. */
void fp_csv_add(struct fp_buf *buf, bool first, struct fp_str text);
void fp_csv_add_time(struct fp_buf *buf, int64_t us);
