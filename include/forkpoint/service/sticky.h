#pragma once
/*
 * Sticky builds: the first answer for (repository, build label, commit, branch, release, package)
 * is given again to every later request with them, so that all legs of a build get one database.
 *
 * Who comes first is decided in a table in memory, in one place for each question, so that legs
 * that ask at once while packages appear agree. Each record of an answer brings the question's key
 * along and the recorder keeps both, so that a restart, or kill -9, forgets nothing that was given.
 */
#include "forkpoint/service/service.h"

struct fp_sticky;

enum { FP_STICKY_MAX = 1 << 19 }; /* answers that are remembered; the oldest go first */

struct fp_sticky *fp_sticky_new(int64_t keep_us);
void fp_sticky_free(struct fp_sticky *sticky);
/* How long a first answer is given again. Any thread. */
void fp_sticky_set_keep(struct fp_sticky *sticky, int64_t keep_us);

/* What earlier runs gave, as it is kept; what is too old is deleted. At start, blocks. */
int fp_sticky_load(
	struct fp_sticky *sticky, const char *data_dir, int64_t now_us, struct fp_error *error);

/*
 * What that question was given first, as an allocated copy: `version` itself when it is the first,
 * NULL when there was nothing and `version` is empty, or when memory is short. Any thread.
 */
char *fp_sticky_settle(
	struct fp_sticky *sticky, struct fp_hash128 key, struct fp_str version, int64_t now_us);

/*
 * Makes a resolved answer the build's: notes it as the first, or turns it into the one that was.
 * 0; 1 when the answer's snapshot is older than what was given first: enter again and resolve anew.
 * Failures do not stick, but what was given before a failure is given again. Memory only.
 */
int fp_service_stick(
	struct fp_worker *worker, struct fp_str build, int64_t now_us, struct fp_answer *answer);
