/* Refs and versions as they were: events added up to a revision. */
#include "forkpoint/store/past.h"

#include "forkpoint/base/array.h"

#include "sql.h"

/* ---- names ---- */

int fp_store_find_repository(
	struct fp_store *store, const char *name, int64_t *id, struct fp_error *error)
{
	const struct fp_sql_value values[] = {fp_sql_text(fp_str(name))};

	return fp_sql_find(store, FP_SQL_REPOSITORY_FIND,
		"SELECT repository FROM repositories WHERE name = ?", values, 1, id, error);
}

int fp_store_find_package(struct fp_store *store, const char *feed, const char *package,
	int64_t *id, struct fp_error *error)
{
	const struct fp_sql_value values[] = {
		fp_sql_text(fp_str(feed)), fp_sql_text(fp_str(package))};

	return fp_sql_find(store, FP_SQL_PACKAGE_FIND,
		"SELECT package FROM packages WHERE feed = ? AND name = ?", values, 2, id, error);
}

/* ---- refs ---- */

static int take_ref(
	sqlite3_stmt *statement, struct fp_ref_rows *rows, size_t *capacity, struct fp_error *error)
{
	struct fp_ref_row row = {
		.oid = fp_sql_column_oid(statement, 1),
		.commit = fp_sql_column_oid(statement, 2),
		.since_us = sqlite3_column_int64(statement, 3),
	};

	if (fp_oid_is_zero(&row.oid))
		return 0; /* deleted by then */
	if (fp_array_reserve((void **)&rows->items, capacity, rows->count + 1, sizeof(row)) < 0)
		return fp_error_memory(error);
	row.name = fp_str_dup(fp_sql_column(statement, 0));
	if (!row.name)
		return fp_error_memory(error);
	rows->items[rows->count++] = row;
	return 0;
}

int fp_store_load_past_refs(struct fp_store *store, int64_t repository, int64_t revision,
	struct fp_ref_rows *rows, struct fp_error *error)
{
	struct fp_ref_rows FP_CLEANUP(fp_ref_rows_release) loaded = {0};
	FP_CLEANUP_SQL sqlite3_stmt *statement = NULL;
	const struct fp_sql_value values[] = {fp_sql_integer(repository), fp_sql_integer(revision)};
	size_t capacity = 0;
	/* SQLite takes the other columns from the row that max() is of. */
	int r = fp_sql_start(store, FP_SQL_PAST_REFS,
		"SELECT name, new_oid, new_commit_oid, at_us, max(event)"
		" FROM ref_events JOIN refs USING (ref)"
		" WHERE ref_events.repository = ? AND event <= ? GROUP BY ref ORDER BY name",
		values, 2, &statement, error);

	while (r >= 0) {
		r = fp_sql_step(statement, error);
		if (r == 0)
			break;
		if (r == 1)
			r = take_ref(statement, &loaded, &capacity, error);
	}
	if (r < 0)
		return r;
	*rows = loaded;
	loaded = (struct fp_ref_rows){0};
	return 0;
}

int fp_store_load_past_tips(struct fp_store *store, int64_t repository, int64_t revision,
	int64_t arrivals, struct fp_oid **tips, size_t *count, struct fp_error *error)
{
	FP_CLEANUP_SQL sqlite3_stmt *statement = NULL;
	FP_CLEANUP_FREE struct fp_oid *list = NULL;
	const struct fp_sql_value values[] = {
		fp_sql_integer(repository), fp_sql_integer(revision), fp_sql_integer(arrivals)};
	size_t capacity = 0, listed = 0;
	int r = fp_sql_start(store, FP_SQL_PAST_TIPS,
		"SELECT new_commit_oid FROM ref_events WHERE repository = ?1 AND event <= ?2"
		" AND new_commit_oid IS NOT NULL"
		" UNION SELECT oid FROM commit_arrivals WHERE repository = ?1 AND arrival <= ?3",
		values, FP_ARRAY_SIZE(values), &statement, error);

	while (r >= 0) {
		r = fp_sql_step(statement, error);
		if (r <= 0)
			break;
		if (fp_array_reserve((void **)&list, &capacity, listed + 1, sizeof(*list)) < 0)
			return fp_error_memory(error);
		list[listed++] = fp_sql_column_oid(statement, 0);
	}
	if (r < 0)
		return r;
	*tips = list;
	*count = listed;
	list = NULL;
	return 0;
}

int fp_store_limit_branches(struct fp_store *store, int64_t repository,
	struct fp_branches *branches, struct fp_error *error)
{
	FP_CLEANUP_FREE struct fp_oid *tips = NULL;
	size_t count;
	int r = fp_store_load_past_tips(
		store, repository, branches->revision, branches->arrivals, &tips, &count, error);

	if (r < 0)
		return r;
	r = fp_branches_limit(branches, tips, count);
	return r < 0 ? fp_error_memory(error) : r;
}

/* ---- versions ---- */

