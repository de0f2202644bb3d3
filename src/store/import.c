/* Facts back from lines. Rows are written in transactions of some hundreds. */
#include "import.h"

#include "forkpoint/base/number.h"

#include <errno.h>
#include <stdio.h>

enum { VALUE_MAX_BYTES = 512 << 20 };

static const struct fp_json_limits limits = {
	.max_bytes = 512 << 20, .max_depth = 8, .max_values = 1000000};

/* ---- members ---- */

static int wrong(const char *name, const char *takes, struct fp_error *error)
{
	return fp_error_set(error, FP_ERROR_INVALID, "\"%s\" takes %s", name, takes);
}

/* NULL when it is null and may be; *r when it is missing. */
static const struct fp_json_value *member_of(const struct fp_json_value *line, const char *name,
	bool *given, int *r, struct fp_error *error)
{
	const struct fp_json_value *member = fp_json_member(line, name);

	*r = 0;
	if (given)
		*given = member && member->type != FP_JSON_NULL;
	if (!member || (member->type == FP_JSON_NULL && !given))
		*r = fp_error_set(error, FP_ERROR_INVALID, "\"%s\" is missing", name);
	return *r < 0 || member->type == FP_JSON_NULL ? NULL : member;
}

int fp_import_integer(const struct fp_json_value *line, const char *name, int64_t *value,
	bool *given, struct fp_error *error)
{
	int r;
	const struct fp_json_value *member = member_of(line, name, given, &r, error);
	char *end;

	if (!member)
		return r;
	errno = 0;
	*value = member->type == FP_JSON_NUMBER ? strtoll(member->text.ptr, &end, 10) : 0;
	if (member->type != FP_JSON_NUMBER || errno || end != member->text.ptr + member->text.len)
		return wrong(name, "a whole number", error);
	return 0;
}

int fp_import_text(const struct fp_json_value *line, const char *name, struct fp_str *value,
	bool *given, struct fp_error *error)
{
	int r;
	const struct fp_json_value *member = member_of(line, name, given, &r, error);

	if (!member)
		return r;
	if (member->type != FP_JSON_STRING)
		return wrong(name, "a text", error);
	*value = member->text;
	return 0;
}

int fp_import_hex(const struct fp_json_value *line, const char *name, struct fp_buf *bytes,
	bool *given, struct fp_error *error)
{
	struct fp_str text = {0};
	int r = fp_import_text(line, name, &text, given, error);

	for (size_t i = 0; r >= 0 && i < text.len; i += 2) {
		int high = fp_char_hex_value(text.ptr[i]);
		int low = i + 1 < text.len ? fp_char_hex_value(text.ptr[i + 1]) : -1;

		if (high < 0 || low < 0)
			r = wrong(name, "pairs of hexadecimal digits", error);
		else
			fp_buf_add_char(bytes, (char)(high * 16 + low));
	}
	return r;
}

int fp_import_long(const struct fp_json_value *line, const char *name, struct fp_buf *text,
	struct fp_error *error)
{
	int r;
	const struct fp_json_value *member = member_of(line, name, NULL, &r, error);

	if (!member)
		return r;
	if (member->type != FP_JSON_ARRAY)
		return wrong(name, "a list of texts", error);
	for (const struct fp_json_value *part = member->first; part; part = part->next) {
		if (part->type != FP_JSON_STRING)
			return wrong(name, "a list of texts", error);
		fp_buf_add_str(text, part->text);
	}
	return fp_buf_check(text, error);
}

/* ---- rows ---- */

struct row {
	const struct fp_portable *portable;
	struct fp_sql_value values[FP_PORTABLE_COLUMNS_MAX];
	struct fp_buf bytes[FP_PORTABLE_COLUMNS_MAX];
};

static void row_release(struct row *row)
{
	for (size_t i = 0; i < FP_PORTABLE_COLUMNS_MAX; i++)
		fp_buf_release(&row->bytes[i]);
}

static int take_column(
	const struct fp_json_value *line, struct row *row, size_t i, struct fp_error *error)
{
	const char *name = row->portable->columns[i].name;
	struct fp_sql_value *value = &row->values[i];
	bool given = true;
	int r = 0;

	fp_buf_init(&row->bytes[i], VALUE_MAX_BYTES);
	switch (row->portable->columns[i].type) {
	case FP_PORTABLE_INTEGER:
		value->type = FP_SQL_INTEGER;
		r = fp_import_integer(line, name, &value->integer, &given, error);
		break;
	case FP_PORTABLE_HEX:
		r = fp_import_hex(line, name, &row->bytes[i], &given, error);
		*value = fp_sql_blob(row->bytes[i].data, row->bytes[i].len);
		break;
	case FP_PORTABLE_LONG:
		r = fp_import_long(line, name, &row->bytes[i], error);
		*value = fp_sql_text(fp_buf_str(&row->bytes[i]));
		break;
	default:
		value->type = FP_SQL_TEXT;
		r = fp_import_text(line, name, &value->bytes, &given, error);
		break;
	}
	if (!given)
		value->type = FP_SQL_NULL;
	return r;
}

