/* Numbers for what answers are about. */
#include "history_write.h"
#include "sql.h"

enum { ROOM_MAX_BYTES = 1024 * 1024 };

/* Lengths come first, so that no two lists of texts run together to the same bytes. */
static struct fp_hash128 hash_texts(const struct fp_str texts[4], struct fp_buf *room)
{
	fp_buf_clear(room);
	for (int i = 0; i < 4; i++) {
		uint64_t len = texts[i].len;

		fp_buf_add(room, &len, sizeof(len));
	}
	for (int i = 0; i < 4; i++)
		fp_buf_add_str(room, texts[i]);
	return fp_hash128(room->data, room->len);
}

static int find_or_add(struct fp_store *store, const struct fp_str texts[4], int64_t *topic,
	struct fp_error *error)
{
	const struct fp_sql_value values[] = {fp_sql_text(texts[0]), fp_sql_text(texts[1]),
		fp_sql_text(texts[2]), fp_sql_text(texts[3])};
	int r = fp_sql_find(store, FP_SQL_TOPIC_FIND,
		"SELECT topic FROM topics WHERE repo = ? AND branch = ? AND version = ?"
		" AND outcome = ?",
		values, 4, topic, error);

	if (r != 1)
		return r;
	r = fp_sql_run(store, FP_SQL_TOPIC_ADD,
		"INSERT INTO topics (repo, branch, version, outcome) VALUES (?, ?, ?, ?)", values,
		4, error);
	*topic = sqlite3_last_insert_rowid(store->facts);
	return r;
}

static int topic_id(struct fp_store *store, const struct fp_str texts[4], struct fp_buf *room,
	int64_t *topic, struct fp_error *error)
{
	struct fp_hash128 hash = hash_texts(texts, room);
	struct fp_recent_text *entry = &store->recent->topics[hash.low % FP_RECENT_TEXTS];
	int r = fp_buf_check(room, error);

	if (r < 0)
		return r;
	if (entry->id && entry->hash.high == hash.high && entry->hash.low == hash.low) {
		*topic = entry->id;
		return 0;
	}
	r = find_or_add(store, texts, topic, error);
	if (r >= 0)
		*entry = (struct fp_recent_text){hash, *topic};
	return r;
}

int fp_store_topic_id(struct fp_store *store, const struct fp_record *record, int64_t *topic,
	struct fp_error *error)
{
	const struct fp_str texts[] = {
		record->repo, record->branch, record->version, record->outcome};
	struct fp_buf FP_CLEANUP_BUF room = {0};

	fp_buf_init(&room, ROOM_MAX_BYTES);
	return topic_id(store, texts, &room, topic, error);
}

/* The statement's row is the topic. */
static int find_wholes(struct fp_store *store, sqlite3_stmt *statement,
	struct fp_topic_wholes *wholes, struct fp_error *error)
{
	const struct fp_str repo = fp_sql_column(statement, 0);
	const struct fp_str branch[] = {
		repo, fp_sql_column(statement, 1), {0}, fp_sql_column(statement, 2)};
	const struct fp_str whole[] = {repo, {0}, {0}, {0}};
	struct fp_buf FP_CLEANUP_BUF room = {0};
	int r;

	fp_buf_init(&room, ROOM_MAX_BYTES);
	r = topic_id(store, branch, &room, &wholes->branch, error);
	return r < 0 ? r : topic_id(store, whole, &room, &wholes->repo, error);
}

int fp_store_topic_wholes(struct fp_store *store, int64_t topic, struct fp_topic_wholes *wholes,
	struct fp_error *error)
{
	struct fp_topic_wholes *entry = &store->recent->wholes[(uint64_t)topic % FP_RECENT_WHOLES];
	struct fp_topic_wholes found = {topic, topic, topic};
	FP_CLEANUP_SQL sqlite3_stmt *statement = NULL;
	const struct fp_sql_value values[] = {fp_sql_integer(topic)};
	int r;

	if (entry->topic == topic) {
		*wholes = *entry;
		return 0;
	}
	r = fp_sql_start(store, FP_SQL_TOPIC_WHOLES,
		"SELECT repo, branch, outcome FROM topics WHERE topic = ?", values, 1, &statement,
		error);
	if (r >= 0)
		r = fp_sql_step(statement, error);
	if (r == 1)
		r = find_wholes(store, statement, &found, error);
	if (r >= 0)
		*wholes = *entry = found;
	return r;
}
