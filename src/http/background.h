#pragma once
/*
 * The threads that may block: a few, with a queue of stated length. What runs on them runs for a
 * suspended exchange; its loop leaves the exchange alone until the job is done.
 */
#include "forkpoint/http/request.h"

struct fp_background;
struct fp_exchange;

/* Runs on one of the threads; may use the context, which is the thread's. */
typedef void fp_job_fn(struct fp_exchange *exchange, struct fp_http_context *context);

int fp_background_start(const struct fp_service *service, const char *allow_origin,
	unsigned threads, struct fp_background **background, struct fp_error *error);
/* Takes the exchange, which must be suspended until its job is done; false when too many wait. */
bool fp_background_submit(
	struct fp_background *background, struct fp_exchange *exchange, fp_job_fn *run);
/* Finishes what runs; what waits runs with context->stopping set. Ends the threads. */
void fp_background_stop(struct fp_background *background);
void fp_background_free(struct fp_background *background);
