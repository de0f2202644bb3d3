/*
 * Deleting what is too old or too much, in steps.
 *
 *   look → requests → segments → mark → forget → wait → purge → look
 *
 * *Requests* are deleted from the oldest on, and the index of *segments* that have none left. Then
 * every answer that a request refers to is *marked*: by the index, by the requests behind it, and
 * from then on by each request that is written. An answer without a mark may still be on its way:
 * the journal leaves out documents that were appended before, and its next entry might be about to
 * do so. So the journal is made to *forget* these documents, which makes it write them again, and
 * after a *wait* that lets whoever still remembered finish, and what was appended be drained, those
 * that are still neither marked nor remembered are *purged*.
 */
#include "forkpoint/store/retention.h"

#include "forkpoint/base/time.h"

#include "alive.h"
#include "history_write.h"
#include "journal_state.h"
#include "postings.h"
#include "segments.h"
#include "sql.h"

enum {
	STEP_REQUESTS = 1500,
	STEP_SEGMENTS = 2,
	STEP_ANSWERS = 2000, /* looked at */
	STEP_PURGED = 100,
	SLICES = 16,	      /* of all requests, one of which goes when there is too much */
	KEPT_REQUESTS = 1024, /* whatever the size */
	SWEEP_REQUESTS = 100000,
};

#define LOOK_EVERY_US (60 * FP_US_PER_S)
#define SWEEP_EVERY_US (INT64_C(6) * 3600 * FP_US_PER_S)
#define WAIT_US (2 * FP_US_PER_S)

enum phase { LOOK, REQUESTS, SEGMENTS, MARK, MARK_NEWEST, FORGET, WAIT, PURGE };

struct fp_retention {
	enum phase phase;
	int64_t next_look_us, last_sweep_us;
	/* what goes: requests before a moment, and those up to a number */
	int64_t before_us, up_to;
	bool too_large;
	int64_t cursor;	  /* request, segment or answer from which the next step goes on */
	uint8_t hash[16]; /* the same of answers in the order of their hashes */
	int64_t deleted;  /* requests since the last sweep */
	int64_t reached;  /* requests up to this one may have been deleted */
	struct fp_alive alive;
	int64_t wait_until_us; /* 0: over, and then: */
	uint64_t mark;	       /* up to where the journal must be drained */
};

struct fp_retention *fp_retention_new(void)
{
	return calloc(1, sizeof(struct fp_retention));
}

void fp_retention_free(struct fp_retention *retention)
{
	if (!retention)
		return;
	free(retention->alive.words);
	free(retention);
}

static int enter(struct fp_retention *retention, enum phase phase)
{
	retention->phase = phase;
	retention->cursor = -1;
	memset(retention->hash, 0, sizeof(retention->hash));
	return 1;
}

/* ---- look ---- */

static int used_bytes(struct fp_store *store, uint64_t *bytes, struct fp_error *error)
{
	int64_t size = 0, pages = 0, free_pages = 0;
	int r = fp_sql_pragma(store->facts, "PRAGMA page_size", &size, error);

	if (r >= 0)
		r = fp_sql_pragma(store->facts, "PRAGMA page_count", &pages, error);
	if (r >= 0)
		r = fp_sql_pragma(store->facts, "PRAGMA freelist_count", &free_pages, error);
	*bytes = (uint64_t)((pages - free_pages) * size);
	return r;
}

/* The first and the last request; 1 when there is none. */
static int find_ends(struct fp_store *store, int64_t *first, int64_t *last, int64_t *first_us,
	struct fp_error *error)
{
	int r = fp_sql_find(store, FP_SQL_REQUEST_FIRST,
		"SELECT request FROM requests ORDER BY request LIMIT 1", NULL, 0, first, error);

