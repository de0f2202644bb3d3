/* The audit, and the webhooks' deliveries that were taken. */
#include "forkpoint/store/audit.h"

#include "forkpoint/base/time.h"

#include "audit_write.h"
#include "sql.h"

/* A sender repeats a delivery within hours. */
#define DELIVERY_KEPT_US (7 * 24 * 3600 * FP_US_PER_S)

int fp_audit_write(struct fp_store *store, const struct fp_audit_entry *entry, int64_t now_us,
	struct fp_error *error)
{
	const struct fp_sql_value values[] = {
		fp_sql_integer(now_us),
		fp_sql_text(entry->who),
		fp_sql_text(entry->client),
		fp_sql_text(entry->request_id),
		fp_sql_text(entry->action),
		fp_sql_text(entry->subject),
		fp_sql_text(entry->detail.len ? entry->detail : FP_STR_LITERAL("{}")),
	};

	return fp_sql_run(store, FP_SQL_AUDIT_ADD,
		"INSERT INTO audit (at_us, who, client, request_id, action, subject, detail)"
		" VALUES (?, ?, ?, ?, ?, ?, ?)",
		values, FP_ARRAY_SIZE(values), error);
}

int fp_store_add_audit(struct fp_store *store, const struct fp_audit_entry *entry, int64_t now_us,
	struct fp_error *error)
{
	int r = fp_audit_write(store, entry, now_us, error);

	return r < 0 ? r : 0;
}

int fp_store_list_audit(struct fp_store *store, int64_t before, unsigned limit, fp_audit_fn *row,
	void *context, struct fp_error *error)
{
	FP_CLEANUP_SQL sqlite3_stmt *statement = NULL;
	const struct fp_sql_value values[] = {
		fp_sql_integer(before ? before : INT64_MAX), fp_sql_integer(limit)};
	int r = fp_sql_start(store, FP_SQL_AUDIT_LIST,
		"SELECT entry, at_us, who, client, request_id, action, subject, detail FROM audit"
		" WHERE entry < ? ORDER BY entry DESC LIMIT ?",
		values, FP_ARRAY_SIZE(values), &statement, error);

	while (r >= 0 && (r = fp_sql_step(statement, error)) > 0) {
		const struct fp_audit_entry entry = {
			.id = sqlite3_column_int64(statement, 0),
			.at_us = sqlite3_column_int64(statement, 1),
			.who = fp_sql_column(statement, 2),
			.client = fp_sql_column(statement, 3),
			.request_id = fp_sql_column(statement, 4),
			.action = fp_sql_column(statement, 5),
			.subject = fp_sql_column(statement, 6),
			.detail = fp_sql_column(statement, 7),
		};

		r = row(context, &entry);
	}
	return r < 0 ? r : 0;
}

int fp_store_note_delivery(
	struct fp_store *store, struct fp_str delivery, int64_t now_us, struct fp_error *error)
{
	const struct fp_sql_value values[] = {fp_sql_text(delivery), fp_sql_integer(now_us)};
	const struct fp_sql_value old = fp_sql_integer(now_us - DELIVERY_KEPT_US);
	int64_t added;
	int r = fp_sql_run(store, FP_SQL_DELIVERIES_PRUNE, "DELETE FROM deliveries WHERE at_us < ?",
		&old, 1, error);

	if (r >= 0)
		r = fp_sql_find(store, FP_SQL_DELIVERY_ADD,
			"INSERT INTO deliveries (delivery, at_us) VALUES (?, ?)"
			" ON CONFLICT DO NOTHING RETURNING at_us",
			values, FP_ARRAY_SIZE(values), &added, error);
	return r;
}
