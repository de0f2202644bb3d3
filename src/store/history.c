/*
 * Writing the record of answers.
 *
 * A request's row names its answer, client, agent, build label and form by number. Looking each up
 * would cost more than the insert, so a connection remembers the numbers of what it saw last, in
 * tables where a new entry displaces an old one. Rows of these tables are never renumbered; a
 * rollback empties the memory, for it may hold numbers that no longer exist.
 */
#include "forkpoint/base/time.h"

#include "alive.h"
#include "history_write.h"
#include "rollups.h"
#include "segments.h"

static const struct {
	enum fp_sql add, find;
	const char *add_sql, *find_sql;
} text_tables[FP_TEXT_KINDS] = {
	[FP_TEXT_CLIENT] = {FP_SQL_CLIENT_ADD, FP_SQL_CLIENT_FIND,
		"INSERT INTO clients (text) VALUES (?)", "SELECT id FROM clients WHERE text = ?"},
	[FP_TEXT_AGENT] = {FP_SQL_AGENT_ADD, FP_SQL_AGENT_FIND,
		"INSERT INTO agents (text) VALUES (?)", "SELECT id FROM agents WHERE text = ?"},
	[FP_TEXT_BUILD] = {FP_SQL_BUILD_ADD, FP_SQL_BUILD_FIND,
		"INSERT INTO builds (text) VALUES (?)", "SELECT id FROM builds WHERE text = ?"},
	[FP_TEXT_FORM] = {FP_SQL_FORM_ADD, FP_SQL_FORM_FIND, "INSERT INTO forms (text) VALUES (?)",
		"SELECT id FROM forms WHERE text = ?"},
};

void fp_recent_free(struct fp_recent *recent)
{
	free(recent);
}

struct fp_hash128 fp_document_hash(struct fp_str document)
{
	return fp_hash128(document.ptr ? document.ptr : "", document.len);
}

static bool hash_equal(struct fp_hash128 a, struct fp_hash128 b)
{
	return a.high == b.high && a.low == b.low;
}

void fp_recent_forget_answer(struct fp_recent *recent, struct fp_hash128 hash)
{
	struct fp_recent_answer *entry = &recent->answers[hash.low % FP_RECENT_ANSWERS];

	if (hash_equal(entry->hash, hash))
		*entry = (struct fp_recent_answer){0};
}

static int intern(struct fp_store *store, enum fp_text_kind kind, struct fp_str text, int64_t *id,
	struct fp_error *error)
{
	struct fp_hash128 hash = fp_hash128(text.ptr ? text.ptr : "", text.len);
	struct fp_recent_text *entry = &store->recent->texts[kind][hash.low % FP_RECENT_TEXTS];
	const struct fp_sql_value values[] = {fp_sql_text(text)};
	int r;

	if (entry->id && hash_equal(entry->hash, hash)) {
		*id = entry->id;
		return 0;
	}
	r = fp_sql_find(
		store, text_tables[kind].find, text_tables[kind].find_sql, values, 1, id, error);
	if (r == 1) {
		r = fp_sql_run(
			store, text_tables[kind].add, text_tables[kind].add_sql, values, 1, error);
		*id = sqlite3_last_insert_rowid(store->facts);
	}
	if (r >= 0)
		*entry = (struct fp_recent_text){hash, *id};
	return r;
}

static void write_holes(const uint32_t holes[FP_HOLE_COUNT], uint8_t bytes[FP_HOLE_COUNT * 4])
{
	for (size_t i = 0; i < FP_HOLE_COUNT; i++)
		for (size_t k = 0; k < 4; k++)
			bytes[i * 4 + k] = (uint8_t)(holes[i] >> (8 * k));
}

