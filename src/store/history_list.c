/*
 * The history as a list.
 *
 * Requests behind the last indexed segment are looked at one by one, newest first; before them, one
 * segment after the other, the index tells which of its requests have what is asked for. A question
 * that any request answers needs no index: the requests are there in the order of the list.
 *
 * What one call reads is bounded. Where the bound is reached before the page is full, the page is
 * shorter, or empty, and the list goes on behind what was looked at.
 */
#include "forkpoint/store/history_list.h"

#include "history_filter.h"
#include "history_read.h"
#include "sql.h"

/* In rows of requests that are looked at: some ten milliseconds. */
enum { WORK_MAX = 48 * 1024, RECORD_WORK = 24 };

struct listing {
	struct fp_store *store;
	const struct fp_history_query *query;
	struct fp_history_filter filter;
	fp_history_fn *row;
	void *context;
	uint64_t before; /* what has a lower number was not looked at yet */
	unsigned count;	 /* rows given */
	uint64_t last;	 /* the last one given */
	int64_t work;
	bool ended; /* the page is full, or the bound is reached: `next` says where it goes on */
	uint64_t next;
};

static void listing_release(struct listing *listing)
{
	fp_history_filter_release(&listing->filter);
}

static void end_at(struct listing *listing, uint64_t next)
{
	listing->ended = true;
	listing->next = next;
}

/* The bound, between two requests or segments. */
static void check_work(struct listing *listing)
{
	if (!listing->ended && listing->work > WORK_MAX)
		end_at(listing, listing->before);
}

/* Gives a request that has what is asked for, but for its time, which is looked at here. */
static int give(struct listing *listing, uint64_t id, struct fp_error *error)
{
	struct fp_stored_record FP_CLEANUP(fp_stored_record_release) stored = {0};
	int64_t at_us;
	int r;

	listing->work += RECORD_WORK;
	r = listing->query->documents
		    ? fp_store_read_record(listing->store, id, &stored, error)
		    : fp_store_read_record_head(listing->store, id, &stored, error);
	if (r != 0) /* deleted by now: 1 */
		return r < 0 ? r : 0;
	at_us = stored.record.at_us;
	if (at_us < listing->filter.since_us || at_us >= listing->filter.until_us)
		return 0;
	if (listing->count == listing->query->limit) {
		end_at(listing, listing->last);
		return 0;
	}
	r = listing->row(listing->context, &stored.record);
	listing->count++;
	listing->last = id;
	return r < 0 ? r : 0;
}

/* ---- one by one ---- */

static bool row_matches(const struct fp_history_filter *filter, sqlite3_stmt *statement)
{
	for (int kind = FP_INDEX_BUILD; kind >= FP_INDEX_ANSWER; kind--)
		if (!fp_id_set_has(&filter->sets[kind], sqlite3_column_int64(statement, kind + 1)))
			return false;
	return true;
}

/* Down to `first`, which is looked at too. */
static int scan(struct listing *listing, uint64_t first, struct fp_error *error)
{
	FP_CLEANUP_SQL sqlite3_stmt *statement = NULL;
	const struct fp_sql_value values[] = {fp_sql_integer((int64_t)listing->before),
		fp_sql_integer((int64_t)first), fp_sql_integer(listing->filter.since_us),
		fp_sql_integer(listing->filter.until_us)};
	int r = fp_sql_start(listing->store, FP_SQL_REQUESTS_SCAN,
		"SELECT request, at_us, answer, topic, client, build FROM requests"
		" WHERE request < ? AND request >= ? AND at_us >= ? AND at_us < ?"
		" ORDER BY request DESC",
		values, 4, &statement, error);

	while (r >= 0 && !listing->ended && (r = fp_sql_step(statement, error)) == 1) {
		uint64_t id = (uint64_t)sqlite3_column_int64(statement, 0);

		listing->work++;
		if (row_matches(&listing->filter, statement))
			r = give(listing, id, error);
		listing->before = id;
		check_work(listing);
	}
	return r;
}

/* ---- by segments ---- */

/* Only those before `before`. */
static void cut_places(struct fp_places *places, uint64_t first, uint64_t before)
{
	uint64_t end = before > first ? before - first : 0;

	for (uint64_t word = end / 64; word < FP_ARRAY_SIZE(places->words); word++)
		places->words[word] &= word == end / 64 ? (UINT64_C(1) << end % 64) - 1 : 0;
}

static int give_places(
	struct listing *listing, uint64_t first, struct fp_places *places, struct fp_error *error)
{
	int r = 0;

	for (size_t word = FP_ARRAY_SIZE(places->words); r >= 0 && word-- > 0;) {
		while (r >= 0 && places->words[word] && !listing->ended) {
			unsigned bit = 63 - (unsigned)__builtin_clzll(places->words[word]);

			places->words[word] &= ~(UINT64_C(1) << bit);
			listing->before = first + word * 64 + bit;
			r = give(listing, listing->before, error);
			check_work(listing);
		}
	}
	return r;
}

