/* Growing arrays. */
#include "forkpoint/base/array.h"

#include "forkpoint/base/error.h"

#include <stdint.h>

enum { FIRST_CAPACITY = 16 };

int fp_array_reserve(void **items, size_t *capacity, size_t needed, size_t element_size)
{
	size_t larger = *capacity + *capacity / 2;
	void *grown;

	if (needed <= *capacity)
		return 0;
	if (larger < needed)
		larger = needed;
	if (larger < FIRST_CAPACITY)
		larger = FIRST_CAPACITY;
	if (larger > SIZE_MAX / element_size)
		return -FP_ERROR_MEMORY;
	grown = realloc(*items, larger * element_size);
	if (!grown)
		return -FP_ERROR_MEMORY;
	*items = grown;
	*capacity = larger;
	return 0;
}
