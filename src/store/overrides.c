/* Overrides: decisions are added and ended, never changed. */
#include "forkpoint/store/overrides.h"

#include "forkpoint/base/array.h"

#include "audit_write.h"
#include "sql.h"

#include <stdlib.h>
#include <string.h>

/* ---- writing ---- */

/* Sets and ends share one sequence. */
static int next_revision(struct fp_store *store, int64_t *revision, struct fp_error *error)
{
	int r = fp_sql_find(store, FP_SQL_OVERRIDE_REVISION,
		"SELECT max(coalesce(max(set_revision), 0), coalesce(max(ended_revision), 0)) + 1"
		" FROM overrides",
		NULL, 0, revision, error);

	return r < 0 ? r : 0;
}

/* Ends what is in force about the same thing; *ended counts. */
static int end_same(struct fp_store *store, const struct fp_override *like, struct fp_str by,
	int64_t revision, int64_t now_us, int64_t *ended, struct fp_error *error)
{
	const struct fp_sql_value values[] = {
		fp_sql_integer(now_us),
		fp_sql_text(by),
		fp_sql_integer(revision),
		fp_sql_integer(like->kind),
		fp_sql_text(like->repo),
		fp_sql_text(like->package),
		fp_sql_text(like->branch),
		fp_sql_text(like->version),
		fp_sql_text(like->first_stamp),
		fp_sql_text(like->last_stamp),
	};
	int r = fp_sql_run(store, FP_SQL_OVERRIDE_END,
		"UPDATE overrides SET ended_us = ?1, ended_by = ?2, ended_revision = ?3"
		" WHERE ended_us IS NULL AND kind = ?4 AND repo = ?5 AND package = ?6"
		" AND (kind = 2 AND branch = ?7 OR kind = 1"
		" AND version = ?8 COLLATE NOCASE AND coalesce(first_stamp, '') = ?9"
		" AND coalesce(last_stamp, '') = ?10)",
		values, FP_ARRAY_SIZE(values), error);

	*ended = sqlite3_changes64(store->facts);
	return r;
}

static int count_in_force(struct fp_store *store, int64_t *count, struct fp_error *error)
{
	return fp_sql_find(store, FP_SQL_OVERRIDE_COUNT,
		"SELECT count(*) FROM overrides WHERE ended_us IS NULL", NULL, 0, count, error);
}

static struct fp_sql_value optional(struct fp_str text)
{
	return text.len ? fp_sql_text(text) : (struct fp_sql_value){.type = FP_SQL_NULL};
}

static int add(struct fp_store *store, const struct fp_override *override, int64_t revision,
	int64_t now_us, struct fp_error *error)
{
	const struct fp_sql_value values[] = {
		fp_sql_integer(override->kind),
		fp_sql_text(override->repo),
		fp_sql_text(override->package),
		fp_sql_text(override->branch),
		fp_sql_text(override->version),
		optional(override->first_stamp),
		optional(override->last_stamp),
		fp_sql_text(override->reason),
		fp_sql_text(override->owner),
		fp_sql_moment(override->expires_us),
		fp_sql_integer(now_us),
		fp_sql_text(override->set_by),
		fp_sql_integer(revision),
	};

	return fp_sql_run(store, FP_SQL_OVERRIDE_ADD,
		"INSERT INTO overrides (kind, repo, package, branch, version, first_stamp,"
		" last_stamp, reason, owner, expires_us, set_us, set_by, set_revision)"
		" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
		values, FP_ARRAY_SIZE(values), error);
}

int fp_store_set_override(struct fp_store *store, const struct fp_override *override,
	const struct fp_audit_entry *entry, int64_t now_us, int64_t *id, struct fp_error *error)
{
	FP_CLEANUP_TRANSACTION struct fp_transaction transaction = {0};
	int64_t revision = 0, ended = 0, in_force = 0, added = 0;
	int r = fp_transaction_begin(&transaction, store, false, error);

	if (r >= 0)
		r = next_revision(store, &revision, error);
	if (r >= 0)
		r = end_same(store, override, override->set_by, revision, now_us, &ended, error);
	if (r >= 0)
		r = count_in_force(store, &in_force, error);
	if (r >= 0 && in_force >= FP_OVERRIDES_MAX)
		return fp_error_set(error, FP_ERROR_LIMIT,
			"%d quarantines and pins are in force, which is all there may be; end some",
			FP_OVERRIDES_MAX);
	if (r >= 0)
		r = add(store, override, revision, now_us, error);
	added = sqlite3_last_insert_rowid(store->facts);
	if (r >= 0)
		r = fp_audit_write(store, entry, now_us, error);
	if (r >= 0)
		r = fp_transaction_commit(&transaction, error);
	if (r < 0)
		return r;
	*id = added;
	return 0;
}

