/* Mapping packs and their version 2 indexes (gitformat-pack(5)), and finding entries. */
#include "pack.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	INDEX_HEADER = 8,
	FANOUT_BYTES = 256 * 4,
	PACK_HEADER = 12,
	CHECKSUM_BYTES = 20,
};

static uint32_t read32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* 1 when the file is not there. */
static int map_file(const char *path, const uint8_t **data, size_t *bytes, struct fp_error *error)
{
	struct stat info;
	void *map;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? 1
				       : fp_error_set(error, FP_ERROR_IO, "cannot open %s: %s",
						 path, strerror(errno));
	if (fstat(fd, &info) < 0 || info.st_size == 0) {
		close(fd);
		return fp_error_set(error, FP_ERROR_CORRUPT, "%s is empty", path);
	}
	map = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (map == MAP_FAILED)
		return fp_error_set(error, FP_ERROR_IO, "cannot map %s: %s", path, strerror(errno));
	*data = map;
	*bytes = (size_t)info.st_size;
	return 0;
}

static bool fanout_is_ordered(const uint8_t *fanout)
{
	for (unsigned i = 1; i < 256; i++)
		if (read32(fanout + 4 * i) < read32(fanout + 4 * (i - 1)))
			return false;
	return true;
}

/* 1: another version. */
static int read_index(struct fp_pack *pack, struct fp_error *error)
{
	static const uint8_t magic[INDEX_HEADER] = {0xff, 't', 'O', 'c', 0, 0, 0, 2};
	const size_t least = INDEX_HEADER + FANOUT_BYTES + 2 * CHECKSUM_BYTES;
	size_t tables;

	if (pack->index_bytes < least)
		return fp_error_set(
			error, FP_ERROR_CORRUPT, "the index of %s is cut short", pack->path);
	if (memcmp(pack->index, magic, sizeof(magic)) != 0)
		return 1;
	pack->fanout = pack->index + INDEX_HEADER;
	pack->count = read32(pack->fanout + 4 * 255);
	tables = (size_t)pack->count * (FP_OID_BYTES + 4 + 4);
	if (!fanout_is_ordered(pack->fanout) || pack->index_bytes - least < tables)
		return fp_error_set(
			error, FP_ERROR_CORRUPT, "the index of %s is damaged", pack->path);
	pack->oids = pack->fanout + FANOUT_BYTES;
	pack->offsets32 = pack->oids + (size_t)pack->count * (FP_OID_BYTES + 4);
	pack->offsets64 = pack->offsets32 + (size_t)pack->count * 4;
	pack->offset64_count = (uint32_t)((pack->index_bytes - least - tables) / 8);
	return 0;
}

/* The pack must be the one that the index was made for: its count, and its checksum, which stands
 * at the pack's end and before the index's own. A pack that was cut short fails here. */
static int match_pack(const struct fp_pack *pack, struct fp_error *error)
{
	const uint8_t *wanted = pack->index + pack->index_bytes - 2 * CHECKSUM_BYTES;

	if (pack->data_bytes < PACK_HEADER + CHECKSUM_BYTES || memcmp(pack->data, "PACK", 4) != 0 ||
		read32(pack->data + 8) != pack->count ||
		memcmp(pack->data + pack->data_bytes - CHECKSUM_BYTES, wanted, CHECKSUM_BYTES) != 0)
		return fp_error_set(
			error, FP_ERROR_CORRUPT, "the pack %s is damaged or cut short", pack->path);
	return 0;
}

static int index_path(const char *pack_path, char *path, size_t size)
{
	size_t len = strlen(pack_path);

	if (len < 5 || len >= size)
		return 1;
	memcpy(path, pack_path, len - 4);
	memcpy(path + len - 4, "idx", 4);
	return 0;
}

int fp_pack_open(const char *pack_path, struct fp_pack *pack, struct fp_error *error)
{
	struct fp_pack opened = {0};
	char path[4096];
	int rc = index_path(pack_path, path, sizeof(path));

	if (rc)
		return rc;
	opened.path = fp_str_dup(fp_str(pack_path));
	rc = opened.path ? 0 : fp_error_memory(error);
	if (!rc)
		rc = map_file(path, &opened.index, &opened.index_bytes, error);
	if (!rc)
		rc = map_file(pack_path, &opened.data, &opened.data_bytes, error);
	if (!rc)
		rc = read_index(&opened, error);
	if (!rc)
		rc = match_pack(&opened, error);
	if (rc)
		fp_pack_close(&opened);
	else
		*pack = opened;
	return rc;
}

void fp_pack_close(struct fp_pack *pack)
{
	if (pack->data)
		munmap((void *)pack->data, pack->data_bytes);
	if (pack->index)
		munmap((void *)pack->index, pack->index_bytes);
	free(pack->path);
	*pack = (struct fp_pack){0};
}

bool fp_pack_find(const struct fp_pack *pack, const struct fp_oid *oid, uint32_t *row)
{
	uint8_t first = oid->bytes[0];
	uint32_t low = first ? read32(pack->fanout + 4 * (first - 1)) : 0;
	uint32_t high = read32(pack->fanout + 4 * first);

	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = fp_oid_compare(fp_pack_oid(pack, middle), oid);

		if (order == 0) {
			*row = middle;
			return true;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

uint64_t fp_pack_offset(const struct fp_pack *pack, uint32_t row)
{
	uint64_t offset = read32(pack->offsets32 + (size_t)row * 4);

	if (offset & 0x80000000U) {
		uint32_t big = offset & 0x7fffffffU;
		const uint8_t *entry = pack->offsets64 + (size_t)big * 8;

		if (big >= pack->offset64_count)
			return 0;
		offset = (uint64_t)read32(entry) << 32 | read32(entry + 4);
	}
	return offset < pack->data_bytes - CHECKSUM_BYTES ? offset : 0;
}

/* The distance to a base: seven bits a byte, each further byte adding one (gitformat-pack(5)). */
static bool read_base_distance(const uint8_t **p, const uint8_t *end, uint64_t *distance)
{
	uint64_t value;

	if (*p == end)
		return false;
	value = **p & 0x7f;
	while (*(*p)++ & 0x80) {
		if (*p == end || value >> 55)
			return false;
		value = ((value + 1) << 7) | (**p & 0x7f);
	}
	*distance = value;
	return true;
}

bool fp_pack_entry_at(const struct fp_pack *pack, uint64_t offset, struct fp_pack_entry *entry)
{
	const uint8_t *end = pack->data + pack->data_bytes - CHECKSUM_BYTES;
	const uint8_t *p = pack->data + offset;
	unsigned shift = 4;
	uint64_t distance;

	if (offset < PACK_HEADER || offset >= pack->data_bytes - CHECKSUM_BYTES)
		return false;
	entry->type = (enum fp_pack_entry_type)(*p >> 4 & 7);
	entry->size = *p & 15;
	while (*p++ & 0x80) {
		if (p == end || shift > 56)
			return false;
		entry->size |= (uint64_t)(*p & 0x7f) << shift;
		shift += 7;
	}
	if (entry->type == FP_PACK_OFS_DELTA) {
		if (!read_base_distance(&p, end, &distance) || !distance || distance >= offset)
			return false;
		entry->base_offset = offset - distance;
	} else if (entry->type == FP_PACK_REF_DELTA) {
		if (end - p < FP_OID_BYTES)
			return false;
		memcpy(entry->base.bytes, p, FP_OID_BYTES);
		p += FP_OID_BYTES;
	}
	entry->packed = p;
	entry->packed_max = (size_t)(end - p);
	return true;
}
