/* What the database knows of a diagnosed commit and version: answers, events, and the world of
 * then. */
#include "diagnose.h"

#include "forkpoint/base/time.h"
#include "forkpoint/service/history.h"
#include "forkpoint/store/version_life.h"

#include <stdlib.h>

/* Legs of one build that are looked through for its first answer. */
enum { BUILD_ANSWERS_MAX = 1000 };

/* ---- who was answered what ---- */

struct answers {
	struct fp_diagnosis *diagnosis;
	int64_t used_us; /* when the version was last answered, or first to that build */
};

static bool is_used(const struct fp_diagnosis *diagnosis, struct fp_str version)
{
	return version.len && fp_str_equal_nocase(version, fp_buf_str(&diagnosis->used));
}

/* Copies the record's texts behind one another into the diagnosis's room. */
static int keep_texts(struct fp_diagnosis *diagnosis, const struct fp_record *record,
	struct fp_diagnosed_answer *answer)
{
	const struct fp_str from[] = {record->branch, record->version, record->outcome,
		record->client, record->agent, record->build};
	struct fp_str *const to[] = {&answer->branch, &answer->version, &answer->outcome,
		&answer->client, &answer->agent, &answer->build};
	size_t bytes = 1;
	struct fp_texts *texts;
	char *room;

	for (size_t i = 0; i < FP_ARRAY_SIZE(from); i++)
		bytes += from[i].len;
	texts = fp_texts_extend(diagnosis->texts, bytes, &room);
	if (!texts)
		return -FP_ERROR_MEMORY;
	fp_texts_unref(diagnosis->texts);
	diagnosis->texts = texts;
	for (size_t i = 0; i < FP_ARRAY_SIZE(from); i++) {
		if (from[i].len)
			memcpy(room, from[i].ptr, from[i].len);
		*to[i] = fp_str_n(room, from[i].len);
		room += from[i].len;
	}
	return 0;
}

static int take_answer(void *context, const struct fp_record *record)
{
	struct answers *answers = context;
	struct fp_diagnosis *diagnosis = answers->diagnosis;
	struct fp_diagnosed_answer *answer;

	if (diagnosis->answer_count == FP_DIAGNOSED_ANSWERS_MAX) {
		diagnosis->more_answers = true;
		return 0;
	}
	answer = &diagnosis->answers[diagnosis->answer_count++];
	*answer = (struct fp_diagnosed_answer){.id = record->id,
		.at_us = record->at_us,
		.got_used = is_used(diagnosis, record->version)};
	return keep_texts(diagnosis, record, answer);
}

/* Answers about a moment in the past are no answers that a build of then got. */
static int take_moment(void *context, const struct fp_record *record)
{
	struct answers *answers = context;

	if (answers->used_us < 0 && record->as_of_us == 0) {
		answers->used_us = record->at_us;
		fp_buf_add_str(&answers->diagnosis->at_build, record->build);
	}
	return fp_buf_check(&answers->diagnosis->at_build, NULL);
}

/* Newest first: the last one that comes is the first that was. */
static int take_first(void *context, const struct fp_record *record)
{
	struct answers *answers = context;

	if (record->as_of_us == 0)
		answers->used_us = record->at_us;
	return 0;
}

/* The moment that a build's version is to be judged by: of its last answer, and where a build label
 * made that stick, of the build's first one, for then it was chosen. */
static int find_moment(struct fp_worker *worker, struct fp_history_query *query,
	struct answers *answers, struct fp_error *error)
{
	struct fp_diagnosis *diagnosis = answers->diagnosis;
	uint64_t next;
	int r = fp_service_history_list(worker, query, take_moment, answers, &next, error);

	if (r >= 0 && diagnosis->at_build.len) {
		query->build = fp_buf_str(&diagnosis->at_build);
		query->limit = BUILD_ANSWERS_MAX;
		r = fp_service_history_list(worker, query, take_first, answers, &next, error);
	}
	if (r >= 0 && answers->used_us >= 0) {
		diagnosis->at_us = answers->used_us;
		diagnosis->at_is_from_history = true;
	}
	return r;
}

int fp_diagnosis_read_answers(
	struct fp_worker *worker, struct fp_diagnosis *diagnosis, struct fp_error *error)
{
	const struct fp_answer *now = &diagnosis->now;
	struct answers answers = {diagnosis, -1};
	struct fp_history_query query = {.since_us = -1,
		.until_us = -1,
		.limit = FP_DIAGNOSED_ANSWERS_MAX + 1,
		.repo = now->repository->settings->name};
	char sha[FP_OID_HEX + 1];
	uint64_t next;
	int r;

