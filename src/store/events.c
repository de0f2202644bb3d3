/* Events: told once, kept for a while, made of facts. */
#include "forkpoint/store/events.h"

#include "sql.h"

/* ---- telling ---- */

static int add_event(struct fp_store *store, struct fp_event *event, struct fp_error *error)
{
	const struct fp_sql_value values[] = {
		fp_sql_integer(event->at_us),
		fp_sql_text(event->kind),
		fp_sql_text(event->repo),
		fp_sql_text(event->document),
	};
	int r = fp_sql_run(store, FP_SQL_EVENT_ADD,
		"INSERT INTO events (at_us, kind, repo, document) VALUES (?, ?, ?, ?)", values,
		FP_ARRAY_SIZE(values), error);

	if (r >= 0)
		event->id = sqlite3_last_insert_rowid(store->facts);
	return r;
}

static int put_tip(struct fp_store *store, const struct fp_tip_answer *tip, struct fp_error *error)
{
	const struct fp_sql_value values[] = {
		fp_sql_text(tip->repo),
		fp_sql_text(tip->branch),
		fp_sql_text(tip->package),
		fp_sql_text(tip->sha),
		fp_sql_text(tip->version),
		fp_sql_text(tip->outcome),
	};

	return fp_sql_run(store, FP_SQL_TIP_PUT,
		"INSERT INTO tip_answers (repo, branch, package, sha, version, outcome)"
		" VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET sha = excluded.sha,"
		" version = excluded.version, outcome = excluded.outcome",
		values, FP_ARRAY_SIZE(values), error);
}

static int set_told(
	struct fp_store *store, const char *source, int64_t event, struct fp_error *error)
{
	const struct fp_sql_value values[] = {fp_sql_integer(event), fp_sql_text(fp_str(source))};

	if (event == 0)
		return 0;
	return fp_sql_run(store, FP_SQL_TOLD_SET,
		"UPDATE events_told SET event = ? WHERE source = ?", values, FP_ARRAY_SIZE(values),
		error);
}

int fp_store_tell(struct fp_store *store, const struct fp_telling *telling, struct fp_error *error)
{
	FP_CLEANUP_TRANSACTION struct fp_transaction transaction = {0};
	int r = fp_transaction_begin(&transaction, store, false, error);

	for (size_t i = 0; r >= 0 && i < telling->event_count; i++)
		r = add_event(store, &telling->events[i], error);
	for (size_t i = 0; r >= 0 && i < telling->tip_count; i++)
		r = put_tip(store, &telling->tips[i], error);
	if (r >= 0)
		r = set_told(store, "version_events", telling->version_facts, error);
	if (r >= 0)
		r = set_told(store, "ref_events", telling->ref_facts, error);
	if (r >= 0)
		r = fp_transaction_commit(&transaction, error);
	return r < 0 ? r : 0;
}

static int get_told(
	struct fp_store *store, const char *source, int64_t *event, struct fp_error *error)
{
	const struct fp_sql_value value = fp_sql_text(fp_str(source));

	*event = 0;
	return fp_sql_find(store, FP_SQL_TOLD_GET, "SELECT event FROM events_told WHERE source = ?",
		&value, 1, event, error);
}

int fp_store_get_told(
	struct fp_store *store, int64_t *version_facts, int64_t *ref_facts, struct fp_error *error)
{
	int r = get_told(store, "version_events", version_facts, error);

	if (r >= 0)
		r = get_told(store, "ref_events", ref_facts, error);
	return r < 0 ? r : 0;
}

int fp_store_prune_events(
	struct fp_store *store, int64_t keep, unsigned limit, struct fp_error *error)
{
	const struct fp_sql_value values[] = {fp_sql_integer(keep), fp_sql_integer(limit)};

	return fp_sql_run(store, FP_SQL_EVENTS_PRUNE,
		"DELETE FROM events WHERE event IN (SELECT event FROM events WHERE event <="
		" (SELECT max(event) FROM events) - ? ORDER BY event LIMIT ?)",
		values, FP_ARRAY_SIZE(values), error);
}

/* ---- lists ---- */

/* Steps through a statement, each row to `take`; ends at a negative value. */
static int each_row(sqlite3_stmt *statement, int (*take)(sqlite3_stmt *, void *), void *context,
	struct fp_error *error)
{
	int r = 1;

	while (r > 0) {
		r = fp_sql_step(statement, error);
		if (r > 0) {
			r = take(statement, context);
			r = r < 0 ? r : 1;
		}
	}
	return r;
}

struct event_sink {
	fp_event_fn *row;
	void *context;
};

static int take_event(sqlite3_stmt *statement, void *context)
{
	const struct event_sink *sink = context;
	const struct fp_event event = {
		.id = sqlite3_column_int64(statement, 0),
		.at_us = sqlite3_column_int64(statement, 1),
		.kind = fp_sql_column(statement, 2),
		.repo = fp_sql_column(statement, 3),
		.document = fp_sql_column(statement, 4),
	};

	return sink->row(sink->context, &event);
}

int fp_store_list_events(struct fp_store *store, int64_t after, unsigned limit, fp_event_fn *row,
	void *context, struct fp_error *error)
{
	FP_CLEANUP_SQL sqlite3_stmt *statement = NULL;
	const struct fp_sql_value values[] = {fp_sql_integer(after), fp_sql_integer(limit)};
	struct event_sink sink = {row, context};
	int r = fp_sql_start(store, FP_SQL_EVENTS_LIST,
		"SELECT event, at_us, kind, repo, document FROM events WHERE event > ?"
		" ORDER BY event LIMIT ?",
		values, FP_ARRAY_SIZE(values), &statement, error);

	return r < 0 ? r : each_row(statement, take_event, &sink, error);
}