int fp_store_end_override(struct fp_store *store, const struct fp_override *like,
	const struct fp_audit_entry *entry, int64_t now_us, struct fp_error *error)
{
	FP_CLEANUP_TRANSACTION struct fp_transaction transaction = {0};
	int64_t revision = 0, ended = 0;
	int r = fp_transaction_begin(&transaction, store, false, error);

	if (r >= 0)
		r = next_revision(store, &revision, error);
	if (r >= 0)
		r = end_same(store, like, entry->who, revision, now_us, &ended, error);
	if (r >= 0 && ended == 0)
		return 1;
	if (r >= 0)
		r = fp_audit_write(store, entry, now_us, error);
	if (r >= 0)
		r = fp_transaction_commit(&transaction, error);
	return r < 0 ? r : 0;
}

/* An entry in the audit for each whose time has come, as for those that people end. */
static int tell_expired(struct fp_store *store, int64_t now_us, struct fp_error *error)
{
	const struct fp_sql_value value = fp_sql_integer(now_us);

	return fp_sql_run(store, FP_SQL_OVERRIDES_TELL,
		"INSERT INTO audit (at_us, who, client, request_id, action, subject, detail)"
		" SELECT ?1, 'expiry', '', '',"
		" CASE kind WHEN 2 THEN 'pin.end' ELSE 'quarantine.end' END,"
		" repo || '/' || CASE WHEN kind = 2 THEN branch WHEN version <> '' THEN version"
		" ELSE 'stamps:' || first_stamp || '-' || last_stamp END,"
		" '{\"id\":' || override || '}'"
		" FROM overrides WHERE ended_us IS NULL AND expires_us <= ?1 ORDER BY override",
		&value, 1, error);
}

int fp_store_expire_overrides(struct fp_store *store, int64_t now_us, struct fp_error *error)
{
	FP_CLEANUP_TRANSACTION struct fp_transaction transaction = {0};
	int64_t revision = 0, ended = 0;
	int r = fp_transaction_begin(&transaction, store, false, error);

	if (r >= 0)
		r = next_revision(store, &revision, error);
	if (r >= 0)
		r = tell_expired(store, now_us, error);
	if (r >= 0) {
		const struct fp_sql_value values[] = {
			fp_sql_integer(now_us), fp_sql_integer(revision)};

		r = fp_sql_run(store, FP_SQL_OVERRIDES_EXPIRE,
			"UPDATE overrides SET ended_us = ?1, ended_by = 'expiry',"
			" ended_revision = ?2 WHERE ended_us IS NULL AND expires_us <= ?1",
			values, FP_ARRAY_SIZE(values), error);
		ended = sqlite3_changes64(store->facts);
	}
	if (r >= 0)
		r = fp_transaction_commit(&transaction, error);
	return r < 0 ? r : (int)ended;
}

/* ---- reading ---- */

#define COLUMNS                                                                                    \
	"override, kind, repo, package, branch, version, first_stamp, last_stamp, reason, owner,"  \
	" expires_us, set_us, set_by, ended_us, ended_by"

static void take_columns(sqlite3_stmt *statement, struct fp_override *override)
{
	*override = (struct fp_override){
		.id = sqlite3_column_int64(statement, 0),
		.kind = (enum fp_override_kind)sqlite3_column_int(statement, 1),
		.repo = fp_sql_column(statement, 2),
		.package = fp_sql_column(statement, 3),
		.branch = fp_sql_column(statement, 4),
		.version = fp_sql_column(statement, 5),
		.first_stamp = fp_sql_column(statement, 6),
		.last_stamp = fp_sql_column(statement, 7),
		.reason = fp_sql_column(statement, 8),
		.owner = fp_sql_column(statement, 9),
		.expires_us = fp_sql_column_moment(statement, 10),
		.set_us = sqlite3_column_int64(statement, 11),
		.set_by = fp_sql_column(statement, 12),
		.ended_us = fp_sql_column_moment(statement, 13),
		.ended_by = fp_sql_column(statement, 14),
	};
}

int fp_store_list_overrides(struct fp_store *store, enum fp_override_kind kind, struct fp_str repo,
	bool in_force_only, int64_t before, unsigned limit, fp_override_fn *row, void *context,
	struct fp_error *error)
{
	FP_CLEANUP_SQL sqlite3_stmt *statement = NULL;
	const struct fp_sql_value values[] = {
		fp_sql_integer(kind),
		fp_sql_text(repo),
		fp_sql_integer(in_force_only),
		fp_sql_integer(before ? before : INT64_MAX),
		fp_sql_integer(limit),
	};
	int r = fp_sql_start(store, FP_SQL_OVERRIDES_LIST,
		"SELECT " COLUMNS " FROM overrides WHERE kind = ?1 AND (?2 = '' OR repo = ?2)"
		" AND (NOT ?3 OR ended_us IS NULL) AND override < ?4 ORDER BY override DESC"
		" LIMIT ?5",
		values, FP_ARRAY_SIZE(values), &statement, error);

	while (r >= 0 && (r = fp_sql_step(statement, error)) > 0) {
		struct fp_override override;

		take_columns(statement, &override);
		r = row(context, &override);
	}
	return r < 0 ? r : 0;
}

/* ---- in memory ---- */

