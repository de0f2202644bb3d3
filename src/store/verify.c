/* Reading everything through. Problems are told one by one, the first hundred of them. */
#include "forkpoint/store/verify.h"

#include "forkpoint/base/json_read.h"

#include "history_write.h"
#include "journal_file.h"
#include "lock.h"
#include "migrate.h"
#include "sql.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

enum { PROBLEMS_TOLD_MAX = 100, PROBLEM_MAX_BYTES = 1024 };

struct verifier {
	struct fp_store *store;
	fp_verify_problem_fn *problem;
	void *context;
	struct fp_verified verified;
};

static void tell(struct verifier *verifier, const char *format, ...) FP_PRINTF(2, 3);
static void tell(struct verifier *verifier, const char *format, ...)
{
	char text[PROBLEM_MAX_BYTES];
	va_list arguments;

	if (++verifier->verified.problems > PROBLEMS_TOLD_MAX)
		return;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	verifier->problem(verifier->context, text);
}

/* A statement of its own, so that none is kept. */
static int prepare(sqlite3 *db, const char *sql, sqlite3_stmt **statement, struct fp_error *error)
{
	int code = sqlite3_prepare_v2(db, sql, -1, statement, NULL);

	return code == SQLITE_OK ? 0 : fp_sql_error(db, code, error);
}

/* ---- any database ---- */

/* A check that yields a row for each problem, or the one word ok. */
static int run_check(struct verifier *verifier, sqlite3 *db, const char *name, const char *sql,
	struct fp_error *error)
{
	sqlite3_stmt *statement = NULL;
	int r = prepare(db, sql, &statement, error);

	while (r >= 0 && (r = fp_sql_step(statement, error)) == 1) {
		struct fp_str text = fp_sql_column(statement, 0);

		if (!fp_str_equal(text, FP_STR_LITERAL("ok")))
			tell(verifier, "%s: %.*s", name, FP_STR_ARG(text));
	}
	sqlite3_finalize(statement);
	return r;
}

static int check_pages(
	struct verifier *verifier, sqlite3 *db, const char *name, struct fp_error *error)
{
	int r = run_check(verifier, db, name, "PRAGMA integrity_check(100)", error);

	if (r >= 0)
		r = run_check(verifier, db, name,
			"SELECT 'a row of ' || \"table\" || ' names a row of ' || parent ||"
			" ' that is not there' FROM pragma_foreign_key_check",
			error);
	return r;
}

/* ---- facts.db ---- */

static struct fp_hash128 read_hash(struct fp_str bytes)
{
	struct fp_hash128 hash = {0};

	for (size_t i = 0; i < 8 && bytes.len == 16; i++) {
		hash.high = hash.high << 8 | (uint8_t)bytes.ptr[i];
		hash.low = hash.low << 8 | (uint8_t)bytes.ptr[i + 8];
	}
	return hash;
}

static void check_answer(struct verifier *verifier, sqlite3_stmt *statement)
{
	struct fp_hash128 said = read_hash(fp_sql_column(statement, 0));
	struct fp_str document = fp_sql_column(statement, 1);
	struct fp_hash128 is = fp_document_hash(document);
	char hex[FP_HASH128_HEX + 1];

	if (document.len == 0) {
		verifier->verified.lost++;
		return;
	}
	if (said.high == is.high && said.low == is.low) {
		verifier->verified.answers++;
		return;
	}
	fp_hash128_format(said, hex);
	tell(verifier, "facts.db: the document of answer %s is not the one that was given", hex);
}

static int check_answers(struct verifier *verifier, struct fp_error *error)
{
	sqlite3_stmt *statement = NULL;
	int r = prepare(
		verifier->store->facts, "SELECT hash, document FROM answers", &statement, error);

	while (r >= 0 && (r = fp_sql_step(statement, error)) == 1)
		check_answer(verifier, statement);
	sqlite3_finalize(statement);
	return r;
}

