#pragma once
/*
 * Lists of the requests that have something in common, for many somethings of one segment. Bytes of
 * one row of request_index: for each id, rising, as varints: the id minus the one before (the first
 * one minus 0), the bytes of its list, and the list: each request's place in its segment minus the
 * one before (the first one as it is).
 */
#include "forkpoint/base/buf.h"

enum {
	FP_SEGMENT_BITS = 14,
	FP_SEGMENT_REQUESTS = 1 << FP_SEGMENT_BITS,
	/* A row that has this many bytes gets no further id: several fit a page of the database. */
	FP_POSTINGS_ROW_BYTES = 1200,
};

/* A set of requests of one segment. */
struct fp_places {
	uint64_t words[FP_SEGMENT_REQUESTS / 64];
};

static inline void fp_places_add(struct fp_places *places, uint64_t place)
{
	places->words[place / 64] |= UINT64_C(1) << place % 64;
}

static inline bool fp_places_has(const struct fp_places *places, uint64_t place)
{
	return places->words[place / 64] >> place % 64 & 1;
}

/* One pair of what is to be listed: an id and a place in the segment, sortable as one number. */
static inline uint64_t fp_posting(uint64_t id, uint64_t place)
{
	return id << FP_SEGMENT_BITS | place;
}

/* Appends what of `postings`, which are sorted and without repetition, fits one row; returns how
 * many were taken and sets *last_id. */
size_t fp_postings_write(
	const uint64_t *postings, size_t count, uint64_t *last_id, struct fp_buf *row);

/* The next id of a row and its list; false at the end, or where the row is damaged. */
bool fp_postings_next(struct fp_str *row, uint64_t *id, struct fp_str *list);
/* Adds a list's places; false when it is damaged. */
bool fp_postings_read(struct fp_str list, struct fp_places *places);