	if (r == 0)
		r = fp_sql_find(store, FP_SQL_REQUEST_LAST,
			"SELECT request FROM requests ORDER BY request DESC LIMIT 1", NULL, 0, last,
			error);
	if (r == 0)
		r = fp_sql_find(store, FP_SQL_REQUEST_FIRST_US,
			"SELECT at_us FROM requests ORDER BY request LIMIT 1", NULL, 0, first_us,
			error);
	return r;
}

static int look(struct fp_retention *retention, struct fp_store *store,
	const struct fp_retention_limits *limits, int64_t now_us, struct fp_error *error)
{
	int64_t first = 0, last = 0, first_us = 0;
	uint64_t bytes = 0;
	int r;

	if (now_us < retention->next_look_us)
		return 0;
	retention->next_look_us = now_us + LOOK_EVERY_US;
	r = used_bytes(store, &bytes, error);
	if (r >= 0)
		r = find_ends(store, &first, &last, &first_us, error);
	if (r != 0)
		return r < 0 ? r : 0;
	retention->before_us = limits->keep_us ? now_us - limits->keep_us : INT64_MIN;
	retention->too_large =
		limits->max_bytes && bytes > limits->max_bytes && last - first > KEPT_REQUESTS;
	retention->up_to = retention->too_large ? first + (last - first) / SLICES : -1;
	if (!retention->too_large && first_us >= retention->before_us)
		return 0;
	return enter(retention, REQUESTS);
}

/* ---- requests ---- */

/* Where the next step's requests end; 1 when there are none. */
static int find_end(struct fp_store *store, int64_t cursor, int64_t *end, struct fp_error *error)
{
	const struct fp_sql_value values[] = {
		fp_sql_integer(cursor), fp_sql_integer(STEP_REQUESTS)};
	int64_t found = -1;
	int r = fp_sql_find(store, FP_SQL_RETENTION_END,
		"SELECT ifnull(max(request), -1) FROM (SELECT request FROM requests"
		" WHERE request > ? ORDER BY request LIMIT ?)",
		values, 2, &found, error);

	if (r < 0)
		return r;
	*end = found;
	return found < 0;
}

/* A clock that was set back leaves newer moments among older ones: the first step without any
 * request to delete ends the phase. */
static int delete_requests(
	struct fp_retention *retention, struct fp_store *store, struct fp_error *error)
{
	int64_t end = -1, count;
	int r = find_end(store, retention->cursor, &end, error);

	if (r < 0)
		return r;
	if (r > 0)
		return enter(retention, SEGMENTS);
	const struct fp_sql_value values[] = {fp_sql_integer(retention->cursor),
		fp_sql_integer(end), fp_sql_integer(retention->before_us),
		fp_sql_integer(retention->up_to)};

	r = fp_sql_run(store, FP_SQL_RETENTION_DELETE,
		"DELETE FROM requests WHERE request > ?1 AND request <= ?2"
		" AND (at_us < ?3 OR request <= ?4)"
		" AND request NOT IN (SELECT request FROM sticky_answers"
		"  WHERE request > ?1 AND request <= ?2)",
		values, FP_ARRAY_SIZE(values), error);
	if (r < 0)
		return r;
	count = sqlite3_changes(store->facts);
	retention->deleted += count;
	retention->cursor = retention->reached = end;
	return count == 0 && end > retention->up_to ? enter(retention, SEGMENTS) : 1;
}

/* ---- segments ---- */

static int drop_if_empty(struct fp_store *store, int64_t segment, struct fp_error *error)
{
	const struct fp_sql_value values[] = {fp_sql_integer(segment << FP_SEGMENT_BITS),
		fp_sql_integer((segment + 1) << FP_SEGMENT_BITS)};
	int64_t request;
	int r = fp_sql_find(store, FP_SQL_RETENTION_ANY,
		"SELECT request FROM requests WHERE request >= ? AND request < ? LIMIT 1", values,
		2, &request, error);

	return r == 1 ? fp_segment_drop(store, segment, error) : r;
}

