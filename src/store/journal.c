/* The journal: opening it, and the appenders' side. See journal_state.h for how they meet. */
#include "journal_state.h"

#include <stdio.h>

/* ---- ids and known documents ---- */

uint64_t fp_journal_next_id(struct fp_journal *journal)
{
	return atomic_fetch_add_explicit(&journal->next_id, 1, memory_order_relaxed);
}

static struct fp_known_document *known_slot(
	const struct fp_journal *journal, struct fp_hash128 hash)
{
	return &journal->known[hash.low % FP_KNOWN_DOCUMENTS];
}

/* Halves of two hashes may be read together while an entry is replaced: together they are the hash
 * that is asked for only if the slot held it. */
bool fp_journal_knows(const struct fp_journal *journal, struct fp_hash128 hash)
{
	struct fp_known_document *slot = known_slot(journal, hash);

	return atomic_load_explicit(&slot->low, memory_order_acquire) == hash.low &&
	       atomic_load_explicit(&slot->high, memory_order_acquire) == hash.high;
}

void fp_journal_forget(struct fp_journal *journal, struct fp_hash128 hash)
{
	struct fp_known_document *slot = known_slot(journal, hash);

	/* Who makes another document known there at this moment writes it once more for nothing. */
	if (fp_journal_knows(journal, hash))
		atomic_store_explicit(&slot->low, ~hash.low, memory_order_release);
}

/* Only after the entry that carries the document is sealed: whoever finds it here then appends
 * behind that entry. */
static void make_known(struct fp_journal *journal, struct fp_hash128 hash)
{
	struct fp_known_document *slot = known_slot(journal, hash);

	atomic_store_explicit(&slot->high, hash.high, memory_order_release);
	atomic_store_explicit(&slot->low, hash.low, memory_order_release);
}

/* ---- appending ---- */

struct place {
	const struct fp_journal_file *file;
	uint64_t position;
};

static bool next_is_ready(const struct fp_journal *journal, uint64_t state)
{
	uint64_t round = (state >> FP_STATE_OFFSET_BITS) + 1;
	uint64_t ready = atomic_load_explicit(&journal->ready[round & 1], memory_order_acquire);

	return fp_state_pack(round, 0) == fp_state_pack(ready, 0);
}

bool fp_journal_move_on(struct fp_journal *journal, uint64_t state)
{
	uint64_t round = (state >> FP_STATE_OFFSET_BITS) + 1;

	if (!next_is_ready(journal, state))
		return false;
	/* Lost to another thread that did the same, or that added to the offset: look again. */
	atomic_compare_exchange_strong_explicit(&journal->state, &state,
		fp_state_pack(round, FP_JOURNAL_BEGIN), memory_order_acq_rel, memory_order_relaxed);
	return true;
}

/* One try: 0 reserved, 1 look again. Passing the end seals the file: the first to do so knows where
 * its entries end. */
static int try_reserve(struct fp_journal *journal, uint64_t bytes, struct place *place)
{
	uint64_t state = atomic_fetch_add_explicit(&journal->state, bytes, memory_order_acq_rel);
	uint64_t offset = fp_state_offset(state);
	struct fp_journal_file *file = &journal->files[state >> FP_STATE_OFFSET_BITS & 1];

	if (offset + bytes <= journal->capacity) {
		*place = (struct place){file, offset};
		return 0;
	}
	if (offset <= journal->capacity)
		atomic_store_explicit(&file->end, offset, memory_order_release);
	return 1;
}

/* 0, or 1 when both files wait to be drained. */
static int reserve(struct fp_journal *journal, uint64_t bytes, struct place *place)
{
	for (;;) {
		uint64_t state = atomic_load_explicit(&journal->state, memory_order_acquire);
		uint64_t offset = fp_state_offset(state);

		if (offset > journal->capacity) {
			if (!fp_journal_move_on(journal, state))
				return 1;
			continue;
		}
		/* Smaller entries may still fit: no reason to close the file for this one. */
		if (offset + bytes > journal->capacity && !next_is_ready(journal, state))
			return 1;
		if (try_reserve(journal, bytes, place) == 0)
			return 0;
	}
}

static void list_texts(
	const struct fp_record *record, bool with_document, struct fp_str texts[FP_ENTRY_TEXTS])
{
	const struct fp_str all[FP_ENTRY_TEXTS] = {record->client, record->agent, record->build,
		record->repo, record->branch, record->sha, record->version, record->outcome};

	for (size_t i = 0; i < FP_ENTRY_TEXTS; i++)
		texts[i] = i < FP_ENTRY_REPO || with_document ? all[i] : (struct fp_str){0};
}

