#pragma once
/*
 * NuGet versions and their order: SemVer 2 with an optional fourth part (NUGET.md, "Versions").
 * Reading is lenient where servers are: a `_` in a label is taken, because real feeds hold
 * `2.4.2001312054-release_2_4`; fp_nuget_version_is_strict says what NuGet's own client refuses.
 */
#include "forkpoint/base/buf.h"
#include "forkpoint/base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	FP_VERSION_PARTS = 4,
	FP_VERSION_PART_MAX = 2147483647, /* a part is a signed 32-bit number */
	FP_VERSION_MAX_BYTES = 256,
};

struct fp_nuget_version {
	uint32_t number[FP_VERSION_PARTS]; /* missing parts are 0 */
	unsigned number_count;		   /* parts that were written, 1 to 4 */
	struct fp_str prerelease;	   /* without its hyphen; empty for a release */
	struct fp_str metadata;		   /* without its plus */
};

/* False for what is no version: a part past 32 bits, a fifth part, empty labels, foreign bytes,
 * more than FP_VERSION_MAX_BYTES. Slices point into text. */
bool fp_nuget_version_parse(struct fp_str text, struct fp_nuget_version *version);
/* Whether NuGet's own client takes it too (no `_` in labels). */
bool fp_nuget_version_is_strict(const struct fp_nuget_version *version);
/* <0, 0, >0 in NuGet's order; metadata is ignored, so 0 means "one version". */
int fp_nuget_version_compare(const struct fp_nuget_version *a, const struct fp_nuget_version *b);
/* The same for two prerelease labels alone; the empty one, a release's, is above all others. */
int fp_nuget_label_compare(struct fp_str a, struct fp_str b);
/* Normalised: no leading zeros, no fourth part if 0, at least three, no metadata, case kept. */
void fp_nuget_version_write(const struct fp_nuget_version *version, struct fp_buf *buf);
/* A key under which equal versions are equal bytes: normalised and lower case. Text that is no
 * version gives its own lower-cased bytes. Also the form that URLs of a flat container use, and so
 * labels keep their digits as written: `1.0.0-01` and `1.0.0-1`, which NuGet orders as equal, have
 * two keys, as they have two addresses. */
void fp_version_key(struct fp_str text, struct fp_buf *buf);
/* Whether two texts have one key. */
bool fp_version_is_same(struct fp_str a, struct fp_str b);
/* Orders any two feed strings: versions in NuGet order, strings that are none before all of them
 * in byte order. Total: equal versions fall back to byte order. */
int fp_version_text_compare(struct fp_str a, struct fp_str b);
