#pragma once
/* Rendering answers; shared by the handlers that do. */
#include "forkpoint/http/request.h"

/* A JSON document with its holes (see store/history.h): what differs between two answers from one
 * state is written as zeros first, hashed and recorded so, and filled in afterwards. */
struct fp_document {
	struct fp_buf *buf;
	struct fp_json json;
	uint32_t holes[FP_HOLE_COUNT];
};

void fp_document_begin(struct fp_document *document, struct fp_buf *buf);
/* `"key": "000…"`, remembered as a hole of its width; the replay hole stands behind "/answers/". */
void fp_document_add_hole(struct fp_document *document, const char *key, enum fp_hole hole);

/* Members and parts that several documents share. */
void fp_json_member_commit(
	struct fp_json *json, const char *key, const struct fp_graph_view *view, uint32_t commit);
void fp_json_commits(struct fp_json *json, const struct fp_graph_view *view,
	const uint32_t *commits, size_t count);
void fp_json_member_version(
	struct fp_json *json, const char *key, const struct fp_answer *answer, uint32_t version);
/* `text` is room to write in, empty before and afterwards. */
void fp_json_release(struct fp_json *json, const struct fp_release *release, struct fp_str source,
	struct fp_buf *text);
/* The words of a route's forms. */
void fp_json_member_forms(struct fp_json *json, const char *key, const struct fp_route *route);
/* "text": "…" from what a sentence writer of the service appended to `text`. */
void fp_json_member_sentence(struct fp_json *json, const char *key, struct fp_buf *text);

/* /resolve's document: an answer, or a problem with what is known of one. `all` adds every
 * candidate. */
void fp_answer_write_json(struct fp_http_context *context, const struct fp_answer *answer,
	const struct fp_question *question, bool all, struct fp_document *document);
/* The other forms. */
void fp_answer_write_form(struct fp_http_context *context, const struct fp_answer *answer,
	enum fp_form form, struct fp_buf *buf);

/* Waits for what may make a commit known: 1 when the request is to wait, 0 when asking is no use or
 * not allowed; then *reply may have become a problem (2). */
int fp_request_look_for(
	struct fp_request *request, struct fp_reply *reply, const struct fp_question *question);
/* The question of a GET request; false with a problem when sha and ref do not go together. */
bool fp_request_question(
	struct fp_request *request, struct fp_reply *reply, struct fp_question *question);

/* ---- as_of.c ---- */

/* The moment that a parameter names; now_us without one. A time without a fraction means the end of
 * its second. It may be in the future. */
int64_t fp_request_moment(const struct fp_request *request, enum fp_param param, int64_t now_us);
/* The world of that moment, to be left with fp_as_of_leave; NULL when the reply became a problem.
 * On background threads only. */
const struct fp_snapshot *fp_request_enter_as_of(struct fp_request *request, struct fp_reply *reply,
	const struct fp_snapshot *now, struct fp_str repo, int64_t at_us);
/* The world of `as_of`, or of now without one, to be left with fp_request_leave_moment; NULL when
 * the reply became a problem. For routes that run in the background. */
const struct fp_snapshot *fp_request_enter_moment(
	struct fp_request *request, struct fp_reply *reply, struct fp_str repo);
void fp_request_leave_moment(struct fp_request *request, const struct fp_snapshot *snapshot);
enum fp_handled fp_reply_future(
	struct fp_request *request, struct fp_reply *reply, enum fp_param param);
/* The same without packages that were seen later. */
const struct fp_snapshot *fp_request_enter_then(struct fp_request *request, struct fp_reply *reply,
	const struct fp_snapshot *now, struct fp_str repo, int64_t at_us);
/* For an answer of the past that was not ready: its package was not read by then. */
enum fp_handled fp_reply_before_package(
	struct fp_request *request, struct fp_reply *reply, const struct fp_answer *answer);
