#pragma once
/* An audit entry within a transaction of the caller's. */
#include "forkpoint/store/audit.h"

int fp_audit_write(struct fp_store *store, const struct fp_audit_entry *entry, int64_t now_us,
	struct fp_error *error);