/* Requests name no parents that SQLite would check: see migrations/0001_facts.sql. */
static int check_requests(struct verifier *verifier, struct fp_error *error)
{
	static const char *const orphans[] = {
		"SELECT 'request ' || request || ' names an answer that is not there' FROM requests"
		" WHERE answer NOT IN (SELECT answer FROM answers) LIMIT 100",
		"SELECT 'request ' || request || ' names a client that is not there' FROM requests"
		" WHERE client NOT IN (SELECT id FROM clients) LIMIT 100",
		"SELECT 'request ' || request || ' names an agent that is not there' FROM requests"
		" WHERE agent NOT IN (SELECT id FROM agents) LIMIT 100",
		"SELECT 'request ' || request || ' names a form that is not there' FROM requests"
		" WHERE form NOT IN (SELECT id FROM forms) LIMIT 100",
		"SELECT 'request ' || max(request) || ' is above the highest number there was' FROM"
		" requests HAVING max(request) > (SELECT request FROM last_request)",
	};
	sqlite3 *db = verifier->store->facts;
	int64_t count = 0;
	int r = fp_sql_pragma(db, "SELECT count(*) FROM requests", &count, error);

	for (size_t i = 0; r >= 0 && i < FP_ARRAY_SIZE(orphans); i++)
		r = run_check(verifier, db, "facts.db", orphans[i], error);
	verifier->verified.requests = (uint64_t)count;
	return r;
}

/* ---- past answers, put together again ---- */

static bool says(const struct fp_json_value *root, const char *key, struct fp_str text)
{
	const struct fp_json_value *member = fp_json_member(root, key);

	return member && member->type == FP_JSON_STRING && fp_str_equal(member->text, text);
}

/* What the document says of itself, and what the request's row says of it. */
static const char *compare(const struct fp_record *record, const struct fp_json_value *root)
{
	bool fine = fp_str_equal(record->outcome, FP_STR_LITERAL("ok"));
	const struct fp_json_value *package = fp_json_member(root, "package");
	char id[FP_ANSWER_ID_HEX + 1];

	snprintf(id, sizeof(id), "%016llx", (unsigned long long)record->id);
	if (!says(root, "id", fp_str(id)) && !says(root, "instance", fp_str(id)))
		return "does not name its id";
	if (fine ? !says(package, "version", record->version)
		 : !says(root, "code", record->outcome))
		return "has another outcome than its request";
	if (fine && (!says(root, "sha", record->sha) || !says(root, "branch", record->branch)))
		return "is about another commit or branch than its request";
	return NULL;
}

/* Its replay URL is made of the hash of what is kept: that leads back to the same bytes. */
static bool leads_back(const struct fp_json_value *root, struct fp_hash128 hash)
{
	const struct fp_json_value *replay = fp_json_member(root, "replay");
	char hex[FP_HASH128_HEX + 1];

	fp_hash128_format(hash, hex);
	return !replay || fp_str_ends_with(replay->text, hex);
}

static const char *examine(struct fp_stored_record *stored)
{
	static const struct fp_json_limits limits = {
		.max_bytes = 256 << 20, .max_depth = 64, .max_values = 50000000};
	FP_CLEANUP(fp_json_tree_free_cleanup) struct fp_json_tree *tree = NULL;
	struct fp_record *record = &stored->record;
	struct fp_hash128 hash = fp_document_hash(record->document);

	if (record->document.len == 0)
		return NULL;
	fp_record_fill(record, hash, stored->memory + (record->document.ptr - stored->memory));
	if (fp_json_tree_read(record->document, &limits, false, &tree, NULL, NULL, NULL) < 0)
		return "is no JSON any more";
	if (!leads_back(fp_json_tree_root(tree), hash))
		return "does not lead back to itself by its replay URL";
	return compare(record, fp_json_tree_root(tree));
}

static int sample_one(struct verifier *verifier, uint64_t id, struct fp_error *error)
{
	struct fp_stored_record stored = {0};
	const char *trouble;
	int r = fp_store_read_record(verifier->store, id, &stored, error);

	if (r == -FP_ERROR_CORRUPT) {
		tell(verifier, "facts.db: request %016llx: %s", (unsigned long long)id,
			error ? error->text : "damaged");
		return 0;
	}
	if (r != 0)
		return r < 0 ? r : 0;
	trouble = examine(&stored);
	if (trouble)
		tell(verifier, "facts.db: the answer %016llx %s", (unsigned long long)id, trouble);
	verifier->verified.sampled++;
	fp_stored_record_release(&stored);
	return 0;
}

