/* Facts as lines. Requests are read in pieces, so that no reader holds the database's log for
 * long. */
#include "forkpoint/store/exchange.h"

#include "forkpoint/base/json_write.h"
#include "forkpoint/base/time.h"
#include "forkpoint/store/history.h"

#include "lock.h"
#include "portable.h"
#include "sql.h"

#include <stdio.h>

enum { LINE_MAX_BYTES = 512 << 20, REQUESTS_AT_ONCE = 4096 };

struct exporter {
	struct fp_store *store;
	int64_t since_us;
	fp_export_line_fn *line;
	void *context;
	struct fp_buf buf;
	struct fp_json json;
	uint64_t lines;
	uint8_t *told; /* a bit for each answer whose document was written */
	size_t told_bytes;
};

static void begin(struct exporter *exporter, const char *kind)
{
	fp_buf_clear(&exporter->buf);
	fp_json_init(&exporter->json, &exporter->buf);
	fp_json_object_begin(&exporter->json);
	fp_json_member_text(&exporter->json, "kind", kind);
}

static int end(struct exporter *exporter, struct fp_error *error)
{
	int r;

	fp_json_object_end(&exporter->json);
	r = fp_buf_check(&exporter->buf, error);
	exporter->lines++;
	return r < 0 ? r : exporter->line(exporter->context, fp_buf_str(&exporter->buf), error);
}

static int prepare(struct exporter *exporter, const char *sql, sqlite3_stmt **statement,
	struct fp_error *error)
{
	sqlite3 *db = exporter->store->facts;
	int code = sqlite3_prepare_v2(db, sql, -1, statement, NULL);

	return code == SQLITE_OK ? 0 : fp_sql_error(db, code, error);
}

/* ---- values ---- */

static void write_hex(struct fp_json *json, struct fp_str bytes)
{
	struct fp_buf FP_CLEANUP_BUF hex = {0};

	fp_buf_init(&hex, 1024);
	for (size_t i = 0; i < bytes.len; i++)
		fp_buf_addf(&hex, "%02x", (unsigned)(uint8_t)bytes.ptr[i]);
	fp_json_string(json, fp_buf_str(&hex));
}

/* Parts end where a character does. */
static void write_long(struct fp_json *json, struct fp_str text)
{
	fp_json_array_begin(json);
	while (text.len > 0) {
		size_t len = text.len < FP_PORTABLE_PART_BYTES ? text.len : FP_PORTABLE_PART_BYTES;

		while (len < text.len && len > 1 && ((uint8_t)text.ptr[len] & 0xc0) == 0x80)
			len--;
		fp_json_string(json, fp_str_n(text.ptr, len));
		text = fp_str_n(text.ptr + len, text.len - len);
	}
	fp_json_array_end(json);
}

static void write_column(
	struct fp_json *json, sqlite3_stmt *statement, int column, enum fp_portable_type type)
{
	if (sqlite3_column_type(statement, column) == SQLITE_NULL)
		fp_json_null(json);
	else if (type == FP_PORTABLE_INTEGER)
		fp_json_i64(json, sqlite3_column_int64(statement, column));
	else if (type == FP_PORTABLE_HEX)
		write_hex(json, fp_sql_column(statement, column));
	else if (type == FP_PORTABLE_LONG)
		write_long(json, fp_sql_column(statement, column));
	else
		fp_json_string(json, fp_sql_column(statement, column));
}

/* ---- facts, row by row ---- */

static int export_rows(
	struct exporter *exporter, const struct fp_portable *portable, struct fp_error *error)
{
	size_t count = fp_portable_columns(portable);
	sqlite3_stmt *statement = NULL;
	int r = prepare(exporter, portable->export_sql, &statement, error);

	if (r >= 0)
		sqlite3_bind_int64(statement, 1, exporter->since_us);
	while (r >= 0 && (r = fp_sql_step(statement, error)) == 1) {
		begin(exporter, portable->kind);
		for (size_t i = 0; i < count; i++) {
			fp_json_key(&exporter->json, portable->columns[i].name);
			write_column(&exporter->json, statement, (int)i, portable->columns[i].type);
		}
		r = end(exporter, error);
	}
	sqlite3_finalize(statement);
	return r;
}

/* All of one moment, for they refer to each other. */
static int export_facts(struct exporter *exporter, struct fp_error *error)
{
	sqlite3 *db = exporter->store->facts;
	int r = fp_sql_execute(db, "BEGIN", error);

	for (size_t i = 0; r >= 0 && i < fp_portable_count(); i++)
		r = export_rows(exporter, &fp_portables[i], error);
	fp_sql_execute(db, "COMMIT", NULL);
	return r;
}

/* ---- requests ---- */

/* True the first time. */
static bool tell(struct exporter *exporter, int64_t answer)
{
	size_t at = (size_t)answer / 8;
	uint8_t bit = (uint8_t)(1 << (answer % 8));
	bool first;

	if (at >= exporter->told_bytes) {
		size_t bytes = at * 2 + 4096;
		uint8_t *grown = realloc(exporter->told, bytes);

		if (!grown)
			return true; /* once more than needed does no harm */
		memset(grown + exporter->told_bytes, 0, bytes - exporter->told_bytes);
		exporter->told = grown;
		exporter->told_bytes = bytes;
	}
	first = !(exporter->told[at] & bit);
	exporter->told[at] |= bit;
	return first;
}

