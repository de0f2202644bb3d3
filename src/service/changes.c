/* /changes: where along a branch's line the answer changes, and why. */
#include "forkpoint/service/changes.h"

#include "line.h"
#include "locate.h"

#include "forkpoint/base/array.h"
#include "forkpoint/base/time.h"

#include <stdlib.h>

static const char *const reason_names[] = {
	[FP_CHANGE_NEW_PACKAGE] = "new-package",
	[FP_CHANGE_RELEASE] = "release-bump",
	[FP_CHANGE_INVERSION] = "inversion",
	[FP_CHANGE_RELEASE_UNKNOWN] = "release-unknown",
};

_Static_assert(FP_ARRAY_SIZE(reason_names) == FP_CHANGE_REASON_COUNT, "a name for every reason");

const char *fp_change_reason_name(enum fp_change_reason reason)
{
	return reason_names[reason];
}

void fp_changes_init(struct fp_changes *changes)
{
	*changes = (struct fp_changes){.next = FP_NO_COMMIT};
	fp_answer_init(&changes->answer);
}

void fp_changes_release(struct fp_changes *changes)
{
	fp_answer_release(&changes->answer);
	free(changes->items);
}

/* ---- finding ---- */

static enum fp_change_reason reason_of(const struct fp_point *before, const struct fp_point *after)
{
	if (!before->has_release || !after->has_release)
		return FP_CHANGE_RELEASE_UNKNOWN;
	if (!fp_release_equal(&before->release, &after->release))
		return FP_CHANGE_RELEASE;
	return after->minute < before->minute ? FP_CHANGE_INVERSION : FP_CHANGE_NEW_PACKAGE;
}

static bool differ(const struct fp_point *before, const struct fp_point *after)
{
	return before->version != after->version || before->outcome != after->outcome;
}

static int add_change(
	struct fp_changes *changes, const struct fp_point *before, const struct fp_point *after)
{
	int r = fp_array_reserve((void **)&changes->items, &changes->capacity, changes->count + 1,
		sizeof(*changes->items));

	if (r < 0)
		return r;
	changes->items[changes->count++] = (struct fp_change){
		.before = *before, .after = *after, .reason = reason_of(before, after)};
	return 0;
}

static int walk(const struct fp_line *line, struct fp_line_span span, uint32_t limit,
	struct fp_changes *changes)
{
	struct fp_point after, before;
	uint32_t commit = span.newest;

	fp_line_point(line, commit, &after);
	while (commit != span.oldest) {
		uint32_t predecessor = fp_line_before(line, commit);

		if (predecessor == FP_NO_COMMIT) /* what a branch begins with is no change */
			break;
		fp_line_point(line, predecessor, &before);
		if (differ(&before, &after)) {
			if (changes->count == limit) {
				changes->next = commit;
				break;
			}
			if (add_change(changes, &before, &after) < 0)
				return -FP_ERROR_MEMORY;
		}
		commit = predecessor;
		after = before;
		if (++changes->looked_at == FP_CHANGES_WALK_MAX && commit != span.oldest) {
			changes->next = commit;
			break;
		}
	}
	return 0;
}

void fp_service_changes(struct fp_worker *worker, const struct fp_snapshot *snapshot,
	const struct fp_line_query *query, struct fp_changes *changes)
{
	const struct fp_question question = {.repo = query->repo,
		.package = query->package,
		.branch = query->branch,
		.release = query->release};
	struct fp_answer *answer = &changes->answer;
	struct fp_line_span span;
	struct fp_line line;

	changes->count = 0;
	changes->looked_at = 0;
	changes->next = FP_NO_COMMIT;
	if (!fp_line_locate(&line, worker, snapshot, &question, answer) ||
		!fp_line_find_span(&line, query->from, query->to, query->cursor, &span))
		return;
	if (walk(&line, span, query->limit, changes) < 0) {
		fp_buf_add_text(&answer->detail, "out of memory");
		fp_answer_fail(answer, FP_STEP_COMMIT, FP_OUTCOME_INTERNAL);
	}
}

/* ---- saying ---- */

const char *fp_change_hole(const struct fp_change *change)
{
	bool before = fp_point_is_hole(&change->before), after = fp_point_is_hole(&change->after);

	if (before == after)
		return NULL;
	return after ? "opens" : "closes";
}

static void write_new_package(const struct fp_catalog_version *version,
	const struct fp_change *change, struct fp_buf *buf)
{
	if (version->decoded.minute == change->after.minute)
		fp_buf_addf(buf, "%.*s was trained on this commit", FP_STR_ARG(version->row.text));
	else
		fp_buf_addf(buf,
			"this is the first commit that is not older than %.*s, whose stamp lies "
			"between it and the commit before it",
			FP_STR_ARG(version->row.text));
}

static void write_release(const struct fp_catalog_version *version, const struct fp_change *change,
	struct fp_buf *buf)
{
	fp_buf_add_text(buf, "the release went from ");
	fp_release_write(&change->before.release, buf);
	fp_buf_add_text(buf, " to ");
	fp_release_write(&change->after.release, buf);
	if (!version)
		fp_buf_add_text(buf, ", which has no database as old as this commit");
}

static void write_inversion(const struct fp_change *change, struct fp_buf *buf)
{
	fp_buf_add_text(buf, "its stamp is ");
	fp_time_add_span(buf, (change->before.minute - change->after.minute) * 60 * FP_US_PER_S);
	fp_buf_add_text(buf, " older than that of the commit before it, so newer databases are "
			     "after its fork point");
}

void fp_change_write(
	const struct fp_changes *changes, const struct fp_change *change, struct fp_buf *buf)
{
	const struct fp_catalog_version *version =
		fp_answer_version(&changes->answer, change->after.version);

	switch (change->reason) {
	case FP_CHANGE_NEW_PACKAGE: write_new_package(version, change, buf); break;
	case FP_CHANGE_RELEASE: write_release(version, change, buf); break;
	case FP_CHANGE_INVERSION: write_inversion(change, buf); break;
	default:
		fp_buf_add_text(buf, change->after.has_release
					     ? "the tree says again which release it is"
					     : "the tree does not say which release it is");
	}
	if (fp_change_hole(change))
		fp_buf_addf(
			buf, "; a hole %s", fp_point_is_hole(&change->after) ? "begins" : "ends");
}
