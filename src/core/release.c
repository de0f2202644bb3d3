/* Releases. */
#include "forkpoint/core/release.h"

#include "forkpoint/core/nuget_version.h"

bool fp_release_parse(struct fp_str text, struct fp_release *release)
{
	struct fp_nuget_version version;

	if (!fp_nuget_version_parse(text, &version) || version.metadata.len ||
		version.number_count < 2 || version.number_count > 3)
		return false;
	*release = (struct fp_release){
		.major = version.number[0],
		.minor = version.number[1],
		.patch = version.number[2],
		.prerelease = version.prerelease,
	};
	return true;
}

static struct fp_nuget_version as_version(const struct fp_release *release)
{
	return (struct fp_nuget_version){
		.number = {release->major, release->minor, release->patch},
		.number_count = 3,
		.prerelease = release->prerelease,
	};
}

bool fp_release_equal(const struct fp_release *a, const struct fp_release *b)
{
	return a->major == b->major && a->minor == b->minor && a->patch == b->patch &&
	       fp_str_equal_nocase(a->prerelease, b->prerelease);
}

int fp_release_compare(const struct fp_release *a, const struct fp_release *b)
{
	struct fp_nuget_version left = as_version(a), right = as_version(b);

	return fp_nuget_version_compare(&left, &right);
}

void fp_release_write(const struct fp_release *release, struct fp_buf *buf)
{
	fp_buf_add_u64(buf, release->major);
	fp_buf_add_char(buf, '.');
	fp_buf_add_u64(buf, release->minor);
	if (release->patch || release->prerelease.len) {
		fp_buf_add_char(buf, '.');
		fp_buf_add_u64(buf, release->patch);
	}
	if (release->prerelease.len) {
		fp_buf_add_char(buf, '-');
		fp_buf_add_str(buf, release->prerelease);
	}
}
