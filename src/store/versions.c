/* Versions: the present state of each, and the events that led to it. */
#include "forkpoint/store/versions.h"

#include "forkpoint/core/nuget_version.h"

#include "sql.h"

/* ---- loading ---- */

static int load_revision(
	struct fp_store *store, int64_t package, int64_t *revision, struct fp_error *error)
{
	const struct fp_sql_value values[] = {fp_sql_integer(package)};
	int r = fp_sql_find(store, FP_SQL_VERSION_REVISION,
		"SELECT event FROM version_events WHERE package = ? ORDER BY event DESC LIMIT 1",
		values, 1, revision, error);

	if (r == 1)
		*revision = 0;
	return r < 0 ? r : 0;
}

static int take_row(
	sqlite3_stmt *statement, struct fp_version_rows_writer *rows, struct fp_error *error)
{
	const struct fp_version_row row = {
		.id = sqlite3_column_int64(statement, 0),
		.first_seen_us = sqlite3_column_int64(statement, 2),
		.published_us = fp_sql_column_moment(statement, 3),
		.unlisted_us = fp_sql_column_moment(statement, 4),
		.vanished_us = fp_sql_column_moment(statement, 5),
		.returned_us = fp_sql_column_moment(statement, 6),
		.missed = (unsigned)sqlite3_column_int64(statement, 7),
		.unavailable_us = fp_sql_column_moment(statement, 8),
	};

	if (fp_version_rows_add(rows, &row, fp_sql_column(statement, 1)) < 0)
		return fp_error_memory(error);
	return 0;
}

static int load_rows(struct fp_store *store, int64_t package, struct fp_version_rows_writer *rows,
	struct fp_error *error)
{
	FP_CLEANUP_SQL sqlite3_stmt *statement = NULL;
	const struct fp_sql_value values[] = {fp_sql_integer(package)};
	int r = fp_sql_start(store, FP_SQL_VERSIONS_LOAD,
		"SELECT version, text, first_seen_us, published_us, unlisted_us, vanished_us,"
		" returned_us, missed, unavailable_us FROM versions WHERE package = ?",
		values, 1, &statement, error);

	while (r >= 0) {
		r = fp_sql_step(statement, error);
		if (r == 0)
			break;
		if (r == 1)
			r = take_row(statement, rows, error);
	}
	return r;
}

static int load_download(
	struct fp_store *store, int64_t package, char **download, struct fp_error *error)
{
	FP_CLEANUP_SQL sqlite3_stmt *statement = NULL;
	const struct fp_sql_value values[] = {fp_sql_integer(package)};
	int r = fp_sql_start(store, FP_SQL_DOWNLOAD_GET,
		"SELECT download FROM packages WHERE package = ? AND download IS NOT NULL", values,
		1, &statement, error);

	if (r >= 0)
		r = fp_sql_step(statement, error);
	if (r == 1) {
		*download = fp_str_dup(fp_sql_column(statement, 0));
		r = *download ? 0 : fp_error_memory(error);
	}
	return r;
}

int fp_store_load_versions(struct fp_store *store, int64_t package, struct fp_version_rows *rows,
	int64_t *revision, struct fp_error *error)
{
	FP_CLEANUP(fp_version_rows_writer_release) struct fp_version_rows_writer loaded = {0};
	FP_CLEANUP_FREE char *download = NULL;
	int64_t newest;
	int r = load_revision(store, package, &newest, error);

	if (r >= 0)
		r = load_rows(store, package, &loaded, error);
	if (r >= 0)
		r = load_download(store, package, &download, error);
	if (r < 0)
		return r;
	if (fp_version_rows_finish(&loaded, download, rows) < 0)
		return fp_error_memory(error);
	*revision = newest;
	return 0;
}

/* ---- events ---- */

static int write_key(struct fp_str text, struct fp_buf *key, struct fp_error *error)
{
	fp_buf_clear(key);
	fp_version_key(text, key);
	return fp_buf_check(key, error);
}

/* 1 when the version was there already. */
static int add_version(struct fp_store *store, int64_t package,
	const struct fp_version_event *event, struct fp_str key, int64_t now_us, int64_t *version,
	struct fp_error *error)
{
	const struct fp_sql_value values[] = {
		fp_sql_integer(package),
		fp_sql_text(event->text),
		fp_sql_text(key),
		fp_sql_integer(now_us),
		fp_sql_moment(event->published_us),
	};

	return fp_sql_find(store, FP_SQL_VERSION_ADD,
		"INSERT INTO versions (package, text, key, first_seen_us, published_us)"
		" VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING version",
		values, FP_ARRAY_SIZE(values), version, error);
}

static int find_version(struct fp_store *store, int64_t package,
	const struct fp_version_event *event, struct fp_str key, int64_t *version,
	struct fp_error *error)
{
	const struct fp_sql_value values[] = {fp_sql_integer(package), fp_sql_text(key)};
	int r = fp_sql_find(store, FP_SQL_VERSION_FIND,
		"SELECT version FROM versions WHERE package = ? AND key = ?", values, 2, version,
		error);

	if (r == 1)
		return fp_error_set(error, FP_ERROR_INTERNAL,
			"an event of kind %d for version %.*s, which was never seen", event->kind,
			FP_STR_ARG(event->text));
	return r;
}

