/* The first request that an answer was given to: found by the index, segment by segment. */
#include "history_filter.h"
#include "history_read.h"
#include "sql.h"

/* Of those in the segment, the first that is there and has the answer. */
static int find_in(struct fp_store *store, int64_t answer, uint64_t from, uint64_t end,
	uint64_t *request, struct fp_error *error)
{
	const struct fp_sql_value values[] = {fp_sql_integer(answer), fp_sql_integer((int64_t)from),
		fp_sql_integer((int64_t)end)};
	int64_t found;
	int r = fp_sql_find(store, FP_SQL_REQUEST_OF_ANSWER,
		"SELECT request FROM requests WHERE answer = ? AND request >= ? AND request < ?"
		" ORDER BY request LIMIT 1",
		values, FP_ARRAY_SIZE(values), &found, error);

	if (r == 0)
		*request = (uint64_t)found;
	return r;
}

static int find_in_segment(struct fp_store *store, const struct fp_history_filter *filter,
	int64_t segment, uint64_t *request, struct fp_error *error)
{
	uint64_t first = (uint64_t)segment << FP_SEGMENT_BITS;
	struct fp_places places;
	int64_t work = 0;
	int r = fp_history_filter_places(store, filter, segment, &places, &work, error);

	for (size_t i = 0; r >= 0 && i < FP_ARRAY_SIZE(places.words); i++)
		if (places.words[i])
			return find_in(store, filter->sets[FP_INDEX_ANSWER].ids[0], first + i * 64,
				first + FP_SEGMENT_REQUESTS, request, error);
	return r < 0 ? r : 1;
}

int fp_store_first_request(
	struct fp_store *store, int64_t answer, uint64_t *request, struct fp_error *error)
{
	FP_CLEANUP_SQL sqlite3_stmt *statement = NULL;
	struct fp_history_filter filter = {0};
	int64_t open = 0;
	int r = fp_segments_open(store, &open, error);

	for (int kind = FP_INDEX_ANSWER; kind <= FP_INDEX_BUILD; kind++)
		filter.sets[kind].any = kind != FP_INDEX_ANSWER;
	filter.sets[FP_INDEX_ANSWER].ids = &answer;
	filter.sets[FP_INDEX_ANSWER].count = 1;
	if (r >= 0)
		r = fp_sql_start(store, FP_SQL_SEGMENTS_UP,
			"SELECT segment FROM segments ORDER BY segment", NULL, 0, &statement,
			error);
	while (r >= 0 && (r = fp_sql_step(statement, error)) == 1) {
		r = find_in_segment(
			store, &filter, sqlite3_column_int64(statement, 0), request, error);
		if (r <= 0)
			return r;
	}
	return r < 0 ? r
		     : find_in(store, answer, (uint64_t)open << FP_SEGMENT_BITS, INT64_MAX, request,
			       error);
}
