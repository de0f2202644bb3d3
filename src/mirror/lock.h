#pragma once
/*
 * One writer per mirror: whoever changes a mirror (the fetch worker, keeping, consolidation) holds
 * its lock file. The kernel frees it when the holder dies, however it dies; so with the lock in
 * hand, lock and temporary files that lie about are left-overs of the dead and can be cleared away.
 */
#include "forkpoint/base/error.h"

#include <stdatomic.h>

struct fp_mirror_lock {
	int fd; /* -1 = not held */
};

/* Waits up to wait_ms. -FP_ERROR_BUSY when another writer still holds it then, -FP_ERROR_CANCELLED
 * when *cancelled (may be NULL) became true meanwhile. */
int fp_mirror_lock_take(const char *mirror_path, int wait_ms, const atomic_bool *cancelled,
	struct fp_mirror_lock *lock, struct fp_error *error);
void fp_mirror_lock_drop(struct fp_mirror_lock *lock);

/* Removes what killed writers left: `*.lock` of refs, half-received packs. Needs the lock, whose
 * own file, forkpoint.lock, stands beside these and is never removed. */
void fp_mirror_sweep(const char *mirror_path);
