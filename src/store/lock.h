#pragma once
/* The data folder's lock: one Forkpoint writes there at a time. */
#include "forkpoint/store/store.h"

/* -FP_ERROR_BUSY names the process that has it. */
int fp_store_lock_take(const char *data_dir, struct fp_store_lock **lock, struct fp_error *error);
/* Whether anybody holds it, ourselves included. */
bool fp_store_is_locked(const char *data_dir);
