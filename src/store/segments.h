#pragma once
/* Writing the index beside the requests; see migrations/0002_history.sql. */
#include "postings.h"
#include "sql.h"

enum fp_index_kind { FP_INDEX_ANSWER = 1, FP_INDEX_TOPIC, FP_INDEX_CLIENT, FP_INDEX_BUILD };

/* How far behind a segment's end requests must have come before it is full: a number that was
 * handed out a little earlier may be recorded a little later. */
enum { FP_SEGMENT_SLACK = 512 };

/* The first segment that is not in the index. */
int fp_segments_open(struct fp_store *store, int64_t *open, struct fp_error *error);
/* Writes, within the caller's transaction, the index of segments that are full by now, a few at a
 * time; last: the highest request that was written. store->recent knows the
 * first. */
int fp_segments_close(struct fp_store *store, uint64_t last, struct fp_error *error);
/* Writes one segment's index anew: for a request that came when it was full already. */
int fp_segment_write(struct fp_store *store, int64_t segment, struct fp_error *error);
