#pragma once
/*
 * The journal: where a record goes before its reply leaves. Two preallocated files beside the
 * database, mapped shared, so that what was appended survives kill -9 and costs a copy; the
 * recorder drains them into SQLite and replays what is left at start.
 *
 * Appending is lock-free: an entry's place is reserved by adding to a shared offset, its bytes are
 * copied, and its header, with a checksum, is stored last. An entry whose header is missing or
 * does not fit its bytes was never answered. Entries begin at multiples of 16, so that start-up can
 * find those behind a place that was reserved and never filled.
 */
#include "forkpoint/store/history.h"

struct fp_journal;

/*
 * Opens or creates the two files, `bytes` in all (preallocated: a full disk is found here,
 * -FP_ERROR_FULL), and counts what earlier runs left. last_id: the database's highest; ids go on
 * above it and above all that the journal holds.
 */
int fp_journal_open(const char *data_dir, uint64_t bytes, uint64_t last_id,
	struct fp_journal **journal, struct fp_error *error);
void fp_journal_close(struct fp_journal *journal);

/* A fresh id. Never the same twice, across restarts; an id whose record was never appended may
 * come again, as nobody saw it. Any thread. */
uint64_t fp_journal_next_id(struct fp_journal *journal);

/*
 * Appends a record; from then on the reply may leave. A document that was appended since start is
 * not written again. Any thread, never blocks. -FP_ERROR_FULL when both files wait to be drained:
 * answer 503. *hash, if not NULL, gets the document's hash either way.
 */
int fp_journal_append(struct fp_journal *journal, const struct fp_record *record,
	struct fp_hash128 *hash, struct fp_error *error);

/* ---- answers that must survive the machine ---- */

/* Called on the thread that syncs: after each sync (error NULL), and when one failed, after which
 * it is tried again by itself. */
typedef void fp_journal_synced_fn(void *context, const struct fp_error *error);

/*
 * From here on the journal is also kept through a crash of the machine: one thread syncs what was
 * appended, for all who wait together, and a file is used again only when what was drained from it
 * is on disk in the database. Once, before appenders and the recorder start.
 */
int fp_journal_sync_start(struct fp_journal *journal, const char *data_dir,
	fp_journal_synced_fn *synced, void *context, struct fp_error *error);
/* Nobody waits any more. fp_journal_close does the same. */
void fp_journal_sync_stop(struct fp_journal *journal);
/* The number of a sync that covers all that this thread has appended; it is under way or begins at
 * once. 0: nobody need wait. Any thread, never blocks. */
uint64_t fp_journal_sync_ask(struct fp_journal *journal);
bool fp_journal_is_synced(const struct fp_journal *journal, uint64_t number);

/* ---- the recorder's side, one thread ---- */

/*
 * Moves what was appended into the database, in large transactions; returns the number of records,
 * or an error (then nothing was taken out). A fresh start calls it before serving: it finds what a
 * killed run left. Records come out in the order of their places.
 */
int64_t fp_journal_drain(
	struct fp_journal *journal, struct fp_store *store, struct fp_error *error);
/* Whether the record of that id, if it was appended, is in the database: for readers who want what
 * was answered a moment ago. May say no for a drained one, when another waits that shares its
 * counter: ask again. */
bool fp_journal_is_drained(struct fp_journal *journal, uint64_t id);
/* Makes the next append of that document carry it again; whether an append would leave it out. An
 * appender that is just at it may still leave out what was forgotten a moment ago. */
void fp_journal_forget(struct fp_journal *journal, struct fp_hash128 hash);
bool fp_journal_knows(const struct fp_journal *journal, struct fp_hash128 hash);
/* How far appending has come; whether all that was appended before that moment is in the database.
 * Any thread. */
uint64_t fp_journal_mark(struct fp_journal *journal);
bool fp_journal_is_past(struct fp_journal *journal, uint64_t mark);
/* Bytes that wait to be drained, and the room there is. */
void fp_journal_measure(struct fp_journal *journal, uint64_t *waiting, uint64_t *room);