struct fp_overrides *fp_overrides_ref(struct fp_overrides *overrides)
{
	if (overrides)
		atomic_fetch_add_explicit(&overrides->references, 1, memory_order_relaxed);
	return overrides;
}

void fp_overrides_unref(struct fp_overrides *overrides)
{
	if (!overrides ||
		atomic_fetch_sub_explicit(&overrides->references, 1, memory_order_acq_rel) != 1)
		return;
	for (size_t i = 0; i < overrides->count; i++)
		free(overrides->items[i].memory);
	free(overrides->items);
	free(overrides);
}
FP_DEFINE_CLEANUP(struct fp_overrides *, fp_overrides_unref)

static void copy_text(struct fp_str *text, char **room)
{
	if (text->len)
		memcpy(*room, text->ptr, text->len);
	text->ptr = *room;
	*room += text->len;
}

/* The row's texts into memory of its own. */
static int keep(struct fp_override *override)
{
	struct fp_str *const texts[] = {&override->repo, &override->package, &override->branch,
		&override->version, &override->first_stamp, &override->last_stamp,
		&override->reason, &override->owner, &override->set_by, &override->ended_by};
	size_t bytes = 1;
	char *room;

	for (size_t i = 0; i < FP_ARRAY_SIZE(texts); i++)
		bytes += texts[i]->len;
	override->memory = room = malloc(bytes);
	if (!room)
		return -FP_ERROR_MEMORY;
	for (size_t i = 0; i < FP_ARRAY_SIZE(texts); i++)
		copy_text(texts[i], &room);
	return 0;
}

static int append(
	struct fp_overrides *overrides, size_t *capacity, const struct fp_override *override)
{
	struct fp_override kept = *override;

	if (fp_array_reserve(
		    (void **)&overrides->items, capacity, overrides->count + 1, sizeof(kept)) < 0 ||
		keep(&kept) < 0)
		return -FP_ERROR_MEMORY;
	overrides->items[overrides->count++] = kept;
	if (kept.expires_us >= 0 &&
		(overrides->next_expiry_us < 0 || kept.expires_us < overrides->next_expiry_us))
		overrides->next_expiry_us = kept.expires_us;
	return 0;
}

struct fp_overrides *fp_overrides_with(
	const struct fp_overrides *overrides, const struct fp_override *one)
{
	FP_CLEANUP(fp_overrides_unref_cleanup)
	struct fp_overrides *made = calloc(1, sizeof(*made));
	size_t capacity = 0;
	struct fp_overrides *done = made;

	if (!made)
		return NULL;
	atomic_init(&made->references, 1);
	made->next_expiry_us = -1;
	made->revision = overrides ? overrides->revision : 0;
	for (size_t i = 0; overrides && i < overrides->count; i++)
		if (append(made, &capacity, &overrides->items[i]) < 0)
			return NULL;
	if (append(made, &capacity, one) < 0)
		return NULL;
	made = NULL;
	return done;
}

int fp_store_load_overrides(struct fp_store *store, int64_t revision,
	struct fp_overrides **overrides, struct fp_error *error)
{
	FP_CLEANUP(fp_overrides_unref_cleanup)
	struct fp_overrides *made = calloc(1, sizeof(*made));
	FP_CLEANUP_SQL sqlite3_stmt *statement = NULL;
	struct fp_sql_value value;
	size_t capacity = 0;
	int64_t newest = 0;
	int r = made ? next_revision(store, &newest, error) : fp_error_memory(error);

	if (r < 0)
		return r;
	atomic_init(&made->references, 1);
	made->next_expiry_us = -1;
	made->revision = revision < 0 ? newest - 1 : revision;
	value = fp_sql_integer(made->revision);
	r = fp_sql_start(store, FP_SQL_OVERRIDES_LOAD,
		"SELECT " COLUMNS " FROM overrides WHERE set_revision <= ?1"
		" AND (ended_revision IS NULL OR ended_revision > ?1) ORDER BY override",
		&value, 1, &statement, error);
	while (r >= 0 && (r = fp_sql_step(statement, error)) > 0) {
		struct fp_override override;

		take_columns(statement, &override);
		if (append(made, &capacity, &override) < 0)
			r = fp_error_memory(error);
	}
	if (r < 0)
		return r;
	*overrides = made;
	made = NULL;
	return 0;
}

/* ---- asking ---- */

static bool is_about(const struct fp_override *override, enum fp_override_kind kind,
	struct fp_str repo, struct fp_str package)
{
	return override->kind == kind && fp_str_equal(override->repo, repo) &&
	       fp_str_equal_nocase(override->package, package);
}

const struct fp_override *fp_overrides_pin(const struct fp_overrides *overrides, struct fp_str repo,
	struct fp_str package, struct fp_str branch)
{
	for (size_t i = 0; overrides && i < overrides->count; i++)
		if (is_about(&overrides->items[i], FP_OVERRIDE_PIN, repo, package) &&
			fp_str_equal(overrides->items[i].branch, branch))
			return &overrides->items[i];
	return NULL;
}
