#pragma once
/* /timeline: the commits of a branch's line, newest first, with what was trained on each and what a
 * build of each gets. Memory only. */
#include "forkpoint/service/line.h"

struct fp_worker;

/* A commit counts as inverted when one of so many commits before it on the line has a newer stamp;
 * further ones are not looked at, so that a row is the same on whichever page it stands. */
enum { FP_TIMELINE_LOOK_BACK = 1000 };

struct fp_timeline_row {
	struct fp_point point;
	uint32_t merged; /* commits that came in with it besides itself */
	/* Versions with its stamp and the branch's label, whatever became of them: [first_package,
	 * + package_count) of the answer's packages. */
	uint32_t first_package, package_count;
	/* An inversion: the commit with the newest stamp among those before it, and by how many
	 * minutes that is newer. FP_NO_COMMIT where none is. */
	uint32_t behind;
	int64_t behind_minutes;
};

struct fp_timeline_package {
	fp_minute minute;
	uint32_t version;
};

struct fp_timeline {
	struct fp_answer answer; /* outcome, detail, nearest; repository, package, branch */
	struct fp_timeline_row *rows;
	size_t row_count, row_capacity;
	struct fp_timeline_package *packages; /* by stamp, then version */
	size_t package_count, package_capacity;
	uint32_t next; /* the commit with which the next page begins; FP_NO_COMMIT */
};

void fp_timeline_init(struct fp_timeline *timeline);
void fp_timeline_release(struct fp_timeline *timeline);
/* Outcomes as /resolve's; bad-request for a commit that is not on the line. */
void fp_service_timeline(struct fp_worker *worker, const struct fp_snapshot *snapshot,
	const struct fp_line_query *query, struct fp_timeline *timeline);