static void write_holes(struct fp_json *json, struct fp_str bytes)
{
	fp_json_array_begin(json);
	for (size_t i = 0; i + 4 <= bytes.len; i += 4) {
		const uint8_t *p = (const uint8_t *)bytes.ptr + i;

		fp_json_u64(json,
			p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24);
	}
	fp_json_array_end(json);
}

static void write_document(struct fp_json *json, sqlite3_stmt *statement, int column)
{
	static const char *const names[] = {"repo", "branch", "sha", "version", "outcome"};

	fp_json_key(json, "document");
	fp_json_object_begin(json);
	for (int i = 0; i < (int)FP_ARRAY_SIZE(names); i++)
		fp_json_member_string(json, names[i], fp_sql_column(statement, column + i));
	fp_json_key(json, "holes");
	write_holes(json, fp_sql_column(statement, column + 5));
	fp_json_key(json, "text");
	write_long(json, fp_sql_column(statement, column + 6));
	fp_json_object_end(json);
}

enum { REQUEST_HASH = 11, REQUEST_ANSWER = 12, REQUEST_DOCUMENT = 13 };

static const char requests_sql[] =
	"SELECT r.request, r.at_us, r.status, r.duration_us, f.text, c.text, g.text, b.text,"
	" (r.at_us / 1000000 - r.feed_age_s) * 1000000,"
	" (r.at_us / 1000000 - r.refs_age_s) * 1000000, r.as_of_us, a.hash, a.answer, a.repo,"
	" a.branch, a.sha, a.version, a.outcome, a.holes, a.document FROM requests r"
	" JOIN answers a ON a.answer = r.answer JOIN forms f ON f.id = r.form"
	" JOIN clients c ON c.id = r.client JOIN agents g ON g.id = r.agent"
	" LEFT JOIN builds b ON b.id = r.build WHERE r.request > ?1 AND r.at_us >= ?2"
	" ORDER BY r.request LIMIT ?3";

static int export_request(
	struct exporter *exporter, sqlite3_stmt *statement, struct fp_error *error)
{
	static const char *const names[REQUEST_HASH] = {"request", "at_us", "status", "duration_us",
		"form", "client", "agent", "build", "feed_synced_us", "refs_synced_us", "as_of_us"};
	struct fp_json *json = &exporter->json;

	begin(exporter, "request");
	for (int i = 0; i < REQUEST_HASH; i++) {
		fp_json_key(json, names[i]);
		write_column(json, statement, i,
			i >= 4 && i <= 7 ? FP_PORTABLE_TEXT : FP_PORTABLE_INTEGER);
	}
	fp_json_key(json, "answer");
	write_hex(json, fp_sql_column(statement, REQUEST_HASH));
	if (tell(exporter, sqlite3_column_int64(statement, REQUEST_ANSWER)))
		write_document(json, statement, REQUEST_DOCUMENT);
	return end(exporter, error);
}

/* A piece of them; *count gets how many. */
static int export_some(
	struct exporter *exporter, int64_t *last, unsigned *count, struct fp_error *error)
{
	sqlite3_stmt *statement = NULL;
	int r = prepare(exporter, requests_sql, &statement, error);

	*count = 0;
	if (r >= 0) {
		sqlite3_bind_int64(statement, 1, *last);
		sqlite3_bind_int64(statement, 2, exporter->since_us);
		sqlite3_bind_int64(statement, 3, REQUESTS_AT_ONCE);
	}
	while (r >= 0 && (r = fp_sql_step(statement, error)) == 1) {
		*last = sqlite3_column_int64(statement, 0);
		++*count;
		r = export_request(exporter, statement, error);
	}
	sqlite3_finalize(statement);
	return r;
}

static int export_all(struct exporter *exporter, int64_t now_us, struct fp_error *error)
{
	int64_t schema = 0, last = 0;
	unsigned count = 0;
	int r = fp_sql_pragma(exporter->store->facts, "PRAGMA user_version", &schema, error);

	if (r < 0)
		return r;
	begin(exporter, "forkpoint-export");
	fp_json_member_i64(&exporter->json, "schema", schema);
	fp_json_member_time_us(&exporter->json, "made", now_us);
	fp_json_member_i64(&exporter->json, "since_us", exporter->since_us);
	r = end(exporter, error);
	if (r >= 0)
		r = export_facts(exporter, error);
	do {
		if (r >= 0)
			r = export_some(exporter, &last, &count, error);
	} while (r >= 0 && count == REQUESTS_AT_ONCE);
	if (r < 0)
		return r;
	begin(exporter, "end");
	fp_json_member_u64(&exporter->json, "lines", exporter->lines + 1);
	return end(exporter, error);
}

int fp_store_export(const char *data_dir, int64_t since_us, int64_t now_us, fp_export_line_fn *line,
	void *context, struct fp_error *error)
{
	FP_CLEANUP(fp_store_close_cleanup) struct fp_store *store = NULL;
	struct exporter exporter = {.since_us = since_us, .line = line, .context = context};
	int r = fp_store_open(data_dir, true, &store, error);

	exporter.store = store;
	fp_buf_init(&exporter.buf, LINE_MAX_BYTES);
	if (r >= 0)
		r = export_all(&exporter, now_us, error);
	fp_buf_release(&exporter.buf);
	free(exporter.told);
	return r < 0 ? r : 0;
}
