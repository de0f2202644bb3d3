/* What answers were made of, and since when. */
#include "forkpoint/store/publications.h"

#include "sql.h"

static struct fp_sql_value text_or_null(const char *text)
{
	return text ? fp_sql_text(fp_str(text)) : (struct fp_sql_value){.type = FP_SQL_NULL};
}

int fp_store_note_publication(
	struct fp_store *store, const struct fp_publication *publication, struct fp_error *error)
{
	const struct fp_sql_value values[] = {
		fp_sql_integer(publication->at_us),
		fp_sql_integer(publication->kind),
		fp_sql_integer(publication->id),
		fp_sql_integer(publication->revision),
		text_or_null(publication->text),
	};

	return fp_sql_run(store, FP_SQL_PUBLICATION_ADD,
		"INSERT INTO publications (at_us, kind, id, revision, text)"
		" SELECT ?1, ?2, ?3, ?4, ?5 WHERE NOT EXISTS (SELECT 1 FROM"
		"  (SELECT revision, text FROM publications WHERE kind = ?2 AND id = ?3"
		"   ORDER BY at_us DESC, publication DESC LIMIT 1)"
		"  WHERE revision = ?4 AND text IS ?5)",
		values, FP_ARRAY_SIZE(values), error);
}

/* Takes a text column over; NULL stays NULL. */
static int take_text(sqlite3_stmt *statement, int column, char **text, struct fp_error *error)
{
	char *copy;

	if (sqlite3_column_type(statement, column) == SQLITE_NULL) {
		*text = NULL;
		return 0;
	}
	copy = fp_str_dup(fp_sql_column(statement, column));
	if (!copy)
		return fp_error_memory(error);
	*text = copy;
	return 0;
}

int fp_store_find_publication(struct fp_store *store, enum fp_publication_kind kind, int64_t id,
	int64_t at_us, int64_t *revision, char **text, struct fp_error *error)
{
	FP_CLEANUP_SQL sqlite3_stmt *statement = NULL;
	const struct fp_sql_value values[] = {
		fp_sql_integer(kind), fp_sql_integer(id), fp_sql_integer(at_us)};
	int r = fp_sql_start(store, FP_SQL_PUBLICATION_FIND,
		"SELECT revision, text FROM publications WHERE kind = ? AND id = ? AND at_us <= ?"
		" ORDER BY at_us DESC, publication DESC LIMIT 1",
		values, FP_ARRAY_SIZE(values), &statement, error);

	if (r >= 0)
		r = fp_sql_step(statement, error);
	if (r <= 0)
		return r < 0 ? r : 1;
	r = text ? take_text(statement, 1, text, error) : 0;
	if (r >= 0)
		*revision = sqlite3_column_int64(statement, 0);
	return r;
}

int fp_store_first_publication(struct fp_store *store, enum fp_publication_kind kind, int64_t id,
	int64_t *at_us, struct fp_error *error)
{
	const struct fp_sql_value values[] = {fp_sql_integer(kind), fp_sql_integer(id)};

	return fp_sql_find(store, FP_SQL_PUBLICATION_FIRST,
		"SELECT at_us FROM publications WHERE kind = ? AND id = ? ORDER BY at_us LIMIT 1",
		values, 2, at_us, error);
}

/* ---- configurations ---- */

int fp_store_find_configuration(
	struct fp_store *store, const char *digest, int64_t *number, struct fp_error *error)
{
	const struct fp_sql_value values[] = {fp_sql_text(fp_str(digest))};

	return fp_sql_find(store, FP_SQL_CONFIG_FIND,
		"SELECT configuration FROM configurations WHERE digest = ?", values, 1, number,
		error);
}

int fp_store_load_configuration(
	struct fp_store *store, int64_t number, struct fp_buf *text, struct fp_error *error)
{
	FP_CLEANUP_SQL sqlite3_stmt *statement = NULL;
	const struct fp_sql_value values[] = {fp_sql_integer(number)};
	int r = fp_sql_start(store, FP_SQL_CONFIG_LOAD,
		"SELECT text FROM configurations WHERE configuration = ?", values, 1, &statement,
		error);