static void fill_entry(struct fp_entry *entry, const struct fp_record *record,
	const struct fp_str texts[FP_ENTRY_TEXTS], struct fp_str document)
{
	char *room = (char *)(entry + 1);

	entry->document_bytes = (uint32_t)document.len;
	entry->id = record->id;
	entry->at_us = record->at_us;
	entry->feed_synced_us = record->feed_synced_us;
	entry->refs_synced_us = record->refs_synced_us;
	entry->as_of_us = record->as_of_us;
	entry->sticky = record->sticky;
	entry->duration_us = record->duration_us;
	entry->status = record->status;
	memcpy(entry->form, record->form, sizeof(entry->form));
	memcpy(entry->holes, record->holes, sizeof(entry->holes));
	for (size_t i = 0; i < FP_ENTRY_TEXTS; i++) {
		entry->lengths[i] = (uint16_t)texts[i].len;
		if (texts[i].len)
			memcpy(room, texts[i].ptr, texts[i].len);
		room += texts[i].len;
	}
	if (document.len)
		memcpy(room, document.ptr, document.len);
}

/* Bytes of the entry's header and texts; 0 when a text is too long. */
static size_t measure_texts(const struct fp_str texts[FP_ENTRY_TEXTS])
{
	size_t bytes = sizeof(struct fp_entry);

	for (size_t i = 0; i < FP_ENTRY_TEXTS; i++) {
		if (texts[i].len > UINT16_MAX)
			return 0;
		bytes += texts[i].len;
	}
	return bytes;
}

static void append_at(struct fp_journal *journal, const struct place *place,
	const struct fp_record *record, const struct fp_str texts[FP_ENTRY_TEXTS],
	struct fp_hash128 hash, size_t head, bool with_document)
{
	struct fp_entry *entry = fp_journal_file_entry(place->file, place->position);
	struct fp_str document = with_document ? record->document : (struct fp_str){0};

	entry->bytes = (uint32_t)fp_journal_align(head + document.len);
	entry->round = place->file->round;
	entry->hash = hash;
	entry->has_document = with_document;
	fill_entry(entry, record, texts, document);
	atomic_fetch_add_explicit(fp_journal_pending(journal, record->id), 1, memory_order_relaxed);
	atomic_store_explicit(&entry->seal, fp_entry_seal(place->file, place->position, head),
		memory_order_release);
	if (journal->syncer)
		fp_journal_note_dirty(journal->syncer, place->file == &journal->files[1]);
}

int fp_journal_append(struct fp_journal *journal, const struct fp_record *record,
	struct fp_hash128 *hash, struct fp_error *error)
{
	struct fp_hash128 own = fp_document_hash(record->document);
	bool with_document = !fp_journal_knows(journal, own);
	struct fp_str texts[FP_ENTRY_TEXTS];
	uint64_t bytes;
	struct place place;
	size_t head;

	if (hash)
		*hash = own;
	list_texts(record, with_document, texts);
	head = measure_texts(texts);
	bytes = fp_journal_align(head + (with_document ? record->document.len : 0));
	if (head == 0 || bytes > journal->capacity - FP_JOURNAL_BEGIN)
		return fp_error_set(error, FP_ERROR_LIMIT,
			"a record of %zu bytes is larger than the journal takes",
			head + record->document.len);
	if (reserve(journal, bytes, &place) != 0)
		return fp_error_set(error, FP_ERROR_FULL,
			"the journal is full: the database takes no records at the moment");
	append_at(journal, &place, record, texts, own, head, with_document);
	if (with_document)
		make_known(journal, own);
	return 0;
}

/* ---- opening ---- */

void fp_journal_close(struct fp_journal *journal)
{
	uint64_t waiting = 1, room;

	if (!journal)
		return;
	fp_journal_sync_stop(journal);
	if (journal->files[0].base && journal->files[1].base)
		fp_journal_measure(journal, &waiting, &room);
	for (size_t i = 0; i < 2; i++) {
		/* The next start has nothing to look through then. */
		if (waiting == 0)
			fp_journal_file_wipe(&journal->files[i]);
		fp_journal_file_close(&journal->files[i]);
	}
	free((void *)journal->pending);
	free(journal->known);
	free(journal->batch);
	free(journal);
}
FP_DEFINE_CLEANUP(struct fp_journal *, fp_journal_close)

static struct fp_journal *new_journal(uint64_t bytes)
{
	struct fp_journal *journal = aligned_alloc(64, sizeof(*journal));
	uint64_t counters = 1;

