/* Time travel: entering the world of another moment, and leaving it. */
#include "as_of_parts.h"

static int make_world(struct fp_worker *worker, const struct fp_snapshot *now,
	const struct fp_past *past, struct fp_snapshot **world, struct fp_error *error)
{
	struct fp_worlds *worlds = worker->service->worlds;
	struct fp_hash128 key = fp_past_key(past);
	struct fp_snapshot *made = fp_worlds_find(worlds, key);
	int r = 0;

	if (!made) {
		r = fp_past_build(worker, now, past, &made, error);
		if (r < 0)
			return r;
		fp_worlds_add(worlds, key, made);
	}
	if (fp_past_fill_times(past, made) < 0) {
		fp_snapshot_free(made);
		return fp_error_memory(error);
	}
	*world = made;
	return 0;
}

static int enter(struct fp_worker *worker, const struct fp_snapshot *now, struct fp_str repo,
	int64_t at_us, bool later, enum fp_as_of_result *result, const struct fp_snapshot **world,
	int64_t *first_us, struct fp_error *error)
{
	FP_CLEANUP(fp_past_release) struct fp_past past = {0};
	struct fp_snapshot *made = NULL;
	int r;

	*result = FP_AS_OF_OK;
	*first_us = -1;
	if (at_us >= fp_snapshot_published_us(now)) {
		*world = now;
		return 0;
	}
	r = fp_worker_open_store(worker, error);
	if (r >= 0)
		r = fp_past_find(worker, now, repo, at_us, later, &past, result, error);
	*first_us = past.first_us;
	if (r != 0)
		return r < 0 ? r : 0;
	r = make_world(worker, now, &past, &made, error);
	if (r >= 0)
		*world = made;
	return r;
}

int fp_as_of_enter(struct fp_worker *worker, const struct fp_snapshot *now, struct fp_str repo,
	int64_t at_us, enum fp_as_of_result *result, const struct fp_snapshot **world,
	int64_t *first_us, struct fp_error *error)
{
	return enter(worker, now, repo, at_us, true, result, world, first_us, error);
}

int fp_as_of_enter_then(struct fp_worker *worker, const struct fp_snapshot *now, struct fp_str repo,
	int64_t at_us, enum fp_as_of_result *result, const struct fp_snapshot **world,
	int64_t *first_us, struct fp_error *error)
{
	return enter(worker, now, repo, at_us, false, result, world, first_us, error);
}

void fp_as_of_leave(struct fp_worker *worker, const struct fp_snapshot *world)
{
	(void)worker;
	if (world && world->past_us)
		fp_snapshot_free((struct fp_snapshot *)world);
}
