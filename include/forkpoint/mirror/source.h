#pragma once
/*
 * What a commit's own tree says: the release (version files) and the PGO branch (RULES.md,
 * section 1). The parsers are pure; the reader joins them with a mirror and remembers every blob
 * that it has parsed, so that each is parsed once.
 */
#include "forkpoint/mirror/mirror.h"

/* Where to look, in order of preference; the first that matches wins. Strings borrowed. */
struct fp_source_branch_spec {
	const char *file;
	const char *variable; /* PowerShell, or */
	const char *element;  /* XML */
};

struct fp_source_release_spec {
	const char *fixed; /* or */
	const char *file;
	const char *major, *minor, *patch, *prerelease; /* patch and prerelease may be NULL */
};

struct fp_source_spec {
	const struct fp_source_branch_spec *branches;
	size_t branch_count;
	const struct fp_source_release_spec *releases;
	size_t release_count;
	uint64_t max_file_bytes;
};

/* The facts of a commit. Many commits share one; they are numbered by the reader that made them,
 * from 0 upwards. NUL-terminated texts, owned by the reader; NULL where there is none. */
struct fp_source_facts {
	char *release;	       /* `2.4`, `2.8.0-prerelease`: fp_release_parse takes it */
	char *release_source;  /* the file, or "fixed" */
	char *release_problem; /* why there is no release: one sentence */
	char *branch;
	char *branch_source;  /* the file */
	char *branch_problem; /* a file was there, but said nothing usable; or NULL */
};

struct fp_source_reader;

int fp_source_reader_new(const struct fp_source_spec *spec, struct fp_source_reader **reader,
	struct fp_error *error);
void fp_source_reader_free(struct fp_source_reader *reader);
FP_DEFINE_CLEANUP(struct fp_source_reader *, fp_source_reader_free)

/* Takes facts that an earlier reader of the same spec numbered (loaded from the store), in their
 * order, before the first read. Copies. */
int fp_source_reader_restore(struct fp_source_reader *reader, const struct fp_source_facts *facts,
	struct fp_error *error);

/* The facts' number for a tree. Broken, empty, oversized or missing files are facts, not errors;
 * errors are those of the mirror. */
int fp_source_reader_read(struct fp_source_reader *reader, struct fp_mirror *mirror,
	const struct fp_oid *tree, uint32_t *facts, struct fp_error *error);
uint32_t fp_source_reader_count(const struct fp_source_reader *reader);
const struct fp_source_facts *fp_source_reader_get(
	const struct fp_source_reader *reader, uint32_t facts);

/*
 * The pure parts. `value` gets the trimmed text.
 * fp_source_xml_values: the first element of each wanted local name, namespace and attributes
 * (`Condition`) ignored, case-sensitive; an element whose text holds a macro `$(…)` does not count.
 * 0 when the document is well formed up to the last value that was wanted; values that were not
 * found stay empty. -FP_ERROR_INVALID or -FP_ERROR_LIMIT otherwise.
 */
int fp_source_xml_values(struct fp_str document, const char *const *names, size_t count,
	struct fp_buf *values, struct fp_error *error);
/* The first assignment `$name = "value"` (or '…') that is not in a comment; PowerShell folds case.
 * True when found. */
bool fp_source_powershell_value(struct fp_str script, const char *name, struct fp_buf *value);