static int next_segment(
	struct fp_store *store, int64_t after, int64_t *segment, struct fp_error *error)
{
	const struct fp_sql_value values[] = {fp_sql_integer(after)};

	return fp_sql_find(store, FP_SQL_SEGMENT_NEXT,
		"SELECT segment FROM segments WHERE segment > ? ORDER BY segment LIMIT 1", values,
		1, segment, error);
}

static bool sweep_is_due(const struct fp_retention *retention, int64_t now_us)
{
	return retention->deleted > 0 &&
	       (retention->too_large || retention->deleted >= SWEEP_REQUESTS ||
		       now_us - retention->last_sweep_us >= SWEEP_EVERY_US);
}

/* Room for a mark for each answer that there is. */
static int begin_sweep(struct fp_retention *retention, struct fp_store *store, int64_t now_us,
	struct fp_error *error)
{
	struct fp_alive *alive = &retention->alive;
	int64_t last = 0;
	int r = fp_sql_find(store, FP_SQL_ANSWER_LAST, "SELECT ifnull(max(answer), 0) FROM answers",
		NULL, 0, &last, error);

	if (r < 0)
		return r;
	free(alive->words);
	*alive = (struct fp_alive){.words = calloc((size_t)last / 64 + 1, sizeof(uint64_t))};
	if (!alive->words)
		return fp_error_memory(error);
	alive->count = last + 1;
	store->alive = alive;
	retention->last_sweep_us = now_us;
	retention->deleted = 0;
	return enter(retention, MARK);
}

static int drop_segments(struct fp_retention *retention, struct fp_store *store, int64_t now_us,
	struct fp_error *error)
{
	int r = 0;

	for (int i = 0; r == 0 && i < STEP_SEGMENTS; i++) {
		r = next_segment(store, retention->cursor, &retention->cursor, error);
		if (r == 0)
			r = drop_if_empty(store, retention->cursor, error);
	}
	if (r < 0)
		return r;
	if (r == 0)
		return 1;
	if (sweep_is_due(retention, now_us))
		return begin_sweep(retention, store, now_us, error);
	return enter(retention, LOOK);
}

/* ---- mark ---- */

/* By the requests themselves. */
static int mark_requests(
	struct fp_alive *alive, struct fp_store *store, int64_t segment, struct fp_error *error)
{
	FP_CLEANUP_SQL sqlite3_stmt *statement = NULL;
	const struct fp_sql_value values[] = {fp_sql_integer(segment << FP_SEGMENT_BITS),
		fp_sql_integer((segment + 1) << FP_SEGMENT_BITS)};
	int r = fp_sql_start(store, FP_SQL_RETENTION_SEGMENT,
		"SELECT answer FROM requests WHERE request >= ? AND request < ?", values, 2,
		&statement, error);

	while (r >= 0 && (r = fp_sql_step(statement, error)) == 1)
		fp_alive_mark(alive, sqlite3_column_int64(statement, 0));
	return r;
}

/* By the index, which may list requests that were deleted. */
static int mark_segment(
	struct fp_alive *alive, struct fp_store *store, int64_t segment, struct fp_error *error)
{
	FP_CLEANUP_SQL sqlite3_stmt *statement = NULL;
	const struct fp_sql_value values[] = {
		fp_sql_integer(fp_index_key(segment, FP_INDEX_ANSWER, 0)),
		fp_sql_integer(fp_index_key(segment, FP_INDEX_TOPIC, 0))};
	int r = fp_sql_start(store, FP_SQL_RETENTION_INDEX,
		"SELECT postings FROM request_index WHERE key >= ? AND key < ?", values, 2,
		&statement, error);

	while (r >= 0 && (r = fp_sql_step(statement, error)) == 1) {
		struct fp_str row = fp_sql_column(statement, 0), list;
		uint64_t id = 0;

		while (row.len && fp_postings_next(&row, &id, &list))
			fp_alive_mark(alive, (int64_t)id);
		if (row.len)
			return fp_error_set(error, FP_ERROR_CORRUPT,
				"the index of the history is damaged (segment %lld)",
				(long long)segment);
	}
	return r;
}

