#pragma once
/* The parts of a diagnosis that read the database. */
#include "worker.h"

#include "forkpoint/service/diagnose.h"
#include "forkpoint/service/overrides.h"

/* Whether an answer can be judged: there is one, or there is none for want of a database. */
bool fp_diagnosis_is_judgeable(const struct fp_answer *answer);

/* Who was answered what for the commit. Sets at_us where the request does not say it. */
int fp_diagnosis_read_answers(
	struct fp_worker *worker, struct fp_diagnosis *diagnosis, struct fp_error *error);
/* The world of then, its verdict, and what changed since. */
int fp_diagnosis_look_back(struct fp_worker *worker, const struct fp_snapshot *snapshot,
	const struct fp_diagnosis_query *query, struct fp_diagnosis *diagnosis,
	struct fp_error *error);
void fp_diagnosis_leave_past(struct fp_worker *worker, struct fp_diagnosis *diagnosis);
/* The version's life in the feed. */
int fp_diagnosis_read_events(
	struct fp_worker *worker, struct fp_diagnosis *diagnosis, struct fp_error *error);
/* Whether two answers of two worlds are the same to a build. */
bool fp_answers_agree(const struct fp_answer *a, const struct fp_answer *b);
/* What people decided about the answers of then and now. */
void fp_diagnosis_take_overrides(struct fp_diagnosis *diagnosis);
/* A decision that began or ended between the two, and is why they differ. */
bool fp_difference_find_override(const struct fp_answer *before, const struct fp_answer *after,
	struct fp_difference *difference);
/* Whether a pin is why the answer is what it is. */
bool fp_answer_is_pinned(const struct fp_answer *answer);
/* Appends a sentence for each decision that is why the answer of that moment is what it is. */
void fp_diagnosis_write_deciders(
	const struct fp_diagnosis *diagnosis, bool now, struct fp_buf *buf);
/* Finds when the answer of the diagnosis's moment ended, and why. */
int fp_diagnosis_find_difference(struct fp_worker *worker, const struct fp_snapshot *snapshot,
	const struct fp_diagnosis_query *query, struct fp_diagnosis *diagnosis,
	struct fp_error *error);