/* Keeps those of the times that are asked for: only of a segment that lies partly outside them. */
static int keep_times(
	struct listing *listing, uint64_t first, struct fp_places *places, struct fp_error *error)
{
	FP_CLEANUP_SQL sqlite3_stmt *statement = NULL;
	const struct fp_sql_value values[] = {fp_sql_integer((int64_t)first),
		fp_sql_integer((int64_t)first + FP_SEGMENT_REQUESTS),
		fp_sql_integer(listing->filter.since_us), fp_sql_integer(listing->filter.until_us)};
	struct fp_places timely = {0};
	int r = fp_sql_start(listing->store, FP_SQL_REQUESTS_TIMELY,
		"SELECT request FROM requests WHERE request >= ? AND request < ? AND at_us >= ?"
		" AND at_us < ?",
		values, 4, &statement, error);

	while (r >= 0 && (r = fp_sql_step(statement, error)) == 1)
		fp_places_add(&timely, (uint64_t)sqlite3_column_int64(statement, 0) - first);
	for (size_t i = 0; i < FP_ARRAY_SIZE(places->words); i++)
		places->words[i] &= timely.words[i];
	return r;
}

static int list_segment(
	struct listing *listing, int64_t segment, bool partly, struct fp_error *error)
{
	uint64_t first = (uint64_t)segment << FP_SEGMENT_BITS;
	struct fp_places places;
	int r;

	if (fp_history_filter_is_open(&listing->filter)) {
		if (listing->before > first + FP_SEGMENT_REQUESTS)
			listing->before = first + FP_SEGMENT_REQUESTS;
		return scan(listing, first, error);
	}
	r = fp_history_filter_places(
		listing->store, &listing->filter, segment, &places, &listing->work, error);
	if (r < 0)
		return r;
	cut_places(&places, first, listing->before);
	if (partly)
		r = keep_times(listing, first, &places, error);
	if (r >= 0)
		r = give_places(listing, first, &places, error);
	if (r >= 0 && !listing->ended) {
		listing->before = first;
		check_work(listing);
	}
	return r;
}

static int list_segments(struct listing *listing, struct fp_error *error)
{
	FP_CLEANUP_SQL sqlite3_stmt *statement = NULL;
	int64_t newest = (int64_t)((listing->before - 1) >> FP_SEGMENT_BITS);
	const struct fp_sql_value values[] = {fp_sql_integer(newest),
		fp_sql_integer(listing->filter.since_us), fp_sql_integer(listing->filter.until_us)};
	int r = fp_sql_start(listing->store, FP_SQL_SEGMENTS_LIST,
		"SELECT segment, first_us < ?2 OR last_us >= ?3 FROM segments"
		" WHERE segment <= ?1 AND last_us >= ?2 AND first_us < ?3"
		" ORDER BY segment DESC",
		values, 3, &statement, error);

	while (r >= 0 && !listing->ended && (r = fp_sql_step(statement, error)) == 1) {
		listing->work++;
		r = list_segment(listing, sqlite3_column_int64(statement, 0),
			sqlite3_column_int(statement, 1), error);
	}
	return r;
}

/* ---- */

static int list(struct listing *listing, struct fp_error *error)
{
	int64_t open = 0;
	int r = fp_history_filter_make(listing->store, listing->query, &listing->filter, error);

	if (r < 0 || listing->filter.impossible)
		return r;
	r = fp_segments_open(listing->store, &open, error);
	if (r >= 0)
		r = scan(listing, (uint64_t)open << FP_SEGMENT_BITS, error);
	if (r < 0 || listing->ended)
		return r;
	if (listing->before > (uint64_t)open << FP_SEGMENT_BITS)
		listing->before = (uint64_t)open << FP_SEGMENT_BITS;
	return listing->before > 0 ? list_segments(listing, error) : r;
}

int fp_store_list_history(struct fp_store *store, const struct fp_history_query *query,
	fp_history_fn *row, void *context, uint64_t *next, struct fp_error *error)
{
	struct listing FP_CLEANUP(listing_release)
		listing = {.store = store, .query = query, .row = row, .context = context};
	int r = fp_sql_run(store, FP_SQL_READ_BEGIN, "BEGIN", NULL, 0, error);

	if (r < 0)
		return r;
	listing.before = query->before && query->before < INT64_MAX ? query->before : INT64_MAX;
	r = list(&listing, error);
	fp_sql_run(store, FP_SQL_READ_END, "COMMIT", NULL, 0, NULL);
	if (r < 0)
		return r;
	*next = listing.ended ? listing.next : 0;
	return 0;
}
