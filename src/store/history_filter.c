/* From the names in a question to numbers, and from those to a segment's requests. */
#include "history_filter.h"

#include "forkpoint/base/array.h"

#include <stdio.h>

enum {
	ROW_WORK = 10,	    /* finding a row of the index */
	BYTES_OF_WORK = 64, /* reading so many bytes of it */
	SHA_PREFIX_MAX_BYTES = 64,
	CLIENT_WEIGHT = 64, /* as many topics leave about as much over as one client */
};

/* ---- sets ---- */

static int compare_ids(const void *left, const void *right)
{
	int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

	return a < b ? -1 : a > b;
}

bool fp_id_set_has(const struct fp_id_set *set, int64_t id)
{
	return set->any || (set->count > 0 && bsearch(&id, set->ids, set->count, sizeof(*set->ids),
						      compare_ids) != NULL);
}

/* The place of the first that is no less than id. */
static size_t first_from(const struct fp_id_set *set, size_t from, int64_t id)
{
	size_t low = from, high = set->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (set->ids[middle] < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int id_set_add(struct fp_id_set *set, int64_t id, struct fp_error *error)
{
	if (fp_array_reserve(
		    (void **)&set->ids, &set->capacity, set->count + 1, sizeof(*set->ids)) < 0)
		return fp_error_memory(error);
	set->ids[set->count++] = id;
	return 0;
}

/* ---- looking up ---- */

/* Fills a set with a statement's first column; what `among` lacks of the second is left out. */
static int fill_set(sqlite3_stmt *statement, const struct fp_id_set *among, struct fp_id_set *set,
	struct fp_error *error)
{
	int r = 0;

	set->any = false;
	while (r >= 0 && (r = fp_sql_step(statement, error)) == 1)
		if (!among || fp_id_set_has(among, sqlite3_column_int64(statement, 1)))
			r = id_set_add(set, sqlite3_column_int64(statement, 0), error);
	if (r >= 0 && set->count)
		qsort(set->ids, set->count, sizeof(*set->ids), compare_ids);
	return r;
}

/* The statement holds those conditions only that are asked for, so that an index can serve them;
 * there is one for each choice of conditions. */
static int find_topics(struct fp_store *store, const struct fp_history_query *query,
	struct fp_id_set *set, struct fp_error *error)
{
	static const char *const names[] = {"repo", "branch", "version", "outcome"};
	const struct fp_str texts[] = {query->repo, query->branch, query->version, query->outcome};
	FP_CLEANUP_SQL sqlite3_stmt *statement = NULL;
	struct fp_sql_value values[FP_ARRAY_SIZE(names)];
	size_t count = 0;
	unsigned mask = 0;
	char sql[256];
	int length = snprintf(sql, sizeof(sql), "SELECT topic FROM topics WHERE outcome <> ''"), r;

	for (unsigned i = 0; i < FP_ARRAY_SIZE(names); i++) {
		if (texts[i].len == 0)
			continue;
		mask |= 1u << i;
		values[count++] = fp_sql_text(texts[i]);
		length += snprintf(
			sql + length, sizeof(sql) - (size_t)length, " AND %s = ?", names[i]);
	}
	if (mask == 0)
		return 0;
	r = fp_sql_start(store, (enum fp_sql)(FP_SQL_TOPICS_LIST + mask), sql, values, count,
		&statement, error);
	return r < 0 ? r : fill_set(statement, NULL, set, error);
}

/* Answers about commits that begin so, as far as their topics are asked for: then these need not be
 * looked at again. */
static int find_answers(struct fp_store *store, struct fp_str sha, struct fp_history_filter *filter,
	struct fp_error *error)
{
	struct fp_id_set *topics = &filter->sets[FP_INDEX_TOPIC];
	FP_CLEANUP_SQL sqlite3_stmt *statement = NULL;
	char prefix[SHA_PREFIX_MAX_BYTES + 1], behind[SHA_PREFIX_MAX_BYTES + 1];
	int r;

	if (sha.len == 0)
		return 0;
	if (sha.len >= SHA_PREFIX_MAX_BYTES)
		sha.len = SHA_PREFIX_MAX_BYTES - 1;
	for (size_t i = 0; i < sha.len; i++)
		behind[i] = prefix[i] = fp_char_lower(sha.ptr[i]);
	behind[sha.len] = 'g'; /* behind every digit */
	const struct fp_sql_value values[] = {
		fp_sql_text(fp_str_n(prefix, sha.len)), fp_sql_text(fp_str_n(behind, sha.len + 1))};

	r = fp_sql_start(store, FP_SQL_ANSWERS_OF_SHA,
		"SELECT answer, topic FROM answers WHERE sha >= ? AND sha < ?", values, 2,
		&statement, error);
	if (r >= 0)
		r = fill_set(statement, topics, &filter->sets[FP_INDEX_ANSWER], error);
	topics->any = true;
	return r;
}

static int find_text(struct fp_store *store, enum fp_sql number, const char *sql,
	struct fp_str text, struct fp_id_set *set, struct fp_error *error)
{
	const struct fp_sql_value values[] = {fp_sql_text(text)};
	int64_t id;
	int r;

	if (text.len == 0)
		return 0;
	set->any = false;
	r = fp_sql_find(store, number, sql, values, 1, &id, error);
	return r == 0 ? id_set_add(set, id, error) : r < 0 ? r : 0;
}

int fp_history_filter_make(struct fp_store *store, const struct fp_history_query *query,
	struct fp_history_filter *filter, struct fp_error *error)
{
	int r;

	filter->since_us = query->since_us < 0 ? INT64_MIN : query->since_us;
	filter->until_us = query->until_us < 0 ? INT64_MAX : query->until_us;
	for (int kind = FP_INDEX_ANSWER; kind <= FP_INDEX_BUILD; kind++)
		filter->sets[kind].any = true;
	r = find_topics(store, query, &filter->sets[FP_INDEX_TOPIC], error);
	if (r >= 0)
		r = find_answers(store, query->sha, filter, error);
	if (r >= 0)
		r = find_text(store, FP_SQL_CLIENT_FIND, "SELECT id FROM clients WHERE text = ?",
			query->client, &filter->sets[FP_INDEX_CLIENT], error);
	if (r >= 0)
		r = find_text(store, FP_SQL_BUILD_FIND, "SELECT id FROM builds WHERE text = ?",
			query->build, &filter->sets[FP_INDEX_BUILD], error);
	for (int kind = FP_INDEX_ANSWER; kind <= FP_INDEX_BUILD; kind++)
		filter->impossible |= !filter->sets[kind].any && filter->sets[kind].count == 0;
	return r;
}

void fp_history_filter_release(struct fp_history_filter *filter)
{
	for (int kind = FP_INDEX_ANSWER; kind <= FP_INDEX_BUILD; kind++)
		free(filter->sets[kind].ids);
}

bool fp_history_filter_is_open(const struct fp_history_filter *filter)
{
	for (int kind = FP_INDEX_ANSWER; kind <= FP_INDEX_BUILD; kind++)
		if (!filter->sets[kind].any)
			return false;
	return true;
}

/* ---- the index ---- */

/* Adds what a row has for ids from the set's `from`-th on, which moves behind the row's last. */
static bool read_row(const struct fp_id_set *set, struct fp_str row, int64_t last_id, size_t *from,
	struct fp_places *places)
{
	size_t end = first_from(set, *from, last_id + 1), at = *from;
	uint64_t id = 0;
	struct fp_str list;

	*from = end;
	while (at < end && row.len) {
		if (!fp_postings_next(&row, &id, &list))
			return false;
		while (at < end && set->ids[at] < (int64_t)id)
			at++;
		if (at < end && set->ids[at] == (int64_t)id && !fp_postings_read(list, places))
			return false;
	}
	return true;
}

static int damaged(int64_t segment, struct fp_error *error)
{
	return fp_error_set(error, FP_ERROR_CORRUPT,
		"the index of the history is damaged (segment %lld)", (long long)segment);
}

/* The segment's requests with one of the set's ids of that kind. */
static int find_places(struct fp_store *store, int64_t segment, enum fp_index_kind kind,
	const struct fp_id_set *set, struct fp_places *places, int64_t *work,
	struct fp_error *error)
{
	int r = 1;

	for (size_t at = 0; r == 1 && at < set->count;) {
		FP_CLEANUP_SQL sqlite3_stmt *statement = NULL;
		const struct fp_sql_value values[] = {
			fp_sql_integer(fp_index_key(segment, kind, set->ids[at])),
			fp_sql_integer(fp_index_key(segment, (enum fp_index_kind)(kind + 1), 0))};

		r = fp_sql_start(store, FP_SQL_INDEX_FIND,
			"SELECT key, postings FROM request_index WHERE key >= ? AND key < ?"
			" ORDER BY key LIMIT 1",
			values, 2, &statement, error);
		if (r >= 0)
			r = fp_sql_step(statement, error);
		*work += ROW_WORK;
		if (r != 1)
			break;
		struct fp_str row = fp_sql_column(statement, 1);

		*work += (int64_t)(row.len / BYTES_OF_WORK);
		if (!read_row(set, row, fp_index_last_id(sqlite3_column_int64(statement, 0)), &at,
			    places))
			return damaged(segment, error);
	}
	return r < 0 ? r : 0;
}

/* How many requests a kind leaves over, roughly: a build's are few, and a client asks every day. */
static size_t weight_of(const struct fp_history_filter *filter, int kind)
{
	switch (kind) {
	case FP_INDEX_BUILD: return 0;
	case FP_INDEX_CLIENT: return CLIENT_WEIGHT;
	default: return filter->sets[kind].count;
	}
}

/* The kinds that are asked for, those that leave the fewest over first; returns how many. */
static size_t order_kinds(const struct fp_history_filter *filter, enum fp_index_kind *kinds)
{
	size_t count = 0;

	for (int kind = FP_INDEX_ANSWER; kind <= FP_INDEX_BUILD; kind++) {
		size_t at = count;

		if (filter->sets[kind].any)
			continue;
		for (; at > 0 && weight_of(filter, kind) < weight_of(filter, kinds[at - 1]); at--)
			kinds[at] = kinds[at - 1];
		kinds[at] = (enum fp_index_kind)kind;
		count++;
	}
	return count;
}

static bool is_empty(const struct fp_places *places)
{
	uint64_t any = 0;

	for (size_t i = 0; i < FP_ARRAY_SIZE(places->words); i++)
		any |= places->words[i];
	return any == 0;
}

int fp_history_filter_places(struct fp_store *store, const struct fp_history_filter *filter,
	int64_t segment, struct fp_places *places, int64_t *work, struct fp_error *error)
{
	enum fp_index_kind kinds[FP_INDEX_BUILD];
	size_t count = order_kinds(filter, kinds);
	int r = 0;

	*places = (struct fp_places){0};
	for (size_t k = 0; r >= 0 && k < count; k++) {
		struct fp_places own = {0};

		r = find_places(
			store, segment, kinds[k], &filter->sets[kinds[k]], &own, work, error);
		for (size_t i = 0; i < FP_ARRAY_SIZE(own.words); i++)
			places->words[i] = k ? places->words[i] & own.words[i] : own.words[i];
		if (is_empty(places))
			break;
	}
	return r;
}