/* 1 when an answer of that hash was there already, whole. */
static int put_answer(struct fp_store *store, const struct fp_logged_record *logged,
	const uint8_t hash[16], struct fp_recent_answer *answer, struct fp_error *error)
{
	const struct fp_record *record = &logged->record;
	uint8_t holes[FP_HOLE_COUNT * 4];
	int r = fp_store_topic_id(store, record, &answer->topic, error);

	if (r < 0)
		return r;
	write_holes(record->holes, holes);
	const struct fp_sql_value values[] = {
		fp_sql_blob(hash, 16),
		fp_sql_text(record->repo),
		fp_sql_text(record->branch),
		fp_sql_text(record->sha),
		fp_sql_text(record->version),
		fp_sql_text(record->outcome),
		fp_sql_blob(holes, logged->has_document ? sizeof(holes) : 0),
		fp_sql_blob(record->document.ptr, record->document.len),
		fp_sql_integer(answer->topic),
	};
	return fp_sql_find(store, FP_SQL_ANSWER_PUT,
		"INSERT INTO answers (hash, repo, branch, sha, version, outcome, holes, document,"
		" topic) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (hash) DO UPDATE SET"
		" repo = excluded.repo, branch = excluded.branch, sha = excluded.sha,"
		" version = excluded.version, outcome = excluded.outcome, holes = excluded.holes,"
		" document = excluded.document, topic = excluded.topic"
		" WHERE length(answers.document) = 0 RETURNING answer",
		values, FP_ARRAY_SIZE(values), &answer->id, error);
}

/* The topic of an answer; the texts stay where they are. */
static int find_topic(struct fp_store *store, sqlite3_stmt *statement,
	struct fp_recent_answer *answer, struct fp_error *error)
{
	const struct fp_record texts = {
		.repo = fp_sql_column(statement, 1),
		.branch = fp_sql_column(statement, 2),
		.version = fp_sql_column(statement, 3),
		.outcome = fp_sql_column(statement, 4),
	};

	answer->id = sqlite3_column_int64(statement, 0);
	return fp_store_topic_id(store, &texts, &answer->topic, error);
}

/* 1 when there is none. */
static int find_answer(struct fp_store *store, const uint8_t hash[16],
	struct fp_recent_answer *answer, struct fp_error *error)
{
	FP_CLEANUP_SQL sqlite3_stmt *statement = NULL;
	const struct fp_sql_value values[] = {fp_sql_blob(hash, 16)};
	int r = fp_sql_start(store, FP_SQL_ANSWER_FIND,
		"SELECT answer, repo, branch, version, outcome FROM answers WHERE hash = ?", values,
		1, &statement, error);

	if (r >= 0)
		r = fp_sql_step(statement, error);
	if (r <= 0)
		return r < 0 ? r : 1;
	return find_topic(store, statement, answer, error);
}

static int find_or_put_answer(struct fp_store *store, const struct fp_logged_record *logged,
	struct fp_recent_answer **answer, struct fp_error *error)
{
	struct fp_recent_answer *entry =
		&store->recent->answers[logged->hash.low % FP_RECENT_ANSWERS];
	struct fp_recent_answer found = {.hash = logged->hash};
	uint8_t hash[16];
	int r = 1;

	*answer = entry;
	if (entry->id && hash_equal(entry->hash, logged->hash))
		return 0;
	fp_sql_write_hash(logged->hash, hash);
	if (logged->has_document)
		r = put_answer(store, logged, hash, &found, error);
	if (r == 1)
		r = find_answer(store, hash, &found, error);
	/* Neither here nor with it: the document was lost with the machine, the request was not. */
	if (r == 1)
		r = put_answer(store, logged, hash, &found, error);
	if (r == 0)
		*entry = found;
	return r;
}

static struct fp_str form_of(const struct fp_record *record)
{
	return fp_str_n(record->form, strnlen(record->form, sizeof(record->form)));
}

/* In whole seconds, as documents have it; -1, none, stays. A clock that was set back may make the
 * age negative, so no fp_sql_moment. */
static struct fp_sql_value age(int64_t at_us, int64_t synced_us)
{
	return synced_us < 0 ? (struct fp_sql_value){.type = FP_SQL_NULL}
			     : fp_sql_integer(at_us / FP_US_PER_S - synced_us / FP_US_PER_S);
}

/*
 * Inserting a request costs about as much as preparing for it, so that those that cannot be there
 * yet are inserted several at a time: their numbers are above all that are there. The rest, which
 * came out of order or once more, are inserted one by one, and passed over where they are there.
 */
enum { COLUMNS = 13, ROWS_AT_ONCE = 32 };

#define INTO_REQUESTS                                                                              \
	" INTO requests (request, at_us, answer, status, duration_us, form, client, agent, build," \
	" feed_age_s, refs_age_s, topic, as_of_us) VALUES "
