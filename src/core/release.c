/* Releases: the part of a version that says which product line it belongs to. */
#include "forkpoint/core/release.h"

#include "forkpoint/core/nuget_version.h"

bool fp_release_parse(struct fp_str text, struct fp_release *release)
{
	struct fp_nuget_version version;

	if (!fp_nuget_version_parse(text, &version))
		return false;
	if (version.number_count < 2 || version.number_count > 3 || version.metadata.len)
		return false;
	*release = (struct fp_release){
		.major = version.number[0],
		.minor = version.number[1],
		.patch = version.number[2],
		.prerelease = version.prerelease,
	};
	return true;
}

bool fp_release_equal(const struct fp_release *a, const struct fp_release *b)
{
	return a->major == b->major && a->minor == b->minor && a->patch == b->patch &&
	       fp_str_equal_nocase(a->prerelease, b->prerelease);
}

static int compare_number(uint32_t a, uint32_t b)
{
	return a < b ? -1 : a > b;
}

int fp_release_compare(const struct fp_release *a, const struct fp_release *b)
{
	int order = compare_number(a->major, b->major);

	if (!order)
		order = compare_number(a->minor, b->minor);
	if (!order)
		order = compare_number(a->patch, b->patch);
	if (order || (a->prerelease.len == 0 && b->prerelease.len == 0))
		return order;
	order = fp_nuget_label_compare(a->prerelease, b->prerelease);
	/* `01` and `1` are one number to NuGet, but two labels: equal here means fp_release_equal.
	 */
	return order ? order : fp_str_compare_nocase(a->prerelease, b->prerelease);
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
