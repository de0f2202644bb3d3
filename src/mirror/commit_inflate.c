/* Inflating commits straight from a mapped pack, as far as the committer line and no further. */
#include "commit_inflate.h"

#include "forkpoint/base/array.h"

#include <stdlib.h>

enum {
	FIRST_BYTES = 512,	     /* holds the header of nearly every commit */
	MAX_HEADER_BYTES = 64 << 20, /* an octopus of a million parents has less */
};

int fp_inflater_init(struct fp_inflater *inflater)
{
	*inflater = (struct fp_inflater){.capacity = 16384};
	inflater->data = malloc(inflater->capacity);
	inflater->stream = fp_inflate_new(FP_INFLATE_ZLIB);
	if (inflater->data && inflater->stream)
		return 0;
	fp_inflate_free(inflater->stream);
	free(inflater->data);
	inflater->data = NULL;
	return -FP_ERROR_MEMORY;
}

void fp_inflater_release(struct fp_inflater *inflater)
{
	if (!inflater->data)
		return;
	fp_inflate_free(inflater->stream);
	free(inflater->data);
	inflater->data = NULL;
}

/* Inflates on until `bytes` are there or the object ends. False: damaged. */
static bool inflate_to(struct fp_inflater *inflater, size_t have, size_t bytes)
{
	struct fp_inflate_step *step = &inflater->step;

	step->out = inflater->data + have;
	step->out_len = bytes - have;
	return fp_inflate_run(inflater->stream, step) >= 0 && step->out_len == 0;
}

static int make_room(struct fp_inflater *inflater, size_t bytes)
{
	uint8_t *grown;

	if (bytes <= inflater->capacity)
		return 0;
	grown = realloc(inflater->data, bytes);
	if (!grown)
		return -FP_ERROR_MEMORY;
	inflater->data = grown;
	inflater->capacity = bytes;
	return 0;
}

/* The commit's header, four times as much of the object at each try. 1: not readable here. */
static int inflate_header(struct fp_inflater *inflater, const struct fp_pack_entry *entry,
	struct fp_commit_header *header)
{
	size_t have = 0, bytes = FIRST_BYTES;
	bool complete = false;

	fp_inflate_reset(inflater->stream);
	inflater->step = (struct fp_inflate_step){.in = entry->packed, .in_len = entry->packed_max};
	for (;; bytes *= 4) {
		if (bytes > entry->size)
			bytes = entry->size;
		if (bytes > MAX_HEADER_BYTES)
			return 1;
		if (make_room(inflater, bytes) < 0)
			return -FP_ERROR_MEMORY;
		if (!inflate_to(inflater, have, bytes) ||
			fp_commit_header_parse(fp_str_n((char *)inflater->data, bytes), header,
				&complete, NULL) < 0)
			return 1;
		if (complete || bytes == entry->size)
			return 0;
		have = bytes;
	}
}

static int batch_add(struct fp_commit_batch *batch, const struct fp_oid *oid,
	const struct fp_commit_header *header)
{
	size_t parents = batch->parent_count + header->parent_count;

	if (fp_array_reserve((void **)&batch->rows, &batch->capacity, batch->count + 1,
		    sizeof(*batch->rows)) < 0 ||
		fp_array_reserve((void **)&batch->parents, &batch->parent_capacity, parents,
			sizeof(*batch->parents)) < 0)
		return -FP_ERROR_MEMORY;
	for (uint32_t i = 0; i < header->parent_count; i++)
		batch->parents[batch->parent_count++] = fp_commit_header_parent(header, i);
	batch->rows[batch->count++] = (struct fp_commit_row){
		.oid = *oid,
		.tree = header->tree,
		.author_s = header->author_s,
		.committer_s = header->committer_s,
		.parent_count = header->parent_count,
	};
	return 0;
}

static int by_offset(const void *a, const void *b)
{
	const struct fp_pack_row *x = a, *y = b;

	return x->offset < y->offset ? -1 : x->offset > y->offset;
}

int fp_commit_batch_read(struct fp_inflater *inflater, const struct fp_pack *pack,
	struct fp_pack_row *rows, size_t count, struct fp_commit_batch *batch)
{
	struct fp_commit_header header;
	struct fp_pack_entry entry;

	qsort(rows, count, sizeof(*rows), by_offset);
	for (size_t i = 0; i < count; i++) {
		int rc;

		if (!fp_pack_entry_at(pack, rows[i].offset, &entry) || entry.type != FP_PACK_COMMIT)
			continue;
		rc = inflate_header(inflater, &entry, &header);
		if (rc == 0)
			rc = batch_add(batch, fp_pack_oid(pack, rows[i].row), &header);
		if (rc < 0)
			return rc;
	}
	return 0;
}

int fp_commit_batch_merge(
	struct fp_commit_batch *batch, struct fp_commit_table *table, struct fp_error *error)
{
	const struct fp_oid *parents = batch->parents;

	for (size_t i = 0; i < batch->count; i++) {
		int rc;

		batch->rows[i].parents = parents;
		parents += batch->rows[i].parent_count;
		rc = fp_commit_table_add_row(table, &batch->rows[i], error);
		if (rc)
			return rc;
	}
	return 0;
}

void fp_commit_batch_release(struct fp_commit_batch *batch)
{
	free(batch->rows);
	free(batch->parents);
	*batch = (struct fp_commit_batch){0};
}
