#pragma once
/* What daemon and fetch worker say to each other: one JSON document in, JSON lines out. */
#include "forkpoint/base/buf.h"
#include "forkpoint/base/json_read.h"
#include "forkpoint/mirror/fetch.h"

struct fp_fetch_message {
	enum { FP_FETCH_SAYS_PROGRESS, FP_FETCH_SAYS_RESULT, FP_FETCH_SAYS_ERROR } kind;
	struct fp_fetch_progress progress;
	struct fp_fetch_result result;
	struct fp_error error; /* without a position that means anything here */
};

void fp_fetch_job_write(const struct fp_fetch_job *job, struct fp_buf *buf);

/* A job as read; its strings belong to the tree and the arrays. */
struct fp_fetch_order {
	struct fp_fetch_job job;
	struct fp_json_tree *tree;
	const char **refs;
	struct fp_oid *wants;
};
int fp_fetch_order_read(struct fp_str text, struct fp_fetch_order *order, struct fp_error *error);
void fp_fetch_order_release(struct fp_fetch_order *order);

/* One line, newline included. */
void fp_fetch_message_write(const struct fp_fetch_message *message, struct fp_buf *buf);
int fp_fetch_message_read(
	struct fp_str line, struct fp_fetch_message *message, struct fp_error *error);