int fp_store_version_revision(
	struct fp_store *store, int64_t package, int64_t *revision, struct fp_error *error)
{
	const struct fp_sql_value values[] = {fp_sql_integer(package)};
	int64_t found = 0;
	int r = fp_sql_find(store, FP_SQL_VERSION_REVISION,
		"SELECT event FROM version_events WHERE package = ? ORDER BY event DESC LIMIT 1",
		values, 1, &found, error);

	if (r < 0)
		return r;
	*revision = found;
	return 0;
}

enum column {
	COLUMN_VERSION,
	COLUMN_EVENT,
	COLUMN_KIND,
	COLUMN_AT,
	COLUMN_PUBLISHED,
	COLUMN_TEXT,
};

/* The version whose events are being added up. */
struct summing {
	struct fp_version_rows_writer *writer;
	int64_t revision;
	bool later;
	struct fp_version_row row; /* id 0 = none yet */
	char *text;
};

static int begin_version(sqlite3_stmt *statement, struct summing *summing, struct fp_error *error)
{
	free(summing->text);
	summing->text = fp_str_dup(fp_sql_column(statement, COLUMN_TEXT));
	if (!summing->text)
		return fp_error_memory(error);
	summing->row = (struct fp_version_row){
		.id = sqlite3_column_int64(statement, COLUMN_VERSION),
		.first_seen_us = sqlite3_column_int64(statement, COLUMN_AT),
		.published_us = fp_sql_column_moment(statement, COLUMN_PUBLISHED),
		.unlisted_us = -1,
		.vanished_us = -1,
		.returned_us = -1,
		.unavailable_us = -1,
		.not_yet_seen = sqlite3_column_int64(statement, COLUMN_EVENT) > summing->revision,
	};
	return 0;
}

static int end_version(struct summing *summing, struct fp_error *error)
{
	if (!summing->row.id || (summing->row.not_yet_seen && !summing->later))
		return 0;
	if (fp_version_rows_add(summing->writer, &summing->row, fp_str(summing->text)) < 0)
		return fp_error_memory(error);
	return 0;
}

static void add_event(struct fp_version_row *row, int kind, int64_t at_us, int64_t published_us)
{
	switch (kind) {
	case FP_VERSION_EVENT_LISTED: row->unlisted_us = -1; break;
	case FP_VERSION_EVENT_UNLISTED: row->unlisted_us = at_us; break;
	case FP_VERSION_EVENT_VANISHED: row->vanished_us = at_us; break;
	case FP_VERSION_EVENT_RETURNED:
		row->vanished_us = -1;
		row->returned_us = at_us;
		break;
	case FP_VERSION_EVENT_UNAVAILABLE: row->unavailable_us = at_us; break;
	case FP_VERSION_EVENT_AVAILABLE: row->unavailable_us = -1; break;
	default: break;
	}
	if (published_us >= 0)
		row->published_us = published_us;
}

static int take_event(sqlite3_stmt *statement, struct summing *summing, struct fp_error *error)
{
	int r = 0;

	if (sqlite3_column_int64(statement, COLUMN_VERSION) != summing->row.id) {
		r = end_version(summing, error);
		if (r >= 0)
			r = begin_version(statement, summing, error);
	}
	if (r >= 0 && sqlite3_column_int64(statement, COLUMN_EVENT) <= summing->revision)
		add_event(&summing->row, sqlite3_column_int(statement, COLUMN_KIND),
			sqlite3_column_int64(statement, COLUMN_AT),
			fp_sql_column_moment(statement, COLUMN_PUBLISHED));
	return r;
}

static int sum_events(
	struct fp_store *store, int64_t package, struct summing *summing, struct fp_error *error)
{
	FP_CLEANUP_SQL sqlite3_stmt *statement = NULL;
	const struct fp_sql_value values[] = {fp_sql_integer(package)};
	int r = fp_sql_start(store, FP_SQL_PAST_VERSIONS,
		"SELECT version, event, kind, at_us, version_events.published_us, text"
		" FROM version_events JOIN versions USING (version)"
		" WHERE version_events.package = ? ORDER BY version, event",
		values, 1, &statement, error);

	while (r >= 0) {
		r = fp_sql_step(statement, error);
		if (r == 0)
			break;
		if (r == 1)
			r = take_event(statement, summing, error);
	}
	return r < 0 ? r : end_version(summing, error);
}

int fp_store_load_past_versions(struct fp_store *store, int64_t package, int64_t revision,
	bool later, const char *download, struct fp_version_rows *rows, struct fp_error *error)
{
	FP_CLEANUP(fp_version_rows_writer_release) struct fp_version_rows_writer writer = {0};
	struct summing summing = {.writer = &writer, .revision = revision, .later = later};
	int r = sum_events(store, package, &summing, error);

	free(summing.text);
	if (r < 0)
		return r;
	return fp_version_rows_finish(&writer, download, rows) < 0 ? fp_error_memory(error) : 0;
}
