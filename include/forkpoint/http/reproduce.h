#pragma once
/* Past answers given again, without a server: does the state of their moments still yield them? */
#include "forkpoint/service/service.h"

enum fp_reproduced {
	FP_REPRODUCED_WHOLE,	    /* the same bytes */
	FP_REPRODUCED_OTHER_WORDS,  /* the same outcome and version, said otherwise */
	FP_REPRODUCED_OTHER_ANSWER, /* not the answer that was given */
	FP_REPRODUCED_NOT_ASKED,    /* it rests on more than the state, or that is not known */
};

/* stored: with the document as it is kept, its holes blank. Reads the database. */
int fp_http_reproduce(const struct fp_service *service, struct fp_worker *worker,
	const struct fp_stored_record *stored, enum fp_reproduced *result, struct fp_error *error);
