/* URLs of package files. */
#include "forkpoint/core/package_url.h"

#include "forkpoint/core/nuget_version.h"

static bool is_unreserved(char c)
{
	return fp_char_is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

/* Lower case; what is not unreserved in RFC 3986 is percent-escaped, so that no name or version
 * from outside can lead to another address. Every answer has such a URL. */
static void add_part(struct fp_str text, struct fp_buf *buf)
{
	static const char digits[] = "0123456789ABCDEF";

	for (size_t i = 0; i < text.len; i++) {
		char c = fp_char_lower(text.ptr[i]);
		char escape[3] = {'%', digits[(unsigned char)c >> 4], digits[c & 15]};

		if (is_unreserved(c))
			fp_buf_add_char(buf, c);
		else
			fp_buf_add(buf, escape, sizeof(escape));
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
