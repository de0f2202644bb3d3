/* Lists of requests in the rows of their index. */
#include "postings.h"

#include "varint.h"

static void add_list(const uint64_t *postings, size_t count, uint64_t previous_id,
	struct fp_buf *list, struct fp_buf *row)
{
	uint64_t previous = 0;

	fp_buf_clear(list);
	for (size_t i = 0; i < count; i++) {
		uint64_t place = postings[i] & (FP_SEGMENT_REQUESTS - 1);

		fp_varint_add(list, place - previous);
		previous = place;
	}
	fp_varint_add(row, (postings[0] >> FP_SEGMENT_BITS) - previous_id);
	fp_varint_add(row, list->len);
	fp_buf_add_str(row, fp_buf_str(list));
}

size_t fp_postings_write(
	const uint64_t *postings, size_t count, uint64_t *last_id, struct fp_buf *row)
{
	struct fp_buf FP_CLEANUP_BUF list = {0};
	uint64_t previous = 0;
	size_t at = 0;

	fp_buf_init(&list, row->max);
	while (at < count && row->len < FP_POSTINGS_ROW_BYTES) {
		uint64_t id = postings[at] >> FP_SEGMENT_BITS;
		size_t end = at + 1;

		while (end < count && postings[end] >> FP_SEGMENT_BITS == id)
			end++;
		add_list(&postings[at], end - at, previous, &list, row);
		previous = *last_id = id;
		at = end;
	}
	if (list.state != FP_BUF_OK)
		row->state = list.state;
	return at;
}

bool fp_postings_next(struct fp_str *row, uint64_t *id, struct fp_str *list)
{
	uint64_t step, bytes;

	if (!fp_varint_take(row, &step) || !fp_varint_take(row, &bytes) || bytes > row->len)
		return false;
	*id += step;
	*list = fp_str_n(row->ptr, (size_t)bytes);
	*row = fp_str_n(row->ptr + bytes, row->len - (size_t)bytes);
	return true;
}

bool fp_postings_read(struct fp_str list, struct fp_places *places)
{
	uint64_t step, place = 0;

	while (list.len) {
		if (!fp_varint_take(&list, &step) || step >= FP_SEGMENT_REQUESTS)
			return false;
		place += step;
		if (place >= FP_SEGMENT_REQUESTS)
			return false;
		fp_places_add(places, place);
	}
	return true;
}
