#pragma once
/*
 * The kinds of fact that are exported row by row, as a table: what stands in a line, where it is
 * read from, and how it is put back. Parameters ?1, ?2, … of all statements but the export's are
 * the columns in their order; the export's only one is the time from which on.
 */
#include <stddef.h>

enum { FP_PORTABLE_COLUMNS_MAX = 16, FP_PORTABLE_STEPS_MAX = 4 };

enum fp_portable_type {
	FP_PORTABLE_NONE, /* behind the last column */
	FP_PORTABLE_INTEGER,
	FP_PORTABLE_TEXT,
	FP_PORTABLE_HEX, /* bytes as hexadecimal digits */
	FP_PORTABLE_LONG /* UTF-8 text of any length, as a list of parts */
};

struct fp_portable {
	const char *kind;
	struct {
		const char *name;
		enum fp_portable_type type;
	} columns[FP_PORTABLE_COLUMNS_MAX];
	const char *export_sql;
	const char *have_sql;  /* a row when it is there already */
	const char *guard_sql; /* a sentence when it cannot be taken; NULL: it always can */
	const char *apply_sql[FP_PORTABLE_STEPS_MAX];
};

extern const struct fp_portable fp_portables[];
size_t fp_portable_count(void);
size_t fp_portable_columns(const struct fp_portable *portable);

/* Raw bytes of a part of a long text: escaped, it stays below what a JSON token may have. */
enum { FP_PORTABLE_PART_BYTES = 32 * 1024 };
