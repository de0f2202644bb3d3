#pragma once
/*
 * Bringing a mirror clone up to date. libgit2 1.5 has no timeouts and can hang for ever in a read,
 * so a fetch runs in a worker process of its own (`forkpoint mirror-worker`, this binary again):
 * it can be killed at a deadline or at shutdown, and nothing that an upstream sends can harm the
 * daemon. The job goes to the worker's standard input, credentials included, so that they never
 * stand in an argument list; progress and the outcome come back as lines on its standard output.
 */
#include "forkpoint/base/error.h"
#include "forkpoint/base/oid.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fp_fetch_job {
	const char *url;  /* http(s), ssh, git, file URL, scp-like, or a path */
	const char *path; /* of the bare mirror; made when it is not there */
	const char *const
		*refs; /* globs of full ref names; mirrored under their own names, pruned */
	size_t ref_count;
	const char *username, *password; /* NULL where absent */
	const char *ssh_key_file, *ssh_known_hosts_file;
	const char *ca_file;
	/* Commits to ask for by their ids as well, when the refs did not bring them; each once.
	 * They are kept (refs/forkpoint/kept/). That the upstream does not serve one is no failure,
	 * and does not keep the others away. */
	const struct fp_oid *wants;
	size_t want_count;
	int64_t timeout_us;	      /* the worker is killed after this long */
	int64_t stall_timeout_us;     /* … or after this long without progress */
	const atomic_bool *cancelled; /* … or soon after this becomes true; may be NULL */
};

enum fp_fetch_phase {
	FP_FETCH_CONNECTING,
	FP_FETCH_RECEIVING,
	FP_FETCH_INDEXING,
	FP_FETCH_UPDATING_REFS,
};

const char *fp_fetch_phase_name(enum fp_fetch_phase phase);

struct fp_fetch_progress {
	enum fp_fetch_phase phase;
	uint64_t received_objects, total_objects; /* total 0 = not yet known */
	uint64_t indexed_deltas, total_deltas;
	uint64_t received_bytes;
};

typedef void fp_fetch_progress_fn(void *context, const struct fp_fetch_progress *progress);

struct fp_fetch_result {
	uint64_t received_bytes, received_objects;
	unsigned refs_updated, refs_pruned, refs_failed;
	char ref_note[256];    /* of the first ref that could not be updated; or empty */
	char head[256];	       /* the upstream's default branch, full ref name; or empty */
	char head_before[256]; /* what it was when this fetch found it changed; or empty */
};

/*
 * Runs one fetch in a worker process and waits for it. progress (may be NULL) is called on this
 * thread. -FP_ERROR_TIMEOUT, -FP_ERROR_DENIED (credentials, host key), -FP_ERROR_UNAVAILABLE
 * (network, no such repository), -FP_ERROR_CORRUPT (the mirror is damaged), -FP_ERROR_FULL,
 * -FP_ERROR_CANCELLED, -FP_ERROR_FOREIGN (the mirror belongs to another user), -FP_ERROR_BUSY
 * (another fetch of this mirror goes on), -FP_ERROR_INVALID (upstream's answer is not git's
 * protocol). After any failure the mirror's refs are those of before, and complete.
 * program: path of the forkpoint binary (/proc/self/exe in the daemon).
 */
int fp_fetch_run(const char *program, const struct fp_fetch_job *job,
	fp_fetch_progress_fn *progress, void *context, struct fp_fetch_result *result,
	struct fp_error *error);

/* The worker's main: reads one job from standard input, does it, reports, returns the exit code. */
int fp_fetch_worker_main(void);
