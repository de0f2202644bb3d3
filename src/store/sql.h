#pragma once
/*
 * The layer's way of talking to SQLite: a store's connections, its prepared statements, and bound
 * values. SQL stands beside the function that runs it; a statement is prepared at its first use on
 * a connection and kept under its number.
 */
#include "forkpoint/base/hash.h"
#include "forkpoint/base/oid.h"
#include "forkpoint/store/store.h"

#include <sqlite3.h>

enum fp_sql {
	FP_SQL_BEGIN,
	FP_SQL_COMMIT,
	FP_SQL_ROLLBACK,
	FP_SQL_DERIVED_BEGIN,
	FP_SQL_DERIVED_COMMIT,
	FP_SQL_DERIVED_ROLLBACK,
	/* names and configuration */
	FP_SQL_REPOSITORY_ADD,
	FP_SQL_REPOSITORY_FIND,
	FP_SQL_REPOSITORY_RECORDED,
	FP_SQL_PACKAGE_ADD,
	FP_SQL_PACKAGE_FIND,
	FP_SQL_CONFIG_ADD,
	FP_SQL_CONFIG_EVENT,
	FP_SQL_SYNCED_GET,
	FP_SQL_SYNCED_SET,
	/* time travel */
	FP_SQL_PUBLICATION_ADD,
	FP_SQL_PUBLICATION_FIND,
	FP_SQL_PUBLICATION_FIRST,
	FP_SQL_CONFIG_FIND,
	FP_SQL_CONFIG_LOAD,
	FP_SQL_ARRIVAL_ADD,
	FP_SQL_ARRIVAL_LAST,
	FP_SQL_GAP_ADD,
	FP_SQL_GAP_END,
	FP_SQL_GAP_FIND,
	FP_SQL_PAST_TIPS,
	FP_SQL_PAST_REFS,
	FP_SQL_PAST_VERSIONS,
	FP_SQL_STICKY_PUT,
	FP_SQL_STICKY_LIST,
	FP_SQL_STICKY_PRUNE,
	/* refs */
	FP_SQL_REFS_LOAD,
	FP_SQL_REF_REVISION,
	FP_SQL_REF_PUT,
	FP_SQL_REF_EVENT_ADD,
	FP_SQL_REF_EVENTS_LIST,
	/* versions */
	FP_SQL_VERSIONS_LOAD,
	FP_SQL_VERSION_REVISION,
	FP_SQL_VERSION_ADD,
	FP_SQL_VERSION_FIND,
	FP_SQL_VERSION_CHANGE,
	FP_SQL_VERSION_MISSED,
	FP_SQL_VERSION_EVENT_ADD,
	FP_SQL_DOWNLOAD_GET,
	FP_SQL_DOWNLOAD_SET,
	/* commits */
	FP_SQL_SOURCE_GET,
	FP_SQL_SOURCE_SET,
	FP_SQL_SOURCE_REACHABLE,
	FP_SQL_SOURCE_DROP,
	FP_SQL_PAGES_LOAD,
	FP_SQL_PAGES_DROP,
	FP_SQL_PAGE_PUT,
	/* history */
	FP_SQL_ANSWER_PUT,
	FP_SQL_ANSWER_FIND,
	FP_SQL_ANSWER_READ,
	FP_SQL_ANSWER_WHOLE,
	FP_SQL_REQUEST_OF_ANSWER,
	FP_SQL_SEGMENTS_UP,
	FP_SQL_CLIENT_ADD,
	FP_SQL_CLIENT_FIND,
	FP_SQL_AGENT_ADD,
	FP_SQL_AGENT_FIND,
	FP_SQL_BUILD_ADD,
	FP_SQL_BUILD_FIND,
	FP_SQL_FORM_ADD,
	FP_SQL_FORM_FIND,
	FP_SQL_REQUEST_ADD,
	FP_SQL_REQUESTS_ADD,
	FP_SQL_REQUEST_HIGHEST,
	FP_SQL_REQUEST_READ,
	FP_SQL_REQUEST_READ_HEAD,
	FP_SQL_LAST_REQUEST_GET,
	FP_SQL_LAST_REQUEST_SET,
	FP_SQL_TOPIC_ADD,
	FP_SQL_TOPIC_FIND,
	FP_SQL_TOPIC_WHOLES,
	FP_SQL_ROLLUP_GET,
	FP_SQL_ROLLUP_PUT,
	FP_SQL_ROLLUP_CLIENTS_GET,
	FP_SQL_ROLLUP_CLIENTS_PUT,
	FP_SQL_ROLLUPS_MADE_GET,
	FP_SQL_ROLLUPS_MADE_SET,
	FP_SQL_ROLLUPS_FIRST,
	FP_SQL_NOT_SUMMED_GET,
	FP_SQL_NOT_SUMMED_READ,
	FP_SQL_NOT_SUMMED_SET,
	FP_SQL_SEGMENTS_OPEN,
	FP_SQL_SEGMENT_REQUESTS,
	FP_SQL_SEGMENT_PUT,
	FP_SQL_REQUEST_FROM,
	FP_SQL_REQUESTS_WALK,
	FP_SQL_INDEX_ADD,
	FP_SQL_INDEX_DROP,
	FP_SQL_SEGMENT_DROP,
	FP_SQL_READ_BEGIN,
	FP_SQL_READ_END,
	FP_SQL_INDEX_FIND,
	FP_SQL_REQUESTS_SCAN,
	FP_SQL_REQUESTS_TIMELY,
	FP_SQL_SEGMENTS_LIST,
	FP_SQL_ROLLUPS_LIST,
	FP_SQL_REQUEST_FIRST,
	FP_SQL_REQUEST_FIRST_US,
	FP_SQL_REQUEST_LAST,
	FP_SQL_RETENTION_END,
	FP_SQL_RETENTION_DELETE,
	FP_SQL_RETENTION_ANY,
	FP_SQL_RETENTION_INDEX,
	FP_SQL_RETENTION_SEGMENT,
	FP_SQL_RETENTION_NEWEST,
	FP_SQL_RETENTION_ANSWERS,
	FP_SQL_SEGMENT_NEXT,
	FP_SQL_ANSWER_LAST,
	FP_SQL_ANSWER_DELETE,
	FP_SQL_ROLLUPS_BY_CLIENT,
	FP_SQL_TOPIC_READ,
	FP_SQL_CLIENT_READ,
	FP_SQL_ANSWERS_OF_SHA,
	FP_SQL_TOPICS_LIST, /* one for each choice of conditions */
	FP_SQL_TOPICS_LIST_LAST = FP_SQL_TOPICS_LIST + 15,
	/* events */
	FP_SQL_EVENT_ADD,
	FP_SQL_EVENT_LAST,
	FP_SQL_EVENTS_LIST,
	FP_SQL_EVENTS_PRUNE,
	FP_SQL_TIP_PUT,
	FP_SQL_TIPS_LIST,
	FP_SQL_TOLD_GET,
	FP_SQL_TOLD_SET,
	FP_SQL_VERSION_FACTS_LIST,
	FP_SQL_REF_FACTS_LIST,
	FP_SQL_VERSION_LIFE_LIST,
	FP_SQL_MOMENTS_LIST,
	/* overrides and audit */
	FP_SQL_OVERRIDE_ADD,
	FP_SQL_OVERRIDE_END,
	FP_SQL_OVERRIDES_EXPIRE,
	FP_SQL_OVERRIDES_TELL,
	FP_SQL_OVERRIDE_COUNT,
	FP_SQL_OVERRIDES_LOAD,
	FP_SQL_OVERRIDES_LIST,
	FP_SQL_OVERRIDE_REVISION,
	FP_SQL_AUDIT_ADD,
	FP_SQL_AUDIT_LIST,
	FP_SQL_DELIVERY_ADD,
	FP_SQL_DELIVERIES_PRUNE,
	FP_SQL_COUNT,
};

