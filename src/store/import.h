#pragma once
/* Importing, in two files: lines of one row each (import.c), and requests (import_requests.c). */
#include "forkpoint/base/json_read.h"
#include "forkpoint/store/exchange.h"

#include "history_read.h"
#include "history_write.h"
#include "migrate.h"
#include "portable.h"
#include "sql.h"

enum { FP_IMPORT_BATCH = 256 };

/* A request that waits to be written; the tree has its texts. */
struct fp_import_request {
	struct fp_json_tree *tree;
	struct fp_buf document;
};

struct fp_import {
	char *data_dir;
	struct fp_store_lock *lock; /* from the first line on */
	struct fp_store *store;
	struct fp_import_counts counts;
	bool begun, ended;
	unsigned pending; /* rows since the transaction began; 0 = none is open */
	struct fp_logged_record records[FP_IMPORT_BATCH];
	struct fp_import_request requests[FP_IMPORT_BATCH];
	size_t request_count;
};

/* Takes the tree, whatever comes of it. */
int fp_import_take_request(
	struct fp_import *import, struct fp_json_tree *tree, struct fp_error *error);
/* Writes the requests that wait. No transaction may be open. */
int fp_import_write_requests(struct fp_import *import, struct fp_error *error);
void fp_import_drop_requests(struct fp_import *import);

/* Members of a line; each says which is missing or of another type. *given, if not NULL, allows
 * null and tells it. */
int fp_import_integer(const struct fp_json_value *line, const char *name, int64_t *value,
	bool *given, struct fp_error *error);
int fp_import_text(const struct fp_json_value *line, const char *name, struct fp_str *value,
	bool *given, struct fp_error *error);
int fp_import_hex(const struct fp_json_value *line, const char *name, struct fp_buf *bytes,
	bool *given, struct fp_error *error);
int fp_import_long(const struct fp_json_value *line, const char *name, struct fp_buf *text,
	struct fp_error *error);