static int check_sample(struct verifier *verifier, uint64_t sample, struct fp_error *error)
{
	FP_CLEANUP_FREE uint64_t *ids = NULL;
	size_t count = 0;
	int r = fp_store_sample_records(verifier->store, sample, &ids, &count, error);

	for (size_t i = 0; r >= 0 && i < count; i++)
		r = sample_one(verifier, ids[i], error);
	return r;
}

static int verify_facts(struct verifier *verifier, uint64_t sample, struct fp_error *error)
{
	sqlite3 *db = verifier->store->facts;
	int64_t schema = 0;
	int r = fp_sql_pragma(db, "PRAGMA user_version", &schema, error);

	if (r >= 0 && schema != (int64_t)fp_migration_count)
		return fp_error_set(error, FP_ERROR_FOREIGN,
			"facts.db has schema %lld and this Forkpoint knows %zu: verify with the "
			"program that serves it",
			(long long)schema, fp_migration_count);
	if (r >= 0)
		r = check_pages(verifier, db, "facts.db", error);
	/* In damaged pages the rest would find the same damage again, or worse. */
	if (r < 0 || verifier->verified.problems > 0)
		return r;
	r = check_answers(verifier, error);
	if (r >= 0)
		r = check_requests(verifier, error);
	return r < 0 ? r : check_sample(verifier, sample, error);
}

/* ---- derived.db ---- */

static int verify_derived(struct verifier *verifier, struct fp_error *error)
{
	FP_CLEANUP_FREE char *path = fp_store_path(verifier->store->data_dir, "derived.db");
	sqlite3_stmt *statement = NULL;
	int r;

	/* After a restore the next start makes it. */
	if (!path || access(path, F_OK) != 0)
		return path ? 0 : fp_error_memory(error);
	r = fp_store_open_derived(verifier->store, error);

	if (r >= 0)
		r = check_pages(verifier, verifier->store->derived, "derived.db", error);
	if (r >= 0)
		r = prepare(verifier->store->derived,
			"SELECT content, checksum, repository, first FROM pages", &statement,
			error);
	while (r >= 0 && (r = fp_sql_step(statement, error)) == 1) {
		struct fp_str content = fp_sql_column(statement, 0);

		if (fp_hash64(content.ptr, content.len, 0) !=
			(uint64_t)sqlite3_column_int64(statement, 1))
			tell(verifier,
				"derived.db: the commits from %lld on of repository %lld do not "
				"fit their checksum; the file can be deleted while Forkpoint is "
				"stopped",
				(long long)sqlite3_column_int64(statement, 3),
				(long long)sqlite3_column_int64(statement, 2));
	}
	sqlite3_finalize(statement);
	return r;
}

/* ---- the journal ---- */

/* Entries that are being drained while they are read may be missed; damage of the head is not. */
static int verify_journal(
	struct verifier *verifier, const char *data_dir, int number, struct fp_error *error)
{
	struct fp_journal_file file;
	struct fp_logged_record logged;
	struct fp_error trouble = {0};
	FP_CLEANUP_FREE char *path = NULL;
	uint64_t position = FP_JOURNAL_BEGIN, bytes = 0;
	int r;

	if (asprintf(&path, "%s/journal.%d", data_dir, number) < 0) {
		path = NULL;
		return fp_error_memory(error);
	}
	if (access(path, F_OK) != 0)
		return 0;
	r = fp_journal_file_open_read_only(path, &file, &trouble);
	if (r < 0) {
		tell(verifier, "%s", trouble.text);
		return 0;
	}
	while (file.round > 0 && fp_journal_file_find(&file, &position, &logged, &bytes)) {
		position += bytes;
		verifier->verified.journal++;
	}
	fp_journal_file_close(&file);
	return 0;
}

int fp_store_verify(const char *data_dir, uint64_t sample, fp_verify_problem_fn *problem,
	void *context, struct fp_verified *verified, struct fp_error *error)
{
	FP_CLEANUP(fp_store_close_cleanup) struct fp_store *store = NULL;
	struct verifier verifier = {.problem = problem, .context = context};
	int r = fp_store_open(data_dir, true, &store, error);

	verifier.store = store;
	if (r >= 0)
		r = verify_facts(&verifier, sample, error);
	if (r >= 0)
		r = verify_derived(&verifier, error);
	for (int i = 0; r >= 0 && i < 2; i++)
		r = verify_journal(&verifier, data_dir, i, error);
	if (r >= 0)
		*verified = verifier.verified;
	return r;
}