	if (!journal)
		return NULL;
	memset(journal, 0, sizeof(*journal));
	journal->files[0].fd = journal->files[1].fd = -1;
	journal->capacity = (bytes / 2 + 4095) & ~UINT64_C(4095);
	if (journal->capacity < FP_JOURNAL_FILE_MIN_BYTES)
		journal->capacity = FP_JOURNAL_FILE_MIN_BYTES;
	while (counters < 2 * journal->capacity / sizeof(struct fp_entry))
		counters *= 2;
	journal->pending_mask = counters - 1;
	journal->pending = calloc(counters, sizeof(*journal->pending));
	journal->known = calloc(FP_KNOWN_DOCUMENTS, sizeof(*journal->known));
	journal->batch = calloc(FP_JOURNAL_BATCH, sizeof(*journal->batch));
	if (journal->pending && journal->known && journal->batch)
		return journal;
	fp_journal_close(journal);
	return NULL;
}

static int open_files(struct fp_journal *journal, const char *data_dir, struct fp_error *error)
{
	int r = 0;

	for (int i = 0; r >= 0 && i < 2; i++) {
		FP_CLEANUP_FREE char *path = NULL;

		if (asprintf(&path, "%s/journal.%d", data_dir, i) < 0)
			return fp_error_memory(error);
		r = fp_journal_file_open(path, journal->capacity, &journal->files[i], error);
	}
	return r;
}

/* Counts what an earlier run left; returns the highest id that it knows of. */
static uint64_t count_left(struct fp_journal *journal, struct fp_journal_file *file)
{
	struct fp_logged_record logged;
	uint64_t highest = file->base_id, bytes = 0, position = FP_JOURNAL_BEGIN;

	atomic_init(&file->position, FP_JOURNAL_BEGIN);
	file->is_blank = fp_journal_file_is_blank(file);
	while (file->round > 0 && !file->is_blank &&
		fp_journal_file_find(file, &position, &logged, &bytes)) {
		file->left_over = true;
		atomic_init(&file->end, position + bytes);
		position += bytes;
		atomic_fetch_add_explicit(
			fp_journal_pending(journal, logged.record.id), 1, memory_order_relaxed);
		if (logged.record.id > highest)
			highest = logged.record.id;
	}
	return highest;
}

/* The smallest round after both files' that the file serves. */
static uint64_t round_for(const struct fp_journal *journal, unsigned index)
{
	const struct fp_journal_file *files = journal->files;
	uint64_t round = (files[0].round > files[1].round ? files[0].round : files[1].round) + 1;

	return (round & 1) == index ? round : round + 1;
}

static int make_ready(
	struct fp_journal *journal, unsigned index, uint64_t base_id, struct fp_error *error)
{
	struct fp_journal_file *file = &journal->files[index];
	int r = fp_journal_file_prepare(
		file, journal->capacity, round_for(journal, index), base_id, error);

	if (r >= 0)
		atomic_store_explicit(&journal->ready[index], file->round, memory_order_release);
	return r;
}

/* Appending begins in a file without left-overs, and goes on in the other one if that has none
 * either. Where both have some, it begins once the older one is drained. */
static int begin(struct fp_journal *journal, uint64_t base_id, struct fp_error *error)
{
	struct fp_journal_file *files = journal->files;
	unsigned first = files[0].left_over ? 1 : 0;
	int r = 0;

	if (files[0].left_over && files[1].left_over) {
		uint64_t newer = files[0].round > files[1].round ? files[0].round : files[1].round;

		atomic_init(&journal->state, fp_state_pack(newer, journal->capacity + 1));
		return 0;
	}
	r = make_ready(journal, first, base_id, error);
	if (r >= 0 && !files[!first].left_over)
		r = make_ready(journal, !first, base_id, error);
	if (r >= 0)
		atomic_init(&journal->state, fp_state_pack(files[first].round, FP_JOURNAL_BEGIN));
	return r;
}

int fp_journal_open(const char *data_dir, uint64_t bytes, uint64_t last_id,
	struct fp_journal **journal, struct fp_error *error)
{
	FP_CLEANUP(fp_journal_close_cleanup) struct fp_journal *opened = NULL;
	int r;

	if (bytes >> (FP_STATE_OFFSET_BITS - 2))
		return fp_error_set(error, FP_ERROR_LIMIT, "a journal of %llu bytes is too large",
			(unsigned long long)bytes);
	opened = new_journal(bytes);
	if (!opened)
		return fp_error_memory(error);
	r = open_files(opened, data_dir, error);
	if (r < 0)
		return r;
	for (size_t i = 0; i < 2; i++) {
		uint64_t highest = count_left(opened, &opened->files[i]);

		last_id = highest > last_id ? highest : last_id;
	}
	atomic_init(&opened->next_id, last_id + 1);
	r = begin(opened, last_id, error);
	if (r < 0)
		return r;
	*journal = opened;
	opened = NULL;
	return 0;
}
