/*
 * Replies that wait until their records are on disk (history.durability = machine): the exchange is
 * suspended, no thread is blocked, and all that wait are woken when a sync of the journal is done.
 */
#include "loop.h"

#include <stdlib.h>

/* A disk that says nothing for so long may never do so. */
#define HOLD_PATIENCE_US (10 * FP_US_PER_S)

static bool is_synced(const struct fp_exchange *exchange)
{
	return fp_service_is_synced(exchange->loop->context.service, exchange->request.sync);
}

bool fp_hold(struct fp_exchange *exchange, struct fp_reply *reply)
{
	struct fp_request *request = &exchange->request;
	struct fp_reply *held;

	if (request->sync == 0)
		return false;
	/* Counted first: a sync that ends from here on wakes this loop. */
	atomic_fetch_add(&exchange->loop->held, 1);
	if (is_synced(exchange)) {
		atomic_fetch_sub(&exchange->loop->held, 1);
		return false;
	}
	held = malloc(sizeof(*held));
	if (!held) {
		atomic_fetch_sub(&exchange->loop->held, 1);
		fp_reply_problem(request, reply, "internal", NULL, 0, "out of memory");
		return false;
	}
	*held = *reply;
	exchange->held = held;
	request->wait_until_us = fp_clock_monotonic_us() + HOLD_PATIENCE_US;
	fp_http_loop_hold(exchange->loop, exchange);
	return true;
}

bool fp_hold_is_over(const struct fp_exchange *exchange, int64_t now_us)
{
	return is_synced(exchange) || now_us >= exchange->request.wait_until_us;
}

void fp_hold_end(struct fp_exchange *exchange, struct fp_reply *reply)
{
	*reply = *exchange->held;
	free(exchange->held);
	exchange->held = NULL;
	atomic_fetch_sub(&exchange->loop->held, 1);
	if (is_synced(exchange))
		return;
	reply->retry_after_us = FP_US_PER_S;
	fp_reply_problem(&exchange->request, reply, "not-ready", NULL, 0,
		"the answer's record could not be put on disk in time, and none is given without "
		"that (history.durability is machine); the server's log tells why");
}
