/* Lint of a package's versions: what clients and grammars cannot read, and what cannot be written.
 */
#include "lint.h"

#include "forkpoint/core/nuget_version.h"

enum { NAMES_MAX = 5 };

typedef bool version_fn(const struct fp_catalog_version *version);

static bool is_unparsable(const struct fp_catalog_version *version)
{
	struct fp_nuget_version parsed;

	return !fp_nuget_version_parse(version->row.text, &parsed);
}

static bool is_refused(const struct fp_catalog_version *version)
{
	struct fp_nuget_version parsed;

	return fp_nuget_version_parse(version->row.text, &parsed) &&
	       !fp_nuget_version_is_strict(&parsed);
}

static bool is_unrecognised(const struct fp_catalog_version *version)
{
	return version->decoded.grammar == FP_GRAMMAR_NONE && !is_unparsable(version);
}

/* One finding for all of them: a feed can hold thousands. */
static int tell_group(struct fp_linting *linting, const struct fp_snapshot_package *package,
	version_fn *is_one, enum fp_lint_code code, enum fp_lint_severity severity,
	const char *what)
{
	const struct fp_catalog *catalog = package->state->catalog;
	struct fp_buf FP_CLEANUP_BUF names = {0};
	uint32_t count = 0;

	fp_buf_init(&names, 64 * 1024);
	for (uint32_t i = catalog->version_count; i-- > 0;) {
		const struct fp_catalog_version *version = &catalog->versions[i];

		if (version->row.vanished_us >= 0 || !is_one(version))
			continue;
		if (count++ < NAMES_MAX)
			fp_buf_addf(&names, "%s%.*s", count > 1 ? ", " : "",
				FP_STR_ARG(version->row.text));
	}
	if (count == 0)
		return 0;
	fp_buf_addf(&linting->text, "%u listed version%s %s: %.*s", count, count == 1 ? "" : "s",
		what, FP_STR_ARG(fp_buf_str(&names)));
	if (count > NAMES_MAX)
		fp_buf_addf(&linting->text, " and %u more", count - NAMES_MAX);
	fp_buf_add_char(&linting->text, '.');
	return fp_linting_tell(linting, code, severity, package->settings->id);
}

/* The tracked tip with the newest stamp. */
static uint32_t newest_tip(const struct fp_linting *linting, fp_minute *minute)
{
	const struct fp_branches *branches = linting->repository->branches;
	bool committer = linting->repository->settings->committer_time;
	uint32_t newest = FP_NO_COMMIT;

	for (size_t i = 0; i < branches->count; i++) {
		uint32_t tip = branches->items[i].tip;
		fp_minute own;

		if (!branches->items[i].tracked || tip == FP_NO_COMMIT)
			continue;
		own = fp_minute_from_s(committer ? fp_graph_committer_s(&branches->view, tip)
						 : fp_graph_author_s(&branches->view, tip));
		if (newest == FP_NO_COMMIT || own > *minute) {
			newest = tip;
			*minute = own;
		}
	}
	return newest;
}

static int lint_overflow(struct fp_linting *linting, const struct fp_snapshot_package *package)
{
	fp_minute minute = 0;

	if (package->settings->grammars[0] != FP_GRAMMAR_PATCH_STAMP ||
		newest_tip(linting, &minute) == FP_NO_COMMIT || !fp_stamp_is_writable(minute) ||
		fp_stamp_number(minute) <= FP_STAMP_PATCH_MAX_NUMBER)
		return 0;
	fp_buf_addf(&linting->text,
		"New databases are named in the grammar patch-stamp, whose limit is stamp %d; the "
		"newest tracked tip has stamp %llu, under which nothing can be published.",
		FP_STAMP_PATCH_MAX_NUMBER, (unsigned long long)fp_stamp_number(minute));
	return fp_linting_tell(
		linting, FP_LINT_STAMP_OVERFLOW, FP_LINT_ERROR, package->settings->id);
}

int fp_lint_versions(struct fp_linting *linting, const struct fp_snapshot_package *package)
{
	int r = tell_group(linting, package, is_unparsable, FP_LINT_UNPARSABLE_VERSION,
		FP_LINT_WARNING, "cannot be read by any client");

	if (r >= 0)
		r = tell_group(linting, package, is_refused, FP_LINT_REFUSED_VERSION,
			FP_LINT_WARNING, "refused by NuGet's own client");
	if (r >= 0)
		r = tell_group(linting, package, is_unrecognised, FP_LINT_UNRECOGNISED_VERSION,
			FP_LINT_NOTE, "taken by no grammar of the package");
	return r < 0 ? r : lint_overflow(linting, package);
}
