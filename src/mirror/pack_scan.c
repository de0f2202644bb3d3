/* Which windows of which packs to read, and the threads that read them. */
#include "pack_scan.h"

#include "commit_inflate.h"

#include "forkpoint/base/array.h"

#include <pthread.h>
#include <stdlib.h>

enum {
	WINDOW_SHIFT =
		18, /* 256 KiB: about a thousand commits, enough to share out among threads */
	MAX_THREADS = 16,
};

enum window_state { UNREAD, QUEUED, DONE };

static size_t window_count(const struct fp_pack *pack)
{
	return (pack->data_bytes >> WINDOW_SHIFT) + 1;
}

int fp_pack_scan_init(struct fp_pack_scan *scan, const char *mirror_path, unsigned threads,
	const atomic_bool *cancelled, struct fp_error *error)
{
	int rc = fp_pack_list_open(mirror_path, &scan->packs, error);

	if (rc)
		return rc;
	scan->threads = threads < MAX_THREADS ? threads : MAX_THREADS;
	scan->cancelled = cancelled;
	scan->window_states = calloc(scan->packs.count + 1, sizeof(*scan->window_states));
	for (size_t i = 0; scan->window_states && i < scan->packs.count; i++) {
		scan->window_states[i] = calloc(window_count(&scan->packs.items[i]), 1);
		if (!scan->window_states[i])
			return fp_error_memory(error);
	}
	return scan->window_states ? 0 : fp_error_memory(error);
}

void fp_pack_scan_release(struct fp_pack_scan *scan)
{
	for (size_t i = 0; scan->window_states && i < scan->packs.count; i++)
		free(scan->window_states[i]);
	free(scan->window_states);
	fp_pack_list_close(&scan->packs);
	*scan = (struct fp_pack_scan){0};
}

struct window {
	uint32_t pack, number;
	struct fp_pack_row *rows; /* into the job's */
	size_t row_count;
	struct fp_commit_batch batch;
};

/* One round: the windows to read and what came of them. */
struct job {
	struct fp_pack_scan *scan;
	struct window *windows;
	size_t count, capacity;
	struct fp_pack_row *rows;
	atomic_size_t next;
	atomic_bool out_of_memory;
};

static void job_release(struct job *job)
{
	for (size_t i = 0; i < job->count; i++)
		fp_commit_batch_release(&job->windows[i].batch);
	free(job->windows);
	free(job->rows);
}

static int queue_window(struct job *job, uint32_t pack, size_t number, struct fp_error *error)
{
	uint8_t *states = job->scan->window_states[pack];

	if (number >= window_count(&job->scan->packs.items[pack]) || states[number] != UNREAD)
		return 0;
	if (fp_array_reserve((void **)&job->windows, &job->capacity, job->count + 1,
		    sizeof(*job->windows)) < 0)
		return fp_error_memory(error);
	states[number] = QUEUED;
	job->windows[job->count++] = (struct window){.pack = pack, .number = (uint32_t)number};
	return 0;
}

static int queue_wanted(struct job *job, const struct fp_oid *wanted, struct fp_error *error)
{
	const struct fp_pack_list *packs = &job->scan->packs;
	uint32_t row;

	for (size_t i = 0; i < packs->count; i++)
		if (fp_pack_find(&packs->items[i], wanted, &row))
			return queue_window(job, (uint32_t)i,
				fp_pack_offset(&packs->items[i], row) >> WINDOW_SHIFT, error);
	return 0;
}

static int by_place(const void *a, const void *b)
{
	const struct window *x = a, *y = b;

	if (x->pack != y->pack)
		return x->pack < y->pack ? -1 : 1;
	return x->number < y->number ? -1 : x->number > y->number;
}

/* Counts or collects the rows of a pack that lie in the job's windows first … last-1 of it. No
 * reverse index is kept: one pass over the offsets is cheap, a sorted copy of them all is not. */
static void visit_rows(
	struct job *job, size_t first, size_t last, uint32_t *window_of, bool collect)
{
	const struct fp_pack *pack = &job->scan->packs.items[job->windows[first].pack];

	for (size_t i = first; i < last; i++)
		window_of[job->windows[i].number] = (uint32_t)i + 1;
	for (uint32_t row = 0; row < pack->count; row++) {
		uint64_t offset = fp_pack_offset(pack, row);
		uint32_t at = window_of[offset >> WINDOW_SHIFT];
		struct window *window;

		if (!at || !offset)
			continue;
		window = &job->windows[at - 1];
		if (collect)
			window->rows[window->row_count] = (struct fp_pack_row){offset, row};
		window->row_count++;
	}
}

