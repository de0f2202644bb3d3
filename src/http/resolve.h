#pragma once
/* What /resolve's files share. */
#include "render.h"

/* How often a request of a build enters again before it is answered without regard to the others:
 * only when the feed's facts were lost. */
enum { FP_STICK_TRIES = 8 };

/* ---- resolve.c ---- */

/* The question that the request's parameters ask. */
struct fp_question fp_request_params_question(const struct fp_request *request);

/* ---- wait.c ---- */

/* Takes the ticket over; the request waits as long as its longest wait. False: it said wait=0, or
 * waits for as much as it may, and is answered while others, or nobody, wait for what was begun. */
bool fp_request_wait_for(struct fp_request *request, struct fp_ticket *ticket);
/* What is looked for: a ref goes by a hash of its name, so that refs that were looked for in vain
 * are remembered as commits are. */
struct fp_str fp_look_key(const struct fp_question *question, char room[FP_HASH128_HEX + 1]);
/* What is said, with too-many-requests, of a commit that is unknown and cannot be looked for. */
#define FP_TOO_MANY_UNKNOWN                                                                        \
	"too many different unknown commits are being asked for; ask again in a moment"
/* `Cache-Control: no-cache`: looks at upstream and feed before the first try; true when the request
 * is to wait for it. */
bool fp_request_look_again(struct fp_request *request, struct fp_str repo);
/* Adds to the detail of unknown-commit what came of waiting. */
void fp_request_explain_unknown(struct fp_request *request, struct fp_answer *answer);

/* ---- record.c: no answer without a record ---- */

/* Writes the document of context->answer to `buf` and records it. 0, or a negative code when it
 * could not be recorded: -FP_ERROR_FULL for the moment, others for good. */
int fp_answer_record(struct fp_request *request, const struct fp_question *question,
	unsigned status, struct fp_buf *buf, struct fp_hash128 *hash, struct fp_record *record,
	struct fp_document *document);
/* A problem's instance is the request's id, which may be the client's and of another length. */
void fp_answer_set_instance(
	struct fp_request *request, struct fp_buf *body, const struct fp_document *document);
/* The problem for such a code. */
enum fp_handled fp_reply_not_recorded(
	struct fp_request *request, struct fp_reply *reply, int result);

/* ---- resolve_batch.c ---- */

enum fp_handled fp_resolve_batch(struct fp_request *request, struct fp_reply *reply);
