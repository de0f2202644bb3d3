#pragma once
/* What one version file says: a usable text, or a sentence about why there is none. */
#include "forkpoint/mirror/source.h"

struct fp_source_value {
	char *text, *problem; /* one of them is NULL */
};

void fp_source_value_release(struct fp_source_value *value);

/* These fail for want of memory only. */
int fp_source_value_branch(const struct fp_source_branch_spec *spec, struct fp_str content,
	struct fp_source_value *value, struct fp_error *error);
int fp_source_value_release_of(const struct fp_source_release_spec *spec, struct fp_str content,
	struct fp_source_value *value, struct fp_error *error);
int fp_source_value_oversized(
	const char *file, const char *why, struct fp_source_value *value, struct fp_error *error);
