/* Refs: the present ones, and the events that led to them. */
#include "forkpoint/store/refs.h"

#include "forkpoint/base/array.h"

#include "sql.h"

void fp_ref_rows_release(struct fp_ref_rows *rows)
{
	for (size_t i = 0; i < rows->count; i++)
		free(rows->items[i].name);
	free(rows->items);
	*rows = (struct fp_ref_rows){0};
}

const char *fp_ref_movement_name(enum fp_ref_movement movement)
{
	switch (movement) {
	case FP_REF_CREATED: return "created";
	case FP_REF_FORWARD: return "forward";
	case FP_REF_REWRITTEN: return "rewritten";
	case FP_REF_DELETED: return "deleted";
	}
	return "unknown";
}

static int load_revision(
	struct fp_store *store, int64_t repository, int64_t *revision, struct fp_error *error)
{
	const struct fp_sql_value values[] = {fp_sql_integer(repository)};
	int r = fp_sql_find(store, FP_SQL_REF_REVISION,
		"SELECT event FROM ref_events WHERE repository = ? ORDER BY event DESC LIMIT 1",
		values, 1, revision, error);

	if (r == 1)
		*revision = 0;
	return r < 0 ? r : 0;
}

static int take_row(
	sqlite3_stmt *statement, struct fp_ref_rows *rows, size_t *capacity, struct fp_error *error)
{
	struct fp_ref_row row = {
		.oid = fp_sql_column_oid(statement, 1),
		.commit = fp_sql_column_oid(statement, 2),
		.since_us = sqlite3_column_int64(statement, 3),
	};

	if (fp_array_reserve((void **)&rows->items, capacity, rows->count + 1, sizeof(row)) < 0)
		return fp_error_memory(error);
	row.name = fp_str_dup(fp_sql_column(statement, 0));
	if (!row.name)
		return fp_error_memory(error);
	rows->items[rows->count++] = row;
	return 0;
}

static int load_rows(struct fp_store *store, int64_t repository, struct fp_ref_rows *rows,
	struct fp_error *error)
{
	FP_CLEANUP_SQL sqlite3_stmt *statement = NULL;
	const struct fp_sql_value values[] = {fp_sql_integer(repository)};
	size_t capacity = 0;
	int r = fp_sql_start(store, FP_SQL_REFS_LOAD,
		"SELECT name, oid, commit_oid, since_us FROM refs"
		" WHERE repository = ? AND oid IS NOT NULL ORDER BY name",
		values, 1, &statement, error);

	while (r >= 0) {
		r = fp_sql_step(statement, error);
		if (r == 0)
			break;
		if (r == 1)
			r = take_row(statement, rows, &capacity, error);
	}
	return r;
}

int fp_store_load_refs(struct fp_store *store, int64_t repository, struct fp_ref_rows *rows,
	int64_t *revision, struct fp_error *error)
{
	struct fp_ref_rows FP_CLEANUP(fp_ref_rows_release) loaded = {0};
	int64_t newest;
	/* The revision first: where events come in between, the rows are newer than it says, and
	 * the next synchronisation sees a change once more rather than never. */
	int r = load_revision(store, repository, &newest, error);

	if (r >= 0)
		r = load_rows(store, repository, &loaded, error);
	if (r < 0)
		return r;
	*rows = loaded;
	*revision = newest;
	loaded = (struct fp_ref_rows){0};
	return 0;
}

static int put_ref(struct fp_store *store, int64_t repository, const struct fp_ref_event *event,
	int64_t now_us, int64_t *ref, struct fp_error *error)
{
	const struct fp_sql_value values[] = {
		fp_sql_integer(repository),
		fp_sql_text(fp_str(event->name)),
		fp_sql_oid(&event->new_oid),
		fp_sql_oid(&event->new_commit),
		fp_sql_integer(now_us),
	};

	return fp_sql_find(store, FP_SQL_REF_PUT,
		"INSERT INTO refs (repository, name, oid, commit_oid, since_us)"
		" VALUES (?, ?, ?, ?, ?) ON CONFLICT (repository, name) DO UPDATE SET"
		" oid = excluded.oid, commit_oid = excluded.commit_oid,"
		" since_us = excluded.since_us RETURNING ref",
		values, FP_ARRAY_SIZE(values), ref, error);
}

