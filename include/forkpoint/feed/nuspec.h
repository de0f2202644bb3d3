#pragma once
/* The nuspec of a package: its id and version. Pure. */
#include "forkpoint/base/buf.h"
#include "forkpoint/base/error.h"
#include "forkpoint/base/str.h"

enum { FP_NUSPEC_MAX_BYTES = 1 << 20 };

/* Appends what package > metadata > id and version say, trimmed, whatever the namespace: each
 * NuGet release had its own. -FP_ERROR_INVALID when one of them is missing. */
int fp_nuspec_read(
	struct fp_str text, struct fp_buf *id, struct fp_buf *version, struct fp_error *error);
/* The nuspec inside a .nupkg. -FP_ERROR_INVALID also for a file that is no whole package, such as
 * one that is still being copied. */
int fp_nupkg_read(
	const char *path, struct fp_buf *id, struct fp_buf *version, struct fp_error *error);
