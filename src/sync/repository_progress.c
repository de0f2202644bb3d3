/* How far a look at a repository is: on the log, and in the status that /repos shows. */
#include "repository_look.h"

#include "forkpoint/base/log.h"
#include "forkpoint/base/time.h"

#define PROGRESS_LOG_US (5 * FP_US_PER_S)

void fp_look_set_progress(struct fp_look *look, enum fp_repository_phase phase, uint64_t done,
	uint64_t total, uint64_t bytes)
{
	struct fp_repository_status *status = &look->source->status;
	int64_t now_us = fp_clock_real_us();

	pthread_mutex_lock(&look->sync->lock);
	if (status->phase != phase) {
		status->phase = phase;
		status->phase_since_us = now_us;
		look->logged_us = now_us;
	}
	status->done = done;
	status->total = total;
	status->received_bytes = bytes;
	status->left_us = -1;
	status->rate_per_s = 0;
	if (now_us - status->phase_since_us > FP_US_PER_S / 10) {
		status->rate_per_s =
			done * (uint64_t)FP_US_PER_S / (uint64_t)(now_us - status->phase_since_us);
		if (total > done && status->rate_per_s)
			status->left_us =
				(int64_t)((total - done) / status->rate_per_s) * FP_US_PER_S;
	}
	pthread_mutex_unlock(&look->sync->lock);
}

static const char *phase_event(enum fp_repository_phase phase)
{
	switch (phase) {
	case FP_PHASE_FETCHING: return "mirror.fetching";
	case FP_PHASE_READING: return "mirror.reading";
	case FP_PHASE_BUILDING: return "mirror.building";
	case FP_PHASE_WAITING: break;
	}
	return "mirror.waiting";
}

/* Long work shows in the log every few seconds; short work does not show at all. */
static void log_progress(struct fp_look *look)
{
	const struct fp_repository_status *status = &look->source->status;
	int64_t now_us = fp_clock_real_us();

	if (now_us - look->logged_us < PROGRESS_LOG_US)
		return;
	look->logged_us = now_us;
	fp_log(FP_LOG_INFO, phase_event(status->phase),
		"repo=%s done=%llu total=%llu rate_per_s=%llu left_s=%lld bytes=%llu",
		look->source->config->name, (unsigned long long)status->done,
		(unsigned long long)status->total, (unsigned long long)status->rate_per_s,
		(long long)(status->left_us < 0 ? -1 : status->left_us / FP_US_PER_S),
		(unsigned long long)status->received_bytes);
}

void fp_look_on_fetch(void *context, const struct fp_fetch_progress *progress)
{
	struct fp_look *look = context;

	/* Deltas are resolved after the last object came: on a big clone that takes as long again,
	 * and must not look like standing still at the end. */
	fp_look_set_progress(look, FP_PHASE_FETCHING,
		progress->received_objects + progress->indexed_deltas,
		progress->total_objects + progress->total_deltas, progress->received_bytes);
	log_progress(look);
}

void fp_look_on_read(void *context, uint64_t read, uint64_t emitted, uint64_t total)
{
	struct fp_look *look = context;

	fp_look_set_progress(look, FP_PHASE_READING, total ? emitted : read, total, 0);
	log_progress(look);
}
