#pragma once
/* Inflating commits straight from a mapped pack, one thread's worth. */
#include "commit_table.h"
#include "forkpoint/base/inflate.h"
#include "pack.h"

struct fp_pack_row {
	uint64_t offset;
	uint32_t row;
};

struct fp_inflater {
	struct fp_inflate *stream;
	struct fp_inflate_step step;
	uint8_t *data;
	size_t capacity;
};

/* 0 or -FP_ERROR_MEMORY. */
int fp_inflater_init(struct fp_inflater *inflater);
void fp_inflater_release(struct fp_inflater *inflater);

/* What was read; parents lie one after the other in `parents`. */
struct fp_commit_batch {
	struct fp_commit_row *rows;
	size_t count, capacity;
	struct fp_oid *parents;
	size_t parent_count, parent_capacity;
};

/* Sorts the rows by offset and reads those that are plain commits. 0 or -FP_ERROR_MEMORY; an entry
 * that cannot be read is left out. */
int fp_commit_batch_read(struct fp_inflater *inflater, const struct fp_pack *pack,
	struct fp_pack_row *rows, size_t count, struct fp_commit_batch *batch);
int fp_commit_batch_merge(
	struct fp_commit_batch *batch, struct fp_commit_table *table, struct fp_error *error);
void fp_commit_batch_release(struct fp_commit_batch *batch);
