#pragma once
/* Catalogs from tables of text. */
#include "forkpoint/core/select.h"

/* What a row of a table can say beside its version; several can be or'ed. */
enum {
	UNLISTED = 1,
	VANISHED = 2,
	QUARANTINED = 4,
	UNAVAILABLE = 8,
	INCOMPLETE = 16,
};

struct fixture_row {
	const char *version;
	unsigned state;
};

/* All three grammars, prerelease-stamp first; fails the test when out of memory. */
struct fp_catalog *fixture_catalog(
	const struct fixture_row *rows, size_t count, bool keep_unlisted);
/* branches: the PGO branch and its former names, NULL-terminated. */
struct fp_select_query fixture_query(
	const char *release, const char *stamp, const char *const *branches);
/* The text of a version, "" for FP_SELECT_NO_VERSION. */
const char *fixture_text(const struct fp_catalog *catalog, uint32_t index);
/* Whether the version with this index is this text; NULL is FP_SELECT_NO_VERSION. */
bool fixture_is(const struct fp_catalog *catalog, uint32_t index, const char *text);