	fp_oid_format(fp_graph_oid(&now->repository->branches->view, now->commit), sha);
	query.sha = fp_str(sha);
	fp_service_history_wait(worker);
	r = fp_service_history_list(worker, &query, take_answer, &answers, &next, error);
	if (r < 0 || diagnosis->at_us >= 0)
		return r;
	query.branch = now->branch_name;
	query.version = fp_buf_str(&diagnosis->used);
	return find_moment(worker, &query, &answers, error);
}

/* ---- the version's life ---- */

static int take_event(void *context, int64_t at_us, int kind)
{
	struct fp_diagnosis *diagnosis = context;

	if (diagnosis->event_count < FP_DIAGNOSED_EVENTS_MAX)
		diagnosis->events[diagnosis->event_count++] =
			(struct fp_diagnosed_event){at_us, kind};
	return 0;
}

int fp_diagnosis_read_events(
	struct fp_worker *worker, struct fp_diagnosis *diagnosis, struct fp_error *error)
{
	const struct fp_catalog_version *version =
		fp_answer_version(&diagnosis->now, diagnosis->judged_now.version);
	const struct fp_package_state *state = diagnosis->now.package->state;
	const struct fp_version_row *row =
		version ? fp_version_rows_find(&state->rows, version->row.text) : NULL;
	int r;

	if (!row)
		return 0;
	r = fp_worker_open_store(worker, error);
	return r < 0 ? r
		     : fp_store_list_version_life(worker->store, row->id, FP_DIAGNOSED_EVENTS_MAX,
			       take_event, diagnosis, error);
}

/* ---- the world of then ---- */

void fp_diagnosis_leave_past(struct fp_worker *worker, struct fp_diagnosis *diagnosis)
{
	if (diagnosis->world)
		fp_as_of_leave(worker, diagnosis->world);
	diagnosis->world = NULL;
}

static void explain_no_world(
	struct fp_diagnosis *diagnosis, enum fp_as_of_result result, int64_t first_us)
{
	char first[FP_TIME_TEXT_MAX];

	if (result == FP_AS_OF_OTHER_SOURCES) {
		fp_buf_add_text(&diagnosis->then_trouble,
			"other settings said then how commits' trees are read");
		return;
	}
	fp_buf_add_text(&diagnosis->then_trouble, "nothing is recorded of that time");
	if (first_us < 0)
		return;
	fp_time_format_us(first_us, first);
	fp_buf_addf(&diagnosis->then_trouble, "; the records begin at %s", first);
}

bool fp_answers_agree(const struct fp_answer *a, const struct fp_answer *b)
{
	const struct fp_catalog_version *left = fp_answer_version(a, a->selection.chosen);
	const struct fp_catalog_version *right = fp_answer_version(b, b->selection.chosen);

	if (a->outcome != b->outcome)
		return false;
	if (!left || !right)
		return left == right;
	return fp_str_equal(left->row.text, right->row.text);
}

int fp_diagnosis_look_back(struct fp_worker *worker, const struct fp_snapshot *snapshot,
	const struct fp_diagnosis_query *query, struct fp_diagnosis *diagnosis,
	struct fp_error *error)
{
	enum fp_as_of_result result;
	int64_t first_us = -1;
	int r;

	if (diagnosis->at_us < 0)
		return 0;
	r = fp_as_of_enter(worker, snapshot, query->question.repo, diagnosis->at_us, &result,
		&diagnosis->world, &first_us, error);
	if (r < 0)
		return r;
	if (result != FP_AS_OF_OK) {
		diagnosis->world = NULL;
		explain_no_world(diagnosis, result, first_us);
		return 0;
	}
	fp_service_resolve(
		worker, diagnosis->world, &query->question, diagnosis->at_us, &diagnosis->then);
	if (!fp_diagnosis_is_judgeable(&diagnosis->then)) {
		fp_buf_add_str(&diagnosis->then_trouble, fp_buf_str(&diagnosis->then.detail));
	} else {
		if (fp_verdict_judge(worker, &diagnosis->then, fp_buf_str(&diagnosis->used),
			    &diagnosis->judged_then) < 0)
			return fp_error_memory(error);
		diagnosis->then_counts = true;
	}
	if (fp_answers_agree(&diagnosis->now, &diagnosis->then))
		return 0;
	return fp_diagnosis_find_difference(worker, snapshot, query, diagnosis, error);
}
