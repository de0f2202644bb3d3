/* URLs of package files. */
#include "forkpoint/core/package_url.h"

#include "forkpoint/core/nuget_version.h"

static bool is_unreserved(char c)
{
	return fp_char_is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

/* Lower case; what is not unreserved in RFC 3986 is percent-escaped, so that no name or version
 * from outside can lead to another address. Written run by run: every answer has such a URL. */
static void add_part(struct fp_str text, struct fp_buf *buf)
{
	char run[64];
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		char c = fp_char_lower(text.ptr[i]);

		if (is_unreserved(c))
			run[len++] = c;
		if (!is_unreserved(c) || len == sizeof(run) || i + 1 == text.len) {
			fp_buf_add(buf, run, len);
			len = 0;
		}
		if (!is_unreserved(c))
			fp_buf_addf(buf, "%%%02X", (unsigned char)c);
	}
}

static void add_version(struct fp_str version, struct fp_buf *buf)
{
	struct fp_buf FP_CLEANUP_BUF key;

	fp_buf_init(&key, 4096);
	fp_version_key(version, &key);
	add_part(fp_buf_str(&key), buf);
}

void fp_package_url_write(
	const char *template_url, struct fp_str id, struct fp_str version, struct fp_buf *buf)
{
	static const char id_mark[] = "{id-lower}", version_mark[] = "{version-lower}";

	for (const char *at = template_url; *at;) {
		size_t plain = strcspn(at, "{");

		fp_buf_add(buf, at, plain);
		at += plain;
		if (strncmp(at, id_mark, sizeof(id_mark) - 1) == 0) {
			add_part(id, buf);
			at += sizeof(id_mark) - 1;
		} else if (strncmp(at, version_mark, sizeof(version_mark) - 1) == 0) {
			add_version(version, buf);
			at += sizeof(version_mark) - 1;
		} else if (*at) {
			fp_buf_add_char(buf, *at++);
		}
	}
}
