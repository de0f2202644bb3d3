#pragma once
/* What a feed remembers of each of its packages, by id, whatever the id's case. */
#include <stddef.h>

/* Entries begin with their id, which the table owns. */
struct fp_by_id_entry {
	char *id;
};

struct fp_by_id {
	struct fp_by_id_entry **items;
	size_t count, capacity;
};

/* The entry of that id; a new one is zeroed but for its id, and of `size` bytes. It stays where it
 * is. NULL when out of memory. */
void *fp_by_id_get(struct fp_by_id *table, const char *id, size_t size);
/* clear, if not NULL, releases what an entry holds beside its id. */
void fp_by_id_release(struct fp_by_id *table, void (*clear)(void *entry));