static int apply_event(struct fp_store *store, int64_t repository, const struct fp_ref_event *event,
	int64_t now_us, int64_t *number, struct fp_error *error)
{
	int64_t ref;
	int r = put_ref(store, repository, event, now_us, &ref, error);

	if (r < 0)
		return r;
	const struct fp_sql_value values[] = {
		fp_sql_integer(repository),
		fp_sql_integer(ref),
		fp_sql_integer(event->movement),
		fp_sql_integer(now_us),
		fp_sql_oid(&event->old_oid),
		fp_sql_oid(&event->old_commit),
		fp_sql_oid(&event->new_oid),
		fp_sql_oid(&event->new_commit),
	};
	r = fp_sql_run(store, FP_SQL_REF_EVENT_ADD,
		"INSERT INTO ref_events (repository, ref, movement, at_us, old_oid, old_commit_oid,"
		" new_oid, new_commit_oid) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
		values, FP_ARRAY_SIZE(values), error);
	if (r >= 0)
		*number = sqlite3_last_insert_rowid(store->facts);
	return r;
}

int fp_store_apply_ref_events(struct fp_store *store, int64_t repository,
	const struct fp_ref_event *events, size_t count, int64_t now_us, int64_t *revision,
	struct fp_error *error)
{
	FP_CLEANUP_TRANSACTION struct fp_transaction transaction = {0};
	int64_t newest = 0;
	int r = fp_transaction_begin(&transaction, store, false, error);

	if (r >= 0)
		r = load_revision(store, repository, &newest, error);
	for (size_t i = 0; r >= 0 && i < count; i++)
		r = apply_event(store, repository, &events[i], now_us, &newest, error);
	if (r >= 0)
		r = fp_transaction_commit(&transaction, error);
	if (r < 0)
		return r;
	*revision = newest;
	return 0;
}

static int report_event(
	sqlite3_stmt *statement, fp_ref_event_fn *row, void *context, struct fp_error *error)
{
	FP_CLEANUP_FREE char *name = fp_str_dup(fp_sql_column(statement, 2));
	struct fp_ref_event event = {
		.name = name,
		.movement = (enum fp_ref_movement)sqlite3_column_int(statement, 3),
		.old_oid = fp_sql_column_oid(statement, 4),
		.old_commit = fp_sql_column_oid(statement, 5),
		.new_oid = fp_sql_column_oid(statement, 6),
		.new_commit = fp_sql_column_oid(statement, 7),
	};

	if (!name)
		return fp_error_memory(error);
	return row(context, sqlite3_column_int64(statement, 0), sqlite3_column_int64(statement, 1),
		&event);
}

int fp_store_list_ref_events(struct fp_store *store, int64_t repository, int64_t before_event,
	unsigned limit, fp_ref_event_fn *row, void *context, struct fp_error *error)
{
	FP_CLEANUP_SQL sqlite3_stmt *statement = NULL;
	const struct fp_sql_value values[] = {
		fp_sql_integer(repository), fp_sql_integer(before_event), fp_sql_integer(limit)};
	int r = fp_sql_start(store, FP_SQL_REF_EVENTS_LIST,
		"SELECT event, at_us, name, movement, old_oid, old_commit_oid, new_oid,"
		" new_commit_oid FROM ref_events JOIN refs USING (ref)"
		" WHERE ref_events.repository = ? AND event < ? ORDER BY event DESC LIMIT ?",
		values, FP_ARRAY_SIZE(values), &statement, error);

	while (r >= 0) {
		r = fp_sql_step(statement, error);
		if (r <= 0)
			break;
		r = report_event(statement, row, context, error);
		if (r > 0)
			return 0;
	}
	return r;
}
