/* The last listing's order: what is known of texts without reading them as versions again. */
#include "forkpoint/feed/listing_order.h"

#include <stdlib.h>

void fp_listing_order_release(struct fp_listing_order *order)
{
	free(order->places);
	fp_texts_unref(order->texts);
	*order = (struct fp_listing_order){0};
}

struct fp_listing_ends fp_listing_order_ends(const struct fp_listing_order *order)
{
	struct fp_listing_ends ends = {.order = order};

	if (!order || !order->texts || fp_texts_is_scattered(order->texts))
		return ends;
	ends.low = order->first_version;
	ends.high = order->count;
	return ends;
}

static bool is_at(const struct fp_listing_ends *ends, size_t at, struct fp_str text)
{
	const struct fp_listing_place *place = &ends->order->places[at];

	return place->len == text.len && memcmp(place->text, text.ptr, text.len) == 0;
}

uint32_t fp_listing_ends_find(struct fp_listing_ends *ends, struct fp_str text)
{
	for (size_t skip = 0; skip < 2 && ends->low + skip < ends->high; skip++) {
		if (is_at(ends, ends->low + skip, text)) {
			ends->low += skip + 1;
			return (uint32_t)(ends->low - 1);
		}
		if (is_at(ends, ends->high - 1 - skip, text)) {
			ends->high -= skip + 1;
			return (uint32_t)ends->high;
		}
	}
	return FP_LISTING_NO_RANK;
}
