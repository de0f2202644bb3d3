/* Lint: the table of findings, and what is looked at in which order. */
#include "lint.h"

static const struct {
	const char *name, *advice;
} codes[FP_LINT_CODE_COUNT] = {
	[FP_LINT_SHARED_LABEL] = {"shared-label",
		"Rename one of them, or do not train on more than one: their databases cannot be "
		"told apart."},
	[FP_LINT_NOT_PACKAGEABLE] = {"not-packageable",
		"Rename the branch with letters, digits, hyphens, dots and slashes alone if it is "
		"to be trained on."},
	[FP_LINT_UNPARSABLE_VERSION] = {"unparsable-version",
		"Delete or unlist them in the feed: clients that read the whole list may stop at "
		"them."},
	[FP_LINT_REFUSED_VERSION] = {"refused-version",
		"Publish with labels of letters, digits and hyphens (patch_stamp_label \"hyphen\", "
		"or the grammar prerelease-stamp): NuGet's own client cannot restore these."},
	[FP_LINT_UNRECOGNISED_VERSION] = {"unrecognised-version",
		"Add the grammar that they are written in to the package's \"grammars\", or leave "
		"them: they are never selected."},
	[FP_LINT_STAMP_OVERFLOW] = {"stamp-overflow",
		"Put \"prerelease-stamp\" first in the package's \"grammars\", and change the "
		"training pipeline over with it."},
	[FP_LINT_NO_PACKAGE] = {"no-package",
		"Start training runs on the branch, or take it out of \"tracked\"."},
	[FP_LINT_TRACKS_OTHER_BRANCH] = {"tracks-other-branch",
		"Name the branch itself in that file, so that its builds take its own databases."},
	[FP_LINT_ANCESTRY_DISAGREES] = {"ancestry-disagrees",
		"Compare the two with /diagnose; train on the tip if the difference matters, or "
		"quarantine the version that misleads."},
	[FP_LINT_SAME_MINUTE] = {"same-minute",
		"Nothing, unless a database carries that stamp: then its training commit is a "
		"guess between them."},
	[FP_LINT_NOT_READ] = {"not-read",
		"Wait for the first look at it, or see /repos for what is in the way."},
};

const char *fp_lint_code_name(enum fp_lint_code code)
{
	return codes[code].name;
}

const char *fp_lint_advice(enum fp_lint_code code)
{
	return codes[code].advice;
}

const char *fp_lint_severity_name(enum fp_lint_severity severity)
{
	static const char *const names[] = {"note", "warning", "error"};

	return names[severity];
}

int fp_linting_tell(struct fp_linting *linting, enum fp_lint_code code,
	enum fp_lint_severity severity, struct fp_str subject)
{
	const struct fp_finding finding = {code, severity, subject, fp_buf_str(&linting->text)};
	int r = fp_buf_check(&linting->text, NULL);

	if (r >= 0)
		r = linting->row(linting->context, &finding);
	fp_buf_clear(&linting->text);
	return r;
}

static int lint_package(struct fp_linting *linting, const struct fp_snapshot_package *package)
{
	const struct fp_branches *branches = linting->repository->branches;
	int r;

	if (!package->state) {
		fp_buf_addf(&linting->text, "Feed %.*s has not been read for this package yet.",
			FP_STR_ARG(package->settings->feed));
		return fp_linting_tell(
			linting, FP_LINT_NOT_READ, FP_LINT_ERROR, package->settings->id);
	}
	r = fp_lint_versions(linting, package);
	for (size_t i = 0; r >= 0 && i < branches->count; i++)
		if (branches->items[i].tracked && branches->items[i].tip != FP_NO_COMMIT)
			r = fp_lint_tip(linting, &branches->items[i], package);
	return r;
}

static int lint_repository(struct fp_linting *linting)
{
	const struct fp_snapshot_repository *repository = linting->repository;
	const struct fp_branches *branches = repository->branches;
	int r;

	if (!branches) {
		fp_buf_add_text(&linting->text, "The repository has not been mirrored yet.");
		return fp_linting_tell(
			linting, FP_LINT_NOT_READ, FP_LINT_ERROR, repository->settings->name);
	}
	r = fp_lint_branches(linting);
	for (size_t i = 0; r >= 0 && i < repository->settings->package_count; i++)
		r = lint_package(linting, &repository->packages[i]);
	for (size_t i = 0; r >= 0 && i < branches->count; i++)
		if (branches->items[i].tracked && branches->items[i].tip != FP_NO_COMMIT)
			r = fp_lint_commits(linting, &branches->items[i]);
	return r;
}

int fp_service_lint(struct fp_worker *worker, const struct fp_snapshot *snapshot,
	const struct fp_snapshot_repository *repository, fp_finding_fn *row, void *context)
{
	struct fp_linting linting = {.worker = worker,
		.snapshot = snapshot,
		.repository = repository,
		.row = row,
		.context = context};
	int r;

	fp_buf_init(&linting.text, 1024 * 1024);
	r = lint_repository(&linting);
	fp_buf_release(&linting.text);
	return r;
}