static int mark(struct fp_retention *retention, struct fp_store *store, struct fp_error *error)
{
	int64_t open = 0;
	int r = 0;

	for (int i = 0; r == 0 && i < STEP_SEGMENTS; i++) {
		r = next_segment(store, retention->cursor, &retention->cursor, error);
		if (r == 0)
			r = retention->cursor <= retention->reached >> FP_SEGMENT_BITS
				    ? mark_requests(
					      &retention->alive, store, retention->cursor, error)
				    : mark_segment(
					      &retention->alive, store, retention->cursor, error);
	}
	if (r <= 0)
		return r < 0 ? r : 1;
	r = fp_segments_open(store, &open, error);
	enter(retention, MARK_NEWEST);
	retention->cursor = (open << FP_SEGMENT_BITS) - 1;
	return r < 0 ? r : 1;
}

/* Requests behind the index. Those that are written from the sweep's begin on mark their answers
 * themselves, so that this need not catch up with them. */
static int mark_newest(
	struct fp_retention *retention, struct fp_store *store, struct fp_error *error)
{
	FP_CLEANUP_SQL sqlite3_stmt *statement = NULL;
	const struct fp_sql_value values[] = {
		fp_sql_integer(retention->cursor), fp_sql_integer(STEP_REQUESTS)};
	bool any = false;
	int r = fp_sql_start(store, FP_SQL_RETENTION_NEWEST,
		"SELECT request, answer FROM requests WHERE request > ? ORDER BY request LIMIT ?",
		values, 2, &statement, error);

	while (r >= 0 && (r = fp_sql_step(statement, error)) == 1) {
		any = true;
		retention->cursor = sqlite3_column_int64(statement, 0);
		fp_alive_mark(&retention->alive, sqlite3_column_int64(statement, 1));
	}
	if (r < 0)
		return r;
	return any ? 1 : enter(retention, FORGET);
}

/* ---- forget, wait, purge ---- */

static struct fp_hash128 read_hash(const uint8_t bytes[16])
{
	struct fp_hash128 hash = {0};

	for (size_t i = 0; i < 8; i++) {
		hash.high = hash.high << 8 | bytes[i];
		hash.low = hash.low << 8 | bytes[8 + i];
	}
	return hash;
}

struct unmarked {
	int64_t answers[STEP_PURGED];
	struct fp_hash128 hashes[STEP_PURGED];
	size_t count;
	bool end; /* no answer is left to look at */
};

/* The next answers without a mark, in the order of hashes: their index is all that is read. */
static int find_unmarked(struct fp_retention *retention, struct fp_store *store,
	struct unmarked *unmarked, struct fp_error *error)
{
	FP_CLEANUP_SQL sqlite3_stmt *statement = NULL;
	uint8_t after[16];
	const struct fp_sql_value values[] = {
		fp_sql_blob(after, sizeof(after)), fp_sql_integer(STEP_ANSWERS)};
	int seen = 0, r;

	memcpy(after, retention->hash, sizeof(after));
	r = fp_sql_start(store, FP_SQL_RETENTION_ANSWERS,
		"SELECT hash, answer FROM answers WHERE hash > ? ORDER BY hash LIMIT ?", values, 2,
		&statement, error);
	while (r >= 0 && unmarked->count < STEP_PURGED &&
		(r = fp_sql_step(statement, error)) == 1) {
		struct fp_str hash = fp_sql_column(statement, 0);
		int64_t answer = sqlite3_column_int64(statement, 1);

		seen++;
		if (hash.len == sizeof(retention->hash))
			memcpy(retention->hash, hash.ptr, hash.len);
		if (fp_alive_has(&retention->alive, answer))
			continue;
		unmarked->answers[unmarked->count] = answer;
		unmarked->hashes[unmarked->count++] = read_hash(retention->hash);
	}
	unmarked->end = unmarked->count < STEP_PURGED && seen < STEP_ANSWERS;
	return r < 0 ? r : 0;
}