#define ROW "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
#define FOUR_ROWS ROW ", " ROW ", " ROW ", " ROW
#define SIXTEEN_ROWS FOUR_ROWS ", " FOUR_ROWS ", " FOUR_ROWS ", " FOUR_ROWS

/* What a transaction adds to: see write_beside. */
struct batch {
	struct fp_sql_value rows[ROWS_AT_ONCE * COLUMNS]; /* not inserted yet */
	size_t row_count;
	int64_t highest; /* number of a request that is there, or in rows */
	struct fp_rollup_cell *cells;
	int64_t *late; /* segments that were full when a request of theirs came */
	size_t cell_count, late_count;
	uint64_t last;
};

static void batch_release(struct batch *batch)
{
	free(batch->cells);
	free(batch->late);
}

static void note_inserted(struct fp_store *store, const struct fp_record *record,
	const struct fp_recent_answer *answer, int64_t client, struct batch *batch)
{
	int64_t segment = (int64_t)(record->id >> FP_SEGMENT_BITS);

	if (store->alive)
		fp_alive_mark(store->alive, answer->id);
	batch->cells[batch->cell_count++] =
		fp_rollup_cell_of(record->at_us, answer->topic, client, record->duration_us);
	if (segment < store->recent->open_segment &&
		(batch->late_count == 0 || batch->late[batch->late_count - 1] != segment))
		batch->late[batch->late_count++] = segment;
}

/* 1 when it was there. */
static int insert_one(
	struct fp_store *store, const struct fp_sql_value row[COLUMNS], struct fp_error *error)
{
	int r = fp_sql_run(store, FP_SQL_REQUEST_ADD,
		"INSERT" INTO_REQUESTS ROW " ON CONFLICT (request) DO NOTHING", row, COLUMNS,
		error);

	return r < 0 ? r : sqlite3_changes(store->facts) == 0;
}

static int insert_rows(struct fp_store *store, struct batch *batch, struct fp_error *error)
{
	size_t count = batch->row_count;
	int r = 0;

	batch->row_count = 0;
	/* FAIL: what a failure leaves goes with the transaction, so SQLite need not undo it. */
	if (count == ROWS_AT_ONCE)
		return fp_sql_run(store, FP_SQL_REQUESTS_ADD,
			"INSERT OR FAIL" INTO_REQUESTS SIXTEEN_ROWS ", " SIXTEEN_ROWS, batch->rows,
			FP_ARRAY_SIZE(batch->rows), error);
	for (size_t i = 0; r >= 0 && i < count; i++)
		r = insert_one(store, &batch->rows[i * COLUMNS], error);
	return r < 0 ? r : 0;
}

static bool is_waiting(const struct batch *batch, int64_t request)
{
	for (size_t i = 0; i < batch->row_count; i++)
		if (batch->rows[i * COLUMNS].integer == request)
			return true;
	return false;
}

/* 1 when it was there. */
static int insert(struct fp_store *store, const struct fp_sql_value row[COLUMNS],
	struct batch *batch, struct fp_error *error)
{
	if (row[0].integer <= batch->highest)
		return is_waiting(batch, row[0].integer) ? 1 : insert_one(store, row, error);
	batch->highest = row[0].integer;
	memcpy(&batch->rows[batch->row_count++ * COLUMNS], row, COLUMNS * sizeof(*row));
	return batch->row_count < ROWS_AT_ONCE ? 0 : insert_rows(store, batch, error);
}

static int write_one(struct fp_store *store, const struct fp_logged_record *logged,
	struct batch *batch, struct fp_error *error)
{
	const struct fp_record *record = &logged->record;
	struct fp_recent_answer *answer = NULL;
	int64_t client = 0, agent = 0, form = 0, build = 0;
	int r = find_or_put_answer(store, logged, &answer, error);

