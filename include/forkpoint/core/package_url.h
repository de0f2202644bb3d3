#pragma once
/* Where a package's file is: the URL template that a feed gave, filled in. */
#include "forkpoint/base/buf.h"
#include "forkpoint/base/str.h"

/* Appends the template with every {id-lower} and {version-lower} replaced: the id in lower case,
 * the version normalised and in lower case, as a flat container's addresses are. */
void fp_package_url_write(
	const char *template_url, struct fp_str id, struct fp_str version, struct fp_buf *buf);