	if (r >= 0)
		r = fp_sql_step(statement, error);
	if (r <= 0)
		return r < 0 ? r : 1;
	fp_buf_add_str(text, fp_sql_column(statement, 0));
	return fp_buf_check(text, error);
}

/* ---- commits that came by their id ---- */

int fp_store_add_arrival(struct fp_store *store, int64_t repository, const struct fp_oid *oid,
	int64_t now_us, int64_t *arrival, struct fp_error *error)
{
	const struct fp_sql_value values[] = {
		fp_sql_integer(repository), fp_sql_oid(oid), fp_sql_integer(now_us)};

	return fp_sql_find(store, FP_SQL_ARRIVAL_ADD,
		"INSERT INTO commit_arrivals (repository, oid, at_us) VALUES (?, ?, ?)"
		" RETURNING arrival",
		values, FP_ARRAY_SIZE(values), arrival, error);
}

int fp_store_last_arrival(
	struct fp_store *store, int64_t repository, int64_t *arrival, struct fp_error *error)
{
	const struct fp_sql_value values[] = {fp_sql_integer(repository)};
	int64_t found = 0;
	int r = fp_sql_find(store, FP_SQL_ARRIVAL_LAST,
		"SELECT arrival FROM commit_arrivals WHERE repository = ?"
		" ORDER BY arrival DESC LIMIT 1",
		values, 1, &found, error);

	if (r < 0)
		return r;
	*arrival = found;
	return 0;
}

/* ---- gaps ---- */

int fp_store_add_gap(struct fp_store *store, const char *kind, int64_t id,
	const struct fp_sync_gap *gap, struct fp_error *error)
{
	const struct fp_sql_value values[] = {
		fp_sql_text(fp_str(kind)),
		fp_sql_integer(id),
		fp_sql_integer(gap->since_us),
		fp_sql_integer(gap->from_us),
		fp_sql_moment(gap->until_us),
		text_or_null(gap->trouble),
	};

	return fp_sql_run(store, FP_SQL_GAP_ADD,
		"INSERT INTO sync_gaps (kind, id, since_us, from_us, until_us, trouble)"
		" VALUES (?, ?, ?, ?, ?, ?)",
		values, FP_ARRAY_SIZE(values), error);
}

int fp_store_end_gaps(struct fp_store *store, const char *kind, int64_t id, int64_t until_us,
	struct fp_error *error)
{
	const struct fp_sql_value values[] = {
		fp_sql_text(fp_str(kind)), fp_sql_integer(id), fp_sql_integer(until_us)};

	return fp_sql_run(store, FP_SQL_GAP_END,
		"UPDATE sync_gaps SET until_us = ?3 WHERE kind = ?1 AND id = ?2"
		" AND until_us IS NULL",
		values, FP_ARRAY_SIZE(values), error);
}

int fp_store_find_gap(struct fp_store *store, const char *kind, int64_t id, int64_t at_us,
	int64_t *since_us, char **trouble, struct fp_error *error)
{
	FP_CLEANUP_SQL sqlite3_stmt *statement = NULL;
	const struct fp_sql_value values[] = {
		fp_sql_text(fp_str(kind)), fp_sql_integer(id), fp_sql_integer(at_us)};
	int r = fp_sql_start(store, FP_SQL_GAP_FIND,
		"SELECT since_us, trouble FROM sync_gaps WHERE kind = ?1 AND id = ?2"
		" AND from_us <= ?3 AND (until_us IS NULL OR until_us > ?3)"
		" ORDER BY trouble IS NULL, since_us LIMIT 1",
		values, FP_ARRAY_SIZE(values), &statement, error);

	if (r >= 0)
		r = fp_sql_step(statement, error);
	if (r <= 0)
		return r < 0 ? r : 1;
	r = take_text(statement, 1, trouble, error);
	if (r >= 0)
		*since_us = sqlite3_column_int64(statement, 0);
	return r;
}
