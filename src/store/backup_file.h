#pragma once
/* The backup's file: a page of text, then the database; and copying the journal. */
#include "forkpoint/store/backup.h"

enum { FP_BACKUP_HEAD_BYTES = 4096 };

/* Writes a backup of the database file `database` to `file`, which must not exist. Not renamed or
 * synced into place: see fp_backup_publish. */
int fp_backup_write(const char *database, const char *file, const struct fp_backup_info *info,
	struct fp_error *error);
/* Gives the finished file its name, unless there is one of that name. */
int fp_backup_publish(const char *file, const char *name, struct fp_error *error);
/* As fp_backup_restore says of the file. */
int fp_backup_check(const char *file, struct fp_error *error);
/* Checks the backup, and writes the database in it to `database`. */
int fp_backup_unpack(const char *file, const char *database, struct fp_backup_info *info,
	struct fp_error *error);
/* Puts the folder that holds `path` on disk. */
void fp_backup_sync_folder(const char *path);

/*
 * Copies a journal as it is now, while somebody may append to it and drain it. What was sealed when
 * the copy began is in the copy whole, or was in the database by the time that it was wiped: so
 * copy the journal first, and then the database.
 */
int fp_journal_copy(
	const char *data_dir, const char *folder, uint64_t *bytes, struct fp_error *error);
