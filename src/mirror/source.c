/*
 * What commits' trees say, remembered three times over: folders as they were last read
 * (source_paths.h), the facts of each combination of files, and what each file said. In a history,
 * version files change in one commit of hundreds; the rest is a comparison of ids.
 */
#include "forkpoint/mirror/source.h"

#include "handle.h"
#include "source_paths.h"
#include "source_values.h"

#include "forkpoint/base/array.h"
#include "forkpoint/base/map.h"

#include <stdlib.h>

struct row {
	bool is_branch;
	size_t number; /* in the spec's branches or releases */
	uint32_t path; /* unless it is a fixed release */
	bool is_fixed;
};

struct fp_source_reader {
	struct fp_source_spec spec; /* borrowed */
	struct row *rows;
	size_t row_count;
	struct fp_source_paths paths;
	struct fp_map by_files; /* the blobs of all paths → facts */
	struct fp_map by_text;	/* the facts themselves → facts */
	struct fp_map by_blob;	/* row and blob → value */
	struct fp_source_value *values;
	size_t value_count, value_capacity;
	struct fp_source_facts *facts;
	size_t fact_count, fact_capacity;
	struct fp_oid last_tree;
	uint32_t last_facts;
	bool has_last;
};

static void facts_release(struct fp_source_facts *facts)
{
	free(facts->release);
	free(facts->release_source);
	free(facts->release_problem);
	free(facts->branch);
	free(facts->branch_source);
	free(facts->branch_problem);
}

void fp_source_reader_free(struct fp_source_reader *reader)
{
	if (!reader)
		return;
	for (size_t i = 0; i < reader->fact_count; i++)
		facts_release(&reader->facts[i]);
	for (size_t i = 0; i < reader->value_count; i++)
		fp_source_value_release(&reader->values[i]);
	fp_source_paths_release(&reader->paths);
	fp_map_release(&reader->by_files);
	fp_map_release(&reader->by_text);
	fp_map_release(&reader->by_blob);
	free(reader->values);
	free(reader->facts);
	free(reader->rows);
	free(reader);
}

static int add_row(struct fp_source_reader *reader, bool is_branch, size_t number, const char *file,
	struct fp_error *error)
{
	struct row *row = &reader->rows[reader->row_count++];

	*row = (struct row){.is_branch = is_branch, .number = number, .is_fixed = !file};
	return file ? fp_source_paths_add(&reader->paths, file, &row->path, error) : 0;
}

int fp_source_reader_new(
	const struct fp_source_spec *spec, struct fp_source_reader **reader, struct fp_error *error)
{
	FP_CLEANUP(fp_source_reader_free_cleanup)
	struct fp_source_reader *made = calloc(1, sizeof(*made));
	int rc = 0;

	if (!made)
		return fp_error_memory(error);
	made->spec = *spec;
	made->rows = calloc(spec->branch_count + spec->release_count + 1, sizeof(*made->rows));
	if (!made->rows)
		return fp_error_memory(error);
	for (size_t i = 0; i < spec->branch_count && !rc; i++)
		rc = add_row(made, true, i, spec->branches[i].file, error);
	for (size_t i = 0; i < spec->release_count && !rc; i++)
		rc = add_row(made, false, i,
			spec->releases[i].fixed ? NULL : spec->releases[i].file, error);
	if (rc)
		return rc;
	*reader = made;
	made = NULL;
	return 0;
}

static void add_key_part(struct fp_buf *key, const char *text)
{
	fp_buf_add_char(key, text ? '=' : '-');
	fp_buf_add_text(key, text ? text : "");
	fp_buf_add_char(key, '\0');
}

static int facts_key(
	const struct fp_source_facts *facts, struct fp_buf *key, struct fp_error *error)
{
	fp_buf_init(key, 1 << 16);
	add_key_part(key, facts->release);
	add_key_part(key, facts->release_source);
	add_key_part(key, facts->release_problem);
	add_key_part(key, facts->branch);
	add_key_part(key, facts->branch_source);
	add_key_part(key, facts->branch_problem);
	return fp_buf_check(key, error);
}