static void bind(sqlite3_stmt *statement, const struct row *row)
{
	int count = sqlite3_bind_parameter_count(statement);

	for (int i = 0; i < count && i < FP_PORTABLE_COLUMNS_MAX; i++) {
		const struct fp_sql_value *value = &row->values[i];
		const char *ptr = value->bytes.ptr ? value->bytes.ptr : "";

		if (value->type == FP_SQL_INTEGER)
			sqlite3_bind_int64(statement, i + 1, value->integer);
		else if (value->type == FP_SQL_TEXT)
			sqlite3_bind_text64(statement, i + 1, ptr, value->bytes.len, SQLITE_STATIC,
				SQLITE_UTF8);
		else if (value->type == FP_SQL_BLOB)
			sqlite3_bind_blob64(statement, i + 1, ptr, value->bytes.len, SQLITE_STATIC);
	}
}

/* 1 with a row, whose text becomes the error's where one is given. */
static int run(struct fp_import *import, const char *sql, const struct row *row, bool refuses,
	struct fp_error *error)
{
	sqlite3 *db = import->store->facts;
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(db, sql, -1, &statement, NULL), r;

	if (code == SQLITE_OK) {
		bind(statement, row);
		code = sqlite3_step(statement);
	}
	r = code == SQLITE_ROW ? 1 : code == SQLITE_DONE ? 0 : fp_sql_error(db, code, error);
	if (r < 0 && (code & 0xff) == SQLITE_CONSTRAINT)
		r = fp_error_set(error, FP_ERROR_INVALID, "the database does not take it: %s",
			sqlite3_errmsg(db));
	if (r == 1 && refuses)
		r = fp_error_set(error, FP_ERROR_INVALID, "%s",
			(const char *)sqlite3_column_text(statement, 0));
	sqlite3_finalize(statement);
	return r;
}

/* ---- transactions ---- */

static int commit(struct fp_import *import, struct fp_error *error)
{
	if (import->pending == 0)
		return 0;
	import->pending = 0;
	return fp_sql_execute(import->store->facts, "COMMIT", error);
}

static int open_transaction(struct fp_import *import, struct fp_error *error)
{
	int r = fp_import_write_requests(import, error);

	if (r >= 0 && import->pending >= FP_IMPORT_BATCH)
		r = commit(import, error);
	if (r >= 0 && import->pending == 0)
		r = fp_sql_execute(import->store->facts, "BEGIN IMMEDIATE", error);
	import->pending += r >= 0;
	return r;
}

static int apply(struct fp_import *import, const struct row *row, struct fp_error *error)
{
	const struct fp_portable *portable = row->portable;
	int r = run(import, portable->have_sql, row, false, error);

	if (r == 1) {
		import->counts.known++;
		return 0;
	}
	if (r == 0 && portable->guard_sql)
		r = run(import, portable->guard_sql, row, true, error);
	if (r < 0)
		return r;
	/* All its steps or none. */
	r = fp_sql_execute(import->store->facts, "SAVEPOINT line", error);
	for (size_t i = 0; r >= 0 && i < FP_PORTABLE_STEPS_MAX && portable->apply_sql[i]; i++)
		r = run(import, portable->apply_sql[i], row, false, error);
	if (r < 0)
		fp_sql_execute(import->store->facts, "ROLLBACK TO line", NULL);
	fp_sql_execute(import->store->facts, "RELEASE line", NULL);
	import->counts.added += r >= 0;
	return r < 0 ? r : 0;
}

static int take_row(struct fp_import *import, const struct fp_portable *portable,
	const struct fp_json_value *line, struct fp_error *error)
{
	struct row FP_CLEANUP(row_release) row = {.portable = portable};
	size_t count = fp_portable_columns(portable);
	int r = 0;

	for (size_t i = 0; r >= 0 && i < count; i++)
		r = take_column(line, &row, i, error);
	if (r >= 0)
		r = open_transaction(import, error);
	return r < 0 ? r : apply(import, &row, error);
}

/* ---- lines ---- */

/* The data folder is touched only when an export is there indeed. */
static int take_first(
	struct fp_import *import, const struct fp_json_value *line, struct fp_error *error)
{
	int64_t schema = 0;
	int r = fp_import_integer(line, "schema", &schema, NULL, error);

