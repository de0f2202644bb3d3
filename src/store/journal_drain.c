/* The recorder's side of the journal: taking entries out, and giving files back to appenders. */
#include "journal_state.h"

/* How far a file's entries can be read now. */
struct reach {
	uint64_t end;
	bool closed; /* no more will come */
};

static struct reach reach_of(const struct fp_journal *journal, const struct fp_journal_file *file)
{
	uint64_t state, end;

	if (file->left_over)
		return (struct reach){atomic_load_explicit(&file->end, memory_order_relaxed), true};
	state = atomic_load_explicit(&journal->state, memory_order_acquire);
	if (fp_state_is_in(state, file->round) && fp_state_offset(state) <= journal->capacity)
		return (struct reach){fp_state_offset(state), false};
	end = atomic_load_explicit(&file->end, memory_order_acquire);
	if (end > 0)
		return (struct reach){end, true};
	/* Ready and not begun; or passed, and whoever passed it is about to say where it ends. */
	return (struct reach){atomic_load_explicit(&file->position, memory_order_relaxed), false};
}

/* Asked before reading: an entry that is sealed only while it is read is no damage. */
static bool is_sealed(const struct fp_journal_file *file, uint64_t position)
{
	const struct fp_entry *entry = fp_journal_file_entry(file, position);

	return atomic_load_explicit(&entry->seal, memory_order_acquire) != 0;
}

/* Reads the entry at *position, moving on. 1 with one; 0 when there is none yet. */
static int read_next(const struct fp_journal_file *file, const struct reach *reach,
	uint64_t *position, struct fp_logged_record *record, struct fp_error *error)
{
	uint64_t bytes = 0;

	if (*position >= reach->end)
		return 0;
	if (file->left_over) {
		if (!fp_journal_file_find(file, position, record, &bytes))
			return 0;
	} else if (!is_sealed(file, *position)) {
		return 0;
	} else if (!fp_journal_file_read(file, *position, reach->end, record, &bytes)) {
		return fp_error_set(error, FP_ERROR_CORRUPT,
			"the journal was changed from outside at byte %llu: restart Forkpoint, "
			"which passes over what is damaged",
			(unsigned long long)*position);
	}
	*position += bytes;
	return 1;
}

/* One batch; *count gets its records. */
static int drain_batch(struct fp_journal *journal, struct fp_journal_file *file,
	const struct reach *reach, struct fp_store *store, size_t *count, struct fp_error *error)
{
	uint64_t position = atomic_load_explicit(&file->position, memory_order_relaxed);
	int r = 1;

	*count = 0;
	while (r == 1 && *count < FP_JOURNAL_BATCH) {
		r = read_next(file, reach, &position, &journal->batch[*count], error);
		if (r == 1)
			++*count;
	}
	/* What stands before damage is taken out all the same. */
	if (r >= 0 || *count > 0)
		r = fp_store_write_logged(store, journal->batch, *count, error);
	if (r < 0)
		return r;
	for (size_t i = 0; i < *count; i++)
		atomic_fetch_sub_explicit(fp_journal_pending(journal, journal->batch[i].record.id),
			1, memory_order_release);
	atomic_store_explicit(&file->position, position, memory_order_release);
	return 0;
}

/*
 * Where the machine's end must be survived, what is wiped here must be on disk there. A commit of
 * the recorder's stands in the database's write-ahead log, which SQLite (synchronous = NORMAL)
 * syncs only before a checkpoint; so it may not be on disk yet, and once the file is wiped nothing
 * else holds it. One synced commit makes all earlier ones durable: the log is one file, and what a
 * checkpoint took out of it was synced first. That is once per file, not per transaction.
 */
static int make_durable(struct fp_journal *journal, struct fp_store *store, struct fp_error *error)
{
	return journal->syncer ? fp_store_sync(store, error) : 0;
}

static int prepare_file(struct fp_journal *journal, unsigned index, struct fp_error *error)
{
	uint64_t base_id = atomic_load_explicit(&journal->next_id, memory_order_relaxed) - 1;
	int r;

	fp_journal_lock_files(journal);
	r = fp_journal_file_prepare(&journal->files[index], journal->capacity,
		journal->files[!index].round + 1, base_id, error);
	fp_journal_unlock_files(journal);
	return r;
}

/* Gives a file whose entries are all in the database back to the appenders. Not while it is the
 * one that the state names: it moves on first, if it can. */
static int recycle(
	struct fp_journal *journal, unsigned index, struct fp_store *store, struct fp_error *error)
{
	struct fp_journal_file *file = &journal->files[index];
	uint64_t state = atomic_load_explicit(&journal->state, memory_order_acquire);
	int r;