	if (r >= 0)
		r = intern(store, FP_TEXT_CLIENT, record->client, &client, error);
	if (r >= 0)
		r = intern(store, FP_TEXT_AGENT, record->agent, &agent, error);
	if (r >= 0)
		r = intern(store, FP_TEXT_FORM, form_of(record), &form, error);
	if (r >= 0 && record->build.len > 0)
		r = intern(store, FP_TEXT_BUILD, record->build, &build, error);
	if (r < 0)
		return r;
	const struct fp_sql_value row[COLUMNS] = {
		fp_sql_integer((int64_t)record->id),
		fp_sql_integer(record->at_us),
		fp_sql_integer(answer->id),
		fp_sql_integer(record->status),
		fp_sql_integer(record->duration_us),
		fp_sql_integer(form),
		fp_sql_integer(client),
		fp_sql_integer(agent),
		fp_sql_moment(build ? build : -1),
		age(record->at_us, record->feed_synced_us),
		age(record->at_us, record->refs_synced_us),
		fp_sql_integer(answer->topic),
		fp_sql_moment(record->as_of_us ? record->as_of_us : -1),
	};
	r = insert(store, row, batch, error);
	if (r == 0)
		note_inserted(store, record, answer, client, batch);
	return r < 0 ? r : fp_store_write_sticky(store, record, answer->topic, error);
}

static int note_last(struct fp_store *store, uint64_t last, struct fp_error *error)
{
	const struct fp_sql_value values[] = {fp_sql_integer((int64_t)last)};

	return fp_sql_run(store, FP_SQL_LAST_REQUEST_SET,
		"UPDATE last_request SET request = ?1 WHERE request < ?1", values, 1, error);
}

/* The sums and the index beside the requests. */
static int write_beside(struct fp_store *store, struct batch *batch, struct fp_error *error)
{
	int r = fp_rollups_add(store, batch->cells, batch->cell_count, error);

	if (r >= 0 && !store->recent->all_summed)
		r = fp_rollups_catch_up(store, &store->recent->all_summed, error);
	for (size_t i = 0; r >= 0 && i < batch->late_count; i++)
		r = fp_segment_write(store, batch->late[i], error);
	return r < 0 ? r : fp_segments_close(store, batch->last, error);
}

static int write_all(struct fp_store *store, const struct fp_logged_record *records, size_t count,
	struct fp_error *error)
{
	FP_CLEANUP_TRANSACTION struct fp_transaction transaction = {0};
	struct batch FP_CLEANUP(batch_release) batch = {0};
	int r;

	batch.cells = calloc(count, sizeof(*batch.cells));
	batch.late = calloc(count, sizeof(*batch.late));
	if (!batch.cells || !batch.late)
		return fp_error_memory(error);
	r = fp_transaction_begin(&transaction, store, false, error);
	if (r >= 0 && store->recent->open_segment < 0)
		r = fp_segments_open(store, &store->recent->open_segment, error);
	if (r >= 0)
		r = fp_sql_find(store, FP_SQL_REQUEST_HIGHEST,
			"SELECT ifnull(max(request), 0) FROM requests", NULL, 0, &batch.highest,
			error);
	for (size_t i = 0; r >= 0 && i < count; i++) {
		r = write_one(store, &records[i], &batch, error);
		if (records[i].record.id > batch.last)
			batch.last = records[i].record.id;
	}
	if (r >= 0)
		r = insert_rows(store, &batch, error);
	if (r >= 0)
		r = note_last(store, batch.last, error);
	if (r >= 0)
		r = write_beside(store, &batch, error);
	return r < 0 ? r : fp_transaction_commit(&transaction, error);
}

int fp_store_write_logged(struct fp_store *store, const struct fp_logged_record *records,
	size_t count, struct fp_error *error)
{
	int r;

	if (count == 0)
		return 0;
	if (!store->recent) {
		store->recent = calloc(1, sizeof(*store->recent));
		if (!store->recent)
			return fp_error_memory(error);
		store->recent->open_segment = -1;
	}
	r = write_all(store, records, count, error);
	if (r < 0) {
		fp_recent_free(store->recent);
		store->recent = NULL;
	}
	return r;
}

int fp_store_write_records(struct fp_store *store, const struct fp_record *records, size_t count,
	struct fp_error *error)
{
	FP_CLEANUP_FREE struct fp_logged_record *logged = calloc(count + 1, sizeof(*logged));

	if (!logged)
		return fp_error_memory(error);
	for (size_t i = 0; i < count; i++)
		logged[i] = (struct fp_logged_record){
			.record = records[i],
			.hash = fp_document_hash(records[i].document),
			.has_document = true,
		};
	return fp_store_write_logged(store, logged, count, error);
}
