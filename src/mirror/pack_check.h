#pragma once
/* Whether the packs of a mirror are whole, as far as a few reads can tell. */
#include "forkpoint/base/error.h"

/* -FP_ERROR_CORRUPT when a pack was cut short, or does not fit its index. A few reads for each. */
int fp_pack_check_all(const char *mirror_path, struct fp_error *error);
