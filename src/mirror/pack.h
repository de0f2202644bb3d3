#pragma once
/*
 * Pack files and their indexes, mapped and read in place. Only for reading many commits at once and
 * for looking after packs; everything else goes through libgit2, which also is the fallback for
 * whatever this reader declines (index version 1, deltas, damage).
 */
#include "forkpoint/base/error.h"
#include "forkpoint/base/oid.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fp_pack_entry_type {
	FP_PACK_COMMIT = 1,
	FP_PACK_TREE = 2,
	FP_PACK_BLOB = 3,
	FP_PACK_TAG = 4,
	FP_PACK_OFS_DELTA = 6,
	FP_PACK_REF_DELTA = 7,
};

struct fp_pack {
	char *path; /* of the .pack; the index's is the same with .idx */
	const uint8_t *data, *index;
	size_t data_bytes, index_bytes;
	uint32_t count;
	const uint8_t *fanout, *oids, *offsets32, *offsets64; /* in the index */
	uint32_t offset64_count;
};

/* 1: no version 2 index, or not there (any more). -FP_ERROR_CORRUPT: sizes or checksums of pack and
 * index do not fit each other. */
int fp_pack_open(const char *pack_path, struct fp_pack *pack, struct fp_error *error);
void fp_pack_close(struct fp_pack *pack);

/* The index's row for an object, by binary search; false when the pack does not have it. */
bool fp_pack_find(const struct fp_pack *pack, const struct fp_oid *oid, uint32_t *row);
/* Where a row's entry begins; 0 when the index is damaged there. */
uint64_t fp_pack_offset(const struct fp_pack *pack, uint32_t row);
static inline const struct fp_oid *fp_pack_oid(const struct fp_pack *pack, uint32_t row)
{
	return (const struct fp_oid *)(pack->oids + (size_t)row * FP_OID_BYTES);
}

struct fp_pack_entry {
	enum fp_pack_entry_type type;
	uint64_t size;	       /* bytes, inflated */
	const uint8_t *packed; /* the deflated bytes … */
	size_t packed_max;     /* … end somewhere in these */
	uint64_t base_offset;  /* of an OFS_DELTA */
	struct fp_oid base;    /* of a REF_DELTA */
};

/* False when there can be no entry at the offset. */
bool fp_pack_entry_at(const struct fp_pack *pack, uint64_t offset, struct fp_pack_entry *entry);

/* All packs of a mirror with an index, in the order of their names. */
struct fp_pack_list {
	struct fp_pack *items;
	size_t count;
};
int fp_pack_list_open(const char *mirror_path, struct fp_pack_list *list, struct fp_error *error);
void fp_pack_list_close(struct fp_pack_list *list);