	if (fp_state_is_in(state, file->round)) {
		fp_journal_move_on(journal, state);
		state = atomic_load_explicit(&journal->state, memory_order_acquire);
	}
	if (fp_state_is_in(state, file->round))
		return 0;
	r = make_durable(journal, store, error);
	if (r >= 0)
		r = prepare_file(journal, index, error);
	if (r >= 0)
		atomic_store_explicit(&journal->ready[index], file->round, memory_order_release);
	return r;
}

static int64_t drain_file(struct fp_journal *journal, unsigned index, struct fp_store *store,
	bool *closed, struct fp_error *error)
{
	struct fp_journal_file *file = &journal->files[index];
	struct reach reach = reach_of(journal, file);
	int64_t total = 0;
	size_t count;
	int r;

	do {
		r = drain_batch(journal, file, &reach, store, &count, error);
		if (r < 0)
			return total > 0 ? total : r;
		total += (int64_t)count;
	} while (count == FP_JOURNAL_BATCH);
	*closed = reach.closed &&
		  atomic_load_explicit(&file->position, memory_order_relaxed) >= reach.end;
	r = *closed ? recycle(journal, index, store, error) : 0;
	return r < 0 && total == 0 ? r : total;
}

int64_t fp_journal_drain(struct fp_journal *journal, struct fp_store *store, struct fp_error *error)
{
	unsigned older = journal->files[0].round < journal->files[1].round ? 0 : 1;
	bool closed = false;
	int64_t first, second;

	first = drain_file(journal, older, store, &closed, error);
	if (first < 0 || !closed)
		return first;
	second = drain_file(journal, !older, store, &closed, error);
	if (second < 0)
		return first > 0 ? first : second;
	return first + second;
}

bool fp_journal_is_drained(struct fp_journal *journal, uint64_t id)
{
	return atomic_load_explicit(fp_journal_pending(journal, id), memory_order_acquire) == 0;
}

uint64_t fp_journal_mark(struct fp_journal *journal)
{
	return atomic_load_explicit(&journal->state, memory_order_acquire);
}

bool fp_journal_is_past(struct fp_journal *journal, uint64_t mark)
{
	unsigned index = mark >> FP_STATE_OFFSET_BITS & 1;
	struct fp_journal_file *file = &journal->files[index];
	uint64_t offset = fp_state_offset(mark), position;

	/* A file serves another round only when all of this one is in the database. */
	if (!fp_state_is_in(
		    mark, atomic_load_explicit(&journal->ready[index], memory_order_acquire)))
		return true;
	position = atomic_load_explicit(&file->position, memory_order_acquire);
	if (offset <= journal->capacity)
		return position >= offset;
	offset = atomic_load_explicit(&file->end, memory_order_acquire);
	return offset > 0 && position >= offset;
}

/* end 0: not known yet, so that anything may wait. */
static uint64_t left_in(
	const struct fp_journal *journal, const struct fp_journal_file *file, uint64_t end)
{
	uint64_t position = atomic_load_explicit(&file->position, memory_order_acquire);

	if (end == 0)
		end = journal->capacity;
	return end > position ? end - position : 0;
}

void fp_journal_measure(struct fp_journal *journal, uint64_t *waiting, uint64_t *room)
{
	uint64_t state, again = atomic_load_explicit(&journal->state, memory_order_acquire);

	do {
		unsigned index = again >> FP_STATE_OFFSET_BITS & 1;
		const struct fp_journal_file *file = &journal->files[index];
		const struct fp_journal_file *other = &journal->files[!index];
		uint64_t offset = fp_state_offset(again),
			 next = (again >> FP_STATE_OFFSET_BITS) + 1;
		uint64_t end = atomic_load_explicit(&file->end, memory_order_acquire);

		state = again;
		*room = offset < journal->capacity ? journal->capacity - offset : 0;
		*waiting = left_in(journal, file, offset <= journal->capacity ? offset : end);
		if (fp_state_pack(
			    atomic_load_explicit(&journal->ready[!index], memory_order_acquire),
			    0) == fp_state_pack(next, 0))
			*room += journal->capacity - FP_JOURNAL_BEGIN;
		else
			*waiting += left_in(journal, other,
				atomic_load_explicit(&other->end, memory_order_acquire));
		again = atomic_load_explicit(&journal->state, memory_order_acquire);
	} while (state >> FP_STATE_OFFSET_BITS != again >> FP_STATE_OFFSET_BITS);
}
