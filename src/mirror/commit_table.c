/* The commits of one walk: open addressing over the ids, which are random enough as they are. */
#include "commit_table.h"

#include "forkpoint/base/array.h"

#include <stdlib.h>

enum { FIRST_SLOTS = 1 << 10 };

void fp_commit_table_release(struct fp_commit_table *table)
{
	free(table->entries);
	free(table->slots);
	free(table->parents);
	*table = (struct fp_commit_table){0};
}

/* Ids are hashes already, but not of our choosing: who wants to can make many that begin alike.
 * The bytes are mixed, so that only very many equal prefixes would cluster. */
static size_t slot_of(const struct fp_commit_table *table, const struct fp_oid *oid)
{
	uint64_t a, b;

	memcpy(&a, oid->bytes, sizeof(a));
	memcpy(&b, oid->bytes + 8, sizeof(b));
	a ^= b * UINT64_C(0x9e3779b97f4a7c15);
	return (size_t)((a ^ a >> 29) & (table->slot_count - 1));
}

static int grow_slots(struct fp_commit_table *table, struct fp_error *error)
{
	size_t slot_count = table->slot_count ? table->slot_count * 2 : FIRST_SLOTS;
	uint32_t *slots = calloc(slot_count, sizeof(*slots));

	if (!slots)
		return fp_error_memory(error);
	free(table->slots);
	table->slots = slots;
	table->slot_count = slot_count;
	for (size_t i = 0; i < table->count; i++) {
		size_t at = slot_of(table, &table->entries[i].oid);

		while (slots[at])
			at = (at + 1) & (slot_count - 1);
		slots[at] = (uint32_t)i + 1;
	}
	return 0;
}

static int append_entry(struct fp_commit_table *table, const struct fp_oid *oid, size_t slot,
	struct fp_error *error)
{
	if (table->count >= UINT32_MAX - 1)
		return fp_error_set(error, FP_ERROR_LIMIT, "more than 4294967294 commits");
	if (fp_array_reserve((void **)&table->entries, &table->capacity, table->count + 1,
		    sizeof(*table->entries)) < 0)
		return fp_error_memory(error);
	table->entries[table->count] = (struct fp_commit_entry){.oid = *oid};
	table->slots[slot] = (uint32_t)++table->count;
	return 0;
}

int fp_commit_table_intern(struct fp_commit_table *table, const struct fp_oid *oid,
	uint32_t *number, struct fp_error *error)
{
	size_t at;
	int rc;

	if (table->count * 2 >= table->slot_count) {
		rc = grow_slots(table, error);
		if (rc)
			return rc;
	}
	for (at = slot_of(table, oid); table->slots[at]; at = (at + 1) & (table->slot_count - 1)) {
		if (fp_oid_equal(&table->entries[table->slots[at] - 1].oid, oid)) {
			*number = table->slots[at] - 1;
			return 0;
		}
	}
	rc = append_entry(table, oid, at, error);
	if (!rc)
		*number = (uint32_t)table->count - 1;
	return rc;
}

static int add_parent(
	struct fp_commit_table *table, const struct fp_oid *oid, struct fp_error *error)
{
	uint32_t number;
	int rc = fp_commit_table_intern(table, oid, &number, error);

	if (rc)
		return rc;
	if (fp_array_reserve((void **)&table->parents, &table->parent_capacity,
		    table->parent_count + 1, sizeof(*table->parents)) < 0)
		return fp_error_memory(error);
	table->parents[table->parent_count++] = number;
	return 0;
}

/* Interning a parent can move the entries: no pointer to one is kept meanwhile. */
static int fill_in(struct fp_commit_table *table, uint32_t number, size_t first_parent,
	const struct fp_commit_row *row)
{
	struct fp_commit_entry *entry = &table->entries[number];

	entry->tree = row->tree;
	entry->author_s = row->author_s;
	entry->committer_s = row->committer_s;
	entry->first_parent = first_parent;
	entry->parent_count = row->parent_count;
	entry->flags |= FP_COMMIT_READ;
	return 0;
}

int fp_commit_table_add_row(
	struct fp_commit_table *table, const struct fp_commit_row *row, struct fp_error *error)
{
	size_t first_parent = table->parent_count;
	uint32_t number;
	int rc = fp_commit_table_intern(table, &row->oid, &number, error);

	if (rc || table->entries[number].flags & FP_COMMIT_READ)
		return rc;
	for (uint32_t i = 0; i < row->parent_count; i++) {
		rc = add_parent(table, &row->parents[i], error);
		if (rc)
			return rc;
	}
	return fill_in(table, number, first_parent, row);
}

int fp_commit_table_add(struct fp_commit_table *table, const struct fp_oid *oid,
	const struct fp_commit_header *header, struct fp_error *error)
{
	struct fp_commit_row row = {
		.oid = *oid,
		.tree = header->tree,
		.author_s = header->author_s,
		.committer_s = header->committer_s,
		.parent_count = header->parent_count,
	};
	size_t first_parent = table->parent_count;
	uint32_t number;
	int rc = fp_commit_table_intern(table, oid, &number, error);

	if (rc || table->entries[number].flags & FP_COMMIT_READ)
		return rc;
	for (uint32_t i = 0; i < header->parent_count; i++) {
		struct fp_oid parent = fp_commit_header_parent(header, i);

		rc = add_parent(table, &parent, error);
		if (rc)
			return rc;
	}
	return fill_in(table, number, first_parent, &row);
}