static int forget(struct fp_retention *retention, struct fp_store *store,
	struct fp_journal *journal, int64_t now_us, struct fp_error *error)
{
	struct unmarked unmarked = {.count = 0};
	int r = find_unmarked(retention, store, &unmarked, error);

	if (r < 0)
		return r;
	for (size_t i = 0; i < unmarked.count; i++)
		fp_journal_forget(journal, unmarked.hashes[i]);
	if (!unmarked.end)
		return 1;
	retention->wait_until_us = now_us + WAIT_US;
	return enter(retention, WAIT);
}

static int wait_for_journal(
	struct fp_retention *retention, struct fp_journal *journal, int64_t now_us)
{
	if (retention->wait_until_us) {
		if (now_us < retention->wait_until_us)
			return 0;
		retention->wait_until_us = 0;
		retention->mark = fp_journal_mark(journal);
		return 1;
	}
	return fp_journal_is_past(journal, retention->mark) ? enter(retention, PURGE) : 0;
}

static int end_sweep(struct fp_retention *retention, struct fp_store *store)
{
	store->alive = NULL;
	/* Where there was too much, there may still be. */
	if (retention->too_large)
		retention->next_look_us = 0;
	return enter(retention, LOOK);
}

static int purge(struct fp_retention *retention, struct fp_store *store, struct fp_journal *journal,
	struct fp_error *error)
{
	struct unmarked unmarked = {.count = 0};
	int r = find_unmarked(retention, store, &unmarked, error);

	for (size_t i = 0; r >= 0 && i < unmarked.count; i++) {
		const struct fp_sql_value values[] = {fp_sql_integer(unmarked.answers[i])};

		if (fp_journal_knows(journal, unmarked.hashes[i]))
			continue;
		r = fp_sql_run(store, FP_SQL_ANSWER_DELETE, "DELETE FROM answers WHERE answer = ?",
			values, 1, error);
		if (store->recent)
			fp_recent_forget_answer(store->recent, unmarked.hashes[i]);
	}
	if (r < 0)
		return r;
	return unmarked.end ? end_sweep(retention, store) : 1;
}

/* ---- */

static int run_phase(struct fp_retention *retention, struct fp_store *store,
	struct fp_journal *journal, int64_t now_us, struct fp_error *error)
{
	switch (retention->phase) {
	case REQUESTS: return delete_requests(retention, store, error);
	case SEGMENTS: return drop_segments(retention, store, now_us, error);
	case MARK: return mark(retention, store, error);
	case MARK_NEWEST: return mark_newest(retention, store, error);
	case FORGET: return forget(retention, store, journal, now_us, error);
	case PURGE: return purge(retention, store, journal, error);
	case LOOK:
	case WAIT: break;
	}
	return 0;
}

int fp_retention_step(struct fp_retention *retention, struct fp_store *store,
	struct fp_journal *journal, const struct fp_retention_limits *limits, int64_t now_us,
	struct fp_error *error)
{
	FP_CLEANUP_TRANSACTION struct fp_transaction transaction = {0};
	const struct fp_retention before = *retention;
	int more, r;

	if (retention->phase == LOOK)
		return look(retention, store, limits, now_us, error);
	if (retention->phase == WAIT)
		return wait_for_journal(retention, journal, now_us);
	r = fp_transaction_begin(&transaction, store, false, error);
	if (r < 0)
		return r;
	more = run_phase(retention, store, journal, now_us, error);
	r = more < 0 ? more : fp_transaction_commit(&transaction, error);
	if (r >= 0)
		return more;
	/* The step did not happen: it is tried again. Marks are never taken back. */
	if (retention->alive.words == before.alive.words)
		*retention = before;
	else
		enter(retention, SEGMENTS);
	retention->deleted = before.deleted;
	return r;
}
