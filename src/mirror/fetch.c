/* The daemon's side of a fetch: starts the worker, listens to it, and ends it when it must. */
#include "forkpoint/mirror/fetch.h"

#include "child.h"
#include "fetch_message.h"

#include "forkpoint/base/time.h"

#include <stdio.h>

enum { MAX_LINE_BYTES = 64 << 10, TICK_MS = 50, IDLE_TICK_MS = 1000 };

const char *fp_fetch_phase_name(enum fp_fetch_phase phase)
{
	static const char *const names[] = {
		[FP_FETCH_CONNECTING] = "connecting",
		[FP_FETCH_RECEIVING] = "receiving",
		[FP_FETCH_INDEXING] = "indexing",
		[FP_FETCH_UPDATING_REFS] = "updating refs",
	};

	return (unsigned)phase < FP_ARRAY_SIZE(names) ? names[phase] : "unknown";
}

struct listener {
	const struct fp_fetch_job *job;
	fp_fetch_progress_fn *progress;
	void *context;
	struct fp_fetch_message last; /* the result or error, once has_outcome */
	bool has_outcome;
	struct fp_buf line;
	int64_t started_us, heard_us;
};

static int take_line(struct listener *listener, struct fp_error *error)
{
	struct fp_fetch_message message;
	int rc = fp_fetch_message_read(fp_buf_str(&listener->line), &message, error);

	if (rc)
		return rc;
	if (message.kind != FP_FETCH_SAYS_PROGRESS) {
		listener->last = message;
		listener->has_outcome = true;
	} else if (listener->progress) {
		listener->progress(listener->context, &message.progress);
	}
	return 0;
}

/* What the worker wrote, cut into lines. */
static int hear(void *context, const char *data, size_t len, struct fp_error *error)
{
	struct listener *listener = context;

	listener->heard_us = fp_clock_monotonic_us();
	while (len) {
		const char *end = memchr(data, '\n', len);
		size_t part = end ? (size_t)(end - data) : len;
		int rc;

		fp_buf_add(&listener->line, data, part);
		rc = fp_buf_check(&listener->line, error);
		if (!rc && end)
			rc = take_line(listener, error);
		if (rc)
			return rc;
		if (end)
			fp_buf_clear(&listener->line);
		data += part + (end ? 1 : 0);
		len -= part + (end ? 1 : 0);
	}
	return 0;
}

static int64_t seconds_of(int64_t us)
{
	return (us + FP_US_PER_S / 2) / FP_US_PER_S;
}

/* Whether to go on listening. */
static int judge(void *context, struct fp_error *error)
{
	const struct listener *listener = context;
	const struct fp_fetch_job *job = listener->job;
	int64_t now = fp_clock_monotonic_us();

	if (job->cancelled && atomic_load(job->cancelled))
		return fp_error_set(error, FP_ERROR_CANCELLED, "the fetch was cancelled");
	if (job->timeout_us > 0 && now - listener->started_us >= job->timeout_us)
		return fp_error_set(error, FP_ERROR_TIMEOUT,
			"the fetch was given up after %lld s; if the upstream is just large, "
			"raise fetch_timeout",
			(long long)seconds_of(job->timeout_us));
	if (job->stall_timeout_us > 0 && now - listener->heard_us >= job->stall_timeout_us)
		return fp_error_set(error, FP_ERROR_TIMEOUT,
			"the upstream has sent nothing for %lld s, the fetch was given up",
			(long long)seconds_of(job->stall_timeout_us));
	return 0;
}

static int conclude(const struct listener *listener, const struct fp_child_end *end,
	struct fp_fetch_result *result, struct fp_error *error)
{
	const char *said = end->stderr_line[0] ? end->stderr_line : "no word of why";

	if (listener->has_outcome && listener->last.kind == FP_FETCH_SAYS_RESULT) {
		*result = listener->last.result;
		return 0;
	}
	if (listener->has_outcome)
		return fp_error_set(
			error, listener->last.error.code, "%s", listener->last.error.text);
	if (end->signal)
		return fp_error_set(error, FP_ERROR_INTERNAL,
			"the fetch worker was ended by signal %d: %s", end->signal, said);
	return fp_error_set(error, FP_ERROR_INTERNAL,
		"the fetch worker ended with status %d before it was done: %s", end->status, said);
}

int fp_fetch_run(const char *program, const struct fp_fetch_job *job,
	fp_fetch_progress_fn *progress, void *context, struct fp_fetch_result *result,
	struct fp_error *error)
{
	struct listener listener = {.job = job, .progress = progress, .context = context};
	FP_CLEANUP_BUF struct fp_buf order;
	struct fp_child_end end = {0};
	int rc;

	fp_buf_init(&order, SIZE_MAX / 2);
	fp_buf_init(&listener.line, MAX_LINE_BYTES);
	fp_fetch_job_write(job, &order);
	listener.started_us = listener.heard_us = fp_clock_monotonic_us();
	rc = fp_buf_check(&order, error);
	if (!rc) {
		struct fp_child_run run = {
			.argv = (const char *const[]){program, "mirror-worker", NULL},
			.input = fp_buf_str(&order),
			.output = hear,
			.judge = judge,
			.context = &listener,
			.tick_ms = job->cancelled ? TICK_MS : IDLE_TICK_MS,
		};
		rc = fp_child_run(&run, &end, error);
	}
	if (order.data)
		explicit_bzero(order.data, order.len); /* it holds the password */
	fp_buf_release(&listener.line);
	return rc ? rc : conclude(&listener, &end, result, error);
}
