#pragma once
/*
 * Attributes, array sizes and scope cleanup: the only macros that the tree allows itself beside
 * include guards and error positions.
 */
#include <stddef.h>
#include <stdlib.h>

#define FP_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))
#define FP_ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/* Runs fn(&variable) when the variable leaves its scope. */
#define FP_CLEANUP(fn) __attribute__((cleanup(fn)))

/* Cleanup for malloc'ed pointers: FP_CLEANUP_FREE char *name = NULL; */
static inline void fp_cleanup_free(void *pointer_to_pointer)
{
	free(*(void **)pointer_to_pointer);
}
#define FP_CLEANUP_FREE FP_CLEANUP(fp_cleanup_free)

/* Defines fp_cleanup_<name>, which calls <fn> on the pointed-to pointer; fn takes NULL. */
#define FP_DEFINE_CLEANUP(type, fn)                                                                \
	static inline void fn##_cleanup(type *pointer)                                             \
	{                                                                                          \
		fn(*pointer);                                                                      \
	}