static bool copy_text(char **to, const char *from)
{
	*to = from ? fp_str_dup(fp_str(from)) : NULL;
	return !from || *to;
}

static int facts_copy(
	struct fp_source_facts *to, const struct fp_source_facts *from, struct fp_error *error)
{
	struct fp_source_facts copy = {0};

	if (copy_text(&copy.release, from->release) &&
		copy_text(&copy.release_source, from->release_source) &&
		copy_text(&copy.release_problem, from->release_problem) &&
		copy_text(&copy.branch, from->branch) &&
		copy_text(&copy.branch_source, from->branch_source) &&
		copy_text(&copy.branch_problem, from->branch_problem)) {
		*to = copy;
		return 0;
	}
	facts_release(&copy);
	return fp_error_memory(error);
}

static int append_facts(struct fp_source_reader *reader, const struct fp_source_facts *facts,
	struct fp_str key, struct fp_error *error)
{
	int rc;

	if (fp_array_reserve((void **)&reader->facts, &reader->fact_capacity,
		    reader->fact_count + 1, sizeof(*reader->facts)) < 0)
		return fp_error_memory(error);
	rc = facts_copy(&reader->facts[reader->fact_count], facts, error);
	if (rc)
		return rc;
	reader->fact_count++;
	if (fp_map_set(&reader->by_text, key, (uint32_t)reader->fact_count - 1) < 0)
		return fp_error_memory(error);
	return 0;
}

int fp_source_reader_restore(struct fp_source_reader *reader, const struct fp_source_facts *facts,
	struct fp_error *error)
{
	FP_CLEANUP_BUF struct fp_buf key;
	int rc = facts_key(facts, &key, error);

	return rc ? rc : append_facts(reader, facts, fp_buf_str(&key), error);
}

static int number_facts(struct fp_source_reader *reader, const struct fp_source_facts *facts,
	uint32_t *number, struct fp_error *error)
{
	FP_CLEANUP_BUF struct fp_buf key;
	int rc = facts_key(facts, &key, error);

	if (rc)
		return rc;
	if (fp_map_get(&reader->by_text, fp_buf_str(&key), number))
		return 0;
	rc = append_facts(reader, facts, fp_buf_str(&key), error);
	if (!rc)
		*number = (uint32_t)reader->fact_count - 1;
	return rc;
}

static int parse_value(struct fp_source_reader *reader, struct fp_mirror *mirror,
	const struct row *row, struct fp_source_value *value, struct fp_error *error)
{
	const struct fp_source_spec *spec = &reader->spec;
	const struct fp_oid *blob = &reader->paths.blobs[row->path];
	FP_CLEANUP_BUF struct fp_buf content;
	int rc;

	fp_buf_init(&content, spec->max_file_bytes);
	rc = fp_mirror_blob_read(mirror, blob, &content, error);
	if (rc == -FP_ERROR_LIMIT)
		return fp_source_value_oversized(
			reader->paths.names[row->path], error ? error->text : "", value, error);
	if (rc)
		return rc;
	if (row->is_branch)
		return fp_source_value_branch(
			&spec->branches[row->number], fp_buf_str(&content), value, error);
	return fp_source_value_release_of(
		&spec->releases[row->number], fp_buf_str(&content), value, error);
}

/* The number of what a row's file says; parsed when the blob is seen for the first time. */
static int value_of(struct fp_source_reader *reader, struct fp_mirror *mirror, size_t row,
	uint32_t *number, struct fp_error *error)
{
	struct {
		uint32_t row;
		struct fp_oid blob;
	} key = {(uint32_t)row, reader->paths.blobs[reader->rows[row].path]};
	struct fp_str key_text = fp_str_n((const char *)&key, sizeof(key));
	struct fp_source_value parsed = {0};
	int rc;

	if (fp_map_get(&reader->by_blob, key_text, number))
		return 0;
	if (fp_array_reserve((void **)&reader->values, &reader->value_capacity,
		    reader->value_count + 1, sizeof(*reader->values)) < 0)
		return fp_error_memory(error);
	rc = parse_value(reader, mirror, &reader->rows[row], &parsed, error);
	if (rc)
		return rc;
	reader->values[reader->value_count++] = parsed;
	if (fp_map_set(&reader->by_blob, key_text, (uint32_t)reader->value_count - 1) < 0)
		return fp_error_memory(error);
	*number = (uint32_t)reader->value_count - 1;
	return 0;
}

