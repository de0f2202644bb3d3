#pragma once
/* What the routes about one past answer share. */
#include "render.h"

/* The answer of the request's placeholder; false when the request is to wait or became a problem.
 * Release it. */
bool fp_history_find(struct fp_request *request, struct fp_reply *reply,
	struct fp_stored_record *stored, enum fp_handled *handled);
/* Fills the holes of its document in: as it was answered. */
void fp_stored_record_fill(struct fp_stored_record *stored);
