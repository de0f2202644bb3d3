#pragma once
/* Git object ids (SHA-1). */
#include "forkpoint/base/str.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { FP_OID_BYTES = 20, FP_OID_HEX = 40 };

struct fp_oid {
	uint8_t bytes[FP_OID_BYTES];
};

/* 40 lower-case hex digits and a NUL: text has FP_OID_HEX + 1 bytes. */
void fp_oid_format(const struct fp_oid *oid, char *text);
/* Exactly 40 hex digits, either case. */
bool fp_oid_parse(struct fp_str text, struct fp_oid *oid);

/* Sorts, and drops repetitions; returns how many are left. */
size_t fp_oid_sort_unique(struct fp_oid *oids, size_t count);

static inline int fp_oid_compare(const struct fp_oid *a, const struct fp_oid *b)
{
	return memcmp(a->bytes, b->bytes, FP_OID_BYTES);
}

static inline bool fp_oid_equal(const struct fp_oid *a, const struct fp_oid *b)
{
	return fp_oid_compare(a, b) == 0;
}

static inline bool fp_oid_is_zero(const struct fp_oid *oid)
{
	static const struct fp_oid zero;
	return fp_oid_equal(oid, &zero);
}
