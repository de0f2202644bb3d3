#pragma once
/*
 * The order of a package's last listing, kept between looks. Documents mostly say again what they
 * said, in the same order or in reverse: a text that is found where the last listing had it needs
 * no reading as a version, no comparison and no copy, only its rank.
 */
#include "forkpoint/base/str.h"
#include "forkpoint/base/texts.h"

#include <stdint.h>

struct fp_listing_place {
	const char *text;
	uint32_t len;
	bool is_refused; /* by NuGet's own client */
};

struct fp_listing_order {
	struct fp_listing_place *places; /* one per version of the listing, in its order */
	size_t count;
	size_t first_version; /* what is no version stands before it, and has no rank */
	struct fp_texts *texts;
};

void fp_listing_order_release(struct fp_listing_order *order);

/* What is still to come of an order, from both ends. */
struct fp_listing_ends {
	const struct fp_listing_order *order;
	size_t low, high;
};

#define FP_LISTING_NO_RANK UINT32_MAX

/* Nothing is to come of NULL, of an empty order, and of one whose texts should be written anew. */
struct fp_listing_ends fp_listing_order_ends(const struct fp_listing_order *order);
/* The place of the text if it is next from either end, FP_LISTING_NO_RANK if not. */
uint32_t fp_listing_ends_find(struct fp_listing_ends *ends, struct fp_str text);
