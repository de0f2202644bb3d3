/* Reading the record of answers, and filling a document's holes in again. */
#include "forkpoint/base/time.h"
#include "forkpoint/store/history.h"

#include "history_read.h"
#include "sql.h"

int fp_store_last_record_id(struct fp_store *store, uint64_t *id, struct fp_error *error)
{
	int64_t found = 0;
	int r = fp_sql_find(store, FP_SQL_LAST_REQUEST_GET, "SELECT request FROM last_request",
		NULL, 0, &found, error);

	if (r < 0)
		return r;
	*id = (uint64_t)found;
	return 0;
}

int fp_store_next_record_id(
	struct fp_store *store, uint64_t from, uint64_t *id, struct fp_error *error)
{
	const struct fp_sql_value values[] = {fp_sql_integer((int64_t)from)};
	int64_t found = 0;
	int r = fp_sql_find(store, FP_SQL_REQUEST_FROM,
		"SELECT request FROM requests WHERE request >= ? ORDER BY request LIMIT 1", values,
		1, &found, error);

	if (r == 0)
		*id = (uint64_t)found;
	return r;
}

int fp_store_sample_records(struct fp_store *store, uint64_t sample, uint64_t **ids, size_t *count,
	struct fp_error *error)
{
	FP_CLEANUP_FREE uint64_t *chosen = NULL;
	FP_CLEANUP_SQL sqlite3_stmt *statement = NULL;
	uint64_t place = 0, filled = 0;
	int64_t total = 0;
	int r = fp_sql_pragma(store->facts, "SELECT count(*) FROM requests", &total, error);

	if (r < 0)
		return r;
	if (sample > (uint64_t)total)
		sample = (uint64_t)total;
	chosen = calloc(sample + 1, sizeof(*chosen));
	if (!chosen)
		return fp_error_memory(error);
	r = fp_sql_start(store, FP_SQL_REQUESTS_WALK,
		"SELECT request FROM requests ORDER BY request", NULL, 0, &statement, error);
	while (r >= 0 && filled < sample && (r = fp_sql_step(statement, error)) == 1)
		if (place++ * sample / (uint64_t)total >= filled)
			chosen[filled++] = (uint64_t)sqlite3_column_int64(statement, 0);
	if (r < 0)
		return r;
	*ids = chosen;
	*count = filled;
	chosen = NULL;
	return 0;
}

void fp_stored_record_release(struct fp_stored_record *stored)
{
	free(stored->memory);
	*stored = (struct fp_stored_record){0};
}

/* ---- holes ---- */

static const size_t hole_widths[FP_HOLE_COUNT] = {
	[FP_HOLE_ID] = FP_ANSWER_ID_HEX,
	[FP_HOLE_RESOLVED_AT] = 20,
	[FP_HOLE_FEED_SYNCED_AT] = 20,
	[FP_HOLE_REFS_SYNCED_AT] = 20,
	[FP_HOLE_INSTANCE] = FP_ANSWER_ID_HEX,
	[FP_HOLE_REPLAY] = FP_HASH128_HEX,
};

static void fill_id(char *place, uint64_t id)
{
	for (int i = FP_ANSWER_ID_HEX - 1; i >= 0; i--, id >>= 4)
		place[i] = "0123456789abcdef"[id & 15];
}

static void fill_time(char *place, int64_t us)
{
	char text[FP_TIME_TEXT_MAX];

	fp_time_format_us(us, text);
	memcpy(place, text, hole_widths[FP_HOLE_RESOLVED_AT]);
}

static void fill_hash(char *place, struct fp_hash128 hash)
{
	char text[FP_HASH128_HEX + 1];

	fp_hash128_format(hash, text);
	memcpy(place, text, FP_HASH128_HEX);
}

void fp_document_fill(char *document, const uint32_t holes[FP_HOLE_COUNT], uint64_t id,
	int64_t at_us, int64_t feed_synced_us, int64_t refs_synced_us, struct fp_hash128 hash)
{
	if (holes[FP_HOLE_ID] != FP_NO_HOLE)
		fill_id(document + holes[FP_HOLE_ID], id);
	if (holes[FP_HOLE_INSTANCE] != FP_NO_HOLE)
		fill_id(document + holes[FP_HOLE_INSTANCE], id);
	if (holes[FP_HOLE_RESOLVED_AT] != FP_NO_HOLE)
		fill_time(document + holes[FP_HOLE_RESOLVED_AT], at_us);
	if (holes[FP_HOLE_FEED_SYNCED_AT] != FP_NO_HOLE)
		fill_time(document + holes[FP_HOLE_FEED_SYNCED_AT], feed_synced_us);
	if (holes[FP_HOLE_REFS_SYNCED_AT] != FP_NO_HOLE)
		fill_time(document + holes[FP_HOLE_REFS_SYNCED_AT], refs_synced_us);
	if (holes[FP_HOLE_REPLAY] != FP_NO_HOLE)
		fill_hash(document + holes[FP_HOLE_REPLAY], hash);
}

