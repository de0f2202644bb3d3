#pragma once
/* Package addresses as templates. */
#include "forkpoint/base/str.h"

/* The address with every occurrence of the version (its key's spelling, case ignored, also with
 * characters escaped) replaced by {version-lower}; malloc'ed, NULL when it does not hold the
 * version. */
char *fp_download_template(const char *address, struct fp_str version);
