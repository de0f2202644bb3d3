#pragma once
/*
 * /freshness: per tracked branch and release, how old the newest database is, whether there is a
 * hole and since when, and whether training has been silent for longer than is usual there. Memory
 * only, but takes its time: not for event loops.
 */
#include "forkpoint/service/service.h"

enum {
	/* Commits that are looked at to find where a hole began. */
	FP_FRESHNESS_WALK_MAX = 100000,
	/* Trainings, the newest, whose gaps make the rhythm; and fewer than this make none. */
	FP_FRESHNESS_TRAININGS_MAX = 200,
	FP_FRESHNESS_TRAININGS_MIN = 6,
};

/* The gaps between a branch's trainings, by their stamps. */
struct fp_rhythm {
	size_t trainings;	/* all there are, each stamp once */
	fp_minute newest;	/* has meaning with a training */
	int64_t median_minutes; /* of the gaps; -1 while there are too few */
	int64_t usual_minutes;	/* 95 of 100 gaps are at most so long; -1 */
};

struct fp_freshness_row {
	const struct fp_snapshot_repository *repository;
	const struct fp_snapshot_package *package;
	const struct fp_branch *branch;
	bool is_current; /* the release is the tip's; of others only the newest database is told */
	bool has_release;
	struct fp_release release;
	enum fp_outcome outcome; /* of the tip: ok, no-database, release-unknown */
	uint32_t version;	 /* the newest database; FP_SELECT_NO_VERSION */
	int64_t age_us;		 /* now minus the time of its stamp; -1 */
	int64_t age_minutes;	 /* the tip's stamp minus its own; of current ones */
	int64_t age_commits;	 /* between its training commit and the tip; -1 = not known */
	/* A hole: the tip gets no database. */
	bool hole;
	uint32_t hole_commit; /* the oldest commit of it on the line */
	uint32_t hole_commits;
	int64_t hole_since_us; /* that commit's committer time */
	bool bumped;	       /* it began because the release was raised: */
	struct fp_release bumped_from;
	struct fp_rhythm rhythm;
	int64_t silent_minutes; /* since the newest training; -1 without one */
	bool silent;		/* longer than usual, while there are commits to train on */
};

struct fp_freshness {
	struct fp_freshness_row *rows; /* by branch, the tip's release first, then newest first */
	size_t count, capacity;
};

void fp_freshness_release(struct fp_freshness *freshness);

/* Adds the rows of one repository; branch and package: only that one, where not empty. Rows point
 * into the snapshot. 0 or a negative value. */
int fp_service_freshness(struct fp_worker *worker, const struct fp_snapshot *snapshot,
	const struct fp_snapshot_repository *repository, struct fp_str branch,
	struct fp_str package, int64_t now_us, struct fp_freshness *freshness);

/* The gaps of these stamps, in any order, which it sorts. */
struct fp_rhythm fp_rhythm_of(fp_minute *stamps, size_t count);
/* Whether so long a silence is unusual. */
bool fp_rhythm_is_broken(const struct fp_rhythm *rhythm, int64_t silent_minutes);
/* Appends a sentence about the row. */
void fp_freshness_write(const struct fp_freshness_row *row, struct fp_buf *buf);