void fp_record_fill(const struct fp_record *record, struct fp_hash128 hash, char *document)
{
	fp_document_fill(document, record->holes, record->id, record->at_us, record->feed_synced_us,
		record->refs_synced_us, hash);
}

/* ---- rows ---- */

enum column {
	COLUMN_ID,
	COLUMN_AT,
	COLUMN_STATUS,
	COLUMN_DURATION,
	COLUMN_FEED_AGE,
	COLUMN_REFS_AGE,
	COLUMN_AS_OF,
	COLUMN_FORM,
	COLUMN_CLIENT, /* from here on texts */
	COLUMN_AGENT,
	COLUMN_BUILD,
	COLUMN_REPO,
	COLUMN_BRANCH,
	COLUMN_SHA,
	COLUMN_VERSION,
	COLUMN_OUTCOME,
	COLUMN_DOCUMENT,
	COLUMN_HOLES,
};

/* Where a text column goes, in the columns' order. */
static struct fp_str *slot_of(struct fp_record *record, enum column column)
{
	struct fp_str *const slots[] = {&record->client, &record->agent, &record->build,
		&record->repo, &record->branch, &record->sha, &record->version, &record->outcome,
		&record->document};

	return slots[column - COLUMN_CLIENT];
}

static int copy_texts(
	sqlite3_stmt *statement, struct fp_stored_record *stored, struct fp_error *error)
{
	size_t total = 1;
	char *room;

	for (int c = COLUMN_CLIENT; c <= COLUMN_DOCUMENT; c++)
		total += fp_sql_column(statement, c).len;
	room = stored->memory = malloc(total);
	if (!room)
		return fp_error_memory(error);
	for (int c = COLUMN_CLIENT; c <= COLUMN_DOCUMENT; c++) {
		struct fp_str text = fp_sql_column(statement, c);

		if (text.len)
			memcpy(room, text.ptr, text.len);
		*slot_of(&stored->record, (enum column)c) = fp_str_n(room, text.len);
		room += text.len;
	}
	return 0;
}

/* Holes that are not in the row are holes that the document does not have. */
static int read_holes(struct fp_str bytes, struct fp_record *record, struct fp_error *error)
{
	for (size_t i = 0; i < FP_HOLE_COUNT; i++) {
		uint32_t hole = FP_NO_HOLE;

		if ((i + 1) * 4 <= bytes.len)
			for (size_t k = 0; k < 4; k++)
				hole = hole >> 8 | (uint32_t)(uint8_t)bytes.ptr[i * 4 + k] << 24;
		if (hole != FP_NO_HOLE && (record->document.len < hole_widths[i] ||
						  hole > record->document.len - hole_widths[i]))
			return fp_error_set(error, FP_ERROR_CORRUPT,
				"the record of an answer is damaged: a hole lies outside its "
				"document");
		record->holes[i] = hole;
	}
	return 0;
}

/* The second in which it was. */
static int64_t moment_before(sqlite3_stmt *statement, int64_t at_us, int column)
{
	if (sqlite3_column_type(statement, column) == SQLITE_NULL)
		return -1;
	return (at_us / FP_US_PER_S - sqlite3_column_int64(statement, column)) * FP_US_PER_S;
}

static int take_row(
	sqlite3_stmt *statement, struct fp_stored_record *stored, struct fp_error *error)
{
	struct fp_record *record = &stored->record;
	struct fp_str form = fp_sql_column(statement, COLUMN_FORM);
	int r;

	record->id = (uint64_t)sqlite3_column_int64(statement, COLUMN_ID);
	record->at_us = sqlite3_column_int64(statement, COLUMN_AT);
	record->status = (uint16_t)sqlite3_column_int(statement, COLUMN_STATUS);
	record->duration_us = (uint32_t)sqlite3_column_int64(statement, COLUMN_DURATION);
	record->feed_synced_us = moment_before(statement, record->at_us, COLUMN_FEED_AGE);
	record->refs_synced_us = moment_before(statement, record->at_us, COLUMN_REFS_AGE);
	record->as_of_us = sqlite3_column_int64(statement, COLUMN_AS_OF);
	if (form.len)
		memcpy(record->form, form.ptr,
			form.len < sizeof(record->form) ? form.len : sizeof(record->form) - 1);
	r = copy_texts(statement, stored, error);
	return r < 0 ? r : read_holes(fp_sql_column(statement, COLUMN_HOLES), record, error);
}

