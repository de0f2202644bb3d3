#pragma once
/*
 * Facts as lines of JSON, for other programs and other machines: configurations, version events,
 * ref events, overrides, audit, and requests, each with its answer where that comes for the first
 * time. The first line says what follows; the last one how many lines there were.
 */
#include "forkpoint/store/store.h"

/* One line without its end; a negative value ends the export and is returned. */
typedef int fp_export_line_fn(void *context, struct fp_str line, struct fp_error *error);

/* What was seen, decided and answered from since_us on. Beside a running Forkpoint or without;
 * nobody is held up. */
int fp_store_export(const char *data_dir, int64_t since_us, int64_t now_us, fp_export_line_fn *line,
	void *context, struct fp_error *error);

struct fp_import;

struct fp_import_counts {
	uint64_t lines, added, known; /* known: there already, and passed over */
};

/* With the first line of an export it takes the data folder's lock, and makes the databases where
 * there are none. */
int fp_import_new(const char *data_dir, struct fp_import **import, struct fp_error *error);
/* -FP_ERROR_INVALID: the line is none of ours, or cannot be true beside what is there. What came
 * before it is kept; importing all again passes over that. */
int fp_import_line(struct fp_import *import, struct fp_str line, struct fp_error *error);
/* -FP_ERROR_INVALID when the last line was not the end. */
int fp_import_finish(
	struct fp_import *import, struct fp_import_counts *counts, struct fp_error *error);
void fp_import_free(struct fp_import *import);
FP_DEFINE_CLEANUP(struct fp_import *, fp_import_free)
