#pragma once
/* Writing the index beside the requests; see migrations/0002_history.sql. */
#include "postings.h"
#include "sql.h"

enum fp_index_kind { FP_INDEX_ANSWER = 1, FP_INDEX_TOPIC, FP_INDEX_CLIENT, FP_INDEX_BUILD };

/* How far behind a segment's end requests must have come before it is full: a number that was
 * handed out a little earlier may be recorded a little later. */
enum { FP_SEGMENT_SLACK = 512 };

enum { FP_INDEX_ID_BITS = 36, FP_INDEX_KIND_BITS = 3 };

/* Where the row of the index stands whose last id is that, or the first one behind it. */
static inline int64_t fp_index_key(int64_t segment, enum fp_index_kind kind, int64_t last_id)
{
	return (segment << FP_INDEX_KIND_BITS | (int64_t)kind) << FP_INDEX_ID_BITS | last_id;
}

static inline int64_t fp_index_last_id(int64_t key)
{
	return key & ((INT64_C(1) << FP_INDEX_ID_BITS) - 1);
}

/* The first segment that is not in the index. */
int fp_segments_open(struct fp_store *store, int64_t *open, struct fp_error *error);
/* Writes, within the caller's transaction, the index of segments that are full by now, a few at a
 * time; last: the highest request that was written. store->recent knows the
 * first. */
int fp_segments_close(struct fp_store *store, uint64_t last, struct fp_error *error);
/* Writes one segment's index anew: for a request that came when it was full already. */
int fp_segment_write(struct fp_store *store, int64_t segment, struct fp_error *error);
/* Takes a segment's index away, within the caller's transaction. */
int fp_segment_drop(struct fp_store *store, int64_t segment, struct fp_error *error);
