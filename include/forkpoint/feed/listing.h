#pragma once
/* From what documents name to one listing: ordered, one entry per NuGet version. Pure. */
#include "forkpoint/feed/listing_order.h"
#include "forkpoint/feed/version_list.h"

struct fp_listing_parts {
	/* Documents that say which versions there are, and nothing more (the flat container). */
	const struct fp_version_list *const *names;
	size_t name_count;
	/* Documents that also say what is listed and when it was published. Their spelling wins:
	 * registrations keep the casing and the metadata that flat containers lose. */
	const struct fp_version_list *const *states;
	size_t state_count;
	/* The last listing's order, which becomes this one's on success; NULL: neither is wanted.
	 */
	struct fp_listing_order *order;
};

struct fp_listing_counts {
	size_t only_names, only_states; /* versions that the other kind lacks */
	size_t no_versions;		/* strings that no NuGet client reads as a version */
	size_t refused;			/* versions that NuGet's own client refuses */
	size_t duplicates;		/* further spellings of one version, within one kind */
	size_t dropped;			/* strings that could not be kept */
};

/* Fills versions, count and memory of *listing, nothing else. -FP_ERROR_MEMORY. */
int fp_listing_combine(const struct fp_listing_parts *parts, struct fp_listing *listing,
	struct fp_listing_counts *counts, struct fp_error *error);
/* Appends what an operator should know, as sentences; nothing when all is well. */
void fp_listing_counts_write(const struct fp_listing_counts *counts,
	const struct fp_listing_parts *parts, struct fp_buf *buf);