/* The slots of the facts that a row fills. Borrowed texts: they are copied when numbered. */
struct slots {
	char **text, **source, **problem;
};

static int apply_row(struct fp_source_reader *reader, struct fp_mirror *mirror, size_t at,
	struct slots slots, struct fp_error *error)
{
	const struct row *row = &reader->rows[at];
	const struct fp_source_value *value;
	uint32_t number;
	int rc;

	if (*slots.text)
		return 0;
	if (row->is_fixed) {
		*slots.text = (char *)reader->spec.releases[row->number].fixed;
		*slots.source = (char *)"fixed";
		return 0;
	}
	if (fp_oid_is_zero(&reader->paths.blobs[row->path]))
		return 0;
	rc = value_of(reader, mirror, at, &number, error);
	if (rc)
		return rc;
	value = &reader->values[number];
	if (value->text) {
		*slots.text = value->text;
		*slots.source = reader->paths.names[row->path];
	} else if (!*slots.problem) {
		*slots.problem = value->problem;
	}
	return 0;
}

static void say_absent(const struct fp_source_reader *reader, struct fp_buf *text)
{
	bool any = false;

	for (size_t i = 0; i < reader->row_count; i++) {
		if (reader->rows[i].is_branch || reader->rows[i].is_fixed)
			continue;
		fp_buf_addf(text, "%s%.200s", any ? ", " : "the commit's tree has no ",
			reader->paths.names[reader->rows[i].path]);
		any = true;
	}
	if (!any)
		fp_buf_add_text(text, "no release is configured, neither a version file nor a "
				      "fixed one");
}

static int evaluate(struct fp_source_reader *reader, struct fp_mirror *mirror, uint32_t *number,
	struct fp_error *error)
{
	struct fp_source_facts facts = {0};
	FP_CLEANUP_BUF struct fp_buf absent;
	int rc = 0;

	fp_buf_init(&absent, 1 << 14);
	for (size_t i = 0; i < reader->row_count && !rc; i++) {
		struct slots branch = {&facts.branch, &facts.branch_source, &facts.branch_problem};
		struct slots release = {
			&facts.release, &facts.release_source, &facts.release_problem};

		rc = apply_row(
			reader, mirror, i, reader->rows[i].is_branch ? branch : release, error);
	}
	if (rc)
		return rc;
	if (facts.branch)
		facts.branch_problem = NULL;
	if (facts.release)
		facts.release_problem = NULL;
	if (!facts.release && !facts.release_problem) {
		say_absent(reader, &absent);
		facts.release_problem = absent.data;
	}
	return number_facts(reader, &facts, number, error);
}

int fp_source_reader_read(struct fp_source_reader *reader, struct fp_mirror *mirror,
	const struct fp_oid *tree, uint32_t *facts, struct fp_error *error)
{
	struct fp_str key;
	int rc;

	if (reader->has_last && fp_oid_equal(tree, &reader->last_tree)) {
		*facts = reader->last_facts;
		return 0;
	}
	rc = fp_source_paths_look_up(&reader->paths, mirror, tree, error);
	if (rc)
		return rc;
	key = fp_str_n((const char *)reader->paths.blobs,
		reader->paths.path_count * sizeof(struct fp_oid));
	if (!fp_map_get(&reader->by_files, key, &reader->last_facts)) {
		uint32_t number;

		rc = evaluate(reader, mirror, &number, error);
		if (rc)
			return rc;
		if (fp_map_set(&reader->by_files, key, number) < 0)
			return fp_error_memory(error);
		reader->last_facts = number;
	}
	reader->last_tree = *tree;
	reader->has_last = true;
	*facts = reader->last_facts;
	return 0;
}

uint32_t fp_source_reader_count(const struct fp_source_reader *reader)
{
	return (uint32_t)reader->fact_count;
}

const struct fp_source_facts *fp_source_reader_get(
	const struct fp_source_reader *reader, uint32_t facts)
{
	return &reader->facts[facts];
}
