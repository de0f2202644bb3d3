/*
 * Group commit: one thread syncs the journal's files for all who wait.
 *
 * Syncs are numbered as they begin. What was appended before a thread asks is covered by the first
 * sync that begins after it: the number it is given. While a sync is under way others append and
 * ask, and the next one is for all of them.
 *
 * A file that could not be written back is not written back by the next fdatasync: the kernel
 * forgets that its pages were dirty. So after a failure all pages are made dirty again, and a later
 * sync that succeeds covers those before it as well.
 */
#include "journal_state.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

enum { PAGE_BYTES = 4096, RETRY_MS = 500 };

uint64_t fp_journal_sync_ask(struct fp_journal *journal)
{
	struct fp_journal_syncer *syncer = journal->syncer;
	uint64_t number;

	if (!syncer)
		return 0;
	number = atomic_load(&syncer->begun) + 1;
	if (!atomic_exchange(&syncer->asked, true)) {
		pthread_mutex_lock(&syncer->mutex);
		pthread_cond_signal(&syncer->wake);
		pthread_mutex_unlock(&syncer->mutex);
	}
	return number;
}

bool fp_journal_is_synced(const struct fp_journal *journal, uint64_t number)
{
	/* In one order with what the caller notes before it asks, so that either it sees the sync
	 * or whoever is told of the sync sees the note. */
	return !journal->syncer || atomic_load(&journal->syncer->done) >= number;
}

/* ---- the thread ---- */

/* Writes each page's first byte as it is. */
static void make_dirty(struct fp_journal *journal)
{
	fp_journal_lock_files(journal);
	for (size_t i = 0; i < 2; i++) {
		const struct fp_journal_file *file = &journal->files[i];

		for (uint64_t at = 0; at < file->bytes; at += PAGE_BYTES)
			__atomic_fetch_or(file->base + at, 0, __ATOMIC_RELAXED);
		atomic_store(&journal->syncer->dirty[i], true);
	}
	fp_journal_unlock_files(journal);
}

static int sync_files(struct fp_journal *journal, struct fp_error *error)
{
	struct fp_journal_syncer *syncer = journal->syncer;

	for (size_t i = 0; i < 2; i++) {
		if (!atomic_exchange(&syncer->dirty[i], false))
			continue;
		if (syncer->sync_file(journal->files[i].fd) < 0)
			return fp_error_set(error,
				errno == ENOSPC || errno == EDQUOT ? FP_ERROR_FULL : FP_ERROR_IO,
				"the journal cannot be put on disk: %s: answers wait for it, and "
				"are refused if it takes long",
				strerror(errno));
	}
	return 0;
}

static int sync_once(struct fp_journal *journal)
{
	struct fp_journal_syncer *syncer = journal->syncer;
	struct fp_error error = {0};
	uint64_t number;
	int r;

	/* In this order: who asks while it goes on gets the next number, and asks for it. */
	atomic_store(&syncer->asked, false);
	number = atomic_fetch_add(&syncer->begun, 1) + 1;
	r = sync_files(journal, &error);
	if (r < 0) {
		make_dirty(journal);
		atomic_store(&syncer->asked, true);
	} else {
		atomic_store(&syncer->done, number);
	}
	syncer->synced(syncer->context, r < 0 ? &error : NULL);
	return r;
}

/* With the mutex held: until somebody asks, or for a while after a failure. */
static void wait_for_work(struct fp_journal_syncer *syncer, bool failed)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += RETRY_MS * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	if (failed && !syncer->stopping)
		pthread_cond_timedwait(&syncer->wake, &syncer->mutex, &until);
	while (!failed && !syncer->stopping && !atomic_load(&syncer->asked))
		pthread_cond_wait(&syncer->wake, &syncer->mutex);
}

static void *run(void *context)
{
	struct fp_journal *journal = context;
	struct fp_journal_syncer *syncer = journal->syncer;
	int r = 0;

	pthread_mutex_lock(&syncer->mutex);
	for (;;) {
		wait_for_work(syncer, r < 0);
		if (syncer->stopping)
			break;
		pthread_mutex_unlock(&syncer->mutex);
		r = sync_once(journal);
		pthread_mutex_lock(&syncer->mutex);
	}
	pthread_mutex_unlock(&syncer->mutex);
	return NULL;
}

/* ---- starting and stopping ---- */

/* The files' names, and the blocks that were reserved for them: from then on a sync writes what was
 * appended and nothing about the files. */
static int sync_all(struct fp_journal *journal, const char *data_dir, struct fp_error *error)
{
	int folder = open(data_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int failed = folder < 0 || fsync(folder) < 0;

	if (folder >= 0)
		close(folder);
	for (size_t i = 0; i < 2 && !failed; i++)
		failed = fdatasync(journal->files[i].fd) < 0;
	if (failed)
		return fp_error_set(
			error, FP_ERROR_IO, "cannot put %s on disk: %s", data_dir, strerror(errno));
	return 0;
}

static void free_syncer(struct fp_journal *journal)
{
	struct fp_journal_syncer *syncer = journal->syncer;

	journal->syncer = NULL;
	pthread_cond_destroy(&syncer->wake);
	pthread_mutex_destroy(&syncer->mutex);
	pthread_mutex_destroy(&syncer->files);
	free(syncer);
}

int fp_journal_sync_start(struct fp_journal *journal, const char *data_dir,
	fp_journal_synced_fn *synced, void *context, struct fp_error *error)
{
	struct fp_journal_syncer *syncer;
	int r = sync_all(journal, data_dir, error);

	if (r < 0)
		return r;
	syncer = calloc(1, sizeof(*syncer));
	if (!syncer)
		return fp_error_memory(error);
	syncer->synced = synced;
	syncer->context = context;
	syncer->sync_file = fdatasync;
	pthread_mutex_init(&syncer->mutex, NULL);
	pthread_mutex_init(&syncer->files, NULL);
	pthread_cond_init(&syncer->wake, NULL);
	journal->syncer = syncer;
	if (pthread_create(&syncer->thread, NULL, run, journal) == 0) {
		syncer->running = true;
		return 0;
	}
	free_syncer(journal);
	return fp_error_set(error, FP_ERROR_UNAVAILABLE, "cannot start the journal's thread");
}

void fp_journal_sync_stop(struct fp_journal *journal)
{
	struct fp_journal_syncer *syncer = journal->syncer;

	if (!syncer)
		return;
	pthread_mutex_lock(&syncer->mutex);
	syncer->stopping = true;
	pthread_cond_signal(&syncer->wake);
	pthread_mutex_unlock(&syncer->mutex);
	if (syncer->running)
		pthread_join(syncer->thread, NULL);
	free_syncer(journal);
}