struct fp_recent;
struct fp_alive;

struct fp_store {
	sqlite3 *facts, *derived; /* derived is opened at first use */
	char *data_dir;
	bool read_only;
	sqlite3_stmt *statements[FP_SQL_COUNT];
	struct fp_recent *recent; /* history.c's: what was interned a moment ago */
	struct fp_alive
		*alive; /* retention's: answers that are written are marked there; or NULL */
};

/* ---- connections ---- */

enum { FP_SQL_BUSY_TIMEOUT_MS = 10000 }; /* what a writer waits for another one */

/* data_dir/name, malloc'ed. */
char *fp_store_path(const char *data_dir, const char *name);
/* Opens with the settings that every connection of ours has. flags: SQLite's. */
int fp_sql_open(const char *path, int flags, sqlite3 **db, struct fp_error *error);
/* parameter: of SQLite's URIs, such as immutable=1; NULL for none. */
int fp_sql_open_read_only(
	const char *path, const char *parameter, sqlite3 **db, struct fp_error *error);
/* derived.db of a store, opened when first needed. */
int fp_store_open_derived(struct fp_store *store, struct fp_error *error);
/* Runs SQL text of ours that yields no rows. */
int fp_sql_execute(sqlite3 *db, const char *sql, struct fp_error *error);
/* The error for what the connection's last call returned: -FP_ERROR_FULL, -FP_ERROR_CORRUPT, … */
int fp_sql_error(sqlite3 *db, int code, struct fp_error *error);
/* A pragma's number, such as user_version. */
int fp_sql_pragma(sqlite3 *db, const char *sql, int64_t *value, struct fp_error *error);

