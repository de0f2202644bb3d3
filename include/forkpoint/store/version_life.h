#pragma once
/* What happened to one version in its feed, and the moments at which answers could change. */
#include "forkpoint/store/store.h"

/* Oldest first; kind is one of FP_VERSION_EVENT_…. A negative value ends and is returned. */
typedef int fp_version_life_fn(void *context, int64_t at_us, int kind);
int fp_store_list_version_life(struct fp_store *store, int64_t version, unsigned limit,
	fp_version_life_fn *row, void *context, struct fp_error *error);

/* The moments in (after_us, until_us] from which on answers for that repository and package were
 * made of other facts (see publications), newest first. */
typedef int fp_moment_fn(void *context, int64_t at_us);
int fp_store_list_moments(struct fp_store *store, int64_t repository, int64_t package,
	int64_t after_us, int64_t until_us, unsigned limit, fp_moment_fn *row, void *context,
	struct fp_error *error);
