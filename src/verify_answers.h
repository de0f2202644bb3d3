#pragma once
/* Past answers, given again. */
#include "forkpoint/base/error.h"
#include "forkpoint/config/config.h"

struct fp_answered_again {
	uint64_t same;	      /* to the byte */
	uint64_t other_words; /* the same version or outcome, said otherwise: by another release */
	uint64_t different;   /* each is told on standard output */
	uint64_t not_asked;   /* what they rest on is not known, or is no state */
};

/* Puts the questions of so many past answers, spread over all, to the state of their moments, as
 * the databases have it. Changes nothing. */
int fp_verify_answers(const struct fp_config *config, uint64_t sample,
	struct fp_answered_again *counts, struct fp_error *error);
