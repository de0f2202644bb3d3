#pragma once
/* Sticky answers as they are kept: the recorder writes them with the requests that got them. */
#include "forkpoint/store/history.h"

/* Each that is kept, from those given at or after since_us; oldest first. version lives until the
 * callback returns; a negative value from it ends the list and is returned. */
typedef int fp_sticky_fn(
	void *context, struct fp_hash128 key, struct fp_str version, int64_t at_us);
int fp_store_list_sticky(struct fp_store *store, int64_t since_us, fp_sticky_fn *row, void *context,
	struct fp_error *error);
/* Forgets those given before that moment, at most `limit` of them; *count gets how many. */
int fp_store_prune_sticky(struct fp_store *store, int64_t before_us, unsigned limit, int64_t *count,
	struct fp_error *error);
