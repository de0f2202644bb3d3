#pragma once
/* Parts of resolving that other questions share, and what is known of a version's training. */
#include "worker.h"

/* Repository, package, commit, branch, release. False when the answer has ended. */
bool fp_answer_locate(struct fp_answer *answer, const struct fp_snapshot *snapshot,
	const struct fp_question *question);
/* The stamp of a commit, by the repository's choice of time. */
void fp_answer_set_stamp(struct fp_answer *answer, uint32_t commit);
/* The requested version in the package's first grammar. */
void fp_answer_set_requested(struct fp_answer *answer, uint32_t revision);
/* What selection is asked. */
void fp_answer_set_query(struct fp_answer *answer);
/* What is answered to that, for the answer's package and branch: the one place where /resolve and
 * the questions about many commits choose. Whether a pin chose another version than selection. */
bool fp_answer_choose(const struct fp_answer *answer, const struct fp_select_query *query,
	struct fp_selection *selection);

/* 1 when the commit is the branch's tip or one of its ancestors, 0, or a negative error. */
int fp_answer_is_on_branch(
	struct fp_worker *worker, const struct fp_answer *answer, uint32_t commit);

/*
 * The chosen version's training commits and ages, the ancestry answer, and the warnings about both
 * (RULES.md, section 5). 0 or a negative error.
 */
int fp_answer_judge_training(struct fp_worker *worker, struct fp_answer *answer);
