#pragma once
/*
 * The journal in memory; journal.c appends, journal_drain.c is the recorder's side.
 *
 * `state` is the round that is appended to and the offset at which its next entry goes, in one
 * word: adding to it reserves a place. The one whose addition first passes the end of the file
 * notes where the round ends, and whoever finds the file full moves the state to the next round, if
 * the recorder has made the other file ready for it. So a file is used again only after
 *
 *   all its entries are sealed and in the database → its bytes are zero → its header says the next
 *   round → `ready` names that round → an appender moves the state there,
 *
 * and each arrow is a release that the next step acquires.
 */
#include "journal_file.h"

#include <pthread.h>

enum {
	FP_STATE_OFFSET_BITS = 40,
	FP_JOURNAL_BATCH = 8192,      /* records of a transaction */
	FP_KNOWN_DOCUMENTS = 1 << 18, /* that were appended since start */
};

struct fp_known_document {
	_Atomic uint64_t high, low;
};

/* journal_sync.c's. */
struct fp_journal_syncer {
	fp_journal_synced_fn *synced;
	void *context;
	int (*sync_file)(int fd); /* fdatasync, but in tests */
	pthread_t thread;
	bool running;
	pthread_mutex_t mutex;
	pthread_cond_t wake;
	bool stopping; /* under the mutex */
	/* Held while a file's mapping may change, and while all of it is gone through. */
	pthread_mutex_t files;
	atomic_bool asked;
	_Atomic uint64_t begun, done; /* numbers of syncs */
	atomic_bool dirty[2];	      /* the file was appended to since a sync of it began */
};

struct fp_journal {
	uint64_t capacity; /* of each file, its first page included */
	struct fp_journal_file files[2];
	_Atomic uint64_t ready[2]; /* the round that the file is ready for, or serves */
	/* Ids that were appended and are not in the database, counted by their hash. */
	_Atomic uint8_t *pending;
	uint64_t pending_mask;
	struct fp_known_document *known;
	struct fp_logged_record *batch;	  /* the recorder's */
	struct fp_journal_syncer *syncer; /* NULL: the process is all that must be survived */
	_Alignas(64) _Atomic uint64_t state;
	_Alignas(64) _Atomic uint64_t next_id;
};

static inline uint64_t fp_state_pack(uint64_t round, uint64_t offset)
{
	return round << FP_STATE_OFFSET_BITS | offset;
}

static inline uint64_t fp_state_offset(uint64_t state)
{
	return state & ((UINT64_C(1) << FP_STATE_OFFSET_BITS) - 1);
}

/* Whether the state is in that round, of which it knows the low bits. */
static inline bool fp_state_is_in(uint64_t state, uint64_t round)
{
	return state >> FP_STATE_OFFSET_BITS == fp_state_pack(round, 0) >> FP_STATE_OFFSET_BITS;
}

/* From a state whose file is full to the other file. False when that is not ready. */
bool fp_journal_move_on(struct fp_journal *journal, uint64_t state);

static inline _Atomic uint8_t *fp_journal_pending(const struct fp_journal *journal, uint64_t id)
{
	/* An odd factor spreads neighbours over cache lines and maps no two ids of a run to one. */
	return &journal->pending[(id * UINT64_C(0x9e3779b97f4a7c15)) & journal->pending_mask];
}

/*
 * After an entry is sealed. In one order of all of these operations, the seal comes before the flag
 * is found or made true; a sync takes the flag before it syncs the file. So either that sync has
 * the entry, or the flag is true for the next.
 */
static inline void fp_journal_note_dirty(struct fp_journal_syncer *syncer, unsigned index)
{
	if (!atomic_load(&syncer->dirty[index]))
		atomic_store(&syncer->dirty[index], true);
}

/* Around whatever may map a file anew. */
static inline void fp_journal_lock_files(struct fp_journal *journal)
{
	if (journal->syncer)
		pthread_mutex_lock(&journal->syncer->files);
}

static inline void fp_journal_unlock_files(struct fp_journal *journal)
{
	if (journal->syncer)
		pthread_mutex_unlock(&journal->syncer->files);
}
