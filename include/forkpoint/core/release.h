#pragma once
/*
 * Releases: major.minor, and patch and prerelease label where the grammar has them.
 * A missing patch is 0, a missing prerelease label is none: `2.4` and `2.4.0` are one release.
 */
#include "forkpoint/base/buf.h"
#include "forkpoint/base/str.h"

#include <stdbool.h>
#include <stdint.h>

struct fp_release {
	uint32_t major, minor, patch; /* each at most 2147483647 */
	struct fp_str prerelease;     /* without its hyphen; empty = none */
};

/* `2.4`, `2.4.1`, `2.8.0-prerelease`; no single number, no fourth part, no metadata. The slice
 * points into text. */
bool fp_release_parse(struct fp_str text, struct fp_release *release);
/* All parts; prerelease labels without regard to case. */
bool fp_release_equal(const struct fp_release *a, const struct fp_release *b);
/* Orders releases as NuGet orders the versions that they begin; 0 exactly when they are equal. */
int fp_release_compare(const struct fp_release *a, const struct fp_release *b);
/* Shortest: `2.4`, `2.4.1`, `2.8.0-prerelease` (a prerelease label brings the patch along). */
void fp_release_write(const struct fp_release *release, struct fp_buf *buf);
