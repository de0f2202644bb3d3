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

/* One placeholder's value, lower case, safe in a URL. */
static void add_lower(struct fp_str text, struct fp_buf *buf)
{
	for (size_t i = 0; i < text.len; i++) {
		char lower = fp_char_lower(text.ptr[i]);
		fp_url_escape(fp_str_n(&lower, 1), buf);
	}
}

void fp_feed_download_url(
	const char *template_url, const char *package_id, struct fp_str version, struct fp_buf *buf)
{
	static const char id_lower[] = "{id-lower}", version_lower[] = "{version-lower}";
	FP_CLEANUP_BUF struct fp_buf key;
	fp_buf_init(&key, 1024);
	fp_version_key(version, &key);
	for (const char *at = template_url; *at;) {
		if (strncmp(at, id_lower, sizeof(id_lower) - 1) == 0) {
			add_lower(fp_str(package_id), buf);
			at += sizeof(id_lower) - 1;
		} else if (strncmp(at, version_lower, sizeof(version_lower) - 1) == 0) {
			add_lower(fp_buf_str(&key), buf);
			at += sizeof(version_lower) - 1;
		} else {
			fp_buf_add_char(buf, *at++);
		}
	}
}