/* ---- statements ---- */

struct fp_sql_value {
	enum { FP_SQL_NULL, FP_SQL_INTEGER, FP_SQL_TEXT, FP_SQL_BLOB } type;
	int64_t integer;
	struct fp_str bytes;
};

static inline struct fp_sql_value fp_sql_integer(int64_t value)
{
	return (struct fp_sql_value){.type = FP_SQL_INTEGER, .integer = value};
}

/* -1 becomes NULL. */
static inline struct fp_sql_value fp_sql_moment(int64_t us)
{
	return us < 0 ? (struct fp_sql_value){.type = FP_SQL_NULL} : fp_sql_integer(us);
}

static inline struct fp_sql_value fp_sql_text(struct fp_str text)
{
	return (struct fp_sql_value){.type = FP_SQL_TEXT, .bytes = text};
}

static inline struct fp_sql_value fp_sql_blob(const void *data, size_t len)
{
	return (struct fp_sql_value){.type = FP_SQL_BLOB, .bytes = {data, len}};
}

/* A zero id becomes NULL. */
static inline struct fp_sql_value fp_sql_oid(const struct fp_oid *oid)
{
	return fp_oid_is_zero(oid) ? (struct fp_sql_value){.type = FP_SQL_NULL}
				   : fp_sql_blob(oid->bytes, FP_OID_BYTES);
}

/* A hash as the database has it: high half first, big-endian; bytes has 16. */
void fp_sql_write_hash(struct fp_hash128 hash, uint8_t *bytes);

/* The statement of that number, ready, with the values bound; they must stay until it is reset. */
int fp_sql_start(struct fp_store *store, enum fp_sql number, const char *sql,
	const struct fp_sql_value *values, size_t count, sqlite3_stmt **statement,
	struct fp_error *error);
/* 1 with a row, 0 when there are no more, or an error. */
int fp_sql_step(sqlite3_stmt *statement, struct fp_error *error);
/* Start, run to the end, reset. */
int fp_sql_run(struct fp_store *store, enum fp_sql number, const char *sql,
	const struct fp_sql_value *values, size_t count, struct fp_error *error);
/* The first column of the first row; 1 when there is none. */
int fp_sql_find(struct fp_store *store, enum fp_sql number, const char *sql,
	const struct fp_sql_value *values, size_t count, int64_t *found, struct fp_error *error);

static inline void fp_sql_reset_cleanup(sqlite3_stmt **statement)
{
	if (*statement) {
		sqlite3_reset(*statement);
		sqlite3_clear_bindings(*statement);
	}
}
/* A started statement goes back when its variable leaves its scope. */
#define FP_CLEANUP_SQL FP_CLEANUP(fp_sql_reset_cleanup)

/* ---- columns ---- */

/* Slices stay until the next step. */
struct fp_str fp_sql_column(sqlite3_stmt *statement, int column);
/* NULL becomes -1. */
int64_t fp_sql_column_moment(sqlite3_stmt *statement, int column);
/* NULL becomes zero; a blob of another size too. */
struct fp_oid fp_sql_column_oid(sqlite3_stmt *statement, int column);

/* ---- transactions ---- */

/* Rolled back when it leaves its scope uncommitted. */
struct fp_transaction {
	struct fp_store *store; /* NULL: none */
	bool derived;
};

int fp_transaction_begin(struct fp_transaction *transaction, struct fp_store *store, bool derived,
	struct fp_error *error);
int fp_transaction_commit(struct fp_transaction *transaction, struct fp_error *error);
void fp_transaction_cleanup(struct fp_transaction *transaction);
#define FP_CLEANUP_TRANSACTION FP_CLEANUP(fp_transaction_cleanup)
