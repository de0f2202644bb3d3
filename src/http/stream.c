/*
 * Bodies that are made part by part: libmicrohttpd asks for bytes, and while there are none the
 * connection is suspended. So a slow client holds one part in memory and no thread.
 */
#include "loop.h"

#include <stdlib.h>

enum { BLOCK_BYTES = 32 * 1024, PART_MAX_BYTES = 64 * 1024 * 1024 };

struct fp_sender {
	struct fp_exchange *exchange;
	struct fp_stream stream;
	struct fp_buf part;
	size_t sent; /* of the part */
	int more;    /* what `next` last said */
};

bool fp_stream_is_ready(const struct fp_exchange *exchange)
{
	const struct fp_stream *stream = &exchange->sender->stream;

	return stream->ready && stream->ready(stream->state);
}

/* A background thread's. */
static void make_part(struct fp_exchange *exchange, struct fp_http_context *context)
{
	struct fp_sender *sender = exchange->sender;

	sender->more = sender->stream.next(sender->stream.state, context, &sender->part);
}

/* Suspends the connection until there is something to send. */
static ssize_t wait_for_part(struct fp_exchange *exchange)
{
	exchange->request.wait_until_us = fp_clock_monotonic_us() + FP_STREAM_QUIET_US;
	fp_http_loop_wait(exchange->loop, exchange);
	return 0;
}

/* 0 with a part, or with none when the connection was suspended; or how the body ends. */
static ssize_t next_part(struct fp_sender *sender)
{
	struct fp_exchange *exchange = sender->exchange;
	struct fp_http_loop *loop = exchange->loop;

	fp_buf_clear(&sender->part);
	sender->sent = 0;
	if (loop->context.stopping)
		return sender->stream.ready ? MHD_CONTENT_READER_END_OF_STREAM
					    : MHD_CONTENT_READER_END_WITH_ERROR;
	if (!sender->stream.ready)
		return fp_background_submit(loop->server->background, exchange, make_part)
			       ? wait_for_part(exchange)
			       : MHD_CONTENT_READER_END_WITH_ERROR;
	sender->more = sender->stream.next(sender->stream.state, &loop->context, &sender->part);
	return sender->more == 1 && sender->part.len == 0 ? wait_for_part(exchange) : 0;
}

static ssize_t copy_part(struct fp_sender *sender, char *block, size_t max)
{
	size_t left = sender->part.len - sender->sent, count = left < max ? left : max;

	memcpy(block, sender->part.data + sender->sent, count);
	sender->sent += count;
	return (ssize_t)count;
}

/* libmicrohttpd's. */
static ssize_t send_some(void *context, uint64_t position, char *block, size_t max)
{
	struct fp_sender *sender = context;
	ssize_t r;

	atomic_store_explicit(&sender->exchange->job.state, FP_JOB_NONE, memory_order_relaxed);
	if (sender->sent < sender->part.len)
		return copy_part(sender, block, max);
	if (sender->more < 0 || sender->part.state != FP_BUF_OK)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	if (sender->more == 0)
		return MHD_CONTENT_READER_END_OF_STREAM;
	r = next_part(sender);
	if (r < 0 || sender->part.len == 0)
		return r;
	return copy_part(sender, block, max);
}

static void sender_free(void *context)
{
	struct fp_sender *sender = context;

	if (sender->stream.free)
		sender->stream.free(sender->stream.state);
	fp_buf_release(&sender->part);
	free(sender);
}

struct MHD_Response *fp_stream_response(struct fp_exchange *exchange, struct fp_reply *reply)
{
	struct fp_sender *sender = calloc(1, sizeof(*sender));
	struct MHD_Response *response;

	if (!sender)
		return NULL;
	sender->exchange = exchange;
	sender->more = 1;
	fp_buf_init(&sender->part, PART_MAX_BYTES);
	fp_buf_add(&sender->part, reply->body.data, reply->body.len);
	sender->stream = reply->stream;
	reply->stream = (struct fp_stream){0};
	response = MHD_create_response_from_callback(
		MHD_SIZE_UNKNOWN, BLOCK_BYTES, send_some, sender, sender_free);
	if (!response)
		sender_free(sender);
	exchange->sender = response ? sender : NULL;
	return response;
}
