#pragma once
/* What the routes about one past answer share. */
#include "render.h"

struct fp_json_tree;

/* The answer of the request's placeholder; false when the request is to wait or became a problem.
 * Release it. */
bool fp_history_find(struct fp_request *request, struct fp_reply *reply,
	struct fp_stored_record *stored, enum fp_handled *handled);
/* What a past answer was asked. */
struct fp_past_question {
	struct fp_json_tree *tree; /* that the question's texts are in */
	struct fp_question question;
	bool all;	 /* with every candidate */
	bool comparable; /* the answer rests on the state alone, so it must come out again */
};

/* *asked is empty before; the record lends its repository's name, where that is known. */
int fp_past_question_read(
	const struct fp_record *record, struct fp_past_question *asked, struct fp_error *error);
void fp_past_question_release(struct fp_past_question *asked);

/* Fills the holes of its document in: as it was answered. */
void fp_stored_record_fill(struct fp_stored_record *stored);