int fp_store_last_event(struct fp_store *store, int64_t *event, struct fp_error *error)
{
	int r = fp_sql_find(store, FP_SQL_EVENT_LAST,
		"SELECT seq FROM sqlite_sequence WHERE name = 'events'", NULL, 0, event, error);

	if (r == 1)
		*event = 0;
	return r < 0 ? r : 0;
}

struct tip_sink {
	fp_tip_answer_fn *row;
	void *context;
};

static int take_tip(sqlite3_stmt *statement, void *context)
{
	const struct tip_sink *sink = context;
	const struct fp_tip_answer tip = {
		.repo = fp_sql_column(statement, 0),
		.branch = fp_sql_column(statement, 1),
		.package = fp_sql_column(statement, 2),
		.sha = fp_sql_column(statement, 3),
		.version = fp_sql_column(statement, 4),
		.outcome = fp_sql_column(statement, 5),
	};

	return sink->row(sink->context, &tip);
}

int fp_store_list_tip_answers(
	struct fp_store *store, fp_tip_answer_fn *row, void *context, struct fp_error *error)
{
	FP_CLEANUP_SQL sqlite3_stmt *statement = NULL;
	struct tip_sink sink = {row, context};
	int r = fp_sql_start(store, FP_SQL_TIPS_LIST,
		"SELECT repo, branch, package, sha, version, outcome FROM tip_answers", NULL, 0,
		&statement, error);

	return r < 0 ? r : each_row(statement, take_tip, &sink, error);
}

/* ---- facts ---- */

struct version_sink {
	fp_version_fact_fn *row;
	void *context;
};

static int take_version_fact(sqlite3_stmt *statement, void *context)
{
	const struct version_sink *sink = context;
	const struct fp_version_fact fact = {
		.event = sqlite3_column_int64(statement, 0),
		.at_us = sqlite3_column_int64(statement, 1),
		.kind = sqlite3_column_int(statement, 2),
		.feed = fp_sql_column(statement, 3),
		.package = fp_sql_column(statement, 4),
		.version = fp_sql_column(statement, 5),
		.first_look = sqlite3_column_int(statement, 6) != 0,
	};

	return sink->row(sink->context, &fact);
}

int fp_store_list_version_facts(struct fp_store *store, int64_t after, unsigned limit,
	fp_version_fact_fn *row, void *context, struct fp_error *error)
{
	FP_CLEANUP_SQL sqlite3_stmt *statement = NULL;
	const struct fp_sql_value values[] = {fp_sql_integer(after), fp_sql_integer(limit)};
	struct version_sink sink = {row, context};
	int r = fp_sql_start(store, FP_SQL_VERSION_FACTS_LIST,
		"SELECT e.event, e.at_us, e.kind, p.feed, p.name, v.text,"
		" e.at_us = (SELECT at_us FROM version_events f WHERE f.package = e.package"
		" ORDER BY f.event LIMIT 1)"
		" FROM version_events e JOIN packages p USING (package) JOIN versions v"
		" USING (version) WHERE e.event > ? ORDER BY e.event LIMIT ?",
		values, FP_ARRAY_SIZE(values), &statement, error);

	return r < 0 ? r : each_row(statement, take_version_fact, &sink, error);
}

struct ref_sink {
	fp_ref_fact_fn *row;
	void *context;
};

static int take_ref_fact(sqlite3_stmt *statement, void *context)
{
	const struct ref_sink *sink = context;
	const struct fp_ref_fact fact = {
		.event = sqlite3_column_int64(statement, 0),
		.at_us = sqlite3_column_int64(statement, 1),
		.repo = fp_sql_column(statement, 2),
		.name = fp_sql_column(statement, 3).ptr,
		.movement = (enum fp_ref_movement)sqlite3_column_int(statement, 4),
		.old_commit = fp_sql_column_oid(statement, 5),
		.new_commit = fp_sql_column_oid(statement, 6),
		.first_look = sqlite3_column_int(statement, 7) != 0,
	};

	return sink->row(sink->context, &fact);
}

int fp_store_list_ref_facts(struct fp_store *store, int64_t after, unsigned limit,
	fp_ref_fact_fn *row, void *context, struct fp_error *error)
{
	FP_CLEANUP_SQL sqlite3_stmt *statement = NULL;
	const struct fp_sql_value values[] = {fp_sql_integer(after), fp_sql_integer(limit)};
	struct ref_sink sink = {row, context};
	int r = fp_sql_start(store, FP_SQL_REF_FACTS_LIST,
		"SELECT e.event, e.at_us, r.name, f.name, e.movement, e.old_commit_oid,"
		" e.new_commit_oid, e.at_us = (SELECT at_us FROM ref_events g"
		" WHERE g.repository = e.repository ORDER BY g.event LIMIT 1)"
		" FROM ref_events e JOIN repositories r ON r.repository = e.repository"
		" JOIN refs f USING (ref) WHERE e.event > ? ORDER BY e.event LIMIT ?",
		values, FP_ARRAY_SIZE(values), &statement, error);

	return r < 0 ? r : each_row(statement, take_ref_fact, &sink, error);
}
