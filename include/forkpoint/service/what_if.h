#pragma once
/*
 * /what-if: which builds would get another answer if one thing were different. Nothing is changed:
 * a version that might be published is read by the package's grammars and compared with what
 * selection finds, so the catalog is not built anew; a quarantine is put into force in a copy of
 * the snapshot.
 *
 * Two kinds of builds are looked at:
 *  - the tips of the tracked branches, each as a build asks for it: for its own branch, and, where
 *    that is another, for the branch that its tree names or the configuration gives it;
 *  - the last commits of one branch's line, for that branch.
 * Memory only.
 */
#include "forkpoint/service/line.h"

struct fp_worker;

enum fp_what {
	FP_WHAT_PUBLISH,    /* a version appears in the feed */
	FP_WHAT_QUARANTINE, /* a version, or stamps:FIRST-LAST, is never selected again */
	FP_WHAT_RELEASE,    /* the version file says another release */
	FP_WHAT_BRANCH,	    /* the tree, or the configuration, names another PGO branch */
};

struct fp_what_if_query {
	struct fp_str repo, package;
	/* Whose last commits are looked at. Empty: the branch that a published version names, else
	 * the default one. With FP_WHAT_RELEASE, one that is given is also the only tip. With
	 * FP_WHAT_BRANCH it is the hypothesis. */
	struct fp_str branch;
	enum fp_what what;
	/* The version, the stamps or the release; of no meaning with FP_WHAT_BRANCH. */
	struct fp_str value;
	uint32_t last;
};

/* In the place of a version's index: the one that might be published. */
#define FP_WHAT_IF_VERSION (FP_SELECT_NO_VERSION - 1)

struct fp_what_if_row {
	struct fp_str tip;    /* the branch whose tip it is; empty for the line's commits */
	struct fp_str branch; /* that it is asked for, now */
	struct fp_str
		other_branch; /* that it would be asked for; the same but for FP_WHAT_BRANCH */
	struct fp_point before, after;
};

/* Commits of the line that follow each other and whose answer changes in the same way. */
struct fp_what_if_range {
	uint32_t newest, oldest; /* rows of `commits` */
};

struct fp_what_if {
	struct fp_answer answer; /* outcome, detail, nearest; repository, package, branch */
	enum fp_what what;
	struct fp_str value; /* of the query, or the branch */
	/* What is odd about the hypothesis, such as that it can change nothing: whole sentences,
	 * one a line. Empty where all is well. */
	struct fp_buf notes;
	struct fp_what_if_row *tips; /* whose answer changes, by branch */
	size_t tip_count, tip_capacity;
	size_t tips_asked;
	struct fp_what_if_row *commits; /* whose answer changes, newest first */
	size_t commit_count, commit_capacity;
	size_t commits_asked;
	struct fp_what_if_range *ranges;
	size_t range_count, range_capacity;
};

void fp_what_if_init(struct fp_what_if *what_if);
void fp_what_if_release(struct fp_what_if *what_if);
void fp_service_what_if(struct fp_worker *worker, const struct fp_snapshot *snapshot,
	const struct fp_what_if_query *query, int64_t now_us, struct fp_what_if *what_if);

/* The text of a version, the hypothetical one too; empty for none. */
struct fp_str fp_what_if_version(const struct fp_what_if *what_if, uint32_t version);
/* "publish", "quarantine", "release", "branch". */
const char *fp_what_name(enum fp_what what);
/* "if 2.4.2001312217-main were published". */
void fp_what_if_write(const struct fp_what_if *what_if, struct fp_buf *buf);
/* Why a row's answer is another: a sentence without full stop. */
void fp_what_if_write_row(
	const struct fp_what_if *what_if, const struct fp_what_if_row *row, struct fp_buf *buf);
