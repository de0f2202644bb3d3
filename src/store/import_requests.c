/* Requests and their answers, back from lines: through the recorder's own way into the database,
 * so that sums and indexes beside them are kept as well. */
#include "import.h"

enum { DOCUMENT_MAX_BYTES = 256 << 20 };

void fp_import_drop_requests(struct fp_import *import)
{
	for (size_t i = 0; i < import->request_count; i++) {
		fp_json_tree_free(import->requests[i].tree);
		fp_buf_release(&import->requests[i].document);
	}
	import->request_count = 0;
}

int fp_import_write_requests(struct fp_import *import, struct fp_error *error)
{
	int r = fp_store_write_logged(import->store, import->records, import->request_count, error);

	if (r >= 0)
		import->counts.added += import->request_count;
	fp_import_drop_requests(import);
	return r;
}

/* ---- one line ---- */

static int take_hash(
	const struct fp_json_value *line, struct fp_hash128 *hash, struct fp_error *error)
{
	struct fp_buf FP_CLEANUP_BUF bytes = {0};
	int r;

	fp_buf_init(&bytes, 64);
	r = fp_import_hex(line, "answer", &bytes, NULL, error);
	if (r >= 0 && bytes.len != 16)
		r = fp_error_set(error, FP_ERROR_INVALID, "\"answer\" takes 32 hexadecimal digits");
	for (size_t i = 0; r >= 0 && i < 8; i++) {
		hash->high = hash->high << 8 | (uint8_t)bytes.data[i];
		hash->low = hash->low << 8 | (uint8_t)bytes.data[i + 8];
	}
	return r;
}

static int take_holes(
	const struct fp_json_value *from, struct fp_record *record, struct fp_error *error)
{
	const struct fp_json_value *list = fp_json_member(from, "holes");
	const struct fp_json_value *at = list ? list->first : NULL;

	if (!list || list->type != FP_JSON_ARRAY)
		return fp_error_set(error, FP_ERROR_INVALID, "\"holes\" takes a list of numbers");
	for (size_t i = 0; i < FP_HOLE_COUNT; i++) {
		unsigned long hole =
			at ? strtoul(at->text.ptr ? at->text.ptr : "", NULL, 10) : FP_NO_HOLE;

		if ((at && at->type != FP_JSON_NUMBER) ||
			(hole != FP_NO_HOLE && hole >= record->document.len))
			return fp_error_set(error, FP_ERROR_INVALID,
				"\"holes\" takes places inside the document");
		record->holes[i] = (uint32_t)hole;
		at = at ? at->next : NULL;
	}
	return 0;
}

static int take_document(const struct fp_json_value *from, struct fp_logged_record *logged,
	struct fp_buf *text, struct fp_error *error)
{
	struct fp_record *record = &logged->record;
	const struct {
		const char *name;
		struct fp_str *slot;
	} texts[] = {{"repo", &record->repo}, {"branch", &record->branch}, {"sha", &record->sha},
		{"version", &record->version}, {"outcome", &record->outcome}};
	struct fp_hash128 is;
	int r = 0;

	for (size_t i = 0; r >= 0 && i < FP_ARRAY_SIZE(texts); i++)
		r = fp_import_text(from, texts[i].name, texts[i].slot, NULL, error);
	if (r >= 0)
		r = fp_import_long(from, "text", text, error);
	if (r < 0)
		return r;
	record->document = fp_buf_str(text);
	logged->has_document = record->document.len > 0;
	is = fp_document_hash(record->document);
	if (logged->has_document && (is.high != logged->hash.high || is.low != logged->hash.low))
		return fp_error_set(error, FP_ERROR_INVALID,
			"the document is not the one whose hash is \"answer\"");
	return logged->has_document ? take_holes(from, record, error) : 0;
}

static int take_texts(
	const struct fp_json_value *line, struct fp_record *record, struct fp_error *error)
{
	struct fp_str form = {0};
	bool given;
	int r = fp_import_text(line, "client", &record->client, NULL, error);

	if (r >= 0)
		r = fp_import_text(line, "agent", &record->agent, NULL, error);
	if (r >= 0)
		r = fp_import_text(line, "build", &record->build, &given, error);
	if (r >= 0)
		r = fp_import_text(line, "form", &form, NULL, error);
	if (r >= 0 && form.len >= sizeof(record->form))
		r = fp_error_set(error, FP_ERROR_INVALID, "\"form\" takes a form's name");
	if (r >= 0)
		memcpy(record->form, form.ptr, form.len);
	return r;
}

