#pragma once
/* Building the groups of a catalog. */
#include "forkpoint/core/catalog.h"

/* Fills groups, releases, order and minutes, and each version's group, from the catalog's
 * versions. 0 or -FP_ERROR_MEMORY. */
int fp_catalog_group_versions(struct fp_catalog *catalog, struct fp_error *error);
