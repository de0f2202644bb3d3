#pragma once
/* What errno says, as an error: one place decides which code it is. */
#include "forkpoint/base/error.h"

/* "cannot WHAT PATH: …". FP_ERROR_FULL, FP_ERROR_DENIED or FP_ERROR_IO. */
int fp_system_error(struct fp_error *error, const char *what, const char *path);