	if (r >= 0 && schema > (int64_t)fp_migration_count)
		return fp_error_set(error, FP_ERROR_FOREIGN,
			"the export was made by a newer Forkpoint (schema %lld, this one knows "
			"%zu)",
			(long long)schema, fp_migration_count);
	if (r >= 0)
		r = fp_store_prepare(import->data_dir, &import->lock, NULL, error);
	if (r >= 0)
		r = fp_store_open(import->data_dir, false, &import->store, error);
	import->begun = r >= 0;
	return r;
}

static int take_end(
	struct fp_import *import, const struct fp_json_value *line, struct fp_error *error)
{
	int64_t lines = 0;
	int r = fp_import_integer(line, "lines", &lines, NULL, error);

	if (r >= 0 && (uint64_t)lines != import->counts.lines)
		r = fp_error_set(error, FP_ERROR_INVALID,
			"the export had %lld lines, and this is line %llu", (long long)lines,
			(unsigned long long)import->counts.lines);
	import->ended = r >= 0;
	return r;
}

static int take_line(struct fp_import *import, struct fp_json_tree **tree, struct fp_error *error)
{
	const struct fp_json_value *line = fp_json_tree_root(*tree);
	struct fp_json_tree *given;
	struct fp_str kind;
	int r = fp_import_text(line, "kind", &kind, NULL, error);

	if (r < 0)
		return r;
	if (import->ended)
		return fp_error_set(error, FP_ERROR_INVALID, "it stands behind the export's end");
	if (fp_str_equal(kind, FP_STR_LITERAL("forkpoint-export")) && !import->begun)
		return take_first(import, line, error);
	if (!import->begun)
		return fp_error_set(error, FP_ERROR_INVALID,
			"an export of Forkpoint's begins with a line of kind forkpoint-export");
	if (fp_str_equal(kind, FP_STR_LITERAL("end")))
		return take_end(import, line, error);
	if (fp_str_equal(kind, FP_STR_LITERAL("request"))) {
		r = commit(import, error);
		given = *tree;
		*tree = NULL;
		if (r < 0)
			fp_json_tree_free(given);
		return r < 0 ? r : fp_import_take_request(import, given, error);
	}
	for (size_t i = 0; i < fp_portable_count(); i++)
		if (fp_str_equal(kind, fp_str(fp_portables[i].kind)))
			return take_row(import, &fp_portables[i], line, error);
	return fp_error_set(
		error, FP_ERROR_INVALID, "\"kind\" names no kind of fact: %.*s", FP_STR_ARG(kind));
}

int fp_import_line(struct fp_import *import, struct fp_str line, struct fp_error *error)
{
	FP_CLEANUP(fp_json_tree_free_cleanup) struct fp_json_tree *tree = NULL;
	int r;

	import->counts.lines++;
	r = fp_json_tree_read(line, &limits, false, &tree, NULL, NULL, error);
	if (r >= 0 && fp_json_tree_root(tree)->type != FP_JSON_OBJECT)
		r = fp_error_set(error, FP_ERROR_INVALID, "it takes a JSON object");
	return r < 0 ? r : take_line(import, &tree, error);
}

/* ---- life ---- */

int fp_import_new(const char *data_dir, struct fp_import **import, struct fp_error *error)
{
	FP_CLEANUP(fp_import_free_cleanup) struct fp_import *made = calloc(1, sizeof(*made));

	if (made)
		made->data_dir = fp_str_dup(fp_str(data_dir));
	if (!made || !made->data_dir)
		return fp_error_memory(error);
	*import = made;
	made = NULL;
	return 0;
}

int fp_import_finish(
	struct fp_import *import, struct fp_import_counts *counts, struct fp_error *error)
{
	int r = commit(import, error);

	if (!import->begun)
		return fp_error_set(error, FP_ERROR_INVALID,
			"nothing was given: it takes an export on its standard input");
	if (r >= 0)
		r = fp_import_write_requests(import, error);
	*counts = import->counts;
	if (r >= 0 && !import->ended)
		r = fp_error_set(error, FP_ERROR_INVALID,
			"the export is cut short: it has no line of kind end; what came before was "
			"taken");
	return r;
}

/* What came before a line that was refused is kept. */
void fp_import_free(struct fp_import *import)
{
	if (!import)
		return;
	if (import->store && commit(import, NULL) >= 0)
		fp_import_write_requests(import, NULL);
	fp_import_drop_requests(import);
	fp_store_close(import->store);
	fp_store_unlock(import->lock);
	free(import->data_dir);
	free(import);
}
