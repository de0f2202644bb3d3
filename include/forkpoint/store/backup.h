#pragma once
/*
 * A backup: one file that holds facts.db and what the journal holds on its way there, as of one
 * moment, with a checksum. Its first 4096 bytes are text; what follows is an SQLite database.
 */
#include "forkpoint/store/store.h"

struct fp_backup_info {
	int64_t made_us;
	int64_t schema;
	uint64_t bytes;	       /* of the database in it */
	uint64_t last_request; /* the highest number of an answer */
	uint64_t from_journal; /* records that only the journal held (not in the file) */
};

/*
 * Makes a backup of the data folder, while Forkpoint runs or not. Every answer that was given
 * before the call is in it. -FP_ERROR_INVALID when the file exists: none is overwritten. Needs
 * room for the database twice beside `file` for the while.
 */
int fp_backup_make(const char *data_dir, const char *file, int64_t now_us,
	struct fp_backup_info *info, struct fp_error *error);

/*
 * Checks the backup and makes facts.db of it in an empty data folder, which is created where it is
 * missing. Ids go on far above the backup's, as answers were given after it was made.
 * -FP_ERROR_CORRUPT, -FP_ERROR_FOREIGN: the file is none, or of a newer Forkpoint;
 * -FP_ERROR_INVALID: the folder is not empty; -FP_ERROR_BUSY: a Forkpoint runs there. In all cases
 * the folder is as it was.
 */
int fp_backup_restore(const char *file, const char *data_dir, struct fp_backup_info *info,
	struct fp_error *error);