static int take_numbers(
	const struct fp_json_value *line, struct fp_record *record, struct fp_error *error)
{
	int64_t id = 0, status = 0, duration = 0;
	bool given;
	int r = fp_import_integer(line, "request", &id, NULL, error);

	record->feed_synced_us = record->refs_synced_us = -1;
	if (r >= 0)
		r = fp_import_integer(line, "at_us", &record->at_us, NULL, error);
	if (r >= 0)
		r = fp_import_integer(line, "status", &status, NULL, error);
	if (r >= 0)
		r = fp_import_integer(line, "duration_us", &duration, NULL, error);
	if (r >= 0)
		r = fp_import_integer(
			line, "feed_synced_us", &record->feed_synced_us, &given, error);
	if (r >= 0)
		r = fp_import_integer(
			line, "refs_synced_us", &record->refs_synced_us, &given, error);
	if (r >= 0)
		r = fp_import_integer(line, "as_of_us", &record->as_of_us, &given, error);
	if (r >= 0 &&
		(id <= 0 || status < 100 || status > 599 || duration < 0 || duration > UINT32_MAX))
		r = fp_error_set(error, FP_ERROR_INVALID,
			"\"request\", \"status\" or \"duration_us\" is no such number");
	record->id = (uint64_t)id;
	record->status = (uint16_t)status;
	record->duration_us = (uint32_t)duration;
	return r;
}

/* ---- beside what is there ---- */

/* 1 when the very request is there already. */
static int find_request(
	struct fp_store *store, const struct fp_record *record, struct fp_error *error)
{
	struct fp_stored_record stored = {0};
	int r = fp_store_read_record_head(store, record->id, &stored, error);
	bool same = r == 0 && stored.record.at_us == record->at_us;

	fp_stored_record_release(&stored);
	if (r != 0)
		return r < 0 ? r : 0;
	return same ? 1
		    : fp_error_set(error, FP_ERROR_INVALID,
			      "request %016llx is another one here: the export is of another "
			      "server",
			      (unsigned long long)record->id);
}

static bool is_waiting(const struct fp_import *import, struct fp_hash128 hash)
{
	for (size_t i = 0; i < import->request_count; i++)
		if (import->records[i].hash.high == hash.high &&
			import->records[i].hash.low == hash.low)
			return true;
	return false;
}

static int check_answer(
	struct fp_import *import, const struct fp_logged_record *logged, struct fp_error *error)
{
	uint8_t bytes[16];
	const struct fp_sql_value values[] = {fp_sql_blob(bytes, sizeof(bytes))};
	int64_t answer;
	int r;

	if (logged->has_document || is_waiting(import, logged->hash))
		return 0;
	fp_sql_write_hash(logged->hash, bytes);
	r = fp_sql_find(import->store, FP_SQL_ANSWER_FIND,
		"SELECT answer, repo, branch, version, outcome FROM answers WHERE hash = ?", values,
		1, &answer, error);
	if (r != 1)
		return r;
	return fp_error_set(
		error, FP_ERROR_INVALID, "its answer is not here: import what came before first");
}

static int take(struct fp_import *import, const struct fp_json_value *line,
	struct fp_logged_record *logged, struct fp_buf *document, struct fp_error *error)
{
	const struct fp_json_value *from = fp_json_member(line, "document");
	int r = take_numbers(line, &logged->record, error);

	for (size_t i = 0; i < FP_HOLE_COUNT; i++)
		logged->record.holes[i] = FP_NO_HOLE;
	if (r >= 0)
		r = take_texts(line, &logged->record, error);
	if (r >= 0)
		r = take_hash(line, &logged->hash, error);
	if (r >= 0 && from)
		r = take_document(from, logged, document, error);
	if (r >= 0)
		r = find_request(import->store, &logged->record, error);
	if (r == 0 && !from)
		r = check_answer(import, logged, error);
	return r;
}

int fp_import_take_request(
	struct fp_import *import, struct fp_json_tree *tree, struct fp_error *error)
{
	struct fp_import_request *request;
	int r = 0;

	if (import->request_count == FP_IMPORT_BATCH)
		r = fp_import_write_requests(import, error);
	request = &import->requests[import->request_count];
	*request = (struct fp_import_request){.tree = tree};
	fp_buf_init(&request->document, DOCUMENT_MAX_BYTES);
	import->records[import->request_count] = (struct fp_logged_record){0};
	if (r >= 0)
		r = take(import, fp_json_tree_root(tree), &import->records[import->request_count],
			&request->document, error);
	if (r == 0) {
		import->request_count++;
		return 0;
	}
	import->counts.known += r == 1;
	fp_json_tree_free(tree);
	fp_buf_release(&request->document);
	return r < 0 ? r : 0;
}
