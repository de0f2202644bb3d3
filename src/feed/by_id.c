/* Entries by package id; a feed has a few. */
#include "forkpoint/feed/by_id.h"

#include "forkpoint/base/array.h"
#include "forkpoint/base/str.h"

#include <stdlib.h>

static void *add_entry(struct fp_by_id *table, const char *id, size_t size)
{
	if (fp_array_reserve((void **)&table->items, &table->capacity, table->count + 1,
		    sizeof(struct fp_by_id_entry *)) < 0)
		return NULL;
	struct fp_by_id_entry *entry = calloc(1, size);
	char *copy = fp_str_dup(fp_str(id));
	if (!entry || !copy) {
		free(entry);
		free(copy);
		return NULL;
	}
	entry->id = copy;
	table->items[table->count++] = entry;
	return entry;
}

void *fp_by_id_get(struct fp_by_id *table, const char *id, size_t size)
{
	for (size_t i = 0; i < table->count; i++)
		if (fp_str_equal_nocase(fp_str(table->items[i]->id), fp_str(id)))
			return table->items[i];
	return add_entry(table, id, size);
}

void fp_by_id_release(struct fp_by_id *table, void (*clear)(void *entry))
{
	for (size_t i = 0; i < table->count; i++) {
		if (clear)
			clear(table->items[i]);
		free(table->items[i]->id);
		free(table->items[i]);
	}
	free(table->items);
	*table = (struct fp_by_id){0};
}
