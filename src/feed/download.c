/* Package addresses as templates: made from one package's address, filled in for another. */
#include "forkpoint/feed/download.h"

#include "forkpoint/core/nuget_version.h"
#include "forkpoint/feed/feed.h"
#include "forkpoint/feed/url.h"

#include <string.h>

char *fp_download_template(const char *address, struct fp_str version)
{
	FP_CLEANUP_BUF struct fp_buf key;
	FP_CLEANUP_BUF struct fp_buf out;
	fp_buf_init(&key, 1024);
	fp_buf_init(&out, 4 * FP_URL_MAX_BYTES);
	fp_version_key(version, &key);
	if (key.state != FP_BUF_OK || key.len == 0)
		return NULL;
	size_t replaced = 0;
	for (const char *at = address; *at;) {
		if (strncasecmp(at, key.data, key.len) == 0) {
			fp_buf_add_text(&out, "{version-lower}");
			at += key.len;
			replaced++;
		} else {
			fp_buf_add_char(&out, *at++);
		}
	}
	return replaced > 0 && out.state == FP_BUF_OK ? fp_buf_take(&out) : NULL;
}
