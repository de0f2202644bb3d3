/* URLs of package files. */
#include "forkpoint/core/package_url.h"

#include "forkpoint/core/nuget_version.h"

void fp_package_url_write(
	const char *template_url, struct fp_str id, struct fp_str version, struct fp_buf *buf)
{
	static const char id_mark[] = "{id-lower}", version_mark[] = "{version-lower}";

	for (const char *at = template_url; *at;) {
		if (strncmp(at, id_mark, sizeof(id_mark) - 1) == 0) {
			for (size_t i = 0; i < id.len; i++)
				fp_buf_add_char(buf, fp_char_lower(id.ptr[i]));
			at += sizeof(id_mark) - 1;
		} else if (strncmp(at, version_mark, sizeof(version_mark) - 1) == 0) {
			fp_version_key(version, buf);
			at += sizeof(version_mark) - 1;
		} else {
			fp_buf_add_char(buf, *at++);
		}
	}
}