/* 1 when there is no row. */
static int take_record(
	sqlite3_stmt *statement, struct fp_stored_record *stored, struct fp_error *error)
{
	struct fp_stored_record FP_CLEANUP(fp_stored_record_release) read = {0};
	int r = fp_sql_step(statement, error);

	if (r <= 0)
		return r < 0 ? r : 1;
	r = take_row(statement, &read, error);
	if (r < 0)
		return r;
	*stored = read;
	read = (struct fp_stored_record){0};
	return 0;
}

#define REQUEST_COLUMNS                                                                            \
	"SELECT request, at_us, status, duration_us, feed_age_s, refs_age_s, as_of_us,"            \
	" forms.text, clients.text, agents.text, builds.text, repo, branch, sha, version,"         \
	" outcome, "
#define REQUEST_TABLES                                                                             \
	" FROM requests JOIN answers USING (answer)"                                               \
	" LEFT JOIN forms ON forms.id = form LEFT JOIN clients ON clients.id = client"             \
	" LEFT JOIN agents ON agents.id = agent LEFT JOIN builds ON builds.id = build"             \
	" WHERE request = ?"

int fp_store_read_record_head(struct fp_store *store, uint64_t id, struct fp_stored_record *stored,
	struct fp_error *error)
{
	FP_CLEANUP_SQL sqlite3_stmt *statement = NULL;
	const struct fp_sql_value values[] = {fp_sql_integer((int64_t)id)};
	int r = fp_sql_start(store, FP_SQL_REQUEST_READ_HEAD,
		REQUEST_COLUMNS "'', NULL" REQUEST_TABLES, values, 1, &statement, error);

	return r < 0 ? r : take_record(statement, stored, error);
}

int fp_store_read_record(struct fp_store *store, uint64_t id, struct fp_stored_record *stored,
	struct fp_error *error)
{
	FP_CLEANUP_SQL sqlite3_stmt *statement = NULL;
	const struct fp_sql_value values[] = {fp_sql_integer((int64_t)id)};
	int r = fp_sql_start(store, FP_SQL_REQUEST_READ,
		REQUEST_COLUMNS "document, holes" REQUEST_TABLES, values, 1, &statement, error);

	if (r >= 0)
		r = take_record(statement, stored, error);
	return r;
}

/* One that no request is left of: it is kept for what refers to it. */
static int read_bare_answer(struct fp_store *store, int64_t answer, struct fp_stored_record *stored,
	struct fp_error *error)
{
	FP_CLEANUP_SQL sqlite3_stmt *statement = NULL;
	const struct fp_sql_value values[] = {fp_sql_integer(answer)};
	int r = fp_sql_start(store, FP_SQL_ANSWER_READ,
		"SELECT 0, 0, 0, 0, NULL, NULL, NULL, '', '', '', '', repo, branch, sha, version,"
		" outcome, document, holes FROM answers WHERE answer = ?",
		values, 1, &statement, error);

	return r < 0 ? r : take_record(statement, stored, error);
}

int fp_store_read_answer(struct fp_store *store, struct fp_hash128 hash,
	struct fp_stored_record *stored, struct fp_error *error)
{
	uint8_t key[16];
	const struct fp_sql_value values[] = {fp_sql_blob(key, sizeof(key))};
	uint64_t first = 0;
	int64_t answer;
	int r;

	fp_sql_write_hash(hash, key);
	r = fp_sql_find(store, FP_SQL_ANSWER_WHOLE,
		"SELECT answer FROM answers WHERE hash = ? AND length(document) > 0", values, 1,
		&answer, error);
	if (r != 0)
		return r;
	r = fp_store_first_request(store, answer, &first, error);
	if (r == 0)
		r = fp_store_read_record(store, first, stored, error);
	return r == 1 ? read_bare_answer(store, answer, stored, error) : r;
}
