#pragma once
/* Handing out a table of commits, parents before children. */
#include "commit_table.h"

#include "forkpoint/mirror/mirror.h"

/* Every entry that was visited and is not known to the caller, once. The order follows from the
 * tips' order and the commits alone. */
int fp_walk_emit(
	struct fp_commit_table *table, const struct fp_mirror_walk *params, struct fp_error *error);