/* All rows of one pass over the packs, in one allocation that the windows share. */
static int collect_pass(struct job *job, bool collect, struct fp_error *error)
{
	for (size_t first = 0, last; first < job->count; first = last) {
		const struct fp_pack *pack = &job->scan->packs.items[job->windows[first].pack];
		FP_CLEANUP_FREE uint32_t *window_of =
			calloc(window_count(pack), sizeof(*window_of));

		if (!window_of)
			return fp_error_memory(error);
		for (last = first; last < job->count; last++)
			if (job->windows[last].pack != job->windows[first].pack)
				break;
		visit_rows(job, first, last, window_of, collect);
	}
	return 0;
}

static int collect_rows(struct job *job, struct fp_error *error)
{
	size_t total = 0;
	int rc;

	qsort(job->windows, job->count, sizeof(*job->windows), by_place);
	rc = collect_pass(job, false, error);
	if (rc)
		return rc;
	for (size_t i = 0; i < job->count; i++)
		total += job->windows[i].row_count;
	job->rows = calloc(total + 1, sizeof(*job->rows));
	if (!job->rows)
		return fp_error_memory(error);
	total = 0;
	for (size_t i = 0; i < job->count; i++) {
		job->windows[i].rows = job->rows + total;
		total += job->windows[i].row_count;
		job->windows[i].row_count = 0;
	}
	return collect_pass(job, true, error);
}

static bool is_cancelled(const struct fp_pack_scan *scan)
{
	return scan->cancelled && atomic_load_explicit(scan->cancelled, memory_order_relaxed);
}

static void *read_windows(void *context)
{
	struct job *job = context;
	struct fp_inflater inflater;
	size_t at;

	if (fp_inflater_init(&inflater) < 0) {
		atomic_store(&job->out_of_memory, true);
		return NULL;
	}
	while ((at = atomic_fetch_add(&job->next, 1)) < job->count && !is_cancelled(job->scan)) {
		struct window *window = &job->windows[at];

		if (fp_commit_batch_read(&inflater, &job->scan->packs.items[window->pack],
			    window->rows, window->row_count, &window->batch) < 0)
			atomic_store(&job->out_of_memory, true);
	}
	fp_inflater_release(&inflater);
	return NULL;
}

/* This thread reads as well; a thread that cannot be started is done without. */
static int run_threads(struct job *job, struct fp_error *error)
{
	pthread_t threads[MAX_THREADS];
	unsigned started = 0;

	while (started + 1 < job->scan->threads && started + 1 < job->count &&
		pthread_create(&threads[started], NULL, read_windows, job) == 0)
		started++;
	read_windows(job);
	while (started)
		pthread_join(threads[--started], NULL);
	if (atomic_load(&job->out_of_memory))
		return fp_error_memory(error);
	if (is_cancelled(job->scan))
		return fp_error_set(error, FP_ERROR_CANCELLED, "the walk was cancelled");
	return 0;
}

/* In the windows' order, so that the table does not depend on which thread was faster. */
static int merge(struct job *job, struct fp_commit_table *table, struct fp_error *error)
{
	for (size_t i = 0; i < job->count; i++) {
		struct window *window = &job->windows[i];
		int rc = fp_commit_batch_merge(&window->batch, table, error);

		if (rc)
			return rc;
		fp_commit_batch_release(&window->batch);
		job->scan->window_states[window->pack][window->number] = DONE;
	}
	return 0;
}

static bool is_dense(const struct window *window)
{
	return window->row_count >= 8 && window->batch.count * 2 > window->row_count;
}

/* Behind a window full of commits there are more of them. */
static int queue_following(struct job *done, struct job *next, size_t ahead, struct fp_error *error)
{
	for (size_t i = 0; i < done->count; i++) {
		const struct window *window = &done->windows[i];

		for (size_t k = 1; is_dense(window) && k <= ahead; k++) {
			int rc = queue_window(next, window->pack, window->number + k, error);

			if (rc)
				return rc;
		}
	}
	return 0;
}

static int read_round(struct job *job, struct job *next, size_t ahead,
	struct fp_commit_table *table, struct fp_error *error)
{
	int rc = collect_rows(job, error);

	if (!rc)
		rc = run_threads(job, error);
	if (!rc)
		rc = queue_following(job, next, ahead, error);
	return rc ? rc : merge(job, table, error);
}

int fp_pack_scan_read(struct fp_pack_scan *scan, const struct fp_oid *wanted, size_t count,
	struct fp_commit_table *table, struct fp_error *error)
{
	FP_CLEANUP(job_release) struct job job = {.scan = scan};
	size_t ahead = 2;
	int rc = 0;

	for (size_t i = 0; i < count && !rc; i++)
		rc = queue_wanted(&job, &wanted[i], error);
	while (!rc && job.count) {
		struct job next = {.scan = scan};

		rc = read_round(&job, &next, ahead, table, error);
		job_release(&job);
		job = next;
		ahead = ahead < 64 ? ahead * 2 : ahead;
	}
	return rc;
}
