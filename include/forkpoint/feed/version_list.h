#pragma once
/*
 * The versions that one document names, in its order, as it writes them: what every parser of this
 * layer fills. Texts lie in one growing block, so that a hundred thousand versions are two
 * allocations.
 */
#include "forkpoint/base/error.h"
#include "forkpoint/feed/feed.h"

/* Longer strings are no versions to NuGet and are not kept. */
enum { FP_FEED_VERSION_MAX_BYTES = 256 };

struct fp_version_entry {
	size_t offset; /* into text */
	uint32_t len;
	enum fp_listed listed;
	int64_t published_us; /* -1 = not said */
};

struct fp_version_list {
	char *text;
	size_t text_len, text_capacity;
	struct fp_version_entry *entries;
	size_t count, capacity;
	size_t max;	/* entries that it may have */
	size_t dropped; /* strings that were left out: empty, too long, control characters */
};

void fp_version_list_init(struct fp_version_list *list, size_t max);
void fp_version_list_release(struct fp_version_list *list);
/*
 * Appends a version. Strings that could not be stored or shown safely (empty, more than
 * FP_FEED_VERSION_MAX_BYTES, control characters, not UTF-8) are counted in `dropped` instead.
 * -FP_ERROR_LIMIT at max, -FP_ERROR_MEMORY.
 */
int fp_version_list_add(struct fp_version_list *list, struct fp_str text, enum fp_listed listed,
	int64_t published_us, struct fp_error *error);
/* Whether both say the same, in the same order. */
bool fp_version_list_equal(const struct fp_version_list *a, const struct fp_version_list *b);
struct fp_str fp_version_list_text(const struct fp_version_list *list, size_t index);
/* A feed's date: RFC 3339, or without a zone, which means UTC. False when it is none. */
bool fp_feed_time_parse_us(struct fp_str text, int64_t *microseconds);