/* Adds the event to the present state. */
static int change_version(struct fp_store *store, int64_t version,
	const struct fp_version_event *event, int64_t now_us, struct fp_error *error)
{
	const struct fp_sql_value values[] = {
		fp_sql_integer(version),
		fp_sql_integer(event->kind),
		fp_sql_integer(now_us),
		fp_sql_moment(event->published_us),
	};

	return fp_sql_run(store, FP_SQL_VERSION_CHANGE,
		"UPDATE versions SET"
		" unlisted_us = CASE ?2 WHEN 2 THEN NULL WHEN 3 THEN ?3 ELSE unlisted_us END,"
		" vanished_us = CASE ?2 WHEN 4 THEN ?3 WHEN 5 THEN NULL ELSE vanished_us END,"
		" returned_us = CASE ?2 WHEN 5 THEN ?3 ELSE returned_us END,"
		" unavailable_us = CASE ?2 WHEN 6 THEN ?3 WHEN 7 THEN NULL ELSE unavailable_us END,"
		" published_us = coalesce(?4, published_us) WHERE version = ?1",
		values, FP_ARRAY_SIZE(values), error);
}

static int add_event(struct fp_store *store, int64_t package, int64_t version,
	const struct fp_version_event *event, int64_t now_us, int64_t *number,
	struct fp_error *error)
{
	const struct fp_sql_value values[] = {
		fp_sql_integer(package),
		fp_sql_integer(version),
		fp_sql_integer(event->kind),
		fp_sql_integer(now_us),
		fp_sql_moment(event->published_us),
	};
	int r = fp_sql_run(store, FP_SQL_VERSION_EVENT_ADD,
		"INSERT INTO version_events (package, version, kind, at_us, published_us)"
		" VALUES (?, ?, ?, ?, ?)",
		values, FP_ARRAY_SIZE(values), error);

	if (r >= 0)
		*number = sqlite3_last_insert_rowid(store->facts);
	return r;
}

/* *version gets the row, 0 when nothing happened to any. */
static int apply_event(struct fp_store *store, int64_t package,
	const struct fp_version_event *event, struct fp_buf *key, int64_t now_us, int64_t *version,
	int64_t *number, struct fp_error *error)
{
	int r = write_key(event->text, key, error);

	if (r < 0)
		return r;
	if (event->kind == FP_VERSION_EVENT_SEEN) {
		r = add_version(store, package, event, fp_buf_str(key), now_us, version, error);
		if (r == 1) {
			*version = 0; /* seen before under another spelling: nothing happened */
			return 0;
		}
	} else {
		r = find_version(store, package, event, fp_buf_str(key), version, error);
		if (r >= 0)
			r = change_version(store, *version, event, now_us, error);
	}
	return r < 0 ? r : add_event(store, package, *version, event, now_us, number, error);
}

static int apply_missed(struct fp_store *store, const struct fp_version_missed *missed,
	size_t count, struct fp_error *error)
{
	int r = 0;

	for (size_t i = 0; r >= 0 && i < count; i++) {
		const struct fp_sql_value values[] = {
			fp_sql_integer(missed[i].version), fp_sql_integer(missed[i].missed)};

		r = fp_sql_run(store, FP_SQL_VERSION_MISSED,
			"UPDATE versions SET missed = ?2 WHERE version = ?1", values, 2, error);
	}
	return r;
}

static int set_download(
	struct fp_store *store, int64_t package, const char *download, struct fp_error *error)
{
	const struct fp_sql_value values[] = {
		fp_sql_integer(package), download ? fp_sql_text(fp_str(download))
						  : (struct fp_sql_value){.type = FP_SQL_NULL}};

	return fp_sql_run(store, FP_SQL_DOWNLOAD_SET,
		"UPDATE packages SET download = ?2 WHERE package = ?1 AND download IS NOT ?2",
		values, 2, error);
}

/* versions gets the row of each event. */
static int write_all(struct fp_store *store, int64_t package, const struct fp_version_event *events,
	int64_t *versions, size_t count, const struct fp_version_missed *missed,
	size_t missed_count, const char *download, int64_t now_us, int64_t *newest,
	struct fp_error *error)
{
	FP_CLEANUP_TRANSACTION struct fp_transaction transaction = {0};
	struct fp_buf FP_CLEANUP_BUF key = {0};
	int r;

	fp_buf_init(&key, 1 << 16);
	r = fp_transaction_begin(&transaction, store, false, error);
	if (r >= 0)
		r = load_revision(store, package, newest, error);
	for (size_t i = 0; r >= 0 && i < count; i++)
		r = apply_event(
			store, package, &events[i], &key, now_us, &versions[i], newest, error);
	if (r >= 0)
		r = apply_missed(store, missed, missed_count, error);
	if (r >= 0)
		r = set_download(store, package, download, error);
	return r < 0 ? r : fp_transaction_commit(&transaction, error);
}

int fp_store_apply_version_events(struct fp_store *store, int64_t package,
	struct fp_version_rows *rows, const struct fp_version_event *events, size_t count,
	const struct fp_version_missed *missed, size_t missed_count, const char *download,
	int64_t now_us, int64_t *revision, struct fp_error *error)
{
	FP_CLEANUP_FREE int64_t *versions = calloc(count + 1, sizeof(*versions));
	int64_t newest = 0;
	int r;

	if (!versions)
		return fp_error_memory(error);
	r = write_all(store, package, events, versions, count, missed, missed_count, download,
		now_us, &newest, error);
	if (r < 0)
		return r;
	if (rows && fp_version_rows_change(rows, events, versions, count, missed, missed_count,
			    download, now_us) < 0)
		return fp_error_memory(error);
	*revision = newest;
	return 0;
}
