#pragma once
/*
 * The door to SQLite. Two databases in the data folder:
 *
 * - facts.db: version events, ref events, configurations, answers and requests. Never rebuilt;
 *   migrations (migrations/NNNN_name.sql, embedded) carry it forward.
 * - derived.db: commits and what their trees say, as they can be read again from the mirrors. When
 *   it is damaged or of another make it is set aside and begun anew (migrations/derived.sql).
 *
 * A struct fp_store is one thread's pair of connections. Every function of the layer that takes one
 * may block; writers begin IMMEDIATE and wait up to 10 s for another writer.
 */
#include "forkpoint/base/buf.h"
#include "forkpoint/base/error.h"
#include "forkpoint/base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct fp_store;

enum { FP_STORE_APPLICATION_ID = 0x46504b54 }; /* "FPKT" */

/*
 * Once at start: takes the data folder's lock (a file `lock`, held until fp_store_unlock; the text
 * of -FP_ERROR_BUSY names the process that has it), creates or checks and migrates both databases.
 * -FP_ERROR_FOREIGN: facts.db belongs to another program or to a newer Forkpoint;
 * -FP_ERROR_CORRUPT: it is damaged. In both cases nothing was written. *notes, if not NULL, gets a
 * line for each thing that was done (migrated from 3 to 5, derived.db begun anew because …).
 */
struct fp_store_lock;
int fp_store_prepare(const char *data_dir, struct fp_store_lock **lock, struct fp_buf *notes,
	struct fp_error *error);
void fp_store_unlock(struct fp_store_lock *lock);

/* A pair of connections for one thread; read_only never writes, not even a WAL index it lacks. */
int fp_store_open(
	const char *data_dir, bool read_only, struct fp_store **store, struct fp_error *error);
void fp_store_close(struct fp_store *store);
FP_DEFINE_CLEANUP(struct fp_store *, fp_store_close)

struct fp_checkpoint {
	uint64_t log_bytes;  /* what the log holds */
	uint64_t held_bytes; /* of these, what could not be copied back: somebody still reads the
			      * database as it was before them */
};

/* Checkpoints the write-ahead log of facts.db; from a connection of its own, beside writers.
 * *result may be NULL. */
int fp_store_checkpoint(
	struct fp_store *store, struct fp_checkpoint *result, struct fp_error *error);
/* This connection's commits leave checkpoints to another one. */
int fp_store_leave_checkpoints(struct fp_store *store, struct fp_error *error);
/* Puts all that was committed to facts.db on disk. */
int fp_store_sync(struct fp_store *store, struct fp_error *error);

/* Numbers for names, made on first use: repositories; packages as (feed, id). */
int fp_store_repository_id(
	struct fp_store *store, const char *name, int64_t *id, struct fp_error *error);
int fp_store_package_id(struct fp_store *store, const char *feed, const char *package, int64_t *id,
	struct fp_error *error);

/* Whether anything is kept of a repository of that name: it was configured once, or asked for. */
int fp_store_has_records(
	struct fp_store *store, struct fp_str repo, bool *found, struct fp_error *error);

/* Keeps a configuration under its digest, with the time it was first in force. */
int fp_store_note_config(struct fp_store *store, const char *digest, struct fp_str text,
	int64_t now_us, struct fp_error *error);

/* When a source was last read in full and found as it is kept, -1 = never. kind: "repository",
 * "package". Kept so that a restart does not forget how stale it is. */
int fp_store_get_synced(struct fp_store *store, const char *kind, int64_t id, int64_t *synced_us,
	struct fp_error *error);
int fp_store_set_synced(struct fp_store *store, const char *kind, int64_t id, int64_t synced_us,
	struct fp_error *error);
