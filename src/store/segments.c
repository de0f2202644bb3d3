/* Writing the index of full segments. */
#include "segments.h"

#include "history_write.h"

enum { SEGMENTS_AT_ONCE = 4, ROW_MAX_BYTES = 1024 * 1024 };

/* A segment's requests, as pairs of each kind. */
struct segment {
	uint64_t *postings[FP_INDEX_BUILD + 1];
	size_t counts[FP_INDEX_BUILD + 1];
	int64_t requests, first_us, last_us;
};

static void segment_release(struct segment *segment)
{
	for (int kind = FP_INDEX_ANSWER; kind <= FP_INDEX_BUILD; kind++)
		free(segment->postings[kind]);
}

int fp_segments_open(struct fp_store *store, int64_t *open, struct fp_error *error)
{
	int r = fp_sql_find(store, FP_SQL_SEGMENTS_OPEN,
		"SELECT ifnull(max(segment) + 1, 0) FROM segments", NULL, 0, open, error);

	return r < 0 ? r : 0;
}

static void take_row(struct segment *segment, sqlite3_stmt *statement)
{
	uint64_t place = (uint64_t)sqlite3_column_int64(statement, 0) & (FP_SEGMENT_REQUESTS - 1);
	int64_t at_us = sqlite3_column_int64(statement, 1);

	for (int kind = FP_INDEX_ANSWER; kind <= FP_INDEX_BUILD; kind++) {
		int64_t id = sqlite3_column_int64(statement, kind + 1);

		if (id > 0)
			segment->postings[kind][segment->counts[kind]++] =
				fp_posting((uint64_t)id, place);
	}
	if (segment->requests == 0 || at_us < segment->first_us)
		segment->first_us = at_us;
	if (segment->requests == 0 || at_us > segment->last_us)
		segment->last_us = at_us;
	segment->requests++;
}

static int read_segment(
	struct fp_store *store, int64_t number, struct segment *segment, struct fp_error *error)
{
	FP_CLEANUP_SQL sqlite3_stmt *statement = NULL;
	const struct fp_sql_value values[] = {
		fp_sql_integer(number << FP_SEGMENT_BITS),
		fp_sql_integer((number + 1) << FP_SEGMENT_BITS),
	};
	int r;

	for (int kind = FP_INDEX_ANSWER; kind <= FP_INDEX_BUILD; kind++) {
		segment->postings[kind] = calloc(FP_SEGMENT_REQUESTS, sizeof(uint64_t));
		if (!segment->postings[kind])
			return fp_error_memory(error);
	}
	r = fp_sql_start(store, FP_SQL_SEGMENT_REQUESTS,
		"SELECT request, at_us, answer, topic, client, build FROM requests"
		" WHERE request >= ? AND request < ?",
		values, 2, &statement, error);
	while (r >= 0 && (r = fp_sql_step(statement, error)) == 1)
		take_row(segment, statement);
	return r;
}

static int compare_postings(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return a < b ? -1 : a > b;
}

static int write_kind(struct fp_store *store, int64_t number, enum fp_index_kind kind,
	uint64_t *postings, size_t count, struct fp_error *error)
{
	struct fp_buf FP_CLEANUP_BUF row = {0};
	int r = 0;

	fp_buf_init(&row, ROW_MAX_BYTES);
	qsort(postings, count, sizeof(*postings), compare_postings);
	for (size_t at = 0; r >= 0 && at < count;) {
		uint64_t last_id = 0;

		fp_buf_clear(&row);
		at += fp_postings_write(&postings[at], count - at, &last_id, &row);
		r = fp_buf_check(&row, error);
		if (r < 0)
			return r;
		const struct fp_sql_value values[] = {
			fp_sql_integer(fp_index_key(number, kind, (int64_t)last_id)),
			fp_sql_blob(row.data, row.len)};

		r = fp_sql_run(store, FP_SQL_INDEX_ADD,
			"INSERT INTO request_index (key, postings) VALUES (?, ?)", values,
			FP_ARRAY_SIZE(values), error);
	}
	return r;
}

static int write_head(struct fp_store *store, int64_t number, const struct segment *segment,
	struct fp_error *error)
{
	const struct fp_sql_value values[] = {
		fp_sql_integer(number),
		fp_sql_integer(segment->requests),
		fp_sql_integer(segment->first_us),
		fp_sql_integer(segment->last_us),
	};

	return fp_sql_run(store, FP_SQL_SEGMENT_PUT,
		"INSERT OR REPLACE INTO segments (segment, requests, first_us, last_us)"
		" VALUES (?, ?, ?, ?)",
		values, FP_ARRAY_SIZE(values), error);
}

int fp_segment_drop(struct fp_store *store, int64_t number, struct fp_error *error)
{
	const struct fp_sql_value values[] = {
		fp_sql_integer(number),
		fp_sql_integer(fp_index_key(number, (enum fp_index_kind)0, 0)),
		fp_sql_integer(fp_index_key(number + 1, (enum fp_index_kind)0, 0)),
	};
	int r = fp_sql_run(store, FP_SQL_INDEX_DROP,
		"DELETE FROM request_index WHERE key >= ?2 AND key < ?3", values, 3, error);

	return r < 0 ? r
		     : fp_sql_run(store, FP_SQL_SEGMENT_DROP,
			       "DELETE FROM segments WHERE segment = ?", values, 1, error);
}

int fp_segment_write(struct fp_store *store, int64_t number, struct fp_error *error)
{
	struct segment FP_CLEANUP(segment_release) segment = {0};
	int r = fp_segment_drop(store, number, error);

	if (r >= 0)
		r = read_segment(store, number, &segment, error);
	for (int kind = FP_INDEX_ANSWER; r >= 0 && kind <= FP_INDEX_BUILD; kind++)
		r = write_kind(store, number, (enum fp_index_kind)kind, segment.postings[kind],
			segment.counts[kind], error);
	return r < 0 ? r : write_head(store, number, &segment, error);
}

/* The segment of the first request from a segment on; 1 when there is none. */
static int first_segment(
	struct fp_store *store, int64_t from, int64_t *segment, struct fp_error *error)
{
	uint64_t request = 0;
	int r = fp_store_next_record_id(store, (uint64_t)from << FP_SEGMENT_BITS, &request, error);

	if (r == 0)
		*segment = (int64_t)(request >> FP_SEGMENT_BITS);
	return r;
}

int fp_segments_close(struct fp_store *store, uint64_t last, struct fp_error *error)
{
	int64_t *open = &store->recent->open_segment;
	int r = 0;

	for (int i = 0; r >= 0 && i < SEGMENTS_AT_ONCE; i++) {
		int64_t segment = *open;

		if ((int64_t)last < ((segment + 1) << FP_SEGMENT_BITS) + FP_SEGMENT_SLACK)
			break;
		r = first_segment(store, *open, &segment, error);
		if (r != 0 || (int64_t)last < ((segment + 1) << FP_SEGMENT_BITS) + FP_SEGMENT_SLACK)
			break;
		r = fp_segment_write(store, segment, error);
		if (r >= 0)
			*open = segment + 1;
	}
	return r < 0 ? r : 0;
}
