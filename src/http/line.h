#pragma once
/* Points of a branch's line as members, fields and cells; shared by the routes about many commits.
 */
#include "columns.h"
#include "page.h"

#include "forkpoint/service/line.h"

enum { FP_SHORT_SHA = 8 }; /* digits that people are shown */

/* The texts of a point, to be written in any form. The slices point into the room. */
struct fp_point_texts {
	char sha[FP_OID_HEX + 1];
	char stamp[FP_STAMP_TEXT_MAX]; /* "" outside 2000 … 2099 */
	char author_time[FP_TIME_TEXT_MAX];
	char committer_time[FP_TIME_TEXT_MAX];
	char minute[FP_TIME_TEXT_MAX]; /* of the stamp, for people: 2020-01-31 22:05 */
	struct fp_str version;	       /* empty without an answer */
	struct fp_buf release;	       /* "" where it is not known; release it */
};

void fp_point_texts_init(struct fp_point_texts *texts);
void fp_point_texts_release(struct fp_point_texts *texts);
void fp_point_texts_set(
	struct fp_point_texts *texts, const struct fp_answer *answer, const struct fp_point *point);

/* What a route says of a line. `result` is the route's own, made by the one and read by the other.
 */
struct fp_line_route {
	/* Asks; the answer tells whether there is something to write. */
	const struct fp_answer *(*ask)(struct fp_worker *worker, const struct fp_snapshot *snapshot,
		const struct fp_line_query *query, void *result);
	/* Writes the request's form; the commit with which the next page begins, FP_NO_COMMIT. */
	uint32_t (*write)(const struct fp_request *request, const void *result, struct fp_buf *buf);
};

/* Asks what the parameters ask, of now or of `as_of`, and replies with it. */
enum fp_handled fp_handle_line(struct fp_request *request, struct fp_reply *reply,
	const struct fp_line_route *route, void *result);

/* What stands in the place of a version where there is none: "no database". */
struct fp_str fp_point_word(const struct fp_answer *answer, const struct fp_point *point);
/* Why a version that is there is of no use, such as "vanished"; NULL when it can be chosen. */
const char *fp_version_unusable(const struct fp_catalog_version *version);
/* Ends a request whose answer failed. */
enum fp_handled fp_reply_failure(
	struct fp_request *request, struct fp_reply *reply, const struct fp_answer *answer);
/* "next": the commit with which the next page begins; null behind the last. */
void fp_json_member_next(struct fp_json *json, const struct fp_answer *answer, uint32_t commit);
/* The same as a line for people. */
void fp_text_add_next(struct fp_buf *buf, const struct fp_answer *answer, uint32_t commit);
/* An empty text as null. */
void fp_json_member_filled(struct fp_json *json, const char *key, struct fp_str text);
/* repo, branch and package, as every one of these documents has them. */
void fp_json_members_of_line(struct fp_json *json, const struct fp_answer *answer);
