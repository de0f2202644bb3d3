#pragma once
/*
 * /changes: the commits of a branch's line at which the answer is another than at the commit
 * before: the steps that a performance chart shows for no change of the code. Memory only.
 */
#include "forkpoint/service/line.h"

struct fp_worker;

/* Commits looked at for one page; the next page goes on where it stopped. */
enum { FP_CHANGES_WALK_MAX = 100000 };

enum fp_change_reason {
	FP_CHANGE_NEW_PACKAGE,	   /* a newer database became eligible */
	FP_CHANGE_RELEASE,	   /* the commit raised the release, or lowered it */
	FP_CHANGE_INVERSION,	   /* its stamp is older than its predecessor's */
	FP_CHANGE_RELEASE_UNKNOWN, /* its tree does not say the release, or says it again */
	FP_CHANGE_REASON_COUNT,
};

/* "new-package", "release-bump", …. */
const char *fp_change_reason_name(enum fp_change_reason reason);

struct fp_change {
	struct fp_point before, after; /* of the commit's predecessor, and of the commit */
	enum fp_change_reason reason;
};

struct fp_changes {
	struct fp_answer answer; /* outcome, detail, nearest; repository, package, branch */
	struct fp_change *items; /* newest first */
	size_t count, capacity;
	uint64_t looked_at; /* commits */
	uint32_t next;	    /* FP_NO_COMMIT behind the last page */
};

void fp_changes_init(struct fp_changes *changes);
void fp_changes_release(struct fp_changes *changes);
/* Outcomes as /timeline's. The query's oldest commit is where it begins: changes after it. */
void fp_service_changes(struct fp_worker *worker, const struct fp_snapshot *snapshot,
	const struct fp_line_query *query, struct fp_changes *changes);

/* "opens" or "closes" where a hole begins or ends there; NULL. */
const char *fp_change_hole(const struct fp_change *change);
/* Appends a sentence about why, without a full stop. */
void fp_change_write(
	const struct fp_changes *changes, const struct fp_change *change, struct fp_buf *buf);
