#pragma once
/* Schemas: the embedded migrations, and bringing a database to the newest of them. */
#include "forkpoint/store/store.h"

#include <sqlite3.h>

struct fp_migration {
	int number; /* user_version once it is through */
	const char *name;
	const char *sql;
};

/* Numbered from 1 without a gap. */
extern const struct fp_migration fp_migrations[];
extern const size_t fp_migration_count;
/* The whole schema of derived.db; its number is a checksum of the text. */
extern const struct fp_migration fp_derived_schema;

/* Applies those of `count` migrations that are above the database's user_version, each in a
 * transaction of its own. *from gets the version that was found. */
int fp_migrate(sqlite3 *db, const struct fp_migration *migrations, size_t count, int *from,
	struct fp_error *error);

/* Makes a new database at `path` out of nothing, in write-ahead mode: beside it first, renamed
 * when it is whole, so that a path that exists always has our application id in its header. */
int fp_database_create(const char *path, const struct fp_migration *migrations, size_t count,
	struct fp_error *error);
