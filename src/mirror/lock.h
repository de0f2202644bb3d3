#pragma once
/*
 * One writer per mirror: whoever changes a mirror (the fetch worker, keeping, consolidation) holds
 * its lock file. The kernel frees it when the holder dies, however it dies; so with the lock in
 * hand, lock and temporary files that lie about are left-overs of the dead and can be cleared away.
 */
#include "forkpoint/base/error.h"

struct fp_mirror_lock {
	int fd; /* -1 = not held */
};

/* Waits up to wait_ms. -FP_ERROR_BUSY when another writer still holds it then. */
int fp_mirror_lock_take(
	const char *mirror_path, int wait_ms, struct fp_mirror_lock *lock, struct fp_error *error);
void fp_mirror_lock_drop(struct fp_mirror_lock *lock);

/* Removes what killed writers left: `*.lock` of refs, half-received packs. Needs the lock. */
void fp_mirror_sweep(const char *mirror_path);
