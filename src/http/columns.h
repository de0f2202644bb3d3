#pragma once
/* Tables for people: cells added row by row, written in aligned columns. */
#include "forkpoint/base/buf.h"

enum { FP_COLUMNS_MAX = 10 };

struct fp_columns {
	size_t count;
	struct fp_buf cells; /* each followed by a NUL */
};

/* count columns, at most FP_COLUMNS_MAX. Release with fp_columns_release. */
void fp_columns_init(struct fp_columns *columns, size_t count);
void fp_columns_release(struct fp_columns *columns);
/* Appends to the cell that is open; and closes it. Rows fill from left to right. */
void fp_columns_add(struct fp_columns *columns, struct fp_str text);
void fp_columns_end_cell(struct fp_columns *columns);
/* A whole cell. */
void fp_columns_cell(struct fp_columns *columns, struct fp_str text);
/* Appends all rows, two spaces between columns, none behind the last that is not empty. */
void fp_columns_write(const struct fp_columns *columns, struct fp_buf *buf);
