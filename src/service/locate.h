#pragma once
/* The first steps of every question about a commit: which repository, package, commit, branch and
 * release it means. Each fills its part of the answer, or its outcome, detail and nearest names. */
#include "worker.h"

/* Empties what is left of the last question; keeps the buffers. */
void fp_answer_clear(struct fp_answer *answer);
/* Ends the answer with an outcome; the caller writes the detail. Returns false, for `return`. */
bool fp_answer_fail(struct fp_answer *answer, enum fp_step step, enum fp_outcome outcome);

bool fp_locate_repository(struct fp_answer *answer, const struct fp_snapshot *snapshot,
	const struct fp_question *question);
bool fp_locate_package(struct fp_answer *answer, const struct fp_question *question);
bool fp_locate_commit(struct fp_answer *answer, const struct fp_question *question);
bool fp_locate_branch(struct fp_answer *answer, const struct fp_question *question);
bool fp_locate_release(struct fp_answer *answer, const struct fp_question *question);

/* The facts of the built commit's tree. */
const struct fp_facts *fp_answer_facts(const struct fp_answer *answer);
/* Sentences: of a pin that decides; of any pin, as a warning; of FP_WARNING_QUARANTINED_BETTER. */
void fp_answer_write_pin(const struct fp_answer *answer, struct fp_buf *buf);
void fp_answer_write_pin_warning(const struct fp_answer *answer, struct fp_buf *buf);
void fp_answer_write_quarantined(const struct fp_answer *answer, struct fp_buf *buf);
