#pragma once
/* Growing arrays: one function, so that no place has a growth rule of its own. */
#include <stddef.h>

/*
 * Makes room for at least `needed` elements of `element_size` bytes in *items, whose capacity is
 * *capacity elements. Grows by half. 0, or -FP_ERROR_MEMORY with *items and *capacity untouched.
 */
int fp_array_reserve(void **items, size_t *capacity, size_t needed, size_t element_size);
