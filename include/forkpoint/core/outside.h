#pragma once
/*
 * What the service asks of the world outside its snapshot, without knowing who does it: main wires
 * it to sync. Everything here returns at once; what takes time is waited for with a ticket, by
 * whoever can wait without blocking a thread.
 */
#include "forkpoint/base/buf.h"
#include "forkpoint/base/error.h"
#include "forkpoint/base/oid.h"
#include "forkpoint/base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum fp_look_result {
	FP_LOOK_PENDING,
	FP_LOOK_DONE,	/* the snapshot is as new as the sources; a commit that is not in it is not
			 * upstream either */
	FP_LOOK_FAILED, /* a source could not be reached; the snapshot has the trouble */
	FP_LOOK_NOT_A_COMMIT, /* the object is there, and is a tree, a blob or a tag */
};

/* Counted; made by the outside. */
struct fp_ticket;

enum fp_look_refusal {
	FP_LOOK_ACCEPTED,
	FP_LOOK_IN_VAIN,  /* the same commit was just looked for in vain */
	FP_LOOK_TOO_MANY, /* more looks than the repository's rate allows */
};

enum fp_repository_phase {
	FP_PHASE_WAITING, /* nothing under way */
	FP_PHASE_FETCHING,
	FP_PHASE_READING,  /* commits from the mirror */
	FP_PHASE_BUILDING, /* the next snapshot */
};

/* Of one repository, for /repos. Times in microseconds, -1 = never or unknown. */
struct fp_repository_status {
	enum fp_repository_phase phase;
	int64_t phase_since_us;
	uint64_t done, total; /* objects while fetching, commits while reading; total 0 = unknown */
	uint64_t rate_per_s;  /* of done; 0 = not yet known */
	int64_t left_us;      /* estimate, -1 */
	uint64_t received_bytes;
	int64_t last_attempt_us, last_success_us, next_attempt_us;
	unsigned failures;    /* in a row */
	char last_error[256]; /* empty when the last attempt succeeded */
	uint64_t mirror_bytes, graph_bytes;
	unsigned packs;
	/* The upstream's, as full ref names; empty = not known. The second is what it was until
	 * default_branch_us, if it changed while this process watched. */
	char default_branch[256], default_branch_before[256];
	int64_t default_branch_us;
};

struct fp_feed_status {
	int64_t last_attempt_us, last_success_us, next_attempt_us;
	unsigned failures;
	char last_error[256];
	char protocol[24];
	char note[256];
	unsigned requests; /* of the last look */
	uint64_t bytes;
};

/* Which files are read, and who takes them. */
struct fp_outside_files {
	const struct fp_str *paths;
	size_t count;
	size_t max_bytes; /* of each */
	/* result: 0, 1 when the tree has no such file, or negative, with the reason in *error. */
	int (*take)(void *context, size_t index, int result, struct fp_str content,
		const struct fp_error *error);
	void *context;
};

struct fp_outside {
	void *context;
	/* Looks for a commit at a repository's upstream; one fetch for all who wait. NULL with a
	 * refusal. sha is text as asked (full or abbreviated). */
	struct fp_ticket *(*look_for_commit)(void *context, struct fp_str repo, struct fp_str sha,
		enum fp_look_refusal *refusal, int64_t *retry_after_us);
	/* Looks at a repository's upstream and its packages' feeds again. */
	struct fp_ticket *(*look_again)(
		void *context, struct fp_str repo, enum fp_look_refusal *refusal);
	enum fp_look_result (*ticket_result)(struct fp_ticket *ticket); /* any thread, cheap */
	void (*ticket_unref)(struct fp_ticket *ticket);
	/* False when there is no such repository or package. Any thread. */
	bool (*repository_status)(
		void *context, struct fp_str repo, struct fp_repository_status *status);
	bool (*feed_status)(void *context, struct fp_str feed, struct fp_str package,
		struct fp_feed_status *status);
	/* Files of a commit's tree, each given to `take` in turn, until that says less than 0.
	 * Reads the mirror's disk, unlike all above: not for event loops. */
	int (*read_files)(void *context, struct fp_str repo, const struct fp_oid *commit,
		const struct fp_outside_files *files, struct fp_error *error);
};
