#pragma once
/*
 * Lets an allocation fail. The linker puts the functions of allocations.c in the place of the C
 * library's for the code that is tested (the dependency `failing_allocations`); what other
 * libraries allocate for themselves is not touched.
 */
#include <stdbool.h>

/* The allocation after the next n fails, once; negative: none does. */
void allocations_fail_after(long n);
/* Whether it has been reached; from here on none fails. */
bool allocations_failed(void);
